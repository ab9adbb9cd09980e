package report

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// JobSummaryFile holds what was appended to a job summary of GitHub Actions, in the run directory. That it is there
// keeps a run from being told twice: each step of a job has a summary file of its own, so a look into that does not do.
const JobSummaryFile = "job-summary.md"

// AppendJobSummary appends a short summary of the run to the file of $GITHUB_STEP_SUMMARY, once for each run, and
// reports whether it did. dir is the run directory.
func AppendJobSummary(run *Run, dir, path string) (done bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("append to the job summary (GITHUB_STEP_SUMMARY): %w", err)
		}
	}()
	text := markdown(jobSummary(run))
	claim, err := os.OpenFile(filepath.Join(dir, JobSummaryFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = io.WriteString(claim, text)
	if err = errors.Join(err, claim.Close()); err == nil {
		err = appendBlock(path, text)
	}
	if err != nil {
		return false, errors.Join(err, os.Remove(claim.Name()))
	}
	return true, nil
}

// appendBlock appends text to a file as a block of Markdown of its own, whatever is there before it.
func appendBlock(path, text string) (err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !info.Mode().IsRegular(): // opening a FIFO that nobody reads would wait for ever
		return fmt.Errorf("%s is no regular file", path)
	case info.Size() > 0:
		text = "\n\n" + text
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = io.WriteString(file, text)
	return err
}

// jobSummary is the verdict, what must be known to believe it, the objectives and the faults.
func jobSummary(run *Run) []block {
	title := "squall"
	if t := run.timeline.Start.Target; t != "" {
		title += " on " + t
	}
	blocks := []block{
		heading{2, verdictSymbol(run.verdict.Answer) + " " + title + ": " + run.verdict.Answer.String()},
		paragraph{sentence(run.sentence())},
	}
	for _, text := range caveats(run) {
		blocks = append(blocks, note{text})
	}
	blocks = append(blocks, summary(run))
	blocks = append(blocks, objectivesSection(run)...)
	if faults := append(byPhase(run), faultLines(run)...); len(faults) > 0 {
		blocks = append(blocks, heading{3, "Faults"}, list{faults})
	}
	return blocks
}

// sentence begins a line in upper case, unless it begins with a name.
func sentence(l line) line {
	if len(l) == 0 || l[0].style != plainStyle {
		return l
	}
	first := l[0]
	first.text = upperFirst(first.text)
	return append(line{first}, l[1:]...)
}
