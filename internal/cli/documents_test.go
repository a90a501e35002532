// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const documentsPage = reference + "/documents.md"

const documentsIntroduction = `# Documents

Every command with ` + "`-o`" + ` prints one document in the structured formats, for one control plane and for many. The table of a command is
for people and can change; a document is for programs, and within ` + "`joinctl.io/v1alpha1`" + ` fields are added, never renamed or removed.

| field | type | |
|---|---|---|
| ` + "`apiVersion`" + ` | string | ` + "`joinctl.io/v1alpha1`" + ` |
| ` + "`kind`" + ` | string | one of the kinds below |
| ` + "`items`" + ` | list of objects | what the command found or did, in the order of the control planes; can be empty |
| ` + "`failures`" + ` | list of objects | what failed on single control planes; can be empty |

` + "`-o jsonpath` and `-o go-template`" + ` take these fields, and ` + "`-o custom-columns` and `--sort-by`" + ` those of an item. Times are in
RFC 3339, and in UTC. These commands print objects of Kubernetes in place of a document: ` + "`sa token`" + ` on one control plane (TokenRequest), and
` + "`token create --dry-run=client`" + ` and ` + "`setup --dry-run=client`" + ` (Secret, List). ` + "`version`" + ` prints the kind Version, with ` + "`version`, `commit`, `goVersion`" + ` and
` + "`platform`" + `.
`

// documentKinds returns who prints each kind of document, in the order of the page.
func documentKinds() [][2]string {
	return [][2]string{
		{"TokenList", "Bootstrap tokens: `token list`, `token create`, `token ensure`, `token rotate`, `token command`. A command has the fields that it knows."},
		{"TokenDeletionList", "Deleted bootstrap tokens: `token delete`, `token prune`."},
		{"TokenExtensionList", "Bootstrap tokens with another expiry: `token extend`."},
		{"TokenUsesList", "Who used bootstrap tokens: `token uses`. Each list has at most 50 entries, the most frequent first."},
		{"CheckStepList", "The steps of a join: `check`."},
		{"DoctorFindingList", "Findings on control planes: `doctor`."},
		{"SetupChangeList", "Objects that were created or changed: `setup`."},
		{"CertificateList", "CA certificates: `ca-hash`."},
		{"ContextList", "Control planes of a selection: `contexts`."},
		{"ServiceAccountTokenList", "ServiceAccount tokens: `sa token` on many control planes, `sa list`."},
		{"PublishedTokenList", "ServiceAccount tokens that are kept valid: `sa ensure`."},
		{"ServiceAccountTokenRevocationList", "Revoked ServiceAccount tokens: `sa revoke`."},
		{"ProblemList", "Codes with their explanations: `explain`."},
		{"TokenInspectionList", "What tokens say: `sa inspect`."},
	}
}

// A documentSource is what the source says about documents.
type documentSource struct {
	structs map[string]*ast.StructType
	items   map[string]string // type of the items by kind
	kinds   map[string]bool   // all kinds that are named
}

func readDocumentSource(t *testing.T) documentSource {
	t.Helper()
	source := documentSource{map[string]*ast.StructType{}, map[string]string{}, map[string]bool{}}
	for _, dir := range []string{".", "../output", "../satoken"} {
		noTest := func(file fs.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }
		packages, err := parser.ParseDir(token.NewFileSet(), dir, noTest, parser.ParseComments) //nolint:staticcheck // the files of all systems
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range packages {
			ast.Inspect(one, source.visit)
		}
	}
	return source
}

func (d documentSource) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.TypeSpec:
		if fields, ok := n.Type.(*ast.StructType); ok {
			d.structs[n.Name.Name] = fields
		}
	case *ast.BasicLit:
		if text, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING && strings.HasSuffix(text, "List") && !strings.ContainsAny(text, " /") && text != "List" {
			d.kinds[text] = true
		}
	case *ast.CompositeLit:
		generic, ok := n.Type.(*ast.IndexExpr)
		if !ok {
			break
		}
		for _, element := range n.Elts {
			pair, ok := element.(*ast.KeyValueExpr)
			if kind, isText := literalOf(pair, ok); isText && pair.Key.(*ast.Ident).Name == "Kind" {
				d.items[kind] = generic.Index.(*ast.Ident).Name
			}
		}
	}
	return true
}

