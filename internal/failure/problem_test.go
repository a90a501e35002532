// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/joinctl/joinctl/internal/problem"
)

func TestEveryReasonHasACode(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "failure.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok {
			if declared, ok := spec.Type.(*ast.Ident); ok && declared.Name == "Reason" {
				name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Error(err)
				}
				reasons[name] = true
			}
		}
		return true
	})
	if !reasons[string(Internal)] {
		t.Fatalf("found %v", reasons)
	}
	for name := range reasons {
		if _, ok := problem.NewCatalog().Of(problem.Reason, name); !ok {
			t.Errorf("reason %s has no code", name)
		}
	}
	for _, p := range problem.All() {
		if p.Kind == problem.Reason && !reasons[p.Name] {
			t.Errorf("%s explains the reason %s, which does not exist", p.Code, p.Name)
		}
	}
}
