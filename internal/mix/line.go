package mix

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var errNoRequest = errors.New("it tells of no request")

// ParseLine reads one line of an access log: a text line in the Common or Combined Log Format, or in any other that has a
// quoted request with a status behind it, as uvicorn's; or an object of JSON.
func ParseLine(line []byte) (Request, error) {
	line = bytes.TrimSpace(line)
	if len(line) > 0 && line[0] == '{' {
		return parseJSON(line, true)
	}
	if r, err := parseText(string(line)); err == nil {
		return r, nil
	}
	// What writes logs to one place puts a word in front: a time, a stream, a pod.
	if at := bytes.IndexByte(line, '{'); at > 0 && line[len(line)-1] == '}' {
		return parseJSON(line[at:], true)
	}
	return Request{}, errNoRequest
}

// logTime is how the Common Log Format writes a time.
const logTime = "02/Jan/2006:15:04:05 -0700"

// parseText finds the quoted request that a status follows: "POST /webchat/webhook HTTP/1.1" 202.
func parseText(line string) (Request, error) {
	for at := strings.IndexByte(line, '"'); at >= 0; {
		quoted, rest, ok := cutQuoted(line[at:])
		if !ok {
			break
		}
		if status, is := leadingStatus(rest); is {
			r := Request{Status: status, Time: bracketedTime(line[:at])}
			r.Method, r.Path = requestLine(quoted)
			return r, nil
		}
		next := strings.IndexByte(rest, '"')
		if next < 0 {
			break
		}
		at = len(line) - len(rest) + next
	}
	return Request{}, errNoRequest
}

// cutQuoted splits a text that begins with a quote behind the quote that closes it. A backslash takes away the meaning of
// the quote behind it.
func cutQuoted(text string) (quoted, rest string, ok bool) {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return text[1:i], text[i+1:], true
		}
	}
	return "", "", false
}

// leadingStatus reads a status of three digits behind one blank.
func leadingStatus(rest string) (int, bool) {
	if len(rest) < 4 || rest[0] != ' ' || len(rest) > 4 && rest[4] != ' ' {
		return 0, false
	}
	status, err := strconv.ParseUint(rest[1:4], 10, 16)
	return int(status), err == nil
}

// requestLine splits "POST /path HTTP/1.1". What is none, such as the bytes of a TLS handshake, has neither.
func requestLine(text string) (method, path string) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return "", ""
	}
	return strings.ToUpper(fields[0]), pathOf(fields[1])
}

// bracketedTime is the time in brackets of the Common Log Format; the zero time when there is none.
func bracketedTime(text string) time.Time {
	from, to := strings.LastIndexByte(text, '['), strings.LastIndexByte(text, ']')
	if from < 0 || to < from {
		return time.Time{}
	}
	at, err := time.Parse(logTime, text[from+1:to])
	if err != nil {
		return time.Time{}
	}
	return at
}

// The names under which gateways and proxies log what is looked for (nginx, Caddy, Envoy, Traefik, Google Cloud, ECS),
// in small letters and without what joins words.
var (
	requestNames = []string{"request", "requestline"}
	pathNames    = []string{"path", "uri", "url", "requesturi", "requestpath", "requesturl", "httppath", "urlpath", "original", "target"}
	methodNames  = []string{"method", "requestmethod", "httpmethod", "httprequestmethod", "verb"}
	statusNames  = []string{"status", "statuscode", "responsecode", "responsestatus", "downstreamstatus", "originstatus", "httpstatus", "responsestatuscode", "httpresponsestatuscode"}
	timeNames    = []string{"time", "timestamp", "ts", "@timestamp", "timelocal", "timeiso8601", "startutc", "starttime"}
	tenantNames  = []string{"tenantid", "xtenantid"}
	brandNames   = []string{"brandid", "xbrandid"}
	channelIDs   = []string{"channelid", "xchannelid"}
	channelNames = []string{"channel"}
	textNames    = []string{"log", "message", "msg", "event"} // hold the line of another program
)

// deepest is how many objects within each other are looked into.
const deepest = 4

// parseJSON reads an object of JSON. What collects logs puts the line of the program into a field of its own, which is
// looked into, once.
func parseJSON(line []byte, inside bool) (Request, error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil || decoder.More() {
		return Request{}, errors.New("it is no object of JSON")
	}
	f := fields{}
	f.add(object, 0)
	r := Request{
		Method: strings.ToUpper(f.text(methodNames)), Path: pathOf(f.text(pathNames)), Status: f.status(), Time: f.time(),
		Tenant: f.text(tenantNames), Brand: f.text(brandNames), ChannelID: f.text(channelIDs), Channel: f.text(channelNames),
	}
	if method, path := requestLine(f.text(requestNames)); path != "" {
		r.Method, r.Path = method, path
	}
	if r.Method != "" && r.Path != "" && r.Status != 0 {
		return r, nil
	}
	if text := f.text(textNames); inside && text != "" {
		found, err := parseText(text)
		if trimmed := strings.TrimSpace(text); err != nil && strings.HasPrefix(trimmed, "{") {
			found, err = parseJSON([]byte(trimmed), false)
		}
		if err == nil {
			if found.Time.IsZero() {
				found.Time = r.Time
			}
			return found, nil
		}
	}
	return Request{}, errNoRequest
}

// fields are the values of an object and of the objects in it, by name; the outer before the inner.
type fields map[string]string

func (f fields) add(object map[string]any, depth int) {
	var inner []map[string]any
	for _, name := range sortedNames(object) {
		key := plainName(name)
		switch value := object[name].(type) {
		case string:
			f.note(key, value)
		case json.Number:
			f.note(key, value.String())
		case map[string]any:
			if depth < deepest && !strings.Contains(key, "header") {
				inner = append(inner, value)
			}
		}
	}
	for _, object := range inner {
		f.add(object, depth+1)
	}
}

func (f fields) note(name, value string) {
	if _, there := f[name]; !there && value != "" && value != "-" {
		f[name] = value
	}
}

// plainName is a name in small letters without what joins words. Of a name with dots (http.request.method) all of it
// counts.
func plainName(name string) string {
	return strings.NewReplacer("_", "", "-", "", ".", "", " ", "", ":", "").Replace(strings.ToLower(name))
}

func (f fields) text(names []string) string {
	for _, name := range names {
		if value, there := f[name]; there {
			return value
		}
	}
	return ""
}

// status is the first that is one: a field of that name may hold a word, too.
func (f fields) status() int {
	for _, name := range statusNames {
		if n, err := strconv.Atoi(f[name]); err == nil && n >= 100 && n <= 999 {
			return n
		}
	}
	return 0
}

// time is when the request was, as a text or in seconds or milliseconds since 1970.
func (f fields) time() time.Time {
	for _, name := range timeNames {
		text := f[name]
		for _, layout := range []string{time.RFC3339Nano, logTime, "2006-01-02T15:04:05.999999999-0700"} {
			if at, err := time.Parse(layout, text); err == nil {
				return at
			}
		}
		if v, err := strconv.ParseFloat(text, 64); err == nil && v > 0 && v < 1e14 {
			if v > 1e11 {
				v /= 1000
			}
			whole, part := math.Modf(v)
			return time.Unix(int64(whole), int64(part*1e9)).UTC()
		}
	}
	return time.Time{}
}
