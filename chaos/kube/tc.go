package kube

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/units"
)

// shaping is what the network of a pod is to be like.
type shaping struct {
	delay, jitter time.Duration
	loss          float64 // percent
	rate          int     // KB/s; 0 does not limit
}

var errNoShaping = errors.New("latency, loss and rate are all 0: nothing would be shaped")

// netemPackets is how many packets netem holds back. Its default of 1000 would drop packets, beyond
// the loss that was asked for, from 1250 packets a second on at 800 ms.
const netemPackets = 20_000

// Of a token bucket: what it lets through at once has to hold the largest packet (jumbo frames are
// 9 kB) and what comes in 10 ms; what waits longer than tbfLatency is dropped.
const (
	tbfLeast   = 16 << 10 // bytes
	tbfLatency = "400ms"
)

// qdisc is the queueing discipline with its options, as words for tc: netem, or tbf if only the rate
// is limited (a kernel may have one and not the other).
func (s shaping) qdisc() ([]string, error) {
	switch {
	case s.delay == 0 && s.loss == 0 && s.rate == 0 && s.jitter == 0:
		return nil, errNoShaping
	case s.jitter > s.delay:
		return nil, fmt.Errorf("jitter is %v, more than the latency of %v", s.jitter, s.delay)
	case s.delay == 0 && s.loss == 0:
		burst := max(tbfLeast, s.rate*1000/100)
		return []string{"tbf", "rate", kbit(s.rate), "burst", strconv.Itoa(burst), "latency", tbfLatency}, nil
	}
	words := []string{"netem", "limit", strconv.Itoa(netemPackets)}
	if s.delay > 0 {
		words = append(words, "delay", micros(s.delay))
		if s.jitter > 0 {
			words = append(words, micros(s.jitter))
		}
	}
	if s.loss > 0 {
		words = append(words, "loss", strconv.FormatFloat(s.loss, 'f', -1, 64)+"%")
	}
	if s.rate > 0 {
		words = append(words, "rate", kbit(s.rate))
	}
	return words, nil
}

func kbit(rate int) string { return strconv.Itoa(8*rate) + "kbit" }

// micros is a duration as tc takes it.
func micros(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(float64(d)/float64(time.Microsecond))), 10) + "us"
}

// String is the shaping in words: 800 ms ± 50 ms, 5 % loss, 125 KB/s.
func (s shaping) String() string {
	var parts []string
	if s.delay > 0 {
		text := units.Duration(s.delay)
		if s.jitter > 0 {
			text += " ± " + units.Duration(s.jitter)
		}
		parts = append(parts, text)
	}
	if s.loss > 0 {
		parts = append(parts, strconv.FormatFloat(s.loss, 'f', -1, 64)+" % loss")
	}
	if s.rate > 0 {
		parts = append(parts, strconv.Itoa(s.rate)+" KB/s")
	}
	return strings.Join(parts, ", ")
}

// qdisc is one line of `tc qdisc show`.
type qdisc struct {
	kind   string // netem
	handle string // 5a11:
	device string // "" if only one device was asked for
	root   bool
	text   string // the line
}

// parseQdiscs reads the output of `tc qdisc show`, with or without a device. Lines that are no qdisc
// are skipped; a qdisc whose line cannot be read is an error, for it may be somebody's.
func parseQdiscs(output string) (all []qdisc, err error) {
	for line := range strings.Lines(output) {
		words := strings.Fields(line)
		if len(words) == 0 || words[0] != "qdisc" {
			continue
		}
		if len(words) < 3 || !strings.HasSuffix(words[2], ":") {
			return nil, fmt.Errorf("read tc's output: %q", strings.TrimSpace(line))
		}
		q := qdisc{kind: words[1], handle: words[2], text: strings.TrimSpace(line)}
		rest := words[3:]
		if len(rest) >= 2 && rest[0] == "dev" {
			q.device, rest = rest[1], rest[2:]
		}
		q.root = len(rest) > 0 && rest[0] == "root"
		all = append(all, q)
	}
	return all, nil
}

// ours reports whether a handle is one of this session's.
func (q qdisc) ours(session string) bool {
	return len(q.handle) == 5 && strings.HasPrefix(q.handle, handlePrefix(session))
}

// isKernelDefault reports whether the kernel made the qdisc by itself: those have handle 0, and a qdisc that
// somebody has set never does.
func (q qdisc) isKernelDefault() bool { return q.handle == "0:" }

// classifyQdiscs splits the qdiscs of one device: ours is the one that this session has set, if any, and
// foreign the first that neither we nor the kernel have set.
func classifyQdiscs(all []qdisc, device, session string) (ours, foreign *qdisc) {
	for i := range all {
		q := &all[i]
		switch {
		case q.device != "" && q.device != device:
		case q.root && q.ours(session):
			ours = q
		case q.isKernelDefault(), q.child(ours):
		case foreign == nil:
			foreign = q
		}
	}
	return ours, foreign
}

// child reports whether the qdisc is below the other, which comes first in tc's output.
func (q qdisc) child(of *qdisc) bool {
	return of != nil && !q.root && strings.Contains(q.text, " parent "+of.handle)
}

// A handle marks a qdisc as ours. Of its four digits the first three, from 400 to 7ff, are the
// session's, and the last changes with every change, so that the timer of an earlier one cannot end a
// later one. The kernel gives out handles from 8000 on by itself.
func handlePrefix(session string) string {
	n, err := strconv.ParseUint(session, 16, 32)
	if err != nil {
		n = 0
	}
	return strconv.FormatUint(0x400|(n^n>>10^n>>20)&0x3ff, 16)
}

const generations = 16

// nextHandle is the handle after that of the qdisc, which is ours; nil stands for none.
func nextHandle(session string, now *qdisc) string {
	generation := 0
	if now != nil {
		if n, err := strconv.ParseUint(now.handle[3:4], 16, 8); err == nil {
			generation = (int(n) + 1) % generations
		}
	}
	return fmt.Sprintf("%s%x:", handlePrefix(session), generation)
}
