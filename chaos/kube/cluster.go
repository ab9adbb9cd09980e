package kube

import (
	"fmt"

	"xinbot.ir/squall/internal/kubeclient"
)

// cluster is a client of the cluster that faults act on.
type cluster struct {
	*kubeclient.Cluster
	// unverified means that this may be another cluster than the record's. An object with the record's uid proves
	// that it is not; an object that is missing proves nothing.
	unverified bool
}

// clusterRef identifies the cluster of a record. It holds no credentials: those stay in the kubeconfig.
type clusterRef = kubeclient.Ref

// connect reads the kubeconfig and makes clients. It contacts nothing.
func connect(c Config) (*cluster, error) {
	cl, err := kubeclient.Connect(kubeclient.Config{
		Kubeconfig: c.Kubeconfig, Context: c.Context, Log: c.Log, UserAgent: c.UserAgent, Hide: c.Hide, Timeout: c.timeout,
	})
	if err != nil {
		return nil, err
	}
	return &cluster{Cluster: cl}, nil
}

// errUnknownOutcome means that the object of a record is missing, and that this may be another cluster.
func (cl *cluster) errUnknownOutcome(object string) error {
	return fmt.Errorf("find %s of the record at %s: it is not there, and this may be another cluster than the record's", object, cl.Ref.Server)
}