func literalOf(pair *ast.KeyValueExpr, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	literal, ok := pair.Value.(*ast.BasicLit)
	if !ok {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}

// fields writes the fields of a struct, and then those of the structs in it, below a title of so many #.
func (d documentSource) fields(t *testing.T, out *strings.Builder, name, depth string) {
	t.Helper()
	type nested struct{ title, name string }
	var below []nested
	out.WriteString("| field | type | | absent |\n|---|---|---|---|\n")
	for _, field := range d.structs[name].Fields.List {
		if field.Tag == nil {
			continue
		}
		tag, _ := strconv.Unquote(field.Tag.Value)
		json, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if json == "" || json == "-" {
			continue
		}
		text, absent, ruled := strings.Cut(strings.TrimSpace(field.Comment.Text()), "absent: ")
		text = strings.TrimSuffix(strings.TrimSpace(text), ";")
		if text == "" {
			t.Errorf("the field %s of %s has no comment that says what it is", json, name)
		}
		optional := strings.Contains(options, "omitempty")
		switch {
		case !optional && ruled:
			t.Errorf("the field %s of %s is always present, and its comment says when it is absent", json, name)
		case !optional:
			absent = "always present"
		case !ruled:
			absent = "empty or not known"
		}
		kind, inner := d.typeName(field.Type)
		if inner != "" {
			below = append(below, nested{json, inner})
		}
		fmt.Fprintf(out, "| `%s` | %s | %s | %s |\n", json, kind, strings.ReplaceAll(text, "|", `\|`), absent)
	}
	for _, one := range below {
		if strings.Contains(out.String(), depth+" `"+one.title+"`\n") || one.name == "countedItem" && strings.Contains(out.String(), "how often it occurs") {
			continue
		}
		title := "`" + one.title + "`"
		if one.name == "countedItem" {
			title = "Entries of these lists"
		}
		fmt.Fprintf(out, "\n%s %s\n\n", depth, title)
		d.fields(t, out, one.name, depth+"#")
	}
}

// typeName returns what JSON calls a type, and the struct in it, "" for none.
func (d documentSource) typeName(e ast.Expr) (name, inner string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return d.typeName(e.X)
	case *ast.ArrayType:
		name, inner = d.typeName(e.Elt)
		return "list of " + name + "s", inner
	case *ast.SelectorExpr:
		return d.typeName(e.Sel)
	case *ast.Ident:
		if d.structs[e.Name] != nil {
			return "object", e.Name
		}
		if plain := map[string]string{"bool": "boolean", "int": "integer", "int64": "integer"}[e.Name]; plain != "" {
			return plain, ""
		}
	}
	return "string", ""
}

// TestTheDocumentsPageIsThatOfTheTypes compares docs/reference/documents.md with the types of the documents; -update writes it.
func TestTheDocumentsPageIsThatOfTheTypes(t *testing.T) {
	source := readDocumentSource(t)
	var page strings.Builder
	page.WriteString(documentsIntroduction + "\nAn item of `failures`:\n\n")
	source.fields(t, &page, "Failure", "###")
	var described []string
	for _, kind := range documentKinds() {
		described = append(described, kind[0])
		if source.structs[source.items[kind[0]]] == nil {
			t.Errorf("no command prints a %s", kind[0])
			continue
		}
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n", kind[0], kind[1])
		var fields strings.Builder
		source.fields(t, &fields, source.items[kind[0]], "###")
		page.WriteString(fields.String())
	}
	for kind := range source.kinds {
		if !slices.Contains(described, kind) {
			t.Errorf("the kind %s is not on the page", kind)
		}
	}
	path := filepath.Clean(documentsPage)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != page.String() {
		t.Errorf("%s is out of date (%v): make docs writes it", path, err)
	}
}
