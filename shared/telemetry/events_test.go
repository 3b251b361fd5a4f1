package telemetry_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dps/shared/telemetry"
)

// TestEveryNameInTheCodeIsKnown reads the program's own sources: whatever is counted under a name that is written in the code
// must be in the table. What is put together at run time, a test of the whole finds by Metrics.Unknown.
func TestEveryNameInTheCodeIsKnown(t *testing.T) {
	known := telemetry.Events()
	found := 0
	for _, room := range []string{"ingress", "functions", "shared"} {
		for name, where := range namesIn(t, filepath.Join("..", "..", room)) {
			found++
			if !slices.Contains(known, name) && !slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, name) && strings.HasSuffix(name, "_") }) {
				t.Errorf("%s: %q is counted, and package telemetry's table of events does not have it", where, name)
			}
		}
	}
	if found < 12 {
		t.Errorf("only %d names found: the test does not see the code", found)
	}
}

// namesIn gives the first arguments of calls of count and Count with two or three arguments, and the Name of pools, with where
// they are.
func namesIn(t *testing.T, root string) map[string]string {
	t.Helper()
	names := map[string]string{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if name, ok := countedName(n); ok {
				names[name] = path
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func countedName(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if name := calledName(n.Fun); (name == "Count" || name == "count") && len(n.Args) == 2 {
			return literal(n.Args[0])
		}
	case *ast.CompositeLit:
		if s, ok := n.Type.(*ast.SelectorExpr); !ok || s.Sel.Name != "Options" || calledName(s.X) != "clientpool" {
			return "", false
		}
		for _, e := range n.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok && calledName(kv.Key) == "Name" {
				return literal(kv.Value)
			}
		}
	}
	return "", false
}

func calledName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literal gives a text, or the text that a sum of texts begins with.
func literal(e ast.Expr) (string, bool) {
	if b, ok := e.(*ast.BinaryExpr); ok {
		return literal(b.X)
	}
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}
