// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

func documents(t *testing.T) []*Page {
	t.Helper()
	paths, err := Files(root)
	if err != nil {
		t.Fatal(err)
	}
	var pages []*Page
	for _, path := range paths {
		page, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page)
	}
	if len(pages) < 20 {
		t.Fatalf("found %d documents in %s", len(pages), root)
	}
	return pages
}

// TestLinksOfTheDocumentsLeadSomewhere checks relative links, images and anchors.
func TestLinksOfTheDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	pages := documents(t)
	anchors := map[string]map[string]bool{}
	for _, page := range pages {
		anchors[page.Path] = page.Anchors
	}
	count := 0
	for _, page := range pages {
		for _, link := range page.Links {
			target, err := url.Parse(link)
			if err != nil {
				t.Errorf("%s: %v", page.Path, err)
				continue
			}
			if target.Scheme != "" {
				continue
			}
			count++
			path := page.Path
			if target.Path != "" {
				path = filepath.Join(filepath.Dir(page.Path), filepath.FromSlash(target.Path))
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s: %v", page.Path, link, err)
			}
			if target.Fragment != "" && !anchors[path][target.Fragment] {
				t.Errorf("%s links to %s: the page has no such heading", page.Path, link)
			}
		}
	}
	if count < 50 {
		t.Errorf("found %d relative links", count)
	}
}

// TestEveryTranscriptIsRun finds blocks that look like a transcript and are not run, since their language is not console.
func TestEveryTranscriptIsRun(t *testing.T) {
	t.Parallel()
	for _, page := range documents(t) {
		for _, block := range page.Blocks {
			if block.Language == Console {
				if _, err := block.Steps(); err != nil {
					t.Errorf("%s: %v", page.Path, err)
				}
				continue
			}
			if strings.HasPrefix(block.Text, prompt) || strings.Contains(block.Text, "\n"+prompt) {
				t.Errorf("%s:%d: a block of the language %q looks like a transcript, which no test runs", page.Path, block.Line, block.Language)
			}
		}
	}
}

// TestTheIndexLeadsToEveryDocument follows the links from docs/README.md.
func TestTheIndexLeadsToEveryDocument(t *testing.T) {
	t.Parallel()
	links := map[string][]string{}
	for _, page := range documents(t) {
		for _, link := range page.Links {
			path, _, _ := strings.Cut(link, "#")
			links[page.Path] = append(links[page.Path], filepath.Join(filepath.Dir(page.Path), filepath.FromSlash(path)))
		}
	}
	found := map[string]bool{}
	for next := []string{filepath.Join(root, "docs", "README.md")}; len(next) > 0; next = next[1:] {
		if !found[next[0]] {
			found[next[0]] = true
			next = append(next, links[next[0]]...)
		}
	}
	for _, page := range documents(t) {
		if strings.HasPrefix(page.Path, filepath.Join(root, "docs")) && !found[page.Path] {
			t.Errorf("no link leads from docs/README.md to %s", page.Path)
		}
	}
}

// TestThePlaybookRunsCommandsOfTheTranscript compares the joinctl commands of the Ansible page with those that a test runs.
func TestThePlaybookRunsCommandsOfTheTranscript(t *testing.T) {
	t.Parallel()
	page, err := Read(filepath.Join(root, "docs", "tasks", "ansible.md"))
	if err != nil {
		t.Fatal(err)
	}
	var transcript, commands []string
	for _, block := range page.Blocks {
		for line := range strings.Lines(block.Text) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), "- command: joinctl "); ok && block.Language == "yaml" {
				commands = append(commands, command)
			}
		}
		if block.Language == Console {
			transcript = append(transcript, block.Text)
		}
	}
	if len(commands) != 2 {
		t.Errorf("the playbook has the commands %q", commands)
	}
	for _, command := range commands {
		if !strings.Contains(strings.Join(transcript, ""), prompt+"joinctl "+command) {
			t.Errorf("the transcript does not run joinctl %s", command)
		}
	}
}
