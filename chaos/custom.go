package chaos

import "time"

// Custom is a fault that a configuration file describes. Exactly one of Toxic and Workload is set.
type Custom struct {
	ID    string // its key in the file
	Title string
	Place string // where it stands, for messages: squall.yaml:12
	TTL   time.Duration

	Toxic    *CustomToxic
	Workload *CustomWorkload
}

// CustomToxic is any toxic on any proxy of Toxiproxy.
type CustomToxic struct {
	Proxy      string
	Type       string           // as Toxiproxy names it: latency, bandwidth, slicer, ..
	Stream     string           // upstream or downstream
	Toxicity   float64          // 0 to 1
	Attributes map[string]int64 // as Toxiproxy names them
}

// CustomWorkload evicts, deletes or scales the pods of one workload.
type CustomWorkload struct {
	Way       string // evict, delete or scale
	Kind      string // deployment or statefulset
	Namespace string // "" for the target's; must be on its allow list
	Name      string
	Replicas  int // what scale goes to
}
