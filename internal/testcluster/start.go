package testcluster

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// nodeCount is two, so that replicas can be apart.
const nodeCount = 2

const (
	etcdName      = "etcd"
	apiServerName = "kube-apiserver"
)

// start brings up all parts and returns when the nodes take pods.
func (c *Cluster) start(ctx context.Context) error {
	listener, err := c.listen()
	if err != nil {
		return err
	}
	defer listener.Close()
	if err := c.writeFiles(); err != nil {
		return err
	}
	if err := c.launch(etcdName, c.layout.etcd()); err != nil {
		return err
	}
	if err := await(ctx, "etcd", c.etcdListens); err != nil {
		return err
	}
	if err := c.StartAPIServer(ctx); err != nil {
		return err
	}
	if err := errors.Join(
		c.launch("kube-controller-manager", c.layout.controllerManager()),
		c.launch("kube-scheduler", c.layout.scheduler()),
		c.launch("kwok", c.layout.kwok()),
		c.launch(kubeletName, c.layout.kubelet(), listener),
	); err != nil {
		return err
	}
	return c.addNodes(ctx)
}

// listen reserves the API server's port, and opens the kubelet's listener.
func (c *Cluster) listen() (*os.File, error) {
	held, port, err := holdPort()
	if err != nil {
		return nil, err
	}
	c.held, c.layout.apiPort = held, port

	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("listen for kubelet: %w", err)
	}
	defer listener.Close()
	if address, ok := listener.Addr().(*net.TCPAddr); ok {
		c.layout.kubeletPort = address.Port
	}
	file, err := listener.File()
	if err != nil {
		return nil, fmt.Errorf("hand over listener of kubelet: %w", err)
	}
	return file, nil
}

// writeFiles makes the keys, certificates and rules that the parts read.
func (c *Cluster) writeFiles() error {
	var err error
	if c.authority, err = newAuthority(); err != nil {
		return err
	}
	if err := os.WriteFile(c.layout.file("ca.crt"), c.authority.certPEM, 0o600); err != nil {
		return fmt.Errorf("write certificate of authority: %w", err)
	}
	server, err := c.authority.server("kubernetes", "kubernetes.default", "kubernetes.default.svc")
	if err != nil {
		return err
	}
	if err := server.write(c.layout.dir, "server"); err != nil {
		return err
	}
	kubelet, err := c.authority.client("kube-apiserver-kubelet-client")
	if err != nil {
		return err
	}
	if err := kubelet.write(c.layout.dir, "kubelet-client"); err != nil {
		return err
	}
	if c.accounts, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return fmt.Errorf("make key of service accounts: %w", err)
	}
	accounts, err := encodeKey(c.accounts)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.layout.file("accounts.key"), accounts, 0o600); err != nil {
		return fmt.Errorf("write key of service accounts: %w", err)
	}
	if err := c.writeRules(); err != nil {
		return err
	}
	if err := c.WriteKubeconfig(c.layout.file("admin.kubeconfig"), admin()); err != nil {
		return err
	}
	if c.config, err = c.configOf(admin()); err != nil {
		return err
	}
	if c.client, err = kubernetes.NewForConfig(c.config); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	return nil
}

// launch starts a part and keeps it under its name.
func (c *Cluster) launch(name string, args []string, files ...*os.File) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return fmt.Errorf("start %s: the cluster has ended", name)
	}
	if _, ok := c.parts[name]; ok {
		return fmt.Errorf("start %s: it runs", name)
	}
	part, err := c.launcher.launch(c.layout.program, c.layout.dir, name, args, files...)
	if err != nil {
		return err
	}
	c.parts[name] = part
	return nil
}

// allAlive returns an error if a part has ended by itself.
func (c *Cluster) allAlive() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for _, part := range c.parts {
		err = errors.Join(err, part.alive())
	}
	return err
}

func (c *Cluster) etcdListens(ctx context.Context) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.layout.etcdSocket())
	if err != nil {
		return err.Error(), c.allAlive()
	}
	conn.Close()
	return "", nil
}

// addNodes creates the nodes and waits until kwok has made them ready and the
// controller manager has let pods onto them.
func (c *Cluster) addNodes(ctx context.Context) error {
	nodes := c.client.CoreV1().Nodes()
	for i := range nodeCount {
		name := fmt.Sprintf("node-%d", i+1)
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{
			Name:   name,
			Labels: map[string]string{"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
		}}
		if _, err := nodes.Create(ctx, node, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("create node %s: %w", name, err)
		}
	}
	return await(ctx, "nodes", func(ctx context.Context) (string, error) {
		if err := c.allAlive(); err != nil {
			return "", err
		}
		list, err := nodes.List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Sprintf("list nodes: %v", err), nil
		}
		for i := range list.Items {
			if missing := nodeMissing(&list.Items[i]); missing != "" {
				return missing, nil
			}
		}
		return "", nil
	})
}

// nodeMissing describes what keeps pods off a node, or nothing.
func nodeMissing(node *corev1.Node) string {
	if len(node.Spec.Taints) > 0 {
		return fmt.Sprintf("node %s has taint %s", node.Name, node.Spec.Taints[0].Key)
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
			return ""
		}
	}
	return fmt.Sprintf("node %s is not ready", node.Name)
}
