package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"al.essio.dev/pkg/shellescape"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"xinbot.ir/squall/chaos"
)

// callTime is how long the API server may take for one answer.
const callTime = 10 * time.Second

// The client's own rate limit. A preflight makes about 30 at once and an undo five; client-go's
// default of 5 a second would make a preflight wait for itself.
const (
	callsPerSecond = 50
	callsAtOnce    = 100
)

// cluster is a client of one cluster. client-go shares the connections of all clients with the same settings,
// so making one costs reading a kubeconfig and no more.
type cluster struct {
	ref    clusterRef
	config *rest.Config         // without a bound on time: for exec and watches
	client kubernetes.Interface // each call within callTime
	// unverified means that this may be another cluster than the record's. An object with the record's uid proves
	// that it is not; an object that is missing proves nothing.
	unverified bool
}

// clusterRef identifies the cluster of a record. It holds no credentials: those stay in the kubeconfig.
type clusterRef struct {
	Kubeconfig string `json:"kubeconfig,omitempty"` // absolute paths; "" inside a pod
	Context    string `json:"context,omitempty"`
	Server     string `json:"server"`            // URL of the API server
	Cluster    string `json:"cluster,omitempty"` // uid of namespace kube-system, "" if it could not be read
}

// connect reads the kubeconfig and makes clients. It contacts nothing.
func connect(c Config) (*cluster, error) {
	const verb = "read kubeconfig"
	rules := c.rules()
	raw, err := rules.Load()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", verb, err)
	}
	files, err := existingFiles(rules.Precedence)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", verb, err)
	case c.Kubeconfig != "" && files == "":
		return nil, fmt.Errorf("%s %s: %w", verb, c.Kubeconfig, fs.ErrNotExist)
	}
	ref := clusterRef{Kubeconfig: files, Context: c.Context}
	if ref.Context == "" {
		ref.Context = raw.CurrentContext
	}
	config, err := restConfig(raw, ref.Context)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", verb, files, err)
	}
	ref.Server = serverOf(config)
	return newCluster(config, ref, c)
}

// rules say where the operator's kubeconfig is: as configured, else where every client looks.
func (c Config) rules() *clientcmd.ClientConfigLoadingRules {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.WarnIfAllMissing = false
	if c.Kubeconfig != "" {
		rules.Precedence = filepath.SplitList(c.Kubeconfig)
	}
	return rules
}

// owns refuses a record that was made with another kubeconfig than the operator's own, unless the operator chose
// one for it. A kubeconfig can name a program to run, so the one that a record names is never read.
func (c Config) owns(ref clusterRef) error {
	if c.Kubeconfig != "" {
		return nil
	}
	own, err := existingFiles(c.rules().Precedence)
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	if own == ref.Kubeconfig {
		return nil
	}
	foreign := &chaos.OtherTargetError{
		Record: fmt.Sprintf("the cluster at %s by kubeconfig %s", ref.Server, cmp.Or(ref.Kubeconfig, "of a pod")),
		Flag:   "--kubeconfig " + shellescape.Quote(cmp.Or(ref.Kubeconfig, "FILE")),
	}
	if own != "" {
		foreign.Own = "kubeconfig " + own
	}
	return foreign
}

// restConfig is the context of the kubeconfig, or the pod's service account if there is no kubeconfig
// at all. A kubeconfig that is there and wrong never leads to the pod's own cluster.
func restConfig(raw *clientcmdapi.Config, context string) (*rest.Config, error) {
	if clientcmdapi.IsConfigEmpty(raw) && context == "" {
		config, err := rest.InClusterConfig()
		if errors.Is(err, rest.ErrNotInCluster) {
			return nil, errors.New("there is none, and this is no pod: set KUBECONFIG, --kubeconfig or kubeconfig in squall.yaml")
		}
		return config, err
	}
	if _, ok := raw.Contexts[context]; !ok && context != "" {
		return nil, fmt.Errorf("there is no context %s: contexts are %s", context, strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", "))
	}
	return clientcmd.NewNonInteractiveClientConfig(*raw, context, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
}

func newCluster(config *rest.Config, ref clusterRef, c Config) (*cluster, error) {
	config.QPS, config.Burst = callsPerSecond, callsAtOnce
	config.UserAgent = c.UserAgent
	if config.UserAgent == "" {
		config.UserAgent = "squall"
	}
	log := c.Log
	if log == nil {
		log = io.Discard
	}
	config.WarningHandlerWithContext, config.WarningHandler = nil, rest.NewWarningWriter(log, rest.WarningWriterOptions{Deduplicate: true})
	if config.ExecProvider != nil { // a login program must not ask questions on a screen that is ours
		config.ExecProvider.StdinUnavailable = true
		config.ExecProvider.StdinUnavailableMessage = "squall has the terminal: log in before starting it"
	}
	bounded := rest.CopyConfig(config)
	bounded.Timeout = callTime
	if c.timeout > 0 {
		bounded.Timeout = c.timeout
	}
	client, err := kubernetes.NewForConfig(bounded)
	if err != nil {
		return nil, fmt.Errorf("make client for %s: %w", ref.Server, err)
	}
	return &cluster{ref: ref, config: config, client: client}, nil
}

// existingFiles joins the paths that exist, made absolute so that they hold in another directory.
func existingFiles(paths []string) (string, error) {
	var found []string
	for _, path := range paths {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(absolute); err == nil {
			found = append(found, absolute)
		}
	}
	return strings.Join(found, string(filepath.ListSeparator)), nil
}

// serverOf is the address of the API server without a user or password that might stand in it.
func serverOf(config *rest.Config) string {
	u, err := url.Parse(config.Host)
	if err != nil || u.Host == "" {
		return strings.TrimSuffix(config.Host[strings.LastIndex(config.Host, "@")+1:], "/")
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return strings.TrimSuffix(u.String(), "/")
}

// identify reads which cluster this is. Without the right to read namespace kube-system the
// server's address identifies it.
func (cl *cluster) identify(ctx context.Context) error {
	system, err := cl.client.CoreV1().Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	switch {
	case err == nil:
		cl.ref.Cluster = string(system.UID)
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
	default:
		return cl.explain("identify the cluster", err)
	}
	return nil
}

// contextName is the context, for people.
func (ref clusterRef) contextName() string {
	if ref.Context == "" {
		return "the pod's own service account"
	}
	return ref.Context
}

// clusterOpener opens the clusters of records.
type clusterOpener struct{ config Config }

// open connects to the record's cluster and verifies that it is that one.
func (r clusterOpener) open(ctx context.Context, ref clusterRef) (*cluster, error) {
	c := r.config
	if err := c.owns(ref); err != nil {
		return nil, err
	}
	if c.Context == "" {
		c.Context = ref.Context
	}
	cl, err := connect(c)
	if err != nil {
		return nil, err
	}
	if err := cl.identify(ctx); err != nil {
		return nil, err
	}
	known := cl.ref.Cluster != "" && ref.Cluster != ""
	cl.unverified = !known && cl.ref.Server != ref.Server
	byWish := cl.ref.Kubeconfig != ref.Kubeconfig || cl.ref.Context != ref.Context
	if known && cl.ref.Cluster != ref.Cluster || cl.unverified && !byWish {
		return nil, fmt.Errorf("context %s leads to the cluster at %s, and the record is of another, at %s: choose the right one with --kubeconfig and --context",
			cl.ref.contextName(), cl.ref.Server, ref.Server)
	}
	return cl, nil
}
