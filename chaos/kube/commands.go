package kube

import (
	"fmt"
	"path/filepath"
	"strings"
)

// kubectl begins a command line that reaches the same cluster and namespace.
func kubectl(w where, namespace string) string {
	command := "kubectl"
	switch {
	case w.Kubeconfig == "":
	case strings.ContainsRune(w.Kubeconfig, filepath.ListSeparator): // the flag takes one file only
		command = "KUBECONFIG=" + quote(w.Kubeconfig) + " " + command
	default:
		command += " --kubeconfig " + quote(w.Kubeconfig)
	}
	if w.Context != "" {
		command += " --context " + quote(w.Context)
	}
	return command + " -n " + quote(namespace)
}

func scaleCommand(w where, i id, replicas int32) string {
	return fmt.Sprintf("%s scale %s/%s --replicas=%d", kubectl(w, i.Namespace), i.Kind, i.Name, replicas)
}

// evictCommand sends what this program sends: kubectl has no verb for it.
func evictCommand(w where, namespace, pod string) string {
	body := fmt.Sprintf(`{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":%q,"namespace":%q}}`, pod, namespace)
	return fmt.Sprintf("echo %s | %s create --raw /api/v1/namespaces/%s/pods/%s/eviction -f -", quote(body), kubectl(w, namespace), namespace, pod)
}

func execCommand(w where, namespace, pod, container string, argv ...string) string {
	command := fmt.Sprintf("%s exec %s -c %s --", kubectl(w, namespace), pod, container)
	for _, arg := range argv {
		command += " " + quote(arg)
	}
	return command
}

// quote makes a word of a POSIX shell.
func quote(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:=@%+,", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
