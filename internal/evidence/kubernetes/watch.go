package kubernetes

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"xinbot.ir/squall/internal/evidence"
	"xinbot.ir/squall/internal/kubeclient"
)

// deafTime is how long a connection may be dead before client-go's HTTP/2 health check (30 s without a byte, then 15 s
// without an answer) says so.
const deafTime = 45 * time.Second

// consumer takes the objects of one resource as they are and as they change. Its methods are called one at a time.
type consumer interface {
	// listed has all objects there are. What was there and is not any more is gone.
	listed(objects []any, at time.Time)
	changed(object any, at time.Time)
	gone(object any, at time.Time)
	// lost says that nothing is known since a time, and back that the objects are known again.
	lost(since, at time.Time, why *evidence.Problem)
	back(at time.Time)
}

// feed lists and watches the objects of one resource in one namespace. client-go's Reflector resumes a watch that the
// server ends in good order, and pauses with jitter after a failure. After a failure all is listed again, so that
// a gap ends with what is there, and not with what was there before it.
type feed struct {
	of    runtime.Object
	to    consumer
	now   func() time.Time
	calls cache.ListWatch
	about func(error) error // an error of the API with what was asked

	// What follows belongs to the goroutine of the reflector.
	known   time.Time         // until when, while no watch is on; before the first list it is the beginning
	listed  bool              // once
	missing evidence.Cause    // that was said; "": nothing is missing
	broken  *evidence.Problem // why the last watch ended; nil: as every watch does
}

// newFeed lists by one client, whose calls are bounded in time, and watches by another, whose are not.
func newFeed(cl *kubeclient.Cluster, lists, watches rest.Interface, resource, namespace string, of runtime.Object, to consumer) *feed {
	f := &feed{of: of, to: to, now: time.Now, about: func(err error) error { return cl.Explain("watch "+resource, err) }}
	list := cache.NewListWatchFromClient(lists, resource, namespace, fields.Everything())
	follow := cache.NewListWatchFromClient(watches, resource, namespace, fields.Everything())
	f.calls = cache.ListWatch{ListWithContextFunc: list.ListWithContextFunc, WatchFuncWithContext: follow.WatchFuncWithContext}
	return f
}

// run mirrors until ctx ends.
func (f *feed) run(ctx context.Context) {
	f.known = f.now()
	cache.NewReflectorWithOptions(f, f.of, store{f}, cache.ReflectorOptions{}).RunWithContext(ctx)
}

// IsWatchListSemanticsUnSupported makes the reflector list before it watches: a stream that begins with a list would not
// say when the list failed.
func (f *feed) IsWatchListSemanticsUnSupported() bool { return true }

// List implements cache.ListerWatcher.
func (f *feed) List(options metav1.ListOptions) (runtime.Object, error) {
	return f.ListWithContext(context.Background(), options)
}

// Watch implements cache.ListerWatcher.
func (f *feed) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return f.WatchWithContext(context.Background(), options)
}

// ListWithContext lists, and notes a failure.
func (f *feed) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	list, err := f.calls.ListWithContext(ctx, options)
	if err != nil && ctx.Err() == nil && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) { // the reflector asks for the newest at once
		f.fail(problem(f.about(err)))
	}
	return list, err
}

// WatchWithContext begins or resumes a watch. Any error makes the reflector list first, but not one that it knows as
// passing: so it is given no such error.
func (f *feed) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	if f.broken != nil {
		return nil, f.broken
	}
	w, err := f.calls.WatchWithContext(ctx, options)
	switch {
	case ctx.Err() != nil:
		return w, err
	case err != nil:
		p := problemOfWatch(f.about(err))
		f.fail(p)
		return nil, p
	}
	f.known = time.Time{}
	return follow(f, w), nil
}

// followed is a watch of which the end is noted, and why it failed. watch.Filter would do, but its goroutine stays for
// ever when a watch is stopped while there is an event.
type followed struct {
	watch.Interface
	feed   *feed
	events chan watch.Event
	over   chan struct{}
	stop   sync.Once
	err    atomic.Pointer[error]
}

