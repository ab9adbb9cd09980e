package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"xinbot.ir/squall/chaos"
	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// ledgerState is what the run directory says is still changed, as of now and not of the end of the run: a
// squall recover in between has closed its records.
type ledgerState struct {
	exists  bool
	lost    bool     // it lacks a record of a fault that was injected
	objects []string // what is still changed, in words
}

// readLedger reads the ledger beside a journal. One that cannot be read counts as none, with a warning.
func readLedger(run *rundir.Run) ledgerState {
	_, err := os.Stat(filepath.Join(run.Dir, chaos.LedgerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return ledgerState{}
	}
	open, err := chaos.ReadLedger(run.Dir)
	if err != nil {
		run.Warnings = append(run.Warnings, err.Error())
		if !errors.As(err, new(*chaos.DamagedError)) {
			return ledgerState{}
		}
	}
	l := ledgerState{exists: true}
	for _, i := range timeline.Of(run.Events).Injections {
		if i.Applied() && i.Reverted == nil && len(chaos.LostRecords(run.Dir, i.Active.Data.Records)) > 0 {
			l.lost = true
		}
	}
	for _, r := range open {
		l.objects = append(l.objects, r.Object)
	}
	return l
}

// stillChanged says, in the notes at the top, what the run did not restore, and how to. The headline has the first.
func stillChanged(run *Run) (notes []line) {
	if run.timeline.End == nil {
		return stoppedWithin(run)
	}
	left := run.timeline.End.Data.NotReverted
	for _, left := range left[min(1, len(left)):] {
		notes = append(notes, strong("Not reverted.").then(plain(" ", left)))
	}
	if len(left) == 0 { // a fault can be stuck without a record in the ledger
		for _, i := range run.injectionsWhere(func(i injection) bool { return i.NotReverted != nil }) {
			note := strong("Not reverted.").then(plain(" ", i.Label, ": ", reasonOf(i.NotReverted.Data.Reason)))
			for _, remedy := range i.NotReverted.Data.Remedies {
				note = note.then(plain("; to revert it: "), code(remedy))
			}
			notes = append(notes, note)
		}
	}
	switch open := len(run.ledger.objects); {
	case open > 0:
		notes = append(notes, strong("Still in the ledger:").then(plain(" ", units.Counted(uint64(open), "change", "changes"), ". To revert what squall can: "), recoverCommand(run)))
	case len(left) > 0 && run.ledger.exists:
		notes = append(notes, plain("Since then the ledger has been settled: nothing in it is open any more."))
	}
	return notes
}

// stoppedWithin is stillChanged of a run that has no end: killed, or not ended yet.
func stoppedWithin(run *Run) []line {
	on := run.injectionsWhere(func(i injection) bool { return i.Reverted == nil })
	objects := run.ledger.objects
	if len(on) == 0 && (len(objects) == 0 || run.timeline.Start.Embedded) {
		return nil
	}
	note := strong("Still changed.")
	if len(on) > 0 {
		note = strong("Faults were on.").then(plain(fmt.Sprintf(" When data stopped, at %s, %s: %s.",
			clock(run.length), units.Counted(uint64(len(on)), "fault had not been reverted", "faults had not been reverted"), injectionLabels(on))))
	}
	switch {
	case run.timeline.Start.Embedded:
		note = note.then(plain(" The embedded platform ends with squall, and what was changed in it as well."))
	case len(objects) > 0:
		note = note.then(plain(" The ledger still holds: ", strings.Join(objects, "; "), ". If the run is over, revert it with "), recoverCommand(run))
	case run.ledger.lost:
		note = note.then(plain(" The ledger has lost what it held of them, so what is still changed cannot be told: squall recover --scan finds it at the target."))
	case run.ledger.exists:
		note = note.then(plain(" The ledger holds nothing any more: what they changed was reverted since, or ended with squall."))
	default:
		note = note.then(plain(" There is no ledger beside the journal, so what is still changed cannot be told. Where the run directory is whole: "), recoverCommand(run))
	}
	return []line{note}
}

// recoverCommand restores what a dead run left, from its ledger.
func recoverCommand(run *Run) line { return code(RecoverCommand(run.timeline.Start, run.files.Dir)) }

// placeFlags are the flags of a run that say where to go and as whom, which squall recover needs, too. A variable of the
// environment is there when it is, and what stands in squall.yaml comes with its target.
var placeFlags = []string{
	"config", "target", "confirm", "orchestrator", "toxiproxy", "kubeconfig", "context", "namespace", "allow-namespace",
	"ca", "cert", "key", "insecure-skip-verify",
}

// RecoverCommand is the whole command that reverts what a run has left, with the flags that the run had.
func RecoverCommand(start event.RunStarted, dir string) string {
	words := []string{"squall", "recover"}
	for _, s := range start.Settings {
		flag, is := strings.CutPrefix(s.Source, "--")
		if !is || !slices.Contains(placeFlags, flag) {
			continue
		}
		for _, value := range strings.Split(s.Value, "; ") {
			if value == "true" { // of a flag that is there or not
				words = append(words, s.Source)
				continue
			}
			words = append(words, s.Source, shellescape.Quote(value))
		}
	}
	return strings.Join(append(words, shellescape.Quote(dir)), " ")
}
