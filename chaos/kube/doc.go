// Package kube breaks workloads on Kubernetes and puts them back: it evicts pods, scales workloads
// and shapes the network of pods with tc. It speaks to the API server with client-go and to
// containers by exec; it needs neither kubectl nor anything installed in the cluster.
//
// One file per fault: redis.go, qdrant.go and custom.go put together what the other files do:
//
//   - survey.go is the preflight of every fault: rights, workload, pods, budgets, autoscalers;
//   - evict.go takes pods away, and rollout.go waits until as many are back;
//   - scale.go sets the replicas, and unscale.go restores them;
//   - shape.go puts a qdisc on a pod's interface, unshape.go takes it off, script.go is what runs in
//     the pod and takes it off without us, probe.go looks first, holder.go brings tc along.
//
// No fault reaches outside the allowed namespaces, and within them only pods that match the selector
// and are owned by the named workload. A step's record in the ledger names the cluster, the object
// and its uid, and never a credential.
package kube
