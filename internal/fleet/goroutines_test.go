// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestOnlyThisPackageStartsGoroutines is a house rule that the linter has no words for.
func TestOnlyThisPackageStartsGoroutines(t *testing.T) {
	t.Parallel()
	here, elsewhere := 0, 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if statement, ok := n.(*ast.GoStmt); ok {
				if filepath.Dir(path) == filepath.Join("..", "fleet") {
					here++
				} else {
					elsewhere++
					t.Errorf("%s starts a goroutine", set.Position(statement.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if here == 0 {
		t.Error("no goroutine was found in this package either: the test looks in the wrong place")
	}
}
