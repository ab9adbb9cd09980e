package rundir

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Bars are the counts of a histogram that are not zero, lowest value first. A second's histogram
// has a few hundred of them in some 20,000 buckets, so that reading and merging bars is some twenty
// times faster than decoding and merging whole histograms.
type Bars []Bar

// Bar is how often the values of one bucket occurred.
type Bar struct {
	Value int64 // the lowest of the bucket, in microseconds
	Count int64
}

// Count is the number of values.
func (b Bars) Count() (n int64) {
	for _, bar := range b {
		n += bar.Count
	}
	return n
}

// AddTo merges the bars into a histogram. Nothing is lost when it has the bounds that the bars were
// recorded with; else what is out of its bounds is counted in dropped.
func (b Bars) AddTo(h *hdr.Histogram) (dropped int64) {
	for _, bar := range b {
		if h.RecordValues(bar.Value, bar.Count) != nil {
			dropped += bar.Count
		}
	}
	return dropped
}

// decoder reads payloads of an interval log: the V2 compressed encoding of HdrHistogram, in
// Base64. It keeps its buffers from one payload to the next.
//
// The encoding is that of the reference implementation (HdrHistogram's AbstractHistogram,
// encodeIntoCompressedByteBuffer): cookie and length; then, compressed by zlib, a header of 40
// bytes (cookie, payload length, normalizing offset, significant digits, lowest value, highest
// value, ratio; big-endian) and the counts as ZigZag LEB128 numbers, a negative one standing for so
// many zeros.
type decoder struct {
	raw     []byte
	plain   []byte
	inflate io.ReadCloser
	bars    Bars
}

const (
	v2Cookie           = 0x1c849303
	v2CompressedCookie = 0x1c849304
	cookieMask         = ^uint32(0xf0)
	outerHeader        = 8
	innerHeader        = 40
	// mostPayload bounds what a damaged or hostile line can make us hold. The histograms of a run
	// have some 20,000 counts of at most 9 bytes.
	mostPayload = 1 << 20
)

var errHistogram = errors.New("not a histogram")

// decode returns the bars of a payload. They are valid until the next call.
func (d *decoder) decode(payload []byte) (Bars, error) {
	var err error
	if d.raw, err = base64.StdEncoding.AppendDecode(d.raw[:0], payload); err != nil {
		return nil, fmt.Errorf("%w: %w", errHistogram, err)
	}
	if len(d.raw) < outerHeader || binary.BigEndian.Uint32(d.raw)&cookieMask != v2CompressedCookie {
		return nil, fmt.Errorf("%w of the V2 compressed encoding", errHistogram)
	}
	length := binary.BigEndian.Uint32(d.raw[4:])
	if uint64(length) > uint64(len(d.raw)-outerHeader) {
		return nil, fmt.Errorf("%w: it is cut short", errHistogram)
	}
	if err := d.decompress(d.raw[outerHeader : outerHeader+int(length)]); err != nil {
		return nil, err
	}
	if len(d.plain) < innerHeader || binary.BigEndian.Uint32(d.plain)&cookieMask != v2Cookie {
		return nil, fmt.Errorf("%w: bad header", errHistogram)
	}
	counts := d.plain[innerHeader:]
	if uint64(binary.BigEndian.Uint32(d.plain[4:])) != uint64(len(counts)) {
		return nil, fmt.Errorf("%w: it is cut short", errHistogram)
	}
	digits, lowest := binary.BigEndian.Uint32(d.plain[12:]), int64(binary.BigEndian.Uint64(d.plain[16:]))
	if digits > 5 || lowest < 1 {
		return nil, fmt.Errorf("%w: bad bounds", errHistogram)
	}
	return d.read(counts, geometryOf(int(digits), lowest))
}

func (d *decoder) decompress(data []byte) error {
	source := bytes.NewReader(data)
	var err error
	if d.inflate == nil {
		d.inflate, err = zlib.NewReader(source)
	} else {
		err = d.inflate.(zlib.Resetter).Reset(source, nil)
	}
	if err != nil {
		d.inflate = nil
		return fmt.Errorf("%w: %w", errHistogram, err)
	}
	plain := bytes.NewBuffer(d.plain[:0])
	n, err := io.Copy(plain, io.LimitReader(d.inflate, mostPayload+1))
	d.plain = plain.Bytes()
	if err == nil && n > mostPayload {
		err = errors.New("too large")
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errHistogram, err)
	}
	return nil
}

// read turns the encoded counts into bars.
func (d *decoder) read(counts []byte, g geometry) (Bars, error) {
	d.bars = d.bars[:0]
	index := int64(0)
	for len(counts) > 0 {
		// The encoding's ninth byte has eight bits of the number, a varint's has seven: they agree
		// up to eight bytes, which hold any count that can occur.
		count, n := binary.Varint(counts)
		if n <= 0 || n > 8 {
			return nil, fmt.Errorf("%w: bad count", errHistogram)
		}
		counts = counts[n:]
		if count < 0 {
			index -= count
			continue
		}
		value, ok := g.value(index)
		if !ok {
			return nil, fmt.Errorf("%w: more counts than buckets", errHistogram)
		}
		if count > 0 {
			d.bars = append(d.bars, Bar{Value: value, Count: count})
		}
		index++
	}
	return d.bars, nil
}

// geometry says which value a bucket stands for. Buckets come in groups; within a group they are
// equally wide, and each group's are twice as wide as those before.
type geometry struct {
	unit int   // log2 of the width of the narrowest bucket
	half int64 // buckets in a group, a power of two
}

func geometryOf(digits int, lowest int64) geometry {
	resolution := uint64(2) // steps that resolve the significant digits
	for range digits {
		resolution *= 10
	}
	return geometry{unit: bits.Len64(uint64(lowest)) - 1, half: 1 << (bits.Len64(resolution-1) - 1)}
}

// value is the lowest value of a bucket; not ok when there is no such bucket.
func (g geometry) value(index int64) (int64, bool) {
	group, within := index/g.half-1, index%g.half+g.half
	if group < 0 { // the first two groups are equally wide
		group, within = 0, index
	}
	shift := group + int64(g.unit)
	if index < 0 || shift+int64(bits.Len64(uint64(g.half))) > 62 {
		return 0, false
	}
	return within << shift, true
}
