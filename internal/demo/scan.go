package demo

import (
	"encoding/json"
	"errors"
)

// The gateway and the orchestrator look into every message, which makes JSON
// the largest cost of a hop. This scanner checks the whole document (RFC 8259)
// in one pass without allocating, and hands out the members of the outermost
// object as they stand. A fuzz test holds it against encoding/json.

var errNotJSON = errors.New("body is not a JSON object")

// maxDepth bounds nesting.
const maxDepth = 64

// scanObject calls member with the name, without quotes, and the raw value of
// every member of the object that data must be.
func scanObject(data []byte, member func(name, value []byte)) error {
	s := scanner{data: data}
	s.space()
	if !s.object(1, member) {
		return errNotJSON
	}
	s.space()
	if s.at != len(data) {
		return errNotJSON
	}
	return nil
}

// text decodes a raw JSON string; it is nil if value is something else.
func text(value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return nil
	}
	for _, c := range value {
		if c == '\\' {
			var s string
			if json.Unmarshal(value, &s) != nil {
				return nil
			}
			return []byte(s)
		}
	}
	return value[1 : len(value)-1]
}

type scanner struct {
	data []byte
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// take steps over c if it is next.
func (s *scanner) take(c byte) bool {
	if s.at < len(s.data) && s.data[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) object(depth int, member func(name, value []byte)) bool {
	if depth > maxDepth || !s.take('{') {
		return false
	}
	if s.space(); s.take('}') {
		return true
	}
	for {
		s.space()
		begin := s.at
		if !s.string() {
			return false
		}
		name := s.data[begin:s.at]
		s.space()
		if !s.take(':') {
			return false
		}
		s.space()
		begin = s.at
		if !s.value(depth) {
			return false
		}
		if member != nil {
			member(text(name), s.data[begin:s.at])
		}
		s.space()
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

func (s *scanner) array(depth int) bool {
	if depth > maxDepth || !s.take('[') {
		return false
	}
	if s.space(); s.take(']') {
		return true
	}
	for {
		s.space()
		if !s.value(depth) {
			return false
		}
		s.space()
		if s.take(']') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

func (s *scanner) value(depth int) bool {
	if s.at >= len(s.data) {
		return false
	}
	switch s.data[s.at] {
	case '{':
		return s.object(depth+1, nil)
	case '[':
		return s.array(depth + 1)
	case '"':
		return s.string()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

func (s *scanner) word(w string) bool {
	if len(s.data)-s.at < len(w) || string(s.data[s.at:s.at+len(w)]) != w {
		return false
	}
	s.at += len(w)
	return true
}

func (s *scanner) string() bool {
	if !s.take('"') {
		return false
	}
	for s.at < len(s.data) {
		c := s.data[s.at]
		s.at++
		switch {
		case c == '"':
			return true
		case c < ' ':
			return false
		case c == '\\':
			if !s.escape() {
				return false
			}
		}
	}
	return false
}

func (s *scanner) escape() bool {
	if s.at >= len(s.data) {
		return false
	}
	c := s.data[s.at]
	s.at++
	switch c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		for range 4 {
			if s.at >= len(s.data) || !isHex(s.data[s.at]) {
				return false
			}
			s.at++
		}
		return true
	}
	return false
}

func (s *scanner) number() bool {
	s.take('-')
	if !s.take('0') && !s.digits() {
		return false
	}
	if s.take('.') && !s.digits() {
		return false
	}
	if s.take('e') || s.take('E') {
		if !s.take('+') {
			s.take('-')
		}
		return s.digits()
	}
	return true
}

// digits steps over at least one digit.
func (s *scanner) digits() bool {
	begin := s.at
	for s.at < len(s.data) && s.data[s.at] >= '0' && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > begin
}

func isHex(c byte) bool {
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
}
