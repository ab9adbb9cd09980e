package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"

	"xinbot.ir/squall/chaos"
)

// shapeParams is how the network of pods is to be shaped.
type shapeParams struct {
	shaping
	device    string // or auto
	container string // or auto, or ephemeral
	image     string // of an ephemeral container
	lasts     time.Duration
}

// tcArgs are the qdisc for tc, or a check that refuses.
func (w shapeParams) tcArgs() ([]string, chaos.Check) {
	check := chaos.Check{Text: "the shaping can be made"}
	words, err := w.qdisc()
	if err == nil && w.device != auto && !validDevice.MatchString(w.device) {
		err = fmt.Errorf("interface is %q: must be the name of one, such as eth0", w.device)
	}
	if err != nil {
		check.Answer, check.Reason = chaos.Refuses, err.Error()
	}
	return words, check
}

// podProbe is what was found in one pod: where tc can run and what is on the interface.
type podProbe struct {
	pod       corev1.Pod
	container string // "" for an ephemeral one
	device    string
	why       string // why no container of the pod's own will do
	looked    bool   // the qdiscs could be seen
	there     bool   // the interface is
	foreign   *qdisc
}

// probesAtOnce bounds the preflight's commands in pods.
const probesAtOnce = 4

// planShape shapes the network of the workload's pods.
func (d *Driver) planShape(ctx context.Context, t target, w shapeParams) (chaos.Plan, error) {
	p, done, err := d.startPreflight(ctx, t, shapeRights)
	if err != nil || !done {
		return planOf(p), err
	}
	words, can := w.tcArgs()
	if !p.check(can) {
		return p.plan, nil
	}
	pods := p.shapeablePods()
	p.plan.Scope, p.plan.Params = podCount(len(pods))+" of "+t.name, w.String()
	if !p.requirePods(pods, "that run") {
		return p.plan, nil
	}
	grounds, err := p.cluster.probePods(ctx, pods, w, d.config.Session)
	if err != nil {
		return p.plan, err
	}
	p.fact("Shaping", strings.Join(words, " "))
	if may, err := p.reportProbes(ctx, grounds, w); err != nil || !may {
		return p.plan, err
	}
	for _, g := range grounds {
		one := shaper{
			cluster: p.cluster, pod: g.pod, container: g.container, device: g.device,
			image: w.image, session: d.config.Session, words: words, lasts: w.lasts,
		}
		p.plan.Steps = append(p.plan.Steps, chaos.Step{
			Kind: shapeKind, Object: one.object(),
			Undo: shapeRecord{
				Where: p.cluster.Ref, Namespace: g.pod.Namespace, Pod: g.pod.Name, UID: g.pod.UID,
				Container: g.container, Device: g.device, Image: w.image, Session: d.config.Session,
			},
			Apply: one.apply, DryRun: one.dryRun, Command: one.command(),
		})
	}
	return p.plan, nil
}

// shapeablePods are the pods that run. One in the network of its node is refused: shaping it would shape
// the node.
func (p *preflight) shapeablePods() (pods []corev1.Pod) {
	for _, pod := range p.targetPods() {
		switch {
		case pod.Status.Phase != corev1.PodRunning:
			p.fact("Left alone", describe(&pod)+": it does not run")
		case pod.Spec.HostNetwork:
			p.check(chaos.Check{
				Text: "pod " + pod.Name + " has a network of its own", Answer: chaos.Refuses,
				Reason: fmt.Sprintf("pod %s is in the network of node %s: shaping it would shape the node", pod.Name, pod.Spec.NodeName),
			})
			pods = append(pods, pod)
		default:
			pods = append(pods, pod)
		}
	}
	return pods
}

// probePods probes every pod.
func (cl *cluster) probePods(ctx context.Context, pods []corev1.Pod, w shapeParams, session string) ([]podProbe, error) {
	all := make([]podProbe, len(pods))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(probesAtOnce)
	for i := range pods {
		if pods[i].Spec.HostNetwork {
			all[i] = podProbe{pod: pods[i]}
			continue
		}
		group.Go(func() (err error) {
			all[i], err = cl.probePod(ctx, &pods[i], w, session)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

// probePod chooses the container for tc: the one asked for, or the first of the pod's own that can run it, or an
// ephemeral container of squall that runs already, or else a new one.
func (cl *cluster) probePod(ctx context.Context, pod *corev1.Pod, w shapeParams, session string) (podProbe, error) {
	g := podProbe{pod: *pod}
	var first probe
	for _, container := range containerCandidates(pod, w.container) {
		p, err := cl.probe(ctx, containerRef{pod.Namespace, pod.Name, container})
		if err != nil && !errors.Is(err, errNoShell) {
			return g, err
		}
		if first.device == "" {
			first.device = p.device
		}
		why := p.unusable()
		if err != nil {
			why = err.Error()
		}
		if why == "" {
			g.container = container
			g.add(p, w, session)
			return g, nil
		}
		g.why = join(g.why, container+": "+why)
	}
	if g.why == "" && w.container != auto && w.container != ephemeral {
		g.why = "it has no running container " + w.container
	}
	if name := tcContainerOf(pod, session); name != "" {
		p, err := cl.probe(ctx, containerRef{pod.Namespace, pod.Name, name})
		if err != nil {
			return g, err
		}
		if p.device == "" {
			p.device = first.device
		}
		g.add(p, w, session)
		return g, nil
	}
	g.add(first, w, session)
	return g, nil
}

// containerCandidates are the pod's own containers that may be probed; wish is a container's name, auto or ephemeral.
func containerCandidates(pod *corev1.Pod, wish string) (names []string) {
	for i := range pod.Spec.Containers {
		name := pod.Spec.Containers[i].Name
		if isRunning(pod, name) && (wish == auto || wish == name) {
			names = append(names, name)
		}
	}
	return names
}

// add adds the result of a probe.
func (g *podProbe) add(p probe, w shapeParams, session string) {
	g.device = w.device
	if g.device == auto {
		g.device = p.device
	}
	if g.device == "" {
		g.device = fallbackDevice
	}
	g.looked = p.tc != ""
	g.there = slices.ContainsFunc(p.qdiscs, func(q qdisc) bool { return q.device == g.device })
	_, g.foreign = classifyQdiscs(p.qdiscs, g.device, session)
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
