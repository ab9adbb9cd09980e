package kube

import (
	"fmt"
	"net/url"
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

// kubectlCommand is a whole command line. Every word is quoted: a name in a cluster is somebody else's text, and people
// paste commands.
func kubectlCommand(ref clusterRef, namespace string, words ...string) string {
	return kubectl(ref, namespace) + " " + shellescape.QuoteCommand(words)
}

func scaleCommand(ref clusterRef, w workloadRef, replicas int32) string {
	return kubectlCommand(ref, w.Namespace, "scale", w.Kind+"/"+w.Name, fmt.Sprintf("--replicas=%d", replicas))
}

// evictCommand sends what this program sends: kubectl has no verb for it.
func evictCommand(ref clusterRef, namespace, pod string) string {
	body := fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, namespace)
	path := "/api/v1/namespaces/" + url.PathEscape(namespace) + "/pods/" + url.PathEscape(pod) + "/eviction"
	return "echo " + shellescape.Quote(body) + " | " + kubectlCommand(ref, namespace, "create", "--raw", path, "-f", "-")
}

func execCommand(ref clusterRef, namespace, pod, container string, argv ...string) string {
	return kubectlCommand(ref, namespace, append([]string{"exec", pod, "-c", container, "--"}, argv...)...)
}
