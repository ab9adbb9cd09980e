// Command bin is etcd, the Kubernetes control plane, kwok and a kubelet for exec
// in one program, which is linked once instead of six times: its first argument
// says which of them to be.
package main

import (
	"fmt"
	"os"
	_ "time/tzdata" // The controller manager reads time zones of cron jobs.

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bin etcd|kube-apiserver|kube-controller-manager|kube-scheduler|kwok|kubelet|stages [flags]")
		os.Exit(2)
	}
	name := os.Args[1]
	// The parts read their flags from os.Args, as if they were alone.
	os.Args = os.Args[1:]
	switch name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	case "kwok":
		os.Exit(kwok())
	case "kubelet":
		os.Exit(kubelet(os.Args[1:]))
	case "stages":
		os.Exit(stages())
	default:
		fmt.Fprintf(os.Stderr, "run %q: no such part\n", name)
		os.Exit(2)
	}
}
