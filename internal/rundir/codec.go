package rundir

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Payloads of an interval log are in the V2 compressed encoding of HdrHistogram, in Base64. It is
// that of the reference implementation (HdrHistogram's AbstractHistogram,
// encodeIntoCompressedByteBuffer): cookie and length; then, compressed by zlib, a header of 40
// bytes (cookie, payload length, normalizing offset, significant digits, lowest value, highest
// value, ratio; big-endian) and the counts as ZigZag LEB128 numbers, a negative one standing for so
// many zeros. hdrhistogram-go reads and writes the same, and tests hold both against it; but it
// allocates nearly a megabyte for each histogram, which a generator does not have to spare.
const (
	v2Cookie           = 0x1c849303
	v2CompressedCookie = 0x1c849304
	cookieMask         = ^uint32(0xf0)
	wordSize           = 0x10 // in a cookie: numbers of variable length
	outerHeader        = 8
	innerHeader        = 40
	// mostPayload bounds what a damaged or hostile line can make us hold. The histograms of a run
	// have some 20,000 counts of at most 9 bytes.
	mostPayload = 1 << 20
	// mostCount bounds a count to eight bytes, up to which the encoding and Go's varints agree: the
	// ninth byte of the encoding has eight bits of the number, that of a varint seven.
	mostCount = 1 << 55
)

// encoder writes payloads. It keeps its buffers from one to the next.
type encoder struct {
	plain   []byte
	packed  bytes.Buffer
	deflate *zlib.Writer
}

// append appends the payload of a histogram.
func (e *encoder) append(b []byte, h *hdr.Histogram) ([]byte, error) {
	e.plain = append(e.plain[:0], make([]byte, innerHeader)...)
	if err := e.counts(h.Export().Counts); err != nil {
		return nil, err
	}
	header := e.plain[:innerHeader]
	binary.BigEndian.PutUint32(header, v2Cookie|wordSize)
	binary.BigEndian.PutUint32(header[4:], uint32(len(e.plain)-innerHeader))
	binary.BigEndian.PutUint32(header[12:], uint32(h.SignificantFigures()))
	binary.BigEndian.PutUint64(header[16:], uint64(h.LowestTrackableValue()))
	binary.BigEndian.PutUint64(header[24:], uint64(h.HighestTrackableValue()))
	binary.BigEndian.PutUint64(header[32:], math.Float64bits(1))

	e.packed.Reset()
	e.packed.Write(make([]byte, outerHeader))
	if err := e.compress(); err != nil {
		return nil, fmt.Errorf("compress histogram: %w", err)
	}
	packed := e.packed.Bytes()
	binary.BigEndian.PutUint32(packed, v2CompressedCookie|wordSize)
	binary.BigEndian.PutUint32(packed[4:], uint32(len(packed)-outerHeader))
	return base64.StdEncoding.AppendEncode(b, packed), nil
}

// compress packs plain. The fastest level takes a third of the default's time and 5 % more room.
func (e *encoder) compress() error {
	var err error
	if e.deflate == nil {
		e.deflate, err = zlib.NewWriterLevel(&e.packed, zlib.BestSpeed)
		if err != nil {
			return err
		}
	} else {
		e.deflate.Reset(&e.packed)
	}
	if _, err := e.deflate.Write(e.plain); err != nil {
		return err
	}
	return e.deflate.Close()
}

// counts appends the counts up to the last that is not zero.
func (e *encoder) counts(counts []int64) error {
	zeros := int64(0)
	for _, n := range counts {
		if n == 0 {
			zeros++
			continue
		}
		switch {
		case zeros == 1:
			e.plain = append(e.plain, 0)
		case zeros > 1:
			e.plain = binary.AppendVarint(e.plain, -zeros)
		}
		zeros = 0
		if n >= mostCount {
			return fmt.Errorf("encode histogram: a count of %d is too large", n)
		}
		e.plain = binary.AppendVarint(e.plain, n)
	}
	return nil
}

// decoder reads payloads. It keeps its buffers from one to the next.
type decoder struct {
	raw     []byte
	plain   []byte
	inflate io.ReadCloser
	bars    Bars
}

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
		count, n := binary.Varint(counts)
		if n <= 0 || n > 8 { // see mostCount
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

// geometry returns the value that a bucket stands for. Buckets come in groups; within a group they are
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
