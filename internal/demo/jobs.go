package demo

import (
	"crypto/sha256"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Status of an ingestion job.
const (
	jobPending = "pending"
	jobRunning = "running"
	jobDone    = "completed"
	jobFailed  = "failed"
)

// job is one document on its way into the vector store.
type job struct {
	ID        string    `json:"id"`
	AssetID   string    `json:"asset_id"`
	TenantID  string    `json:"tenant_id"`
	BrandID   string    `json:"brand_id"`
	File      string    `json:"file"`
	Status    string    `json:"status"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`

	content string
}

// jobStore stands for the platform's database: the orchestrator writes jobs
// into it, the ingestion worker moves them on. The oldest finished jobs make
// room for new ones.
type jobStore struct {
	kept int

	mu    sync.RWMutex
	order []*job // by age
	byID  map[string]*job
	known map[[sha256.Size]byte]string // asset id of every document that a brand has
}

func newJobStore(kept int) *jobStore {
	return &jobStore{kept: kept, byID: make(map[string]*job), known: make(map[[sha256.Size]byte]string)}
}

// add makes a job for a document. A document that the brand has already makes none, as on the real platform:
// the answer has the id of the asset alone.
func (s *jobStore) add(tenant, brand, file, content string) job {
	now := time.Now().UTC()
	j := &job{
		ID: uuid.NewString(), AssetID: uuid.NewString(), TenantID: tenant, BrandID: brand, File: file,
		Status: jobPending, CreatedAt: now, UpdatedAt: now, content: content,
	}
	document := sha256.Sum256([]byte(brand + "\x00" + content))
	s.mu.Lock()
	defer s.mu.Unlock()
	if asset, has := s.known[document]; has {
		return job{AssetID: asset, TenantID: tenant, BrandID: brand, File: file, Status: jobDone, CreatedAt: now}
	}
	s.known[document] = j.AssetID
	s.order = append(s.order, j)
	s.byID[j.ID] = j
	s.trim()
	return *j
}

// trim forgets the oldest finished jobs beyond what is kept.
func (s *jobStore) trim() {
	surplus := len(s.order) - s.kept
	s.order = slices.DeleteFunc(s.order, func(j *job) bool {
		if surplus <= 0 || (j.Status != jobDone && j.Status != jobFailed) {
			return false
		}
		surplus--
		delete(s.byID, j.ID)
		return true
	})
}

func (s *jobStore) get(id string) (job, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	j, found := s.byID[id]
	if !found {
		return job{}, false
	}
	return *j, true
}

// move sets a job's status; reason is why it failed or had to wait, if it did.
func (s *jobStore) move(id, status string, attempts int, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	j, found := s.byID[id]
	if !found {
		return
	}
	j.Status, j.Attempts, j.Error, j.UpdatedAt = status, attempts, reason, time.Now().UTC()
	if status == jobDone || status == jobFailed {
		j.content = ""
	}
}

// list returns the newest jobs first; an empty tenant means all.
func (s *jobStore) list(tenant string, limit int) []job {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := []job{}
	for _, j := range slices.Backward(s.order) {
		if len(out) == limit {
			break
		}
		if tenant == "" || j.TenantID == tenant {
			out = append(out, *j)
		}
	}
	return out
}

// unfinished counts the jobs per tenant that are pending or running.
func (s *jobStore) unfinished() map[string]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	counts := make(map[string]int)
	for _, j := range s.order {
		switch j.Status {
		case jobPending, jobRunning:
			counts[j.TenantID]++
		}
	}
	return counts
}
