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

// shapeWish is how the network of pods is to be shaped.
type shapeWish struct {
	shaping
	device    string // or auto
	container string // or auto, or ephemeral
	image     string // of an ephemeral container
	lasts     time.Duration
}

// words are the qdisc for tc, or a check that refuses.
func (w shapeWish) words() ([]string, chaos.Check) {
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

// ground is what was found in one pod: where tc can run and what is on the interface.
type ground struct {
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
func (d *Driver) planShape(ctx context.Context, a aim, w shapeWish) (chaos.Plan, error) {
	s, done, err := d.survey(ctx, a, shapeRights())
	if err != nil || !done {
		return planOf(s), err
	}
	words, can := w.words()
	if !s.check(can) {
		return s.plan, nil
	}
	pods := s.shapeable()
	s.plan.Scope, s.plan.Params = few(len(pods))+" of "+a.name, w.String()
	if !s.needPods(pods, "that run") {
		return s.plan, nil
	}
	grounds, err := s.link.grounds(ctx, pods, w, d.config.Session)
	if err != nil {
		return s.plan, err
	}
	s.fact("Shaping", strings.Join(words, " "))
	if may, err := s.report(ctx, grounds, w); err != nil || !may {
		return s.plan, err
	}
	for _, g := range grounds {
		one := shaper{
			link: s.link, pod: g.pod, container: g.container, device: g.device,
			image: w.image, session: d.config.Session, words: words, lasts: w.lasts,
		}
		s.plan.Steps = append(s.plan.Steps, chaos.Step{
			Kind: shapeKind, Object: one.object(),
			Undo: shapeRecord{
				Where: s.link.where, Namespace: g.pod.Namespace, Pod: g.pod.Name, UID: g.pod.UID,
				Container: g.container, Device: g.device, Image: w.image, Session: d.config.Session,
			},
			Apply: one.apply, DryRun: one.dryRun, Command: one.command(),
		})
	}
	return s.plan, nil
}

// shapeable are the pods that run. One in the network of its node is refused: shaping it would shape
// the node.
func (s *survey) shapeable() (pods []corev1.Pod) {
	for _, pod := range s.hit() {
		switch {
		case pod.Status.Phase != corev1.PodRunning:
			s.fact("Left alone", describe(&pod)+": it does not run")
		case pod.Spec.HostNetwork:
			s.check(chaos.Check{
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

// grounds looks into every pod.
func (l *link) grounds(ctx context.Context, pods []corev1.Pod, w shapeWish, session string) ([]ground, error) {
	all := make([]ground, len(pods))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(probesAtOnce)
	for i := range pods {
		if pods[i].Spec.HostNetwork {
			all[i] = ground{pod: pods[i]}
			continue
		}
		group.Go(func() (err error) {
			all[i], err = l.ground(ctx, &pods[i], w, session)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

// ground finds a container for tc: the wished one, or the first of the pod's own that can, or one of
// our ephemeral ones that runs already, or else a new one.
func (l *link) ground(ctx context.Context, pod *corev1.Pod, w shapeWish, session string) (ground, error) {
	g := ground{pod: *pod}
	var first probe
	for _, container := range candidates(pod, w.container) {
		p, err := l.probe(ctx, spot{pod.Namespace, pod.Name, container})
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
			g.see(p, w, session)
			return g, nil
		}
		g.why = join(g.why, container+": "+why)
	}
	if g.why == "" && w.container != auto && w.container != ephemeral {
		g.why = "it has no running container " + w.container
	}
	if name := holderOf(pod, session); name != "" {
		p, err := l.probe(ctx, spot{pod.Namespace, pod.Name, name})
		if err != nil {
			return g, err
		}
		if p.device == "" {
			p.device = first.device
		}
		g.see(p, w, session)
		return g, nil
	}
	g.see(first, w, session)
	return g, nil
}

// candidates are the containers of the pod's own that may be looked into, by what is wished.
func candidates(pod *corev1.Pod, wish string) (names []string) {
	for i := range pod.Spec.Containers {
		name := pod.Spec.Containers[i].Name
		if running(pod, name) && (wish == auto || wish == name) {
			names = append(names, name)
		}
	}
	return names
}

// see takes over what a probe has seen.
func (g *ground) see(p probe, w shapeWish, session string) {
	g.device = w.device
	if g.device == auto {
		g.device = p.device
	}
	if g.device == "" {
		g.device = fallbackDevice
	}
	g.looked = p.tc != ""
	g.there = slices.ContainsFunc(p.qdiscs, func(q qdisc) bool { return q.device == g.device })
	_, g.foreign = sorted(p.qdiscs, g.device, session)
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
