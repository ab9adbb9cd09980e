package kube

import "testing"

func TestParseProbe(t *testing.T) {
	const routes = `route Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
route net1	0009090A	00000000	0001	0	0	0	00FFFFFF	0	0	0
route eth2	00000000	0209090A	0003	0	0	0	00000000	0	0	0
`
	const routes6 = `route6 00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
route6 00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth3
`
	const tc = "tc tc utility, iproute2-6.1.0, libbpf 1.1.2\nqdisc noqueue 0: dev eth2 root refcnt 2 \n"
	for name, test := range map[string]struct {
		output   string
		device   string
		unusable string
	}{
		"everything":  {"uptime\nrights 000001ffffffffff\n" + routes + routes6 + tc, "eth2", ""},
		"only IPv6":   {"uptime\nrights 0000000000001000\n" + routes6 + tc, "eth3", ""},
		"no routes":   {"uptime\nrights 0000000000001000\n" + tc, "", ""},
		"no rights":   {"uptime\nrights 00000000a80425fb\n" + routes + tc, "eth2", "it lacks the right NET_ADMIN"},
		"no tc":       {"uptime\nrights 000001ffffffffff\n" + routes, "eth2", "the image has no tc of iproute2"},
		"busybox' tc": {"uptime\nrights 000001ffffffffff\ntc BusyBox v1.36.1 () multi-call binary.\n", "", "the image has no tc of iproute2"},
		"no clock":    {"rights 000001ffffffffff\n" + tc, "", "it has no /proc/uptime"},
		"an interface that no kernel has": {
			"uptime\nrights 000001ffffffffff\nroute $(reboot)	00000000	0209090A	0003	0	0	0	00000000	0	0	0\n" + tc, "", "",
		},
	} {
		p, err := parseProbe(test.output)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.device != test.device || p.unusable() != test.unusable {
			t.Errorf("%s: device %q and %q, want %q and %q", name, p.device, p.unusable(), test.device, test.unusable)
		}
	}
}
