// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/problem"
)

// computed are the expressions in this package from which the names of checks come at run time; computedChecks returns these
// names. Every other name is a constant.
func computed() []string {
	return []string{"check", "check.name", "grant.Name", `grant.Name + "-power"`, `"probe-" + step.Name`, "kind.check"}
}

func computedChecks() map[string]bool {
	checks := map[string]bool{}
	for _, joiner := range join.Joiners() {
		for _, grant := range Grants(joiner) {
			checks[grant.Name] = true
			if grant.Power != "" {
				checks[grant.Name+"-power"] = true
			}
		}
	}
	return checks
}

// The names of checks are in the code of this package: the first argument of a function or method with a parameter check, and
// the field check, Check, or name of a struct literal.
func TestEveryFindingHasACode(t *testing.T) {
	t.Parallel()
	checks := computedChecks()
	for name := range namedChecks(t) {
		checks[name] = true
	}
	for name := range checks {
		if p, ok := problem.NewCatalog().Of(problem.Finding, name); !ok || p.Kind != problem.Finding {
			t.Errorf("check %s has no code", name)
		}
	}
	for _, p := range problem.All() {
		if p.Kind == problem.Finding && !checks[p.Name] {
			t.Errorf("%s explains the check %s, which does not exist", p.Code, p.Name)
		}
	}
}

// namedChecks returns the names of checks that are constants in the code of this package. It fails the test at a name that it
// cannot read.
func namedChecks(t *testing.T) map[string]bool {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	info := types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Error: func(error) {}, Importer: noImports{}} // constants of this package need no other one
	_, _ = config.Check("controlplane", set, files, &info)
	checks := map[string]bool{}
	add := func(name ast.Expr) {
		if value := info.Types[name].Value; value != nil && value.Kind() == constant.String {
			checks[constant.StringVal(value)] = true
		} else if text := types.ExprString(name); !slices.Contains(computed(), text) {
			t.Errorf("%s: the name of a check is computed by %s: add its names to computedChecks", set.Position(name.Pos()), text)
		}
	}
	for _, file := range files {
		ast.Inspect(file, func(node ast.Node) bool {
			switch node := node.(type) {
			case *ast.CallExpr:
				if called := types.ExprString(node.Fun); strings.HasSuffix(called, ".report") || called == "unknownIssuance" {
					add(node.Args[0])
				}
			case *ast.CompositeLit:
				if name := checkIn(node, info.Types[node].Type); name != nil {
					add(name)
				}
			}
			return true
		})
	}
	return checks
}

// checkIn returns the name of a check in a struct literal, nil if it has none. A Finding without one is the zero Finding.
func checkIn(literal *ast.CompositeLit, of types.Type) ast.Expr {
	if of == nil || len(literal.Elts) == 0 {
		return nil
	}
	fields, ok := of.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	isCheck := func(field string) bool {
		return field == "Check" || field == "check" || field == "name" && fields.NumFields() == 2 && fields.Field(1).Name() == "run"
	}
	for i, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if isCheck(types.ExprString(pair.Key)) {
				return pair.Value
			}
		} else if isCheck(fields.Field(i).Name()) {
			return element
		}
	}
	return nil
}

type noImports struct{}

func (noImports) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }
