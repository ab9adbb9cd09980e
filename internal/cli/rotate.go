package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/spf13/cobra"

	"xinbot.ir/squall/internal/app"
	"xinbot.ir/squall/internal/command"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/internal/session"
	"xinbot.ir/squall/internal/units"
)

const rotateLong = `Watches the rotation of webhook secrets from before it begins to after it has ended, with a little traffic that
follows the gateway, and exits by the verdict: whether the next secret is accepted, whether a message was lost, how long neither
was accepted, whether the old one is dead, and whether a forged message is refused. It changes no secret: that is another step of
the runbook. docs/rotation.md says how it is known.`

const rotateExample = `  squall rotate --target staging --next-secret-file webchat=/run/secrets/next
  squall rotate --target staging --next-secret-command 'vault kv get -field=next secret/xin' --wait 30m --out runs/rotation
  squall rotate --target staging --namespace xin-staging --next-secret-kubernetes xin-staging/xin-channel-gateway-secrets:WEBHOOK_SECRET
  squall rotate --target staging --dry-run`

// rotateDefaults are those of settings that mean something else in a rotation: enough traffic to see a loss, for as long as it takes.
var rotateDefaults = map[string]string{
	config.VUs: "5", config.RotationArmed: "true", config.RotationSigning: string(event.FollowGateway), config.HeadlessRun: "true",
}

func (a *commands) rotate() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate", Short: "Watch the rotation of webhook secrets, and exit by its verdict",
		Long: rotateLong, Example: rotateExample, Args: noArguments,
	}
	plan := rotation.DefaultPlan()
	cmd.Flags().DurationVar(&plan.Wait, "wait", plan.Wait, "longest wait for the first change, `DURATION`")
	cmd.Flags().DurationVar(&plan.Settle, "settle", plan.Settle, "longest time from the first change until the old secret is refused, `DURATION`")
	cmd.Flags().DurationVar(&plan.Verify, "verify", plan.Verify, "how long it has to stay refused, `DURATION`")
	flags := configured(cmd, rotateDefaults)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		resolved, err := a.resolve(flags, func(in *config.Input) { in.Defaults = maps.Clone(rotateDefaults) })
		if err != nil {
			return usage(err)
		}
		if resolved.BuiltIn { // the verdict is about the rotation, and what else was asked for
			resolved.Objectives, resolved.BuiltIn = nil, false
		}
		if resolved.Faults.DryRun {
			return a.showRotation(cmd.Context(), resolved, plan)
		}
		return a.runSession(cmd.Context(), resolved, a.guardOf(flags), extras{drive: func(ctx context.Context, s *session.Session) { a.follow(ctx, s, plan) }})
	}
	return cmd
}

// rotationActor is who ends a run of squall rotate.
var rotationActor = event.Actor{Role: event.RoleScript, Name: "rotate"}

// followInterval is how often the states of the channels are looked at.
const followInterval = 500 * time.Millisecond

// follow watches a rotation to its end, says where it stands, and ends the run.
func (a *commands) follow(ctx context.Context, s *session.Session, plan rotation.Plan) {
	tick := time.NewTicker(followInterval)
	defer tick.Stop()
	var progress rotation.Progress
	for {
		select {
		case <-s.Done():
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var states []rotation.ChannelState
		if r := s.Snapshot().Rotation; r != nil {
			for _, c := range r.Channels {
				states = append(states, c.ChannelState)
			}
		}
		next := plan.Next(progress, a.Now(), states)
		if next.Step != progress.Step {
			text := "Rotation: " + string(next.Step)
			if next.Why != "" {
				text += ": " + next.Why
			}
			_ = s.Do(ctx, rotationActor, command.Note{Text: text}) // one that is refused at the end is no loss
		}
		progress = next
		if progress.Step == rotation.Finished || progress.Step == rotation.GivenUp {
			_ = s.Do(ctx, rotationActor, command.Finish{}) // refused only when it is ending already
			return
		}
	}
}

// showRotation says what a rotation would probe. It sends nothing.
func (a *commands) showRotation(ctx context.Context, r config.Resolved, plan rotation.Plan) error {
	channels := app.RotatableChannels(r)
	if len(channels) == 0 {
		return usage(errors.New("rotate: no channel of the mix has a secret that could be rotated"))
	}
	signatures := len(event.Signatures())
	fmt.Fprintf(a.Out, "Would probe %s %s a second: %s of each of %d signatures\n",
		units.Counted(uint64(len(channels)), "channel", "channels"), units.Number(float64(len(channels)*signatures)*r.Rotation.Rate), units.Number(r.Rotation.Rate), signatures)
	for _, c := range channels {
		fmt.Fprintf(a.Out, "  %-10s %s  %s\n", c, r.Options.Gateway[c].Redacted(), r.Options.Keys.Fingerprint(r.Options.Keys.Key(c).Current))
	}
	fmt.Fprintln(a.Out, "Next secrets from")
	for _, s := range r.Rotation.Sources {
		fmt.Fprintf(a.Out, "  %s\n", s.Name())
	}
	for _, s := range r.Rotation.Kubernetes.Secrets {
		fmt.Fprintf(a.Out, "  %s\n", s)
	}
	nowhere := len(r.Rotation.Sources)+len(r.Rotation.Kubernetes.Secrets) == 0
	if nowhere {
		fmt.Fprintln(a.Out, "  ✗ nowhere: give WEBHOOK_SECRET_NEXT, --next-secret-file, --next-secret-command or --next-secret-kubernetes")
	}
	unseen, err := a.showCluster(ctx, r)
	if err != nil {
		return usage(err)
	}
	l := r.Rotation.Limits
	fmt.Fprintf(a.Out, "Expects at most %s lost, neither secret accepted for at most %s, the old one refused within %s\n",
		units.Counted(l.Lost, "message", "messages"), units.Duration(l.Gap), units.Duration(l.Refused))
	fmt.Fprintf(a.Out, "Waits %s for the first change, %s for its end, and watches %s more\n", units.Duration(plan.Wait), units.Duration(plan.Settle), units.Duration(plan.Verify))
	fmt.Fprintln(a.Out, "Nothing was sent.")
	switch {
	case nowhere:
		return usage(errors.New("rotate: there is no source of a next secret"))
	case unseen:
		return exitStatus(exitFailed)
	}
	return nil
}
