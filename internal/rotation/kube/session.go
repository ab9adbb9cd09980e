package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"

	"xinbot.ir/squall/internal/rotation"
)

const (
	// dialTime is for a connection to a pod, but for the answer of the gateway in it: less than a probe waits, so that it is told
	// which of the two was slow.
	dialTime = 1500 * time.Millisecond
	// renewInterval is the shortest time from the beginning of one session with a pod to that of the next.
	renewInterval = time.Second
	// idleTime is how long a session without connections is kept.
	idleTime = 10 * time.Second
)

// session is a port-forward session with one pod, which carries any number of connections.
type session struct {
	pods   *Pods
	pod    string
	began  time.Time
	opened chan struct{} // closed once it is open, or cannot be
	conn   httpstream.Connection
	below  io.Closer // the connection to the API server: what is in it ends with it

	mu     sync.Mutex
	ended  error // why it is of no use any more
	users  int
	idle   *time.Timer // while there are none
	number int         // of connections so far
}

// newSession begins to open one, for one user.
func newSession(p *Pods, pod string) *session {
	s := &session{pods: p, pod: pod, began: time.Now(), opened: make(chan struct{}), users: 1}
	go s.open()
	return s
}

// open takes its own time, for all who wait for it.
func (s *session) open() {
	defer close(s.opened)
	ctx, cancel := context.WithTimeout(context.Background(), dialTime)
	defer cancel()
	below, err := s.pods.upgrade(ctx, s.pod)
	if err == nil {
		s.below = below
		if s.conn, err = spdy.NewClientConnection(netConn{below}); err == nil {
			return
		}
	}
	var status apierrors.APIStatus
	all := apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || !errors.As(err, &status) // the last: nobody answered
	s.end(&rotation.WayError{All: all, Err: s.pods.cluster.Explain(s.String(), err)})
}

// String is what is done, for messages.
func (s *session) String() string { return "port-forward to pod " + s.pods.namespace + "/" + s.pod }

// acquire takes the session for one user more, unless it has ended and it is time for a new one.
func (s *session) acquire() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isOver() && time.Since(s.began) >= renewInterval {
		return false
	}
	s.users++
	if s.idle != nil {
		s.idle.Stop()
		s.idle = nil
	}
	return true
}

// isOver reports whether the session is of no use any more. s.mu must be held.
func (s *session) isOver() bool {
	select {
	case <-s.opened:
	default:
		return false
	}
	if s.ended == nil {
		select {
		case <-s.conn.CloseChan():
			s.ended = s.over()
		default:
		}
	}
	return s.ended != nil
}

func (s *session) over() error {
	return &rotation.WayError{Err: fmt.Errorf("%s: the session has ended", s)}
}

// end ends the session, and says why.
func (s *session) end(why error) {
	s.mu.Lock()
	if s.ended == nil {
		s.ended = why
	}
	s.mu.Unlock()
	if s.below != nil {
		s.below.Close()
	}
}

// release gives the session up for one user. The last one closes it, a while later.
func (s *session) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 {
		s.idle = time.AfterFunc(s.pods.idleTime, s.close)
	}
}

// close ends a session that nobody has used for a while.
func (s *session) close() {
	s.pods.forget(s)
	s.mu.Lock()
	used := s.users > 0 // since: it is closed when that user has released it
	s.mu.Unlock()
	if used {
		return
	}
	<-s.opened
	s.end(s.over())
}

// dial opens a connection: a stream for errors, and one for what is said.
func (s *session) dial(ctx context.Context, port int) (*connection, error) {
	select {
	case <-s.opened:
	case <-ctx.Done():
		return nil, &rotation.WayError{Err: s.pods.cluster.Explain(s.String(), ctx.Err())}
	}
	s.mu.Lock()
	over := s.isOver()
	why, id := s.ended, s.number
	s.number++
	s.mu.Unlock()
	if over {
		return nil, why
	}
	c := &connection{session: s, port: port, told: make(chan struct{})}
	made := make(chan error, 1)
	go func() { made <- c.open(id) }()
	var err error
	select {
	case err = <-made:
	case <-ctx.Done(): // a stream that is not made in time will not be
		err = ctx.Err()
	}
	if err != nil {
		err = &rotation.WayError{Err: s.pods.cluster.Explain(s.String(), err)}
		s.end(err)
		return nil, err
	}
	s.mu.Lock()
	s.users++
	s.mu.Unlock()
	go c.listen()
	return c, nil
}

const (
	portForwardProtocol = "portforward.k8s.io"
	mostRefusal         = 64 << 10 // bytes of a refusal that are read
)

// upgrade makes of a request to the API server a way to a pod. It is made by the HTTP client of all other calls, and so with
// their login and through their proxy, and within ctx.
func (p *Pods) upgrade(ctx context.Context, pod string) (io.ReadWriteCloser, error) {
	address := p.cluster.Client.Core.Post().Namespace(p.namespace).Resource("pods").Name(pod).SubResource("portforward").Timeout(0).URL()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set(httpstream.HeaderConnection, httpstream.HeaderUpgrade)
	request.Header.Set(httpstream.HeaderUpgrade, spdy.HeaderSpdy31)
	request.Header.Set(httpstream.HeaderProtocolVersion, portForwardProtocol)
	answer, err := p.cluster.upgrades.Do(request)
	if err != nil {
		return nil, err
	}
	stream, is := answer.Body.(io.ReadWriteCloser)
	if answer.StatusCode != http.StatusSwitchingProtocols || !is {
		defer answer.Body.Close()
		return nil, refusal(answer)
	}
	if protocol := answer.Header.Get(httpstream.HeaderProtocolVersion); protocol != portForwardProtocol {
		stream.Close()
		return nil, fmt.Errorf("the API server speaks protocol %q", protocol)
	}
	return stream, nil
}

// refusal is what an answer says that is no session.
func refusal(answer *http.Response) error {
	raw, err := io.ReadAll(io.LimitReader(answer.Body, mostRefusal))
	if err != nil {
		return err
	}
	var status metav1.Status
	if json.Unmarshal(raw, &status) == nil && status.Status == metav1.StatusFailure {
		return &apierrors.StatusError{ErrStatus: status}
	}
	return apierrors.NewGenericServerResponse(answer.StatusCode, "post", corev1.Resource("pods"), "", string(raw), 0, true)
}
