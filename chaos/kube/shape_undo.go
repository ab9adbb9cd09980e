package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/chaos"
)

// shapeRecord is what taking the shaping off a pod needs.
type shapeRecord struct {
	Where     clusterRef `json:"where"`
	Namespace string     `json:"namespace"`
	Pod       string     `json:"pod"`
	UID       types.UID  `json:"uid"`
	Container string     `json:"container,omitempty"` // "" for an ephemeral one of ours
	Device    string     `json:"device"`
	Image     string     `json:"image"`   // of an ephemeral container
	Session   string     `json:"session"` // whose handles to look for
}

// shapeUndoer is the undoer of shaping.
type shapeUndoer struct{ opener clusterOpener }

// Undo takes the session's qdisc off the pod's interface and reads back that it is off. A pod that is
// gone took its network with it.
func (u shapeUndoer) Undo(ctx context.Context, raw json.RawMessage, _ bool) error {
	r, err := readShape(raw)
	if err != nil {
		return err
	}
	cl, err := u.opener.open(ctx, r.Where, r.Namespace)
	if err != nil {
		return err
	}
	pod, err := cl.samePod(ctx, r.Namespace, r.Pod, r.UID)
	if errors.Is(err, errPodGone) {
		return nil
	}
	if err != nil {
		return err
	}
	at := containerRef{r.Namespace, r.Pod, r.Container}
	if !isRunning(pod, r.Container) {
		if r.Container == "" && neverShaped(pod, r.Session) {
			return nil
		}
		// Whatever ran tc is not there any more; the network of the pod still is.
		if at.container, err = cl.ensureTCContainer(ctx, pod, r.Image, r.Device, r.Session); err != nil {
			return err
		}
	}
	return cl.removeQdisc(ctx, at, r.Device, r.Session)
}

// removeQdisc takes the qdisc off and reads back.
func (cl *cluster) removeQdisc(ctx context.Context, at containerRef, device, session string) error {
	what := "stop shaping pod " + at.namespace + "/" + at.pod
	found, err := cl.probe(ctx, at)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if found.tc == "" {
		return fmt.Errorf("%s: %s has no tc any more", what, at)
	}
	ours, _ := classifyQdiscs(found.qdiscs, device, session)
	if ours == nil {
		return nil
	}
	out, err := cl.exec(ctx, at, shell(unshapeScript, device, ours.handle)...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	left, err := parseQdiscs(out)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if ours, _ := classifyQdiscs(left, device, session); ours != nil {
		return fmt.Errorf("%s: %s is still there", what, ours.text)
	}
	return nil
}

// isRunning reports whether a container of the pod runs; "" does not.
func isRunning(pod *corev1.Pod, container string) bool {
	for i := range pod.Status.ContainerStatuses {
		if s := &pod.Status.ContainerStatuses[i]; s.Name == container {
			return s.State.Running != nil
		}
	}
	return false
}

// neverShaped reports whether nothing of the session can be left in a pod that only tc containers have shaped:
// none has ever run, or the last has ended by itself, which it does only once it has seen that
// nothing of ours is there.
func neverShaped(pod *corev1.Pod, session string) bool {
	ran := false
	for i := range pod.Status.EphemeralContainerStatuses {
		s := &pod.Status.EphemeralContainerStatuses[i]
		ran = ran || strings.HasPrefix(s.Name, tcContainerPrefix(session)) && !neverRan(&s.State)
	}
	_, state := newestTCContainer(pod, session)
	return !ran || state != nil && state.Terminated != nil && state.Terminated.ExitCode == 0
}

// Describe says which pod's shaping is taken off.
func (shapeUndoer) Describe(raw json.RawMessage) (chaos.Change, error) {
	r, err := readShape(raw)
	return chaos.Change{Object: "network of pod " + r.Namespace + "/" + r.Pod, Place: r.Where.Place(), Undo: "stop shaping it"}, err
}

func readShape(raw json.RawMessage) (r shapeRecord, err error) {
	if err := json.Unmarshal(raw, &r); err != nil {
		return r, fmt.Errorf("read record of shaping: %w", err)
	}
	if !validDevice.MatchString(r.Device) || !validSession.MatchString(r.Session) {
		return r, fmt.Errorf("read record of shaping: device %q and session %q cannot be right", r.Device, r.Session)
	}
	return r, nil
}

// Remedy is tc in the pod.
func (u shapeUndoer) Remedy(raw json.RawMessage) string {
	var r shapeRecord
	if json.Unmarshal(raw, &r) != nil {
		return "tc qdisc del dev eth0 root, in the pods of the record"
	}
	if r.Container == "" {
		return kubectlCommand(r.Where, r.Namespace, "debug", r.Pod, "--profile=netadmin", "--image="+r.Image, "--", "tc", "qdisc", "del", "dev", r.Device, "root")
	}
	return execCommand(r.Where, r.Namespace, r.Pod, r.Container, "tc", "qdisc", "del", "dev", r.Device, "root")
}
