package kube

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"xinbot.ir/squall/internal/rotation"
)

// Key is one key of a Secret, which holds the secret of a channel; "" of every channel.
type Key struct{ Channel, Namespace, Name, Key string }

// Secret is a source of next secrets: the key of a Secret, which is watched.
type Secret struct {
	Key
	cluster *Cluster
}

// Secret is a source on this cluster.
func (c *Cluster) Secret(k Key) *Secret { return &Secret{Key: k, cluster: c} }

const (
	// retryInterval is the time from the end of one watch to the list before the next one.
	retryInterval = time.Second
	// watchTime is how long a watch goes on at most: all is listed again after that, should a change ever have been missed.
	watchTime = 5 * time.Minute
)

// Name implements rotation.Source.
func (s *Secret) Name() string { return s.object() + ":" + s.Key.Key }

func (s *Secret) object() string { return "secret " + s.Namespace + "/" + s.Key.Name }

// Watch implements rotation.Source. A watch that ends, for whatever reason, begins anew with a list, so that no change is missed.
func (s *Secret) Watch(ctx context.Context, give func(rotation.Secret), problem func(error)) {
	w := secretWatch{Secret: s, give: give, problem: problem}
	retry := time.NewTimer(0)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-retry.C:
		}
		err := w.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			tellOnce(&w.away, err, problem)
		}
		retry.Reset(retryInterval)
	}
}

// secretWatch is a Secret as it was seen last.
type secretWatch struct {
	*Secret
	give    func(rotation.Secret)
	problem func(error)

	last  string // value
	away  string // why nothing could be read, as it was told; "": it can
	wrong string // what is the matter with the Secret, as it was told
}

// tellOnce tells a problem unless it is the one that was told last.
func tellOnce(told *string, err error, problem func(error)) {
	if err.Error() == *told {
		return
	}
	*told = err.Error()
	problem(err)
}

// calls list with a bound on time, and watch without.
func (s *Secret) calls() cache.ListWatch {
	one := fields.OneTermEqualSelector(metav1.ObjectNameField, s.Key.Name) // also what rights on that one Secret are held against
	list := cache.NewListWatchFromClient(s.cluster.Client.Core, "secrets", s.Namespace, one)
	follow := cache.NewListWatchFromClient(s.cluster.watches.Core, "secrets", s.Namespace, one)
	return cache.ListWatch{ListWithContextFunc: list.ListWithContextFunc, WatchFuncWithContext: follow.WatchFuncWithContext}
}

// read lists the Secret: it is among what is listed, or not there.
func (s *Secret) read(ctx context.Context) (*corev1.SecretList, error) {
	calls := s.calls()
	got, err := calls.ListWithContext(ctx, metav1.ListOptions{})
	list, is := got.(*corev1.SecretList)
	if err != nil || !is {
		return nil, s.cluster.Explain("list "+s.object(), err)
	}
	return list, nil
}

// follow lists and watches until the watch ends. An error is why it did not begin.
func (w *secretWatch) follow(ctx context.Context) error {
	list, err := w.read(ctx)
	if err != nil {
		return err
	}
	if len(list.Items) == 0 {
		w.see(ctx, nil)
	} else {
		w.see(ctx, &list.Items[0])
	}
	calls := w.calls()
	changes, err := calls.WatchWithContext(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion, TimeoutSeconds: new(int64(watchTime / time.Second))})
	if err != nil {
		return w.cluster.Explain("watch "+w.object(), err)
	}
	defer changes.Stop()
	w.away = ""
	for change := range changes.ResultChan() {
		secret, is := change.Object.(*corev1.Secret)
		switch {
		case change.Type == watch.Error: // such as 410: the list that follows says what is there
			return nil
		case change.Type == watch.Deleted:
			w.see(ctx, nil)
		case is && change.Type != watch.Bookmark:
			w.see(ctx, secret)
		}
	}
	return nil
}

// see takes a Secret as it is now; nil: there is none. What changes in it beside the value is no news.
func (w *secretWatch) see(ctx context.Context, secret *corev1.Secret) {
	value, err := w.value(secret)
	if err != nil {
		tellOnce(&w.wrong, err, w.problem)
		return
	}
	w.wrong = ""
	if value == w.last {
		return
	}
	w.last = value
	w.give(rotation.Secret{
		Channel: w.Channel, Value: value, Version: secret.ResourceVersion, Refreshed: w.refreshed(ctx, secret), Deployed: true,
	})
}

// value is what the key holds. An error says what is there, but no value.
func (s *Secret) value(secret *corev1.Secret) (string, error) {
	if secret == nil {
		return "", fmt.Errorf("read %s: there is none", s.object())
	}
	value, has := secret.Data[s.Key.Key]
	switch keys := slices.Sorted(maps.Keys(secret.Data)); {
	case !has && len(keys) == 0:
		return "", fmt.Errorf("read %s: it is empty", s.object())
	case !has:
		return "", fmt.Errorf("read %s: it has no key %s, but %s", s.object(), s.Key.Key, strings.Join(keys, ", "))
	case len(value) == 0:
		return "", fmt.Errorf("read %s: its key %s is empty", s.object(), s.Key.Key)
	case len(value) > rotation.MaxSecret:
		return "", fmt.Errorf("read %s: its key %s has more than %d bytes", s.object(), s.Key.Key, rotation.MaxSecret)
	}
	return string(value), nil
}

// Check returns the value as it is now. An error says which right is missing, or what is the matter with the Secret.
func (s *Secret) Check(ctx context.Context) (value string, err error) {
	right := authorizationv1.ResourceAttributes{Namespace: s.Namespace, Resource: "secrets", Name: s.Key.Name}
	list, follow := right, right
	list.Verb, follow.Verb = "list", "watch"
	if err := s.cluster.may(ctx, s.object(), list, follow); err != nil {
		return "", err
	}
	found, err := s.read(ctx)
	switch {
	case err != nil:
		return "", err
	case len(found.Items) == 0:
		return s.value(nil)
	}
	return s.value(&found.Items[0])
}
