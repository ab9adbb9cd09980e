package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"xinbot.ir/squall/internal/atomicfile"
	"xinbot.ir/squall/internal/bundle"
	"xinbot.ir/squall/internal/config"
	"xinbot.ir/squall/internal/inputfile"
	"xinbot.ir/squall/internal/publish"
	"xinbot.ir/squall/internal/publish/github"
	"xinbot.ir/squall/internal/rundir"
	"xinbot.ir/squall/report"
)

// Publication is a run with where it is published.
type Publication struct {
	Run     *report.Run
	Dir     string // of the run
	To      config.Publish
	Replace bool // entries and rows that are there are written anew
}

// Published is what was done, or would be.
type Published struct {
	Folder string   // of the documents; "": none were copied
	Files  []string // in it
	Items  []publish.Item
	Filed  []publish.Filed // items that have an issue
	Edits  []EditedFile    // made, or found to be there already
}

// EditedFile is a file of the repository with its change.
type EditedFile struct {
	publish.Edit
	Before publish.Document
	path   string
}

// Diff is the change as a unified diff.
func (e EditedFile) Diff() string { return e.Edit.Diff(e.Before) }

// PlanPublication works out what would be published, and changes nothing.
func PlanPublication(p Publication) (Published, error) {
	files := report.Files(p.Run)
	if collected, err := bundle.Collect(p.Dir, []string{rundir.EvidenceDir}); err == nil { // an error: nothing was collected
		files = append(files, collected.Files()...)
	}
	slices.Sort(files)
	return p.plan(files, nil)
}

