package kube

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// shaper shapes the network of one pod.
type shaper struct {
	cluster   *cluster
	pod       corev1.Pod
	container string // where tc runs; "" for an ephemeral tc container
	device    string
	image     string // of an ephemeral tc container
	session   string
	words     []string // the qdisc for tc
	lasts     time.Duration
}

func (s shaper) object() string { return "network of pod " + s.pod.Namespace + "/" + s.pod.Name }

// apply puts the qdisc on, or in the place of the one that this session has put there, and reads it
// back.
func (s shaper) apply(ctx context.Context) error {
	what := "shape " + s.object()
	at, err := s.findContainer(ctx)
	if err != nil {
		return err
	}
	found, err := s.cluster.probe(ctx, at)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if why := found.unusable(); why != "" {
		return fmt.Errorf("%s: %s cannot: %s", what, at, why)
	}
	ours, foreign := classifyQdiscs(found.qdiscs, s.device, s.session)
	if foreign != nil {
		return fmt.Errorf("%s: %s", what, foreignReason(s.device, foreign))
	}
	verb := "add" // which the kernel refuses if there is something by now
	if ours != nil {
		verb = "replace"
	}
	handle := nextHandle(s.session, ours)
	args := append([]string{s.device, handle, strconv.Itoa(int(max(s.lasts, time.Second).Seconds())), verb}, s.words...)
	out, err := s.cluster.exec(ctx, at, shell(shapeScript, args...)...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, s.explain(err))
	}
	now, err := parseQdiscs(out)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if ours, _ := classifyQdiscs(now, s.device, s.session); ours == nil || ours.handle != handle || ours.kind != s.words[0] {
		return fmt.Errorf("%s: tc said nothing, but the qdisc is not there: %q", what, out)
	}
	return nil
}

// findContainer is where tc runs. An ephemeral tc container is added if it has to be.
func (s shaper) findContainer(ctx context.Context) (containerRef, error) {
	at := containerRef{s.pod.Namespace, s.pod.Name, s.container}
	var err error
	if at.container == "" {
		at.container, err = s.cluster.awaitTCContainer(ctx, &s.pod, s.image, s.device, s.session)
	} else { // a successor of the same name is another pod
		_, err = s.cluster.samePod(ctx, s.pod.Namespace, s.pod.Name, s.pod.UID)
	}
	return at, err
}

// dryRun asks what can be asked without changing anything: exec has no dry run.
func (s shaper) dryRun(ctx context.Context) error {
	if s.container == "" {
		_, err := s.cluster.addTCContainer(ctx, &s.pod, s.image, s.device, s.session, []string{metav1.DryRunAll})
		return err
	}
	found, err := s.cluster.probe(ctx, containerRef{s.pod.Namespace, s.pod.Name, s.container})
	if err != nil {
		return err
	}
	if why := found.unusable(); why != "" {
		return errors.New(why)
	}
	if _, foreign := classifyQdiscs(found.qdiscs, s.device, s.session); foreign != nil {
		return errors.New(foreignReason(s.device, foreign))
	}
	return nil
}

func foreignReason(device string, q *qdisc) string {
	return fmt.Sprintf("%s is shaped by somebody else already (%s): that would be lost", device, q.text)
}

// explain explains tc's error on a kernel without the qdisc.
func (s shaper) explain(err error) error {
	const unknown, absent = "qdisc kind is unknown", "No such file or directory"
	var f *execError
	if !errors.As(err, &f) || !strings.Contains(f.said, unknown) && !strings.Contains(f.said, absent) {
		return err
	}
	node := s.pod.Spec.NodeName
	help := "load the module sch_" + s.words[0] + " on the node"
	if s.words[0] == "netem" {
		help += ", or limit the rate alone (latency=0s loss=0), which needs tbf"
	}
	return fmt.Errorf("the kernel of node %s has no %s: %s: %w", node, s.words[0], help, err)
}

// command is what a person would type.
func (s shaper) command() string {
	container := s.container
	if container == "" {
		argv := []string{"debug", s.pod.Name, "--profile=netadmin", "--image=" + s.image, "--", "tc", "qdisc", "add", "dev", s.device, "root"}
		return kubectlCommand(s.cluster.Ref, s.pod.Namespace, append(argv, s.words...)...)
	}
	argv := append([]string{"tc", "qdisc", "add", "dev", s.device, "root", "handle", nextHandle(s.session, nil)}, s.words...)
	return execCommand(s.cluster.Ref, s.pod.Namespace, s.pod.Name, container, argv...)
}

// errPodGone means that a pod is not there any more, even if another of its name is.
var errPodGone = errors.New("the pod is gone")

// samePod reads that very pod. The error is [errPodGone] if it is not there any more.
func (cl *cluster) samePod(ctx context.Context, namespace, name string, uid types.UID) (*corev1.Pod, error) {
	what := "read pod " + namespace + "/" + name
	pod, err := cl.Client.Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case err != nil && !apierrors.IsNotFound(err):
		return nil, cl.Explain(what, err)
	case cl.unverified && (err != nil || pod.UID != uid):
		return nil, cl.errUnknownOutcome("pod " + namespace + "/" + name)
	case err != nil, pod.UID != uid, pod.Status.Phase == corev1.PodSucceeded, pod.Status.Phase == corev1.PodFailed:
		return nil, fmt.Errorf("%s: %w", what, errPodGone)
	}
	return pod, nil
}
