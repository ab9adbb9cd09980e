package config

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rotation"
	"xinbot.ir/squall/load"
)

// Rotation is how the rotation of webhook secrets is followed.
type Rotation struct {
	Sources        []rotation.Source // of next secrets
	Kubernetes     KubernetesRotation
	Replicas       rotation.Addresses
	Armed          bool // from the start
	Signing        event.Signing
	Share          float64 // of the messages that are signed with the next secret, for event.SignShare
	Rate           float64 // probes a second for each channel and signature
	Limits         rotation.Limits
	TolerateForged bool
}

// KubernetesRotation is what of a rotation is seen in the cluster.
type KubernetesRotation struct {
	Kubeconfig, Context string      // as of faults, but that they do not switch these off
	Secrets             []SecretKey // sources of next secrets, beside the others
	Selector            string      // labels of the gateway's pods
	Port                int         // of the gateway in them
}

// SecretKey is a key of a Secret in Kubernetes, which holds the secret of a channel; "" of all.
type SecretKey struct{ Channel, Namespace, Name, Key string }

// String names it for people, as the source does.
func (k SecretKey) String() string { return "secret " + k.Namespace + "/" + k.Name + ":" + k.Key }

// Wanted reports whether something of a rotation was asked for.
func (r Rotation) Wanted() bool {
	return r.Armed || len(r.Sources) > 0 || len(r.Kubernetes.Secrets) > 0
}

// commandInterval is how often a command is asked for a next secret.
const commandInterval = time.Minute

func (l *resolver) rotation() Rotation {
	r := Rotation{
		Armed: read(l, RotationArmed, parseBool), Rate: read(l, probeRate, parseNumber(0.1, rotation.MaxRate)),
		Limits: rotation.Limits{
			Lost: uint64(read(l, mostLost, parseWhole(0, 1<<31))), Gap: read(l, longestGap, parseDuration(0)), Refused: read(l, refusedWithin, parseDuration(0)),
		},
		TolerateForged: read(l, tolerateForged, parseBool),
	}
	signing := read(l, RotationSigning, parseSigning)
	r.Signing, r.Share = signing.with, signing.share
	r.Replicas = readLines(l, replicas, nil, parseReplica)
	if len(r.Replicas) > rotation.MostReplicas {
		l.problem("%s: %d replicas: at most %d are asked", describe(replicas, l.values[replicas].source), len(r.Replicas), rotation.MostReplicas)
	}
	for name, channel := range nextChannels() {
		if value := l.values[name]; value.set() {
			r.Sources = append(r.Sources, rotation.Given{From: value.source, Secret: rotation.Secret{Channel: channel, Value: value.text()}})
			if doubt := load.Doubt(value.text()); doubt != "" {
				l.problem("%s %s: give it without, or change it where the gateway has it from", describe(name, value.source), doubt)
			}
		}
	}
	for _, of := range readLines(l, nextFiles, nil, parseOfChannel) {
		r.Sources = append(r.Sources, rotation.File{Channel: of.channel, Path: l.inside(nextFiles, of.text)})
	}
	for _, of := range readLines(l, nextCommands, nil, parseOfChannel) {
		r.Sources = append(r.Sources, rotation.Command{Channel: of.channel, Line: of.text, Every: commandInterval})
	}
	r.Kubernetes = l.kubernetesRotation()
	return r
}

func (l *resolver) kubernetesRotation() KubernetesRotation {
	k := KubernetesRotation{
		Kubeconfig: l.kubeconfig(), Context: read(l, kubeContext, parseText),
		Secrets:  readLines(l, nextKubernetes, nil, parseSecretKey),
		Selector: read(l, gatewaySelector, parseText), Port: read(l, gatewayPort, parseWhole(1, 1<<16-1)),
	}
	if len(k.Secrets) > 0 && !l.values[kubeNamespace].set() { // with a namespace faults have looked
		l.checkKubeconfig(k.Kubeconfig)
	}
	return k
}

var validKey = regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`)

// parseSecretKey reads [CHANNEL=]NAMESPACE/NAME:KEY.
func parseSecretKey(text string) (SecretKey, error) {
	of, err := parseOfChannel(text)
	if err != nil {
		return SecretKey{}, err
	}
	namespace, rest, _ := strings.Cut(of.text, "/")
	name, key, _ := strings.Cut(rest, ":")
	return orRefused(SecretKey{of.channel, namespace, name, key}, validNamespace.MatchString(namespace) && validObject(name) && validKey.MatchString(key))
}

// nextChannels are the channels of the settings that hold a next secret; "" is every channel. In the order of the table.
func nextChannels() func(yield func(name, channel string) bool) {
	return func(yield func(name, channel string) bool) {
		if !yield(nextSection+"every_channel", "") {
			return
		}
		for _, row := range nextRows() {
			if !yield(row.Name, strings.TrimPrefix(row.Name, nextSection)) {
				return
			}
		}
	}
}

// parseReplica reads NAME=HOST:PORT.
func parseReplica(text string) (rotation.Address, error) {
	name, address, _ := strings.Cut(text, "=")
	host, port, err := net.SplitHostPort(address)
	return orRefused(rotation.Address{Name: name, Host: address}, name != "" && err == nil && host != "" && port != "")
}

type signingPolicy struct {
	with  event.Signing
	share float64
}

// parseSigning reads a policy: old, next, follow, or a share such as 25%.
func parseSigning(text string) (signingPolicy, error) {
	switch s := event.Signing(text); s {
	case event.SignOld, event.SignNext, event.FollowGateway:
		return signingPolicy{with: s}, nil
	case event.SignShare:
	}
	percent, found := strings.CutSuffix(text, "%")
	share, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
	if !found || err != nil || !(share >= 0 && share <= 100) {
		return signingPolicy{}, refusedError{}
	}
	return signingPolicy{event.SignShare, share / 100}, nil
}

// ofChannel is a text that concerns one channel, or all.
type ofChannel struct{ channel, text string }

// parseOfChannel reads [CHANNEL=]TEXT. What stands before the first = is a channel when there is one of that name.
func parseOfChannel(text string) (ofChannel, error) {
	name, rest, found := strings.Cut(text, "=")
	if found {
		for ch, spec := range load.Channels() {
			if spec.Name != name {
				continue
			}
			if spec.SecretOf != load.Channel(ch) {
				return ofChannel{}, fmt.Errorf("%s has no secret of its own: it is signed with that of %s", name, spec.SecretOf)
			}
			return orRefused(ofChannel{name, rest}, rest != "")
		}
	}
	return orRefused(ofChannel{"", text}, text != "")
}
