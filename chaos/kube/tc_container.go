package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"xinbot.ir/squall/chaos"
)

// An ephemeral tc container is an ephemeral container that brings tc into a pod whose image has none. Shaping runs in
// it by exec, as in any other container. It does nothing on its own: one whose image arrives late,
// after the fault was reverted, must not shape anything. It ends once nothing of ours has been on the
// interface for a while.

const (
	// tcContainerIdle is after how many seconds without shaping an ephemeral tc container ends.
	tcContainerIdle = 60
	// tcContainerLifetime is after how many seconds it ends in any case: the longest time-to-live and some.
	tcContainerLifetime = 6*3600 + 600
	// tcContainerStart is how long it may take to run: its image has to be pulled.
	tcContainerStart = 90 * time.Second
	tcContainerPoll  = 500 * time.Millisecond
)

func tcContainerPrefix(session string) string { return "squall-" + session + "-" }

// tcContainerOf is the running tc container of a session in a pod, "" if there is none.
func tcContainerOf(pod *corev1.Pod, session string) string {
	for i := range pod.Status.EphemeralContainerStatuses {
		s := &pod.Status.EphemeralContainerStatuses[i]
		if strings.HasPrefix(s.Name, tcContainerPrefix(session)) && s.State.Running != nil {
			return s.Name
		}
	}
	return ""
}

// newestTCContainer is the tc container of a session in a pod with the highest number and its state; "" if there is
// none, and a nil state if the node has not said anything yet. The order of the list says nothing: a strategic merge
// patch puts what it adds first.
func newestTCContainer(pod *corev1.Pod, session string) (name string, state *corev1.ContainerState) {
	newest := 0
	for i := range pod.Spec.EphemeralContainers {
		number, ours := strings.CutPrefix(pod.Spec.EphemeralContainers[i].Name, tcContainerPrefix(session))
		if n, err := strconv.Atoi(number); ours && err == nil && n > newest {
			newest, name = n, pod.Spec.EphemeralContainers[i].Name
		}
	}
	for i := range pod.Status.EphemeralContainerStatuses {
		if s := &pod.Status.EphemeralContainerStatuses[i]; s.Name == name {
			state = &s.State
		}
	}
	return name, state
}

// tcContainerPatch adds an ephemeral tc container to that very pod. Its name is the next that is free: ephemeral containers
// cannot be removed.
func tcContainerPatch(pod *corev1.Pod, image, device, session string) (name string, patch []byte, err error) {
	count := 1
	for i := range pod.Spec.EphemeralContainers {
		if strings.HasPrefix(pod.Spec.EphemeralContainers[i].Name, tcContainerPrefix(session)) {
			count++
		}
	}
	name = tcContainerPrefix(session) + strconv.Itoa(count)
	container := corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: name, Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
		Command: shell(holdScript, device, handlePrefix(session), strconv.Itoa(tcContainerIdle), strconv.Itoa(tcContainerLifetime)),
		SecurityContext: &corev1.SecurityContext{ // whatever the pod says: tc needs root and this one right
			RunAsUser: new(int64(0)), RunAsNonRoot: new(false), AllowPrivilegeEscalation: new(false),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_ADMIN"}},
		},
	}}
	patch, err = json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": pod.UID},
		"spec":     map[string]any{"ephemeralContainers": []corev1.EphemeralContainer{container}},
	})
	return name, patch, err
}

// addTCContainer adds an ephemeral tc container to a pod.
func (cl *cluster) addTCContainer(ctx context.Context, pod *corev1.Pod, image, device, session string, dry []string) (name string, err error) {
	what := "add an ephemeral container to pod " + pod.Namespace + "/" + pod.Name
	name, patch, err := tcContainerPatch(pod, image, device, session)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	_, err = cl.Client.Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch,
		metav1.PatchOptions{DryRun: dry}, "ephemeralcontainers")
	return name, cl.Explain(what, err)
}

// maxTCContainers bounds how many a session leaves in a pod.
const maxTCContainers = 5

// ensureTCContainer is the name of a running ephemeral container with tc. One that is still starting is a
// [*chaos.PendingError]; without
// any, or when the last has ended, one is added and that is pending too. One that cannot start is an
// error.
func (cl *cluster) ensureTCContainer(ctx context.Context, pod *corev1.Pod, image, device, session string) (string, error) {
	if name := tcContainerOf(pod, session); name != "" {
		return name, nil
	}
	what := "start ephemeral container in pod " + pod.Namespace + "/" + pod.Name
	name, state := newestTCContainer(pod, session)
	switch {
	case state != nil && neverRan(state) && (state.Terminated != nil || permanentWaitReason(state.Waiting)):
		return "", fmt.Errorf("%s: %s: %s", what, name, stateReason(state))
	case name == "", state != nil && state.Terminated != nil:
		if strings.HasSuffix(name, "-"+strconv.Itoa(maxTCContainers)) {
			return "", fmt.Errorf("%s: %d have ended there already", what, maxTCContainers)
		}
		var err error
		if name, err = cl.addTCContainer(ctx, pod, image, device, session, nil); err != nil {
			return "", err
		}
	}
	return "", &chaos.PendingError{What: "ephemeral container " + name + " of pod " + pod.Name + " is starting"}
}

// neverRan reports whether a container has not run at all: it waits, or the runtime could not start it.
func neverRan(state *corev1.ContainerState) bool {
	if t := state.Terminated; t != nil {
		return t.Reason == "StartError" || t.Reason == "ContainerCannotRun"
	}
	return state.Running == nil
}

// stateReason is why a container does not run.
func stateReason(state *corev1.ContainerState) string {
	switch {
	case state.Terminated != nil:
		return strings.TrimSpace(state.Terminated.Reason + " " + state.Terminated.Message)
	case state.Waiting != nil:
		return strings.TrimSpace(state.Waiting.Reason + " " + state.Waiting.Message)
	}
	return "unknown"
}

// permanentWaitReason reports whether a container waits for a reason that does not pass by itself.
func permanentWaitReason(waiting *corev1.ContainerStateWaiting) bool {
	if waiting == nil {
		return false
	}
	switch waiting.Reason {
	case "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return true
	}
	return false
}

// awaitTCContainer waits until an ephemeral container with tc runs in that very pod.
func (cl *cluster) awaitTCContainer(ctx context.Context, pod *corev1.Pod, image, device, session string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, tcContainerStart)
	defer cancel()
	ticker := time.NewTicker(tcContainerPoll)
	defer ticker.Stop()
	for {
		now, err := cl.samePod(ctx, pod.Namespace, pod.Name, pod.UID)
		if err != nil {
			return "", err
		}
		name, err := cl.ensureTCContainer(ctx, now, image, device, session)
		var pending *chaos.PendingError
		if !errors.As(err, &pending) {
			return name, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return "", fmt.Errorf("shape pod %s/%s: %w after %v", pod.Namespace, pod.Name, err, tcContainerStart)
		}
	}
}
