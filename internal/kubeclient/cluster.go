package kubeclient

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"xinbot.ir/squall/internal/inputfile"
)

// CallTime is how long the API server may take for one answer, unless it is set.
const CallTime = 10 * time.Second

// The client's own rate limit. A preflight makes about 30 at once and an undo five; client-go's
// default of 5 a second would make a preflight wait for itself.
const (
	callsPerSecond = 50
	callsAtOnce    = 100
)

// Config is which cluster, and how it is spoken to.
type Config struct {
	// Kubeconfig is one path, or several as the variable KUBECONFIG takes them; "" for client-go's
	// own rules: KUBECONFIG, ~/.kube/config, and inside a pod its service account.
	Kubeconfig string
	Context    string // "" for the current one
	// Log takes the warnings of the API; nil discards them. See also [RedirectKlog].
	Log       io.Writer
	UserAgent string // "" for squall
	// Hide is told every credential that is sent to the API server: an error can echo it. May be nil.
	Hide func(secrets ...string)
	// Timeout is for one answer of the API server; 0 for [CallTime].
	Timeout time.Duration
	// RoleHint is what helps when a right is missing; "" for [RoleHint].
	RoleHint string
}

// Cluster is a client of one cluster. client-go shares the connections of all clients with the same settings,
// so making one costs reading a kubeconfig and no more.
type Cluster struct {
	Ref    Ref
	Config *rest.Config // without a bound on time: for exec and watches
	Client *Client      // each call within the timeout

	roleHint string
}

// Ref identifies a cluster. It stands in ledgers, and holds no credentials: those stay in the kubeconfig.
type Ref struct {
	Kubeconfig string `json:"kubeconfig,omitempty"` // absolute paths; "" inside a pod
	Context    string `json:"context,omitempty"`
	Server     string `json:"server"`            // URL of the API server
	CA         string `json:"ca,omitempty"`      // SHA-256 of its certificate authorities, "" for the system's
	Cluster    string `json:"cluster,omitempty"` // uid of namespace kube-system, "" if it could not be read
}

// Connect reads the kubeconfig and makes clients. It contacts nothing.
func Connect(c Config) (*Cluster, error) {
	const verb = "read kubeconfig"
	rules := c.rules()
	if err := readable(rules.Precedence); err != nil {
		return nil, fmt.Errorf("%s: %w", verb, err)
	}
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
	ref := Ref{Kubeconfig: files, Context: c.Context}
	if ref.Context == "" {
		ref.Context = raw.CurrentContext
	}
	if err := readable(filesOf(raw, ref.Context)); err != nil {
		return nil, fmt.Errorf("%s %s: %w", verb, files, err)
	}
	config, err := restConfig(raw, ref.Context, files)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", verb, cmp.Or(files, strings.Join(rules.Precedence, ", ")+" (none of these files is there)"), err)
	}
	if err := unambiguous(rules.Precedence, raw, ref.Context); err != nil {
		return nil, fmt.Errorf("%s: %w", verb, err)
	}
	ref.Server = serverOf(config)
	if ref.CA, err = authorityOf(config); err != nil {
		return nil, fmt.Errorf("%s %s: %w", verb, files, err)
	}
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

// ErrNoCluster and ErrNoContext mean that the operator's kubeconfig does not have what is looked for.
var (
	ErrNoCluster = errors.New("there is no cluster")
	ErrNoContext = errors.New("there is no context")
)

// restConfig is the context of the kubeconfig, or the pod's service account if none of its files is there. A kubeconfig that
// is there and wrong never leads to the pod's own cluster.
func restConfig(raw *clientcmdapi.Config, context, files string) (*rest.Config, error) {
	switch empty := clientcmdapi.IsConfigEmpty(raw) && context == ""; {
	case empty && files != "":
		return nil, fmt.Errorf("%w in it: is it a kubeconfig?", ErrNoCluster)
	case empty:
		config, err := rest.InClusterConfig()
		if errors.Is(err, rest.ErrNotInCluster) {
			return nil, fmt.Errorf("%w, and this is no pod: set KUBECONFIG, --kubeconfig or kubeconfig in squall.yaml", ErrNoCluster)
		}
		return config, err
	}
	if _, ok := raw.Contexts[context]; !ok && context != "" {
		known := "it has none"
		if len(raw.Contexts) > 0 {
			known = "it has " + strings.Join(slices.Sorted(maps.Keys(raw.Contexts)), ", ")
		}
		return nil, fmt.Errorf("%w called %s: %s", ErrNoContext, context, known)
	}
	return clientcmd.NewNonInteractiveClientConfig(*raw, context, &clientcmd.ConfigOverrides{}, nil).ClientConfig()
}

func newCluster(config *rest.Config, ref Ref, c Config) (*Cluster, error) {
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
	if c.Hide != nil {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper { return credentialWatcher{next, c.Hide} })
	}
	bounded := rest.CopyConfig(config)
	bounded.Timeout = cmp.Or(c.Timeout, CallTime)
	client, err := NewClient(bounded)
	if err != nil {
		return nil, fmt.Errorf("make client for %s: %w", ref.Server, err)
	}
	return &Cluster{Ref: ref, Config: config, Client: client, roleHint: c.RoleHint}, nil
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

// authorityOf identifies the certificate authorities by which the API server is known.
func authorityOf(config *rest.Config) (string, error) {
	data := config.CAData
	if len(data) == 0 && config.CAFile != "" {
		var err error
		if data, err = inputfile.ReadRegular(config.CAFile, inputfile.Largest); err != nil {
			return "", err
		}
	}
	if len(data) == 0 {
		return "", nil
	}
	sum := sha256.Sum256(bytes.TrimSpace(data))
	return hex.EncodeToString(sum[:]), nil
}

// Identify reads which cluster this is. Without the right to read namespace kube-system the
// server's address identifies it.
func (cl *Cluster) Identify(ctx context.Context) error {
	system, err := cl.Client.Namespaces().Get(ctx, metav1.NamespaceSystem, metav1.GetOptions{})
	switch {
	case err == nil:
		cl.Ref.Cluster = string(system.UID)
	case apierrors.IsForbidden(err), apierrors.IsNotFound(err):
	default:
		return cl.Explain("identify the cluster", err)
	}
	return nil
}

// Place names the cluster for people: the address tells two of one context's name apart.
func (ref Ref) Place() string {
	return fmt.Sprintf("the cluster at %s (context %s)", ref.Server, ref.ContextName())
}

// ContextName is the context, for people.
func (ref Ref) ContextName() string {
	if ref.Context == "" {
		return "the pod's own service account"
	}
	return ref.Context
}

// May asks the API server whether its caller may do something: what a summary of rules says is not what its
// authorizer would decide.
func (cl *Cluster) May(ctx context.Context, what authorizationv1.ResourceAttributes) (bool, error) {
	question := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &what}}
	var answer authorizationv1.SelfSubjectAccessReview
	err := cl.Client.Authorization.Post().Resource("selfsubjectaccessreviews").Body(question).Do(ctx).Into(&answer)
	return answer.Status.Allowed, err
}
