// Package kubeclient opens Kubernetes clusters: the operator's kubeconfig and its contexts, credentials that are known
// before an error can echo them, bounds on time and rate, and a small typed client. Who uses it decides what is done there.
package kubeclient
