package kube

import (
	"context"
	"fmt"

	"xinbot.ir/squall/chaos"
)

// reportProbes turns what was found in the pods into facts and checks, and reports whether the fault may go
// on.
func (p *preflight) reportProbes(ctx context.Context, grounds []podProbe, w shapeParams) (bool, error) {
	may, execs, ephemeral := true, false, false
	for i := range grounds {
		g := &grounds[i]
		if g.pod.Spec.HostNetwork {
			p.fact("Pod", describe(&g.pod))
			may = false // which a check has said
			continue
		}
		execs = execs || g.container != ""
		ephemeral = ephemeral || g.container == ""
		p.fact("Pod", describe(&g.pod)+": "+g.execPlan()+", interface "+g.device)
		may = p.check(g.checkContainer(w)) && may
		may = p.check(g.checkNoForeignQdisc()) && may
	}
	p.fact("Heals", fmt.Sprintf("each pod takes the shaping off by itself after %v, even if squall and the network are gone", w.lasts))
	if execs {
		p.fact("Heals", "unless the container restarts meanwhile, which ends its timer: then squall, or squall recover, takes the shaping off")
	}
	if ephemeral {
		p.fact("Ephemeral container", "one of image "+w.image+" is added to the pod and cannot be removed again; it never restarts, and ends a minute after the shaping")
		allowed, err := p.checkRights(ctx, tcContainerRights)
		return may && allowed, err
	}
	return may, nil
}

// execPlan names the container in which tc will run.
func (g *podProbe) execPlan() string {
	switch {
	case g.container != "":
		return "tc in container " + g.container
	case g.why != "":
		return "tc in an ephemeral container (" + g.why + ")"
	}
	return "tc in an ephemeral container"
}

// checkContainer refuses a container that was asked for and cannot shape.
func (g *podProbe) checkContainer(w shapeParams) chaos.Check {
	check := chaos.Check{Text: "pod " + g.pod.Name + " has where tc can run"}
	if w.container != auto && w.container != ephemeral && g.container == "" {
		check.Answer = chaos.Refuses
		check.Reason = fmt.Sprintf("pod %s: %s; container=auto adds an ephemeral container if none will do", g.pod.Name, g.why)
	}
	return check
}

// checkNoForeignQdisc refuses an interface that is not there, or that somebody else shapes.
func (g *podProbe) checkNoForeignQdisc() chaos.Check {
	check := chaos.Check{Text: fmt.Sprintf("nobody else shapes %s of pod %s", g.device, g.pod.Name)}
	switch {
	case !g.looked:
		check.Text += ": looked at once tc is there, before anything is shaped"
	case !g.there:
		check.Answer, check.Reason = chaos.Refuses, fmt.Sprintf("pod %s has no interface %s", g.pod.Name, g.device)
	case g.foreign != nil:
		check.Answer, check.Reason = chaos.Refuses, "pod "+g.pod.Name+": "+foreignReason(g.device, g.foreign)
	}
	return check
}