// Publish copies the documents, files issues when that was asked for, and edits the playbook and the roadmap. Where there
// is no place for the run, nothing is done; when issues fail, the rest is done all the same, with those that were filed.
func Publish(ctx context.Context, p Publication) (Published, error) {
	if _, err := PlanPublication(p); err != nil {
		return Published{}, err
	}
	if err := report.Save(p.Run, p.Dir); err != nil {
		return Published{}, err
	}
	documents, err := bundle.Collect(p.Dir, report.Documents())
	if err != nil {
		return Published{}, err
	}
	if _, err := ExportDocuments(p.Run, p.Dir, p.To.Copies); err != nil {
		return Published{}, err
	}
	filed, failed := p.fileIssues(ctx)
	done, err := p.plan(documents.Files(), filed)
	if err != nil {
		done.Edits = nil
		return done, errors.Join(failed, err)
	}
	errs, edits := []error{failed}, done.Edits
	done.Edits = nil
	for _, e := range edits {
		if e.Outcome != publish.Unchanged {
			if err := e.write(); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		done.Edits = append(done.Edits, e)
	}
	return done, errors.Join(errs...)
}

// plan makes the edits, with links to the issues that there are.
func (p Publication) plan(files []string, filed []publish.Filed) (Published, error) {
	name, err := p.Run.Name()
	if err != nil {
		return Published{}, err
	}
	done := Published{Folder: evidenceFolder(p.Run, name, p.To.Copies), Files: files, Items: p.items(), Filed: filed}
	if done.Folder != "" {
		if err := bundle.Outside(p.Dir, done.Folder); err != nil {
			return Published{}, err
		}
	}
	if p.To.Playbook == p.To.Roadmap {
		return Published{}, fmt.Errorf("%s is given as playbook and as roadmap: name two files", p.To.Roadmap)
	}
	var links []publish.Link
	for _, f := range filed {
		links = append(links, publish.Link{Text: fmt.Sprintf("%s/%s#%d", p.To.Issues.Owner, p.To.Issues.Name, f.Number), URL: f.URL})
	}
	entry, failed := p.edit(p.To.Playbook, "--playbook", func(d publish.Document) (publish.Edit, error) {
		text := report.PlaybookEntry(p.Run, p.place(p.To.Playbook, done))
		return publish.PutEntry(d, publish.Entry{Run: p.Run.ID(), Text: text, Issues: links}, p.Replace)
	})
	row, err := p.edit(p.To.Roadmap, "--roadmap", func(d publish.Document) (publish.Edit, error) {
		playbook, _ := relative(filepath.Dir(p.To.Roadmap), p.To.Playbook)
		return publish.PutRow(d, p.To.ReleaseLog, publish.Row{
			Run: p.Run.ID(), Release: p.To.Release, Date: p.Run.Date(), Issues: links,
			Highlights: report.Highlights(p.Run, playbook, p.place(p.To.Roadmap, done)),
		}, p.Replace)
	})
	done.Edits = []EditedFile{entry, row}
	return done, errors.Join(failed, err)
}

// place is where the documents are, seen from a file.
func (p Publication) place(from string, done Published) report.Place {
	if done.Folder == "" {
		return report.Place{}
	}
	inside, ok := relative(p.To.Repo, done.Folder)
	if !ok || inside == ".." || strings.HasPrefix(inside, "../") {
		return report.Place{} // a link out of the repository leads nowhere on another machine
	}
	folder, _ := relative(filepath.Dir(from), done.Folder)
	return report.Place{Folder: folder, Files: done.Files}
}

// relative is a path seen from a directory, apart by slashes.
func relative(dir, path string) (string, bool) {
	from, errFrom := filepath.Abs(dir)
	to, errTo := filepath.Abs(path)
	inside, err := filepath.Rel(from, to)
	if err := errors.Join(errFrom, errTo, err); err != nil {
		return filepath.ToSlash(path), false
	}
	return filepath.ToSlash(inside), true
}

// items are the remediation items as issues.
func (p Publication) items() (all []publish.Item) {
	for _, r := range report.Remediations(p.Run) {
		all = append(all, publish.Item{Key: publish.Key(r.About(p.Run)...), Title: report.IssueTitle(p.Run, r), Body: report.IssueBody(p.Run, r)})
	}
	return all
}

func (p Publication) fileIssues(ctx context.Context) ([]publish.Filed, error) {
	to := p.To.Issues
	if to == nil {
		return nil, nil
	}
	tracker, err := github.New(github.Config{
		API: to.API, Owner: to.Owner, Name: to.Name, Token: to.Token.Reveal(), UserAgent: to.UserAgent,
		TLS: to.TLS, Proxy: to.Proxy, Timeout: to.Timeout,
	})
	if err != nil {
		return nil, err
	}
	return publish.File(ctx, tracker, publish.Filing{Run: p.Run.ID(), Started: p.Run.Started(), Items: p.items(), Labels: to.Labels})
}

// largestDocument bounds a playbook or roadmap, in bytes.
const largestDocument = 64 << 20

// edit reads a file of the repository and plans its change. The flag is what names another.
func (p Publication) edit(path, flag string, change func(publish.Document) (publish.Edit, error)) (EditedFile, error) {
	text, err := inputfile.ReadRegular(path, largestDocument)
	name, ok := relative(p.To.Repo, path)
	if !ok || strings.HasPrefix(name, "../") {
		name = filepath.ToSlash(path)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: make it, or name the repository with --repo or the file with %s", fs.ErrNotExist, flag)
		}
		return EditedFile{}, fmt.Errorf("read %s: %w", path, err)
	}
	before := publish.Document{Name: name, Text: text}
	edit, err := change(before)
	return EditedFile{Edit: edit, Before: before, path: path}, err
}

// write replaces the file, or what a link of its name leads to, unless somebody else has changed it meanwhile.
func (e EditedFile) write() error {
	path, err := filepath.EvalSymlinks(e.path)
	if err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	now, err := inputfile.ReadRegular(path, largestDocument)
	if err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	if !bytes.Equal(now, e.Before.Text) {
		return fmt.Errorf("write %s: somebody has changed it meanwhile: run the command again", e.path)
	}
	return atomicfile.Write(path, info.Mode().Perm(), func(w io.Writer) error {
		_, err := w.Write(e.Text)
		return err
	})
}