func follow(f *feed, w watch.Interface) *followed {
	out := &followed{Interface: w, feed: f, events: make(chan watch.Event), over: make(chan struct{})}
	go out.pass()
	return out
}

func (w *followed) pass() {
	defer close(w.events)
	for e := range w.Interface.ResultChan() {
		if e.Type == watch.Error {
			err := apierrors.FromObject(e.Object)
			w.err.Store(&err)
		}
		select {
		case w.events <- e:
		case <-w.over:
			return
		}
	}
}

// ResultChan has the events.
func (w *followed) ResultChan() <-chan watch.Event { return w.events }

// Stop is called by the reflector at the end of every watch, whoever ended it.
func (w *followed) Stop() {
	w.stop.Do(func() { close(w.over) })
	w.Interface.Stop()
	f := w.feed
	if !f.known.IsZero() {
		return
	}
	f.known = f.now()
	if err := w.err.Load(); err != nil {
		f.broken = problemOfWatch(f.about(*err))
		if utilnet.IsHTTP2ConnectionLost(*err) {
			f.known = f.known.Add(-deafTime)
		}
	}
}

// fail says what is lost, and says it again when it has another cause.
func (f *feed) fail(p *evidence.Problem) {
	at := f.now()
	switch f.missing {
	case p.Cause:
	case "":
		f.to.lost(f.known, at, p)
	default:
		f.to.lost(at, at, p)
	}
	f.missing = p.Cause
}

// store is what the reflector writes into.
type store struct{ *feed }

// Replace implements cache.ReflectorStore. A list that is not the first means that what happened before it is not known.
func (s store) Replace(objects []any, _ string) error {
	f, at := s.feed, s.now()
	if f.listed && f.missing == "" {
		why := f.broken
		if why == nil {
			why = &evidence.Problem{Cause: evidence.Missed}
		}
		f.fail(why)
	}
	f.to.listed(objects, at)
	if f.missing != "" {
		f.to.back(at)
	}
	f.broken, f.listed, f.missing, f.known = nil, true, "", at // the watch goes on from here
	return nil
}

// Add implements cache.ReflectorStore.
func (s store) Add(object any) error { return s.Update(object) }

// Update implements cache.ReflectorStore.
func (s store) Update(object any) error {
	s.to.changed(object, s.now())
	return nil
}

// Delete implements cache.ReflectorStore.
func (s store) Delete(object any) error {
	s.to.gone(object, s.now())
	return nil
}

// Resync implements cache.ReflectorStore.
func (s store) Resync() error { return nil }

// problemOfWatch is why a watch failed. The server forgets what changed long ago (410 Gone).
func problemOfWatch(err error) *evidence.Problem {
	p := problem(err)
	switch {
	case apierrors.IsResourceExpired(err), apierrors.IsGone(err):
		p.Cause = evidence.Missed
	case utilnet.IsHTTP2ConnectionLost(err):
		p.Cause = evidence.Unreachable
	}
	return p
}

// problem is why the API server gave nothing.
func problem(err error) *evidence.Problem {
	cause := evidence.Unreachable
	var status apierrors.APIStatus
	switch {
	case apierrors.IsForbidden(err):
		return &evidence.Problem{Cause: evidence.Forbidden, Detail: evidence.Excerpt(strings.TrimSuffix(err.Error(), ": "+kubeclient.RoleHint))} // the remedy has it
	case apierrors.IsUnauthorized(err):
		cause = evidence.Unauthorized
	case apierrors.IsTooManyRequests(err):
		cause = evidence.RateLimited
	case errors.Is(err, context.DeadlineExceeded), apierrors.IsTimeout(err):
		cause = evidence.TimedOut
	case errors.As(err, &status) && status.Status().Code >= 500:
		cause = evidence.ServerError
	case errors.As(err, &status):
		cause = evidence.Refused
	}
	return &evidence.Problem{Cause: cause, Detail: evidence.Excerpt(err.Error())}
}
