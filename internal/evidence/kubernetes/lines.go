package kubernetes

import (
	"bytes"
	"context"
	"fmt"
	"unicode/utf8"
)

// How much of what a container has written is kept: its last lines, and the last bytes of those. More bytes are read, because the
// server sends the first bytes of the last lines.
const (
	mostLines = 50
	mostBytes = 16 << 10
	mostRead  = 256 << 10
)

func (s *Source) readLog(ctx context.Context, namespace, pod, container string, previous bool) (string, error) {
	text, err := s.cluster.Client.Log(ctx, namespace, pod, container, previous, mostLines, mostRead)
	if err != nil {
		what := fmt.Sprintf("read the log of container %s of pod %s/%s", container, namespace, pod)
		return "", s.cluster.Explain(what, err)
	}
	return lastBytes(text), nil
}

// lastBytes are the last lines that there is room for, or the end of the last one.
func lastBytes(text []byte) string {
	note := ""
	if len(text) >= mostRead {
		note = fmt.Sprintf("(the last %d lines have more than %d KiB: what came after these is missing)\n", mostLines, mostRead>>10)
	}
	if len(text) > mostBytes {
		text = text[len(text)-mostBytes:]
		if end := bytes.IndexByte(text, '\n'); end >= 0 && end < len(text)-1 {
			text = text[end+1:]
		}
		for len(text) > 0 && !utf8.RuneStart(text[0]) {
			text = text[1:]
		}
		note += "(cut at the beginning)\n"
	}
	return note + string(text)
}
