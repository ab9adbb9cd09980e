package testcluster

import (
	"fmt"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Login is somebody's way into the cluster.
type Login struct {
	// User and Groups stand in a client certificate; RBAC decides what they may.
	User   string
	Groups []string

	// Token stands for the certificate, if it is given: see [Cluster.Token].
	Token string

	// Context names the context (default: testcluster) and Namespace its
	// namespace (default: none, which clients read as "default").
	Context   string
	Namespace string

	// Server is the way to the API server (default: straight). See [Proxy.URL].
	Server string
}

// admin may do everything: the group is above RBAC.
func admin() Login { return Login{User: "admin", Groups: []string{"system:masters"}} }

// Kubeconfig writes a kubeconfig for the login and returns its path. It is gone
// when the test ends.
func (c *Cluster) Kubeconfig(t testing.TB, login Login) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := c.WriteKubeconfig(path, login); err != nil {
		t.Fatal(err)
	}
	return path
}

// Config is the login as client-go takes it, without a limit on requests.
func (c *Cluster) Config(t testing.TB, login Login) *rest.Config {
	t.Helper()
	config, err := c.configOf(login)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// WriteKubeconfig writes a kubeconfig for the login, readable to this user only.
func (c *Cluster) WriteKubeconfig(path string, login Login) error {
	config, err := c.kubeconfig(login)
	if err != nil {
		return err
	}
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

func (c *Cluster) configOf(login Login) (*rest.Config, error) {
	kubeconfig, err := c.kubeconfig(login)
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.NewDefaultClientConfig(*kubeconfig, nil).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	config.QPS = -1
	return config, nil
}

func (c *Cluster) kubeconfig(login Login) (*clientcmdapi.Config, error) {
	user := clientcmdapi.NewAuthInfo()
	name := login.User
	if login.Token != "" {
		user.Token = login.Token
		if name == "" {
			name = "token"
		}
	} else {
		pair, err := c.authority.client(login.User, login.Groups...)
		if err != nil {
			return nil, err
		}
		user.ClientCertificateData, user.ClientKeyData = pair.cert, pair.key
	}
	cluster := clientcmdapi.NewCluster()
	cluster.Server = login.Server
	if cluster.Server == "" {
		cluster.Server = c.layout.server()
	}
	cluster.CertificateAuthorityData = c.authority.certPEM

	context := clientcmdapi.NewContext()
	context.Cluster, context.AuthInfo, context.Namespace = "testcluster", name, login.Namespace

	config := clientcmdapi.NewConfig()
	config.CurrentContext = login.Context
	if config.CurrentContext == "" {
		config.CurrentContext = "testcluster"
	}
	config.Clusters["testcluster"] = cluster
	config.AuthInfos[name] = user
	config.Contexts[config.CurrentContext] = context
	return config, nil
}
