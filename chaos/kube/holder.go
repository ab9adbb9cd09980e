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

// A holder is an ephemeral container that brings tc into a pod whose image has none. Shaping runs in
// it by exec, as in any other container. It does nothing on its own: one whose image arrives late,
// after the fault was reverted, must not shape anything. It ends once nothing of ours has been on the
// interface for a while.

const (
	// holderIdle is after how many seconds without shaping a holder ends.
	holderIdle = 60
	// holderLife is after how many seconds it ends in any case: the longest time-to-live and some.
	holderLife = 6*3600 + 600
	// holderStart is how long it may take to run: its image has to be pulled.
	holderStart = 90 * time.Second
	holderPoll  = 500 * time.Millisecond
)

func holderPrefix(session string) string { return "squall-" + session + "-" }

// holderOf is the running holder of a session in a pod, "" if there is none.
func holderOf(pod *corev1.Pod, session string) string {
	for i := range pod.Status.EphemeralContainerStatuses {
		s := &pod.Status.EphemeralContainerStatuses[i]
		if strings.HasPrefix(s.Name, holderPrefix(session)) && s.State.Running != nil {
			return s.Name
		}
	}
	return ""
}

// newestHolder is the last holder of a session in a pod and its state; "" if there is none, and a nil
// state if the node has not said anything yet.
func newestHolder(pod *corev1.Pod, session string) (name string, state *corev1.ContainerState) {
	for i := range pod.Spec.EphemeralContainers {
		if n := pod.Spec.EphemeralContainers[i].Name; strings.HasPrefix(n, holderPrefix(session)) {
			name = n
		}
	}
	for i := range pod.Status.EphemeralContainerStatuses {
		if s := &pod.Status.EphemeralContainerStatuses[i]; s.Name == name {
			state = &s.State
		}
	}
	return name, state
}

// holderPatch adds a holder to that very pod. Its name is the next that is free: ephemeral containers
// cannot be removed.
func holderPatch(pod *corev1.Pod, image, device, session string) (name string, patch []byte, err error) {
	count := 1
	for i := range pod.Spec.EphemeralContainers {
		if strings.HasPrefix(pod.Spec.EphemeralContainers[i].Name, holderPrefix(session)) {
			count++
		}
	}
	name = holderPrefix(session) + strconv.Itoa(count)
	holder := corev1.EphemeralContainer{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
		Name: name, Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
		Command: shell(holdScript, device, handlePrefix(session), strconv.Itoa(holderIdle), strconv.Itoa(holderLife)),
		SecurityContext: &corev1.SecurityContext{ // whatever the pod says: tc needs root and this one right
			RunAsUser: new(int64(0)), RunAsNonRoot: new(false), AllowPrivilegeEscalation: new(false),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_ADMIN"}},
		},
	}}
	patch, err = json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": pod.UID},
		"spec":     map[string]any{"ephemeralContainers": []corev1.EphemeralContainer{holder}},
	})
	return name, patch, err
}

// addHolder adds a holder to a pod.
func (l *link) addHolder(ctx context.Context, pod *corev1.Pod, image, device, session string, dry []string) (name string, err error) {
	what := "add an ephemeral container to pod " + pod.Namespace + "/" + pod.Name
	name, patch, err := holderPatch(pod, image, device, session)
	if err != nil {
		return "", fmt.Errorf("%s: %w", what, err)
	}
	_, err = l.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name, types.StrategicMergePatchType, patch,
		metav1.PatchOptions{DryRun: dry}, "ephemeralcontainers")
	return name, l.explain(what, err)
}

// mostHolders bounds how many a session leaves in a pod.
const mostHolders = 5

// running is the name of a running holder. One that is still starting is a [*chaos.Pending]; without
// any, or when the last has ended, one is added and that is pending too. One that cannot start is an
// error.
func (l *link) running(ctx context.Context, pod *corev1.Pod, image, device, session string) (string, error) {
	if name := holderOf(pod, session); name != "" {
		return name, nil
	}
	what := "start ephemeral container in pod " + pod.Namespace + "/" + pod.Name
	name, state := newestHolder(pod, session)
	switch {
	case state != nil && neverRan(state) && (state.Terminated != nil || hopeless(state.Waiting)):
		return "", fmt.Errorf("%s: %s: %s", what, name, reason(state))
	case name == "", state != nil && state.Terminated != nil:
		if strings.HasSuffix(name, "-"+strconv.Itoa(mostHolders)) {
			return "", fmt.Errorf("%s: %d have ended there already", what, mostHolders)
		}
		var err error
		if name, err = l.addHolder(ctx, pod, image, device, session, nil); err != nil {
			return "", err
		}
	}
	return "", &chaos.PendingError{What: "ephemeral container " + name + " of pod " + pod.Name + " is starting"}
}

// neverRan tells whether a container has not run at all: it waits, or the runtime could not start it.
func neverRan(state *corev1.ContainerState) bool {
	if t := state.Terminated; t != nil {
		return t.Reason == "StartError" || t.Reason == "ContainerCannotRun"
	}
	return state.Running == nil
}

// reason is why a container does not run.
func reason(state *corev1.ContainerState) string {
	switch {
	case state.Terminated != nil:
		return strings.TrimSpace(state.Terminated.Reason + " " + state.Terminated.Message)
	case state.Waiting != nil:
		return strings.TrimSpace(state.Waiting.Reason + " " + state.Waiting.Message)
	}
	return "unknown"
}

// hopeless tells reasons to wait that do not pass by themselves within a fault's time.
func hopeless(waiting *corev1.ContainerStateWaiting) bool {
	if waiting == nil {
		return false
	}
	switch waiting.Reason {
	case "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
		return true
	}
	return false
}

// awaitHolder waits until a holder runs in that very pod.
func (l *link) awaitHolder(ctx context.Context, pod *corev1.Pod, image, device, session string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, holderStart)
	defer cancel()
	ticker := time.NewTicker(holderPoll)
	defer ticker.Stop()
	for {
		now, err := l.samePod(ctx, pod.Namespace, pod.Name, pod.UID)
		if err != nil {
			return "", err
		}
		name, err := l.running(ctx, now, image, device, session)
		var pending *chaos.PendingError
		if !errors.As(err, &pending) {
			return name, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return "", fmt.Errorf("shape pod %s/%s: %w after %v", pod.Namespace, pod.Name, err, holderStart)
		}
	}
}
