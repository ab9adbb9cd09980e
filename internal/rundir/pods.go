package rundir

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"xinbot.ir/squall/internal/inputfile"
)

// EvidenceDir is the directory, in that of the run, of what the platform said of itself.
const EvidenceDir = "evidence"

// GonePodsFile, in the evidence, names the pods that went away or crashed. Files of a namespace's workloads are called
// pods-NAMESPACE.csv.
const (
	GonePodsFile = "gone-pods.csv"
	podsPrefix   = "pods-"
	podsSuffix   = ".csv"
)

// Replicas are the pods of one workload, from a time on until its next ones.
type Replicas struct {
	At                      time.Time
	File                    string // in the evidence
	Namespace, Workload     string // the workload with its kind: "deployment gateway"
	Desired, Current, Ready int    // only while Known
	Known                   bool
	Restarts                int // since the beginning; only while Counted
	Counted                 bool
	Gap                     string // why something is not known
}

// EachReplicas reads what the workloads did, a namespace after the other, in the order of time. A run without Kubernetes has
// none.
func (r *Run) EachReplicas(visit func(Replicas)) error {
	files, err := os.ReadDir(filepath.Join(r.Dir, EvidenceDir))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read run directory: %w", err)
	}
	for _, f := range files {
		name := f.Name()
		namespace, isTable := strings.CutSuffix(name, podsSuffix)
		namespace, ofPods := strings.CutPrefix(namespace, podsPrefix)
		if !isTable || !ofPods || !f.Type().IsRegular() {
			continue
		}
		err := r.eachRow(name, []string{"time", "workload", "desired_pods", "current_pods", "ready_pods", "restarts", "gap"}, func(row map[string]string) error {
			p := Replicas{File: name, Namespace: namespace, Workload: row["workload"], Known: row["desired_pods"] != "", Counted: row["restarts"] != "", Gap: row["gap"]}
			var err error
			if p.At, err = time.Parse(time.RFC3339, row["time"]); err != nil {
				return err
			}
			for column, n := range map[string]*int{"desired_pods": &p.Desired, "current_pods": &p.Current, "ready_pods": &p.Ready, "restarts": &p.Restarts} {
				if text := row[column]; text != "" || p.Known && column != "restarts" {
					if *n, err = strconv.Atoi(text); err != nil {
						return err
					}
				}
			}
			visit(p)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// GonePod is a pod that went away or crashed.
type GonePod struct {
	Seen, Gone     time.Time // zero: not known; Gone: it was still there
	Namespace, Pod string
	Workload, How  string
	File           string // in the evidence, with its last lines; "": there is none
}

// EachGonePod reads which pods went away or crashed. A last one without a name says how many more there were.
func (r *Run) EachGonePod(visit func(GonePod)) error {
	err := r.eachRow(GonePodsFile, []string{"seen_at", "gone_at", "namespace", "pod", "workload", "how", "file"}, func(row map[string]string) error {
		p := GonePod{Namespace: row["namespace"], Pod: row["pod"], Workload: row["workload"], How: row["how"], File: row["file"]}
		for column, at := range map[string]*time.Time{"seen_at": &p.Seen, "gone_at": &p.Gone} {
			if text := row[column]; text != "" {
				var err error
				if *at, err = time.Parse(time.RFC3339, text); err != nil {
					return err
				}
			}
		}
		visit(p)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// eachRow reads a table of the evidence that has these columns. A row that use refuses is left out with a warning.
func (r *Run) eachRow(name string, columns []string, use func(row map[string]string) error) error {
	f, err := inputfile.Open(filepath.Join(r.Dir, EvidenceDir, name))
	if err != nil {
		return fmt.Errorf("read run directory: %w", err)
	}
	defer f.Close()
	place := EvidenceDir + "/" + name
	in := csv.NewReader(f)
	head, err := in.Read()
	if err != nil {
		r.warn(place + " cannot be read: " + err.Error())
		return nil
	}
	at := map[string]int{}
	for i, column := range head {
		at[column] = i
	}
	for _, column := range columns {
		if _, there := at[column]; !there {
			r.warn(place + " has no column " + column + " and was left out")
			return nil
		}
	}
	bad := 0
	for {
		cells, err := in.Read()
		switch {
		case errors.Is(err, io.EOF):
			if bad > 0 {
				r.warn(fmt.Sprintf("%s: %d rows could not be read and were left out", place, bad))
			}
			return nil
		case errors.Is(err, csv.ErrFieldCount):
			bad++
			continue
		case err != nil:
			r.warn(place + " cannot be read to its end: " + err.Error())
			return nil
		}
		row := map[string]string{}
		for column, i := range at {
			row[column] = cells[i]
		}
		if use(row) != nil {
			bad++
		}
	}
}
