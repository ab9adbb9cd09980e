package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"xinbot.ir/squall/internal/event"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/internal/timeline"
	"xinbot.ir/squall/internal/units"
)

// rotationSection describes how secrets were rotated: which was accepted when, what that cost, and what was expected.
func rotationSection(run *Run) (blocks []block) {
	for n, r := range run.timeline.Rotations {
		if len(run.timeline.Rotations) > 1 {
			blocks = append(blocks, heading{3, fmt.Sprintf("Rotation %d", n+1)})
		}
		blocks = append(blocks, rotationBlocks(r)...)
	}
	if len(blocks) > 0 {
		blocks = append(blocks, paragraph{plain("Moments are those of probes, and known to the time between two of them; each probe with its answer is in ").then(code(rundir.ProbesFile), plain("."))})
	}
	return blocks
}

func rotationBlocks(r timeline.Rotation) (blocks []block) {
	for _, f := range r.Forged {
		blocks = append(blocks, note{strong("Signatures are not checked.").then(plain(" At ", clockTenths(f.At), ": ", f.Data.Text(), "."))})
	}
	if r.Judged == nil {
		return append(blocks, paragraph{plain("Not judged.")})
	}
	blocks = append(blocks, rotationTable(*r.Judged), signedTable(*r.Judged))
	t := table{columns: textColumns("", "Expectation", "Verdict", "Seen")}
	for _, f := range r.Judged.Findings {
		t.rows = append(t.rows, append([]line{sign(verdictMark(f.Verdict), verdictStyle(f.Verdict))}, textRow(f.Text, string(f.Verdict), f.Reason)...))
	}
	blocks = append(blocks, t)
	for _, all := range []struct {
		title string
		table table
	}{{"Replicas", replicaTable(*r.Judged)}, {"Disagreements", disagreementTable(r)}, {"Next secrets", changesTable(r)}} {
		if len(all.table.rows) > 0 {
			blocks = append(blocks, heading{3, all.title}, all.table)
		}
	}
	return blocks
}

// rotationTable is when which secret was accepted.
func rotationTable(d event.RotationJudged) table {
	t := table{columns: append(textColumns("Channel", "Kind"), numberColumns("Next first accepted", "Next accepted each time", "Old first refused", "Old last accepted", "Both accepted", "Neither accepted", "Replicas disagreed")...)}
	for _, v := range d.Channels {
		t.rows = append(t.rows, textRow(v.Channel, v.Kind.String(), momentText(v.NextFirst), momentText(v.NextFull), momentText(v.OldFirst), momentText(v.OldLast), tookText(v.Overlap), tookText(v.Neither), tookText(v.Disagreed)))
	}
	return t
}

// signedTable is what became of messages and probes.
func signedTable(d event.RotationJudged) table {
	t := table{columns: append(textColumns("Channel"), numberColumns("Messages", "Lost", "Share lost", "Probes", "Forged and accepted")...)}
	for _, v := range d.Channels {
		t.rows = append(t.rows, textRow(v.Channel, units.Count(v.Sent), units.Count(v.Lost), percent(v.Lost, v.Sent), units.Count(v.Probes), units.Count(v.Forged)))
	}
	return t
}

func replicaTable(d event.RotationJudged) table {
	t := table{columns: append(textColumns("Channel", "Replica", "Started"), append(numberColumns("Switched", "Gone"), textColumns("Old secret after the first had the next", "At the end")...)...)}
	for _, v := range d.Channels {
		for _, r := range v.Replicas {
			end := "with the next secret"
			switch {
			case r.Left != nil:
				end = "gone"
			case r.Old:
				end = "with the old secret"
			case r.Switched == nil:
				end = "not known"
			}
			started := r.Started
			if began, err := time.Parse(time.RFC3339, r.Started); err == nil {
				started = began.UTC().Format("15:04:05 MST")
			}
			t.rows = append(t.rows, textRow(v.Channel, r.Replica, cmp.Or(started, absent), momentText(r.Switched), momentText(r.Left), tookText(r.Lag), end))
		}
	}
	return t
}

func disagreementTable(r timeline.Rotation) table {
	t := table{columns: append(textColumns("Channel"), append(numberColumns("From", "To"), textColumns("With the old secret at first")...)...)}
	for _, d := range r.Disagreed {
		to, old := "the end", "not known"
		if d.To != timeline.Open {
			to = clockTenths(d.To)
		}
		if len(d.Old) > 0 {
			old = fmt.Sprint(d.Old)
			old = old[1 : len(old)-1]
		}
		t.rows = append(t.rows, textRow(d.Channel, clockTenths(d.From), to, old))
	}
	return t
}

// changesTable is where next secrets came from.
func changesTable(r timeline.Rotation) table {
	t := table{columns: append(numberColumns("At"), textColumns("Channel", "Fingerprint", "From", "Version", "Filled in")...)}
	for _, c := range r.Changes {
		filled := ""
		if !c.Data.Refreshed.IsZero() {
			filled = c.Data.Refreshed.UTC().Format("15:04:05 MST")
		}
		t.rows = append(t.rows, textRow(clockTenths(c.At), c.Data.Channel, c.Data.Next, c.Data.Source, cmp.Or(c.Data.Version, absent), cmp.Or(filled, absent)))
	}
	return t
}

func momentText(at *float64) string {
	if at == nil {
		return absent
	}
	return clockTenths(*at)
}

func tookText(seconds float64) string {
	if seconds == 0 {
		return absent
	}
	return lengthText(seconds)
}

// rotationLines are what became of each rotation, in one line.
func rotationLines(run *Run) (lines []line) {
	for _, r := range run.timeline.Rotations {
		if r.Judged == nil {
			continue
		}
		var kinds []string
		for _, v := range r.Judged.Channels {
			kinds = append(kinds, v.Channel+" "+v.Kind.String())
		}
		met, failed, unknown := 0, 0, 0
		for _, f := range r.Judged.Findings {
			switch f.Verdict {
			case event.ExpectationMet:
				met++
			case event.ExpectationFailed:
				failed++
			case event.ExpectationUnknown, event.ExpectationPending:
				unknown++
			}
		}
		text := fmt.Sprintf(": %s; %d of %d expectations met", strings.Join(kinds, ", "), met, met+failed+unknown)
		if unknown > 0 {
			text += fmt.Sprintf(", %d could not be judged", unknown)
		}
		for _, f := range r.Judged.Findings {
			if f.Verdict == event.ExpectationFailed {
				text += "; not: " + f.Text + ": " + f.Reason
				if failed > 1 {
					text += fmt.Sprintf(", and %d more", failed-1)
				}
				break
			}
		}
		lines = append(lines, strong("Secret rotation").then(plain(text, ".")))
	}
	return lines
}
