// Package kube breaks workloads on Kubernetes and reverts that: it evicts pods, scales workloads
// and shapes the network of pods with tc. It speaks to the API server with client-go and to
// containers by exec; it needs neither kubectl nor anything installed in the cluster.
//
// One file per fault: redis.go, qdrant.go and custom.go put together what the other files do:
//
//   - cluster.go opens a cluster, client.go knows the groups of its API, resource.go the calls;
//   - preflight.go is the preflight of every fault: rights, workload, pods, budgets, autoscalers;
//   - evict.go removes pods, and rollout.go waits until as many are ready again;
//   - scale.go sets the replicas, and scale_undo.go restores them;
//   - shape.go puts a qdisc on a pod's interface, shape_undo.go removes it, script.go is what runs in
//     the pod and removes it without squall, probe.go inspects a container first, tc_container.go adds an
//     ephemeral container with tc.
//
// No fault reaches outside the allowed namespaces, and within them only pods that match the selector
// and are owned by the named workload. A step's record in the ledger names the cluster, the object
// and its uid, and never a credential.
package kube
