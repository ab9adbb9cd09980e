package load

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strconv"
	"time"
)

// timeLayout is ISO 8601 with a numeric offset, which older Python parsers need ("Z" they refuse).
const timeLayout = "2006-01-02T15:04:05.000-07:00"

// template holds the parts of a brand's messages on one channel that never change, already
// encoded as JSON, so that building a message is a run of appends into a reused buffer.
type template struct {
	afterEvent  []byte   // from event_id's closing quote up to the sender's number
	afterLocale []byte   // from the locale's closing quote up to the text
	texts       [][]byte // JSON strings, quotes included
	locales     [][]byte // JSON strings, quotes included
	afterText   []byte   // up to the time
	tail        []byte   // from the time's closing quote to the end
	run         uint64   // sets the event ids of a run apart from those of another with the same seed
}

// mark is how a message says who sent it.
type mark struct{ source, sender string } // metadata.source, and what sender_id begins with

// marked is the mark of the traffic.
var marked = mark{source: "squall", sender: "squall-"}

func newTemplate(tenant Tenant, brand Brand, spec ChannelSpec, plan MessagePlan, runID string, m mark) (template, error) {
	t := template{
		afterEvent: []byte(fmt.Sprintf(`","tenant_id":%s,"brand_id":%s,"channel_id":%s,"sender_id":"%s`,
			quoteJSON(tenant.ID), quoteJSON(brand.BrandID), quoteJSON(brand.ChannelID), m.sender)),
		afterLocale: []byte(fmt.Sprintf(`,%s:`, quoteJSON(spec.TextField))),
		afterText:   []byte(fmt.Sprintf(`,%s:"`, quoteJSON(spec.TimeField))),
		tail: []byte(fmt.Sprintf(`","metadata":{"channel":%s,"source":%s,"run":%s},"attachments":[]}`,
			quoteJSON(spec.Metadata), quoteJSON(m.source), quoteJSON(runID))),
		run: fingerprint(runID),
	}
	for _, s := range plan.Texts {
		t.texts = append(t.texts, []byte(quoteJSON(s)))
	}
	for _, s := range plan.Locales {
		t.locales = append(t.locales, []byte(quoteJSON(s)))
	}
	if len(t.texts) == 0 || len(t.locales) == 0 {
		return template{}, fmt.Errorf("build message of brand %s: the workload needs at least one text and one locale", brand.Name)
	}
	return t, nil
}

// fingerprint is 64 bits that follow from the text (FNV-1a).
func fingerprint(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum64()
}

// quoteJSON encodes a string as JSON. Encoding a Go string cannot fail.
func quoteJSON(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// timestamp is the text of the present millisecond. Formatting a time costs a third of building a
// message, and at full speed dozens of messages share a millisecond.
type timestamp struct {
	millisecond int64
	text        []byte
}

func (t *timestamp) at(now time.Time) []byte {
	if ms := now.UnixMilli(); ms != t.millisecond || t.text == nil {
		t.millisecond = ms
		t.text = now.UTC().AppendFormat(t.text[:0], timeLayout)
	}
	return t.text
}

// append writes one message to dst. The event id is new every time, or the platform would rightly drop the message.
func (t *template) append(dst []byte, s *sender, now []byte) []byte {
	dst = append(dst, `{"event_id":"`...)
	dst = appendUUID(dst, s.rng.Uint64()^t.run, s.rng.Uint64())
	dst = append(dst, t.afterEvent...)
	dst = strconv.AppendUint(dst, s.id, 10)
	if s.talks() {
		dst = append(dst, `","conversation_id":"`...)
		dst = appendUUID(dst, s.talk[0]^t.run, s.talk[1])
	}
	dst = append(dst, `","locale":`...)
	dst = append(dst, t.locales[s.rng.IntN(len(t.locales))]...)
	dst = append(dst, t.afterLocale...)
	dst = append(dst, t.texts[s.rng.IntN(len(t.texts))]...)
	dst = append(dst, t.afterText...)
	dst = append(dst, now...)
	return append(dst, t.tail...)
}

// appendUUID writes 122 of the given bits as a version 4 UUID (RFC 9562, section 5.4).
func appendUUID(dst []byte, hi, lo uint64) []byte {
	var raw [16]byte
	for i := range 8 {
		raw[i] = byte(hi >> (56 - 8*i))
		raw[8+i] = byte(lo >> (56 - 8*i))
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	dst = hex.AppendEncode(dst, raw[:4])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, raw[4:6])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, raw[6:8])
	dst = append(dst, '-')
	dst = hex.AppendEncode(dst, raw[8:10])
	dst = append(dst, '-')
	return hex.AppendEncode(dst, raw[10:])
}
