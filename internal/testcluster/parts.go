package testcluster

import (
	"fmt"
	"path/filepath"
)

// kubeletName is the part that runs the commands of tests.
const kubeletName = "kubelet"

// layout is where the files of a cluster are and on which ports it listens.
type layout struct {
	dir         string // private to this user
	program     string
	stages      string
	apiPort     int
	kubeletPort int
}

func (l layout) file(name string) string { return filepath.Join(l.dir, name) }

func (l layout) etcdSocket() string { return l.file("etcd.sock") }

func (l layout) address() string { return fmt.Sprintf("127.0.0.1:%d", l.apiPort) }

func (l layout) server() string { return "https://" + l.address() }

// etcd listens on sockets in the cluster's folder only, and writes without
// waiting for the disk: a test's data need not survive the machine.
func (l layout) etcd() []string {
	client, peer := "unix://"+l.etcdSocket(), "unix://"+l.file("peer.sock")
	return []string{
		"--name=testcluster",
		"--data-dir=" + l.file("etcd"),
		"--listen-client-urls=" + client,
		"--advertise-client-urls=" + client,
		"--listen-peer-urls=" + peer,
		"--initial-advertise-peer-urls=" + peer,
		"--initial-cluster=testcluster=" + peer,
		"--unsafe-no-fsync",
		"--log-level=warn",
	}
}

func (l layout) apiServer() []string {
	return []string{
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", l.apiPort),
		"--permit-port-sharing", // with the socket that holds the port
		"--tls-cert-file=" + l.file("server.crt"),
		"--tls-private-key-file=" + l.file("server.key"),
		"--client-ca-file=" + l.file("ca.crt"),
		"--etcd-servers=unix://" + l.etcdSocket(),
		"--authorization-mode=Node,RBAC",
		"--service-cluster-ip-range=10.96.0.0/16",
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + l.file("accounts.key"),
		"--service-account-signing-key-file=" + l.file("accounts.key"),
		"--kubelet-client-certificate=" + l.file("kubelet-client.crt"),
		"--kubelet-client-key=" + l.file("kubelet-client.key"),
		"--kubelet-certificate-authority=" + l.file("ca.crt"),
		"--kubelet-preferred-address-types=InternalIP",
		// A loopback address is no endpoint of a service.
		"--endpoint-reconciler-type=none",
		"--profiling=false",
	}
}

func (l layout) controllerManager() []string {
	return []string{
		"--kubeconfig=" + l.file("admin.kubeconfig"),
		"--secure-port=0",
		"--leader-elect=false",
		"--use-service-account-credentials",
		"--service-account-private-key-file=" + l.file("accounts.key"),
		"--root-ca-file=" + l.file("ca.crt"),
		"--horizontal-pod-autoscaler-sync-period=1s",
		"--kube-api-qps=1000",
		"--kube-api-burst=1000",
		"--profiling=false",
	}
}

func (l layout) scheduler() []string {
	return []string{
		"--kubeconfig=" + l.file("admin.kubeconfig"),
		"--secure-port=0",
		"--leader-elect=false",
		"--kube-api-qps=1000",
		"--kube-api-burst=1000",
		"--profiling=false",
	}
}

// kwok plays all nodes. It says that their kubelet is at ours; its own, which
// it insists on, has no rules and so refuses all.
func (l layout) kwok() []string {
	return []string{
		"--kubeconfig=" + l.file("admin.kubeconfig"),
		"--config=" + l.stages,
		"--manage-all-nodes",
		"--node-ip=127.0.0.1",
		fmt.Sprintf("--node-port=%d", l.kubeletPort),
		"--node-lease-duration-seconds=40",
		"--server-address=127.0.0.1:0",
	}
}

func (l layout) kubelet() []string {
	return []string{
		"-rules=" + l.file(rulesFile),
		"-cert=" + l.file("server.crt"),
		"-key=" + l.file("server.key"),
		"-client-ca=" + l.file("ca.crt"),
	}
}
