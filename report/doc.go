// Package report turns a run directory into documents: report.md with charts beside it, and
// perf-summary.json in the shape of k6's --summary-export.
//
// Everything in them comes from the run directory, so the same report is made after a clean exit,
// a dropped connection, a panic or a kill. A report is an ordered table of sections (section.go);
// each is a function from the evidence to blocks (block.go). Sections do not know formats: a
// format is a function from blocks to text (markdown.go).
package report
