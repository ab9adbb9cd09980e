// Command cmd runs a control plane with the platform's workloads until it is
// interrupted, to try squall by hand against a real Kubernetes API:
//
//	go run ./internal/testcluster/cmd
//
// With -build it only builds the programs of the control plane.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"xinbot.ir/squall/internal/testcluster"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "testcluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("testcluster", flag.ContinueOnError)
	onlyBuild := flags.Bool("build", false, "build the programs, say where they are, and exit")
	namespace := flags.String("namespace", "xin-staging", "namespace of the platform's workloads")
	netns := flags.String("exec-netns", "", "run exec'd commands in this network namespace (needs root)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *onlyBuild {
		dir, err := testcluster.Build(ctx)
		if err != nil {
			return err
		}
		fmt.Println(dir)
		return nil
	}
	cluster, err := testcluster.Run(ctx, testcluster.WithRules(testcluster.Rule{Netns: *netns}))
	if err != nil {
		return err
	}
	defer cluster.Close()
	if err := testcluster.Fixtures(ctx, cluster.Admin(), *namespace); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "kubeconfig-")
	if err != nil {
		return fmt.Errorf("create folder of kubeconfig: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kubeconfig")
	if err := cluster.WriteKubeconfig(path, testcluster.Login{
		User: "admin", Groups: []string{"system:masters"}, Namespace: *namespace,
	}); err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\nThe cluster runs until Ctrl-C.\n", path)
	<-ctx.Done()
	return nil
}
