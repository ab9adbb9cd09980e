package demo

import (
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// retrieval answers from the vector store, with a short-lived semantic cache
// in front: questions of a tenant that fall on the same topic share an answer.
// When the store fails, a stale answer is better than none.
type retrieval struct {
	store *vectorStore
	fresh time.Duration
	kept  int
	calls singleflight.Group

	mu    sync.RWMutex
	cache map[topicKey]found
}

// found is what the store said about a topic.
type found struct {
	text  string
	hit   bool
	until time.Time // it is asked again after that
}

// topicKey is a tenant's topic.
type topicKey struct {
	tenant string
	topic  uint64
}

// String implements fmt.Stringer.
func (k topicKey) String() string { return k.tenant + "/" + strconv.FormatUint(k.topic, 10) }

// topics is how many different questions the cache tells apart per tenant.
const topics = 64

func newRetrieval(store *vectorStore, b behaviour) *retrieval {
	return &retrieval{store: store, fresh: b.retrievalFresh, kept: b.retrievalKept, cache: make(map[topicKey]found)}
}

// answer returns the nearest document, or hit false if there is none. An error
// comes with whatever is remembered from earlier.
func (r *retrieval) answer(tenant string, question []byte) (text string, hit bool, err error) {
	topic := topicKey{tenant, hashOf(question) % topics}
	r.mu.RLock()
	f, known := r.cache[topic]
	r.mu.RUnlock()
	if known && time.Now().Before(f.until) {
		return f.text, f.hit, nil
	}
	got, err, _ := r.calls.Do(topic.String(), func() (any, error) {
		hits, err := r.store.search(tenant, string(question), 3)
		if err != nil {
			return found{}, err
		}
		fresh := found{until: time.Now().Add(r.lifetime(topic))}
		if len(hits) > 0 {
			fresh.hit = true
			fresh.text, _ = hits[0].Payload["text"].(string)
		}
		r.remember(topic, fresh)
		return fresh, nil
	})
	if err != nil {
		return f.text, f.hit, err
	}
	f = got.(found)
	return f.text, f.hit, nil
}

// lifetime differs between topics, so that they are not all asked again at the
// same moment.
func (r *retrieval) lifetime(t topicKey) time.Duration {
	return r.fresh*3/4 + r.fresh*time.Duration(mix(hashOf(t.tenant)+t.topic)%64)/128
}

func (r *retrieval) remember(topic topicKey, f found) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cache) >= r.kept {
		for evicted := range r.cache {
			delete(r.cache, evicted)
			break
		}
	}
	r.cache[topic] = f
}

func (r *retrieval) close() { r.store.close() }
