package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

const runExample = `  squall run --vus 250 --duration 15m -e GATEWAY_URL=https://gateway.example.org/webchat/webhook -e WEBHOOK_SECRET=secret
  squall run --host https://gateway.example.org --users 500 --spawn-rate 100 --run-time 5m --headless
  squall run --target staging --rate 500/s --ramp 30s --stop-rule 'gateway_latency: p(95)>5000 for 10s'`

func (a *commands) run() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "run",
		Short:   "Run load against a platform: the console, or headless without a terminal",
		Example: runExample,
		Args:    scriptAtMost,
	}
	flags := configured(cmd, nil)
	locustfile := cmd.Flags().StringP("locustfile", "f", "", "accepted for those who come from Locust, and not read")
	cmd.Flags().Lookup("locustfile").Hidden = true
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, script := range append(args, *locustfile) {
			if script != "" {
				fmt.Fprintf(a.Err, "%s is not read: squall has its traffic built in, and sends what --workload says\n", script)
			}
		}
		resolved, err := a.resolve(flags, nil)
		if err != nil {
			return usage(err)
		}
		return a.runSession(cmd.Context(), resolved, a.guardOf(flags), extras{})
	}
	return cmd
}
