package event

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An event without a row would end the run at its first time: whatever is written anywhere in squall has one.
func TestEveryEventThatIsWrittenHasARow(t *testing.T) {
	rows := map[string]bool{}
	for _, r := range table {
		rows[r.data.Name()] = true
	}
	written := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if name := eventWritten(n); name != "" {
				written[name] = true
				if !rows[name] {
					t.Errorf("%s writes event.%s, which has no row in the table", path, name)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(written) < len(rows)/2 {
		t.Errorf("only %d of %d events are seen to be written: do they go another way now?", len(written), len(rows))
	}
}

// eventWritten is the type of event.X in s.emit(by, event.X{..}) and its like; "" for anything else.
func eventWritten(n ast.Node) string {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return ""
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"emit", "add", "Make", "Record"}, f.Sel.Name) {
		return ""
	}
	for _, arg := range call.Args {
		if literal, ok := arg.(*ast.CompositeLit); ok {
			if kind, ok := literal.Type.(*ast.SelectorExpr); ok {
				if pkg, ok := kind.X.(*ast.Ident); ok && pkg.Name == "event" {
					return kind.Sel.Name
				}
			}
		}
	}
	return ""
}
