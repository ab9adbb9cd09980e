package mix

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

// The bounds of a log.
const (
	longestLine = 1 << 20  // bytes
	largestLog  = 64 << 30 // bytes, unpacked
	// strangeLines is after how many lines without a single request a file is taken for no access log.
	strangeLines = 1000
)

// LogCount is what one log had.
type LogCount struct {
	Lines     uint64
	Requests  uint64
	Unread    uint64 // lines that tell of no request
	FirstLine uint64 // of those; 0: there was none
	Why       error  // it could not be read
}

// ReadLog reads a log line by line, packed with gzip or not, and hands on its requests. Memory does not grow with the log.
// The error is that of reading, of the context, or says that this is no access log.
func ReadLog(ctx context.Context, from io.Reader, add func(Request)) (c LogCount, err error) {
	lines, err := unpacked(from)
	if err != nil {
		return c, err
	}
	for {
		if c.Lines%1024 == 0 && ctx.Err() != nil {
			return c, ctx.Err()
		}
		line, whole, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return c, fmt.Errorf("behind line %d: %w", c.Lines, err)
		}
		if len(line) > 0 || !whole || err == nil {
			if err := c.line(line, whole, add); err != nil {
				return c, err
			}
		}
		if err == nil {
			continue
		}
		if lines.left.N <= 0 {
			return c, fmt.Errorf("it is larger than %d GiB: give it in parts", largestLog>>30)
		}
		return c, nil
	}
}

func (c *LogCount) line(line []byte, whole bool, add func(Request)) error {
	c.Lines++
	if bytes.IndexByte(line, 0) >= 0 {
		return fmt.Errorf("line %d holds a zero byte, so this is no text: give an access log, as text or packed with gzip", c.Lines)
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	r, err := ParseLine(line)
	if !whole {
		err = fmt.Errorf("it is longer than %d bytes", longestLine)
	}
	if err == nil {
		c.Requests++
		add(r)
		return nil
	}
	c.Unread++
	if c.FirstLine == 0 {
		c.FirstLine, c.Why = c.Lines, err
	}
	if c.Requests == 0 && c.Unread >= strangeLines {
		return fmt.Errorf("none of its first %d lines tells of a request: give an access log in the Common or Combined format, or with an object of JSON in each line", c.Lines)
	}
	return nil
}

// limited is a buffered reader of so many bytes.
type limited struct {
	*bufio.Reader
	left *io.LimitedReader
}

// unpacked reads what gzip packed, or what is there.
func unpacked(from io.Reader) (limited, error) {
	packed := bufio.NewReaderSize(from, 1<<16)
	var plain io.Reader = packed
	if magic, _ := packed.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) { // RFC 1952, 2.3.1
		unzipped, err := gzip.NewReader(packed)
		if err != nil {
			return limited{}, fmt.Errorf("unpack: %w", err)
		}
		plain = unzipped
	}
	bounded := &io.LimitedReader{R: plain, N: largestLog}
	return limited{bufio.NewReaderSize(bounded, 1<<16), bounded}, nil
}

// readLine reads a line without its end. Of one that is too long it returns the beginning.
func readLine(from limited) (line []byte, whole bool, err error) {
	whole = true
	for {
		part, err := from.ReadSlice('\n')
		if room := longestLine - len(line); len(part) > room {
			part, whole = part[:max(room, 0)], false
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return bytes.TrimRight(line, "\r\n"), whole, err
		}
	}
}
