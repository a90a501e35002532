// SPDX-License-Identifier: Apache-2.0

package output

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestCustomColumnsShowTheItemsOfADocument(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ spec, want string }{
		{"ID:.id,Note:{.note}", lines("ID       Note", "a        first", "longer   2nd")},
		{"ID:id", lines("ID", "a", "longer")},
		{"TAGS:.tags[*],NONE:.nope", lines("TAGS     NONE", "x,y      <none>", "<none>   <none>")},
		{"LIST:.tags", lines("LIST", "[x y]", "<none>")},
		{"TWO:.tags[0,1],ID:.id", lines("TWO      ID", "x,y      a", "<none>   longer")},
		{"X:.tags[?(@=='x,')],ID:.id", lines("X        ID", "<none>   a", "<none>   longer")},
		{"a header:.id", lines("a header", "a", "longer")},
		{"ID:.id,TIME:.metadata.creationTimestamp", lines("ID       TIME", "a        <none>", "longer   <none>")},
	} {
		f := format(t, "custom-columns="+test.spec)
		if err := f.Check(); err != nil {
			t.Errorf("%s: %v", test.spec, err)
		}
		if got := printed(t, f, listWithItems()); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.spec, got, test.want)
		}
	}
	f := format(t, "custom-columns=ID:.id")
	f.NoHeaders = true
	if got := printed(t, f, listWithItems()); got != lines("a", "longer") {
		t.Errorf("--no-headers: %q", got)
	}
	if got := printed(t, format(t, "custom-columns=ID:.id"), emptyList()); got != lines("ID") {
		t.Errorf("no items: %q", got)
	}
}

func TestCustomColumnsCanComeFromAFile(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ID  NOTE\n.id {.note}\n":   lines("ID       NOTE", "a        first", "longer   2nd"),
		"ID\n.id":                   lines("ID", "a", "longer"),
		"ID\r\n.id\r\nignored\r\n":  lines("ID", "a", "longer"),
		"":                          "error: a file of columns has two lines: headers, and below them their paths, both separated by spaces",
		"ID\n":                      "error: a file of columns has two lines: headers, and below them their paths, both separated by spaces",
		"ID NOTE\n.id\n":            "error: the file of columns has 2 headers in its first line, and 1 paths in its second",
		"ID\n.id[\n":                `error: the path of column "ID" must be a JSONPath of one field, such as .expires: unterminated array`,
		"ID NOTE\n.id {.a}{.b}\n":   `error: the path of column "NOTE" must be a JSONPath of one field, such as .expires`,
		strings.Repeat("x", 70_000): "error: a file of columns has two lines: headers, and below them their paths, both separated by spaces",
	} {
		file := filepath.Join(t.TempDir(), "columns")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		f := format(t, "custom-columns-file="+file)
		got := ""
		if err := f.Check(); err != nil {
			got = "error: " + err.Error()
		} else {
			got = printed(t, f, listWithItems())
		}
		if got != want {
			t.Errorf("%.40q: got\n%s\nwant\n%s", text, got, want)
		}
	}
	if err := format(t, "custom-columns-file=/does/not/exist").Check(); err == nil || !strings.Contains(err.Error(), "read template: ") {
		t.Errorf("a file that does not exist: %v", err)
	}
}

func TestAMistakeInCustomColumnsIsFoundBeforeTheCommandRuns(t *testing.T) {
	t.Parallel()
	for o, want := range map[string]string{
		"custom-columns":           "-o custom-columns needs columns: -o custom-columns=ID:.id,EXPIRES:.expires",
		"custom-columns=":          "-o custom-columns needs columns: -o custom-columns=ID:.id,EXPIRES:.expires",
		"custom-columns-file":      "-o custom-columns-file needs columns: -o custom-columns-file=FILE",
		"custom-columns=ID":        `column "ID" has no path: columns are HEADER:PATH,HEADER:PATH,…, such as ID:.id,EXPIRES:.expires`,
		"custom-columns=ID:.id,":   `column "" has no path: columns are HEADER:PATH,HEADER:PATH,…, such as ID:.id,EXPIRES:.expires`,
		"custom-columns=ID:":       `the path of column "ID" must be a JSONPath of one field, such as .expires`,
		"custom-columns=ID:{.a":    `the path of column "ID" must be a JSONPath of one field, such as .expires`,
		"custom-columns=ID:.a[0":   `the path of column "ID" must be a JSONPath of one field, such as .expires: unterminated array`,
		"custom-columns=ID:.id,{}": `column "{}" has no path: columns are HEADER:PATH,HEADER:PATH,…, such as ID:.id,EXPIRES:.expires`,
	} {
		if err := format(t, o).Check(); err == nil || err.Error() != want {
			t.Errorf("-o %s: got  %v\nwant %s", o, err, want)
		}
	}
}

func TestCustomColumnsNeitherActOnATerminalNorShowTheDocumentInErrors(t *testing.T) {
	t.Parallel()
	list := listWithItems()
	list.Items[0].Note = "\x1b[31mred\nlonger   fake"
	if got := printed(t, format(t, "custom-columns=NOTE:.note"), list); strings.Contains(got, "\x1b") || strings.Count(got, "\n") != 3 {
		t.Errorf("prints %q", got)
	}
	err := Print(&strings.Builder{}, format(t, "custom-columns=X:.token[0]"), list, view())
	if err == nil || strings.Contains(err.Error(), "hjkmnp") || !strings.Contains(err.Error(), "-o json shows its fields") {
		t.Errorf("the error is %v", err)
	}
}

func TestCustomColumnsShowOneObjectInOneRow(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "a"}}}
	if err := Object(&out, format(t, "custom-columns=KIND:.kind,NAME:.metadata.name"), object); err != nil || out.String() != lines("KIND     NAME", "Secret   a") {
		t.Errorf("%v: %s", err, out.String())
	}
}

func TestAStreamOfCustomColumnsIsOneTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := NewStream(&out, format(t, "custom-columns=ID:.id,NOTE:.note"), view())
	for _, list := range []List[item]{listWithItems(), {Items: []item{{ID: "b", Note: "third"}}}} {
		if err := s.Print(list); err != nil {
			t.Fatal(err)
		}
	}
	if want := lines("ID       NOTE", "a        first", "longer   2nd", "b        third"); out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}
