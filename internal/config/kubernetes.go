package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/strictyaml"
)

// Kubernetes is the cluster whose workloads faults may touch.
type Kubernetes struct {
	Kubeconfig string   // a path, or several as kubectl takes them; "" for kubectl's own default
	Context    string   // "" for the kubeconfig's current one
	Namespace  string   // of the platform, and allowed; "": Kubernetes faults are off
	Allow      []string // namespaces that faults may touch
}

// kubernetes is on only when a namespace is set and allowed. A kubeconfig alone says nothing: every
// machine of an operator has one.
func (l *resolver) kubernetes(meant bool) Kubernetes {
	k := Kubernetes{
		Kubeconfig: l.kubeconfig(),
		Context:    read(l, kubeContext, parseText),
		Namespace:  read(l, kubeNamespace, parseNamespace),
		Allow:      readLines(l, kubeAllow, nil, parseNamespace),
	}
	if k.Namespace == "" || l.admin {
		return k // undoing is held to it, and needs nothing more
	}
	given := l.values[kubeNamespace]
	if given.level == fromEnv && !l.values[kubeAllow].set() && !meant {
		// NAMESPACE is a common variable: a run that asks for no fault must not fail over it.
		l.unusedNamespace = k.Namespace
		l.values[kubeNamespace] = settingValue{level: fromDefault, source: "not used: " + given.source + " is not allowed"}
		k.Namespace = ""
		return k
	}
	l.checkNamespace(describe(kubeNamespace, given.source), k.Namespace, k.Allow)
	l.checkKubeconfig(k.Kubeconfig)
	return k
}

// kubeconfig resolves each path that stands in squall.yaml against that file's directory.
func (l *resolver) kubeconfig() string {
	paths := filepath.SplitList(read(l, kubeconfig, parseText))
	for i, path := range paths {
		paths[i] = l.inside(kubeconfig, path)
	}
	paths = slices.DeleteFunc(paths, func(path string) bool { return path == "" })
	return strings.Join(paths, string(filepath.ListSeparator))
}

// checkKubeconfig requires one of the files to exist: some may be missing, as kubectl has it.
func (l *resolver) checkKubeconfig(list string) {
	if list == "" {
		return
	}
	found := false
	for _, path := range filepath.SplitList(list) {
		_, err := os.Stat(path)
		found = found || !errors.Is(err, fs.ErrNotExist) // what is wrong with a file that is there, the driver says
	}
	if found {
		return
	}
	l.problem("%s: there is no %s: must be %s", describe(kubeconfig, l.values[kubeconfig].source), list, find(kubeconfig).Accepts)
}

// checkNamespace refuses a namespace that faults may not touch.
func (l *resolver) checkNamespace(place, namespace string, allow []string) {
	switch {
	case slices.Contains(allow, namespace):
	case len(allow) == 0:
		l.problem("%s: is %q, and faults may touch no namespace: list it below %s of the target in squall.yaml, or add --allow-namespace %s", place, namespace, kubeAllow, namespace)
	default:
		l.problem("%s: is %q, which faults may not touch: must be one of %s (%s), or be added with --allow-namespace", place, namespace, strictyaml.Choice(allow), l.values[kubeAllow].source)
	}
}

var validNamespace = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// parseNamespace reads a DNS label, which has no patterns: every namespace is named.
func parseNamespace(text string) (string, error) {
	return orRefused(text, validNamespace.MatchString(text))
}

// clusterWarnings are about what is given for Kubernetes and likely not meant.
func (l *resolver) clusterWarnings(warn func(string, ...any)) {
	given, namespace := l.values[kubeNamespace], l.values[kubeNamespace].text()
	if l.unusedNamespace != "" {
		warn("env NAMESPACE is %s, which is not an allowed namespace: Kubernetes faults are off; --allow-namespace %s switches them on", l.unusedNamespace, l.unusedNamespace)
	}
	if l.target != nil && given.level > fromFile {
		if of := l.target.values[kubeNamespace].texts; len(of) > 0 && of[0] != namespace {
			warn("%s overrides the namespace of target %s: Kubernetes faults go to %s", given.source, l.target.name, namespace)
		}
	}
	for _, name := range []string{kubeconfig, kubeContext, kubeAllow} {
		used := name != kubeAllow && l.values[nextKubernetes].set()
		if l.values[name].level == fromFlag && !given.set() && l.unusedNamespace == "" && !l.admin && !used {
			warn("%s without a namespace: Kubernetes faults are off; add --namespace to switch them on", l.values[name].source)
		}
	}
}
