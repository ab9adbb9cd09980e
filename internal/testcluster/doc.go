// Package testcluster runs a real Kubernetes control plane on loopback for
// tests: etcd, the API server with RBAC, the controller manager and the
// scheduler, all of a pinned release, with kwok in place of the nodes. Pods are
// scheduled, become ready, are evicted within their budgets and come back, but
// no container runs.
//
// The programs are built from the module in the folder bin, once per machine
// and pin, into the user's cache folder: that takes minutes. A cluster then
// starts in seconds and ends with its test; nothing of it outlives the test
// process.
//
// What differs from a cluster with real nodes:
//
//   - Exec, logs and port-forward are answered by rules ([Rule]): a command runs
//     on this machine, inside the network namespace that its rule names or else
//     without the right to change the network. A container without a rule
//     refuses. There are no terminals and no attach.
//   - Commands run in a process namespace of their own where the system lets
//     them, but see this machine's /proc: the number that a command has for
//     itself ($$) is not found there.
//   - Ephemeral containers are running at once and never end.
//   - There is no metrics server: a HorizontalPodAutoscaler says
//     ScalingActive=False and has no current metrics, but keeps the replicas
//     within its minimum and maximum, and is switched off by 0 replicas.
//   - No network policy, service address or volume does anything.
package testcluster
