// SPDX-License-Identifier: Apache-2.0

package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/markdown"
)

const (
	root            = "../../.."
	commandNotFound = 127 // exit code of a shell
)

// TestTranscriptsOfTheDocuments runs the commands of every console block, in order, in one directory for each page, and compares
// their output with the page. -update writes the output into the page.
func TestTranscriptsOfTheDocuments(t *testing.T) {
	paths, err := markdown.Files(root)
	if err != nil {
		t.Fatal(err)
	}
	e := prepare(t)
	count := 0
	for _, path := range paths {
		page, err := markdown.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if !page.HasTranscript() {
			continue
		}
		count++
		t.Run(strings.TrimPrefix(path, root+"/"), func(t *testing.T) {
			e.must(t, e.reset)
			(&run{t, e, page, markdown.NewTranscript(e.names), t.TempDir(), nil}).page()
		})
	}
	if count == 0 {
		t.Error("no document has a transcript")
	}
}

// A run is one execution of a page.
type run struct {
	*testing.T
	environment *environment
	document    *markdown.Page
	transcript  *markdown.Transcript
	dir         string
	outputs     []output // of all steps, in order; only for -update
}

// An output is a step as the page shows it, and as it is now.
type output struct{ page, now string }

// page runs the blocks of the page. The directory hack of the repository is there.
func (r *run) page() {
	hack, err := filepath.Abs(filepath.Join(root, "hack"))
	if err != nil {
		r.Fatal(err)
	}
	if err := os.Symlink(hack, filepath.Join(r.dir, "hack")); err != nil {
		r.Fatal(err)
	}
	for _, block := range r.document.Blocks {
		switch block.Language {
		case markdown.Prepare:
			if out, code := r.environment.run(r.T, r.dir, "set -e\n"+r.transcript.Command(block.Text)); code != 0 {
				r.Fatalf("%s:%d: exit code %d\n%s", r.document.Path, block.Line, code, out)
			}
		case markdown.Console:
			steps, err := block.Steps()
			if err != nil {
				r.Fatalf("%s: %v", r.document.Path, err)
			}
			for _, step := range steps {
				r.step(step)
			}
		}
	}
	if *update && len(r.outputs) > 0 {
		r.rewrite()
	}
}

func (r *run) step(step markdown.Step) {
	out, code := r.environment.run(r.T, r.dir, r.transcript.Command(step.Command))
	if code == commandNotFound {
		r.Fatalf("%s:%d: %s", r.document.Path, step.Line, out)
	}
	err := r.transcript.Compare(step.Output, out)
	switch {
	case !*update && err == nil:
	case *update && err == nil:
		r.outputs = append(r.outputs, output{step.Shown + step.Output, step.Shown + step.Output})
	case *update:
		shown := r.transcript.Rewrite(step.Output, out) + trailingLines(step.Output)
		r.outputs = append(r.outputs, output{step.Shown + step.Output, step.Shown + shown})
	default:
		r.Errorf("%s:%d: %s%v\nthe whole output:\n%s", r.document.Path, step.Line, step.Command, err, out)
	}
}

// trailingLines returns the empty lines at the end of a text.
func trailingLines(text string) string {
	shown := strings.TrimRight(text, "\n")
	if shown == "" {
		return text
	}
	return text[len(shown)+1:]
}

// rewrite writes the outputs into the page.
func (r *run) rewrite() {
	source, err := os.ReadFile(r.document.Path)
	if err != nil {
		r.Fatal(err)
	}
	var changed strings.Builder
	rest := string(source)
	for _, step := range r.outputs {
		before, after, _ := strings.Cut(rest, step.page)
		changed.WriteString(before + step.now)
		rest = after
	}
	changed.WriteString(rest)
	if err := os.WriteFile(r.document.Path, []byte(changed.String()), 0o644); err != nil {
		r.Fatal(err)
	}
}
