package kube

import (
	"fmt"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// kubectl begins a command line that reaches the same cluster and namespace.
func kubectl(ref clusterRef, namespace string) string {
	command := "kubectl"
	switch {
	case ref.Kubeconfig == "":
	case strings.ContainsRune(ref.Kubeconfig, filepath.ListSeparator): // the flag takes one file only
		command = "KUBECONFIG=" + shellescape.Quote(ref.Kubeconfig) + " " + command
	default:
		command += " --kubeconfig " + shellescape.Quote(ref.Kubeconfig)
	}
	if ref.Context != "" {
		command += " --context " + shellescape.Quote(ref.Context)
	}
	return command + " -n " + shellescape.Quote(namespace)
}

func scaleCommand(ref clusterRef, w workloadRef, replicas int32) string {
	return fmt.Sprintf("%s scale %s/%s --replicas=%d", kubectl(ref, w.Namespace), w.Kind, w.Name, replicas)
}

// evictCommand sends what this program sends: kubectl has no verb for it.
func evictCommand(ref clusterRef, namespace, pod string) string {
	body := fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, namespace)
	return fmt.Sprintf("echo %s | %s create --raw /api/v1/namespaces/%s/pods/%s/eviction -f -", shellescape.Quote(body), kubectl(ref, namespace), namespace, pod)
}

func execCommand(ref clusterRef, namespace, pod, container string, argv ...string) string {
	command := fmt.Sprintf("%s exec %s -c %s --", kubectl(ref, namespace), pod, container)
	return command + " " + shellescape.QuoteCommand(argv)
}
