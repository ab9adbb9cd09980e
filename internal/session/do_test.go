package session

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// A command that nothing carries out would be refused only when somebody gives it.
func TestEveryCommandIsCarriedOut(t *testing.T) {
	carried := map[string]bool{}
	for kind := range handlers {
		carried[kind.Name()] = true
	}
	files, err := filepath.Glob("../command/*.go")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "check" {
				continue
			}
			commands++
			if name := f.Recv.List[0].Type.(*ast.Ident).Name; !carried[name] {
				t.Errorf("command.%s has no line in handlers (do.go)", name)
			}
		}
	}
	if commands < len(handlers) {
		t.Errorf("%d commands found for %d handlers", commands, len(handlers))
	}
}
