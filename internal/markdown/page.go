// SPDX-License-Identifier: Apache-2.0

// Package markdown reads the documents for their tests: links, anchors, code blocks and transcripts.
package markdown

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// The languages of blocks that a test runs.
const (
	Console = "console" // commands after "$ ", each with its output
	Prepare = "prepare" // commands in a comment <!-- prepare … -->, which readers do not see
)

// Page is a document.
type Page struct {
	Path    string
	Anchors map[string]bool // of the headings, as GitHub makes them
	Links   []string        // destinations of links and images, in order
	Blocks  []Block         // in order
}

// Block is a fenced code block, or a preparation.
type Block struct {
	Language string // info string of the fence; empty if there is none
	Text     string // without the fence
	Line     int    // line of the first line of Text, from 1
}

// Read parses the file at path.
func Read(path string) (*Page, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read a document: %w", err)
	}
	return Parse(path, source), nil
}

// Parse parses source; path is the name of the page.
func Parse(path string, source []byte) *Page {
	page := &Page{Path: path, Anchors: map[string]bool{}}
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(text.NewReader(source))
	// The walk cannot fail: visit returns no error.
	_ = ast.Walk(root, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			page.visit(node, source)
		}
		return ast.WalkContinue, nil
	})
	return page
}

func (p *Page) visit(node ast.Node, source []byte) {
	switch node := node.(type) {
	case *ast.Heading:
		p.addAnchor(anchor(plainText(node, source)))
	case *ast.Link:
		p.Links = append(p.Links, string(node.Destination))
	case *ast.Image:
		p.Links = append(p.Links, string(node.Destination))
	case *ast.FencedCodeBlock:
		p.addBlock(string(node.Language(source)), node.Lines(), source)
	case *ast.CodeBlock:
		p.addBlock("", node.Lines(), source)
	case *ast.HTMLBlock:
		lines := node.Lines()
		if first, _, _ := strings.Cut(string(lines.Value(source)), "\n"); first == "<!-- "+Prepare {
			inner := text.NewSegments()
			inner.AppendAll(lines.Sliced(1, lines.Len()))
			p.addBlock(Prepare, inner, source)
		}
	}
}

func (p *Page) addBlock(language string, lines *text.Segments, source []byte) {
	line := 0
	if lines.Len() > 0 {
		line = bytes.Count(source[:lines.At(0).Start], []byte("\n")) + 1
	}
	content, _, _ := strings.Cut(string(lines.Value(source)), "-->")
	if language != Prepare {
		content = string(lines.Value(source))
	}
	p.Blocks = append(p.Blocks, Block{language, content, line})
}

// addAnchor adds an anchor; a second heading of the same text gets a number.
func (p *Page) addAnchor(name string) {
	unique := name
	for n := 1; p.Anchors[unique]; n++ {
		unique = fmt.Sprintf("%s-%d", name, n)
	}
	p.Anchors[unique] = true
}

// anchor returns GitHub's anchor of a heading: lower case, without punctuation, with a dash for each space.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, heading)
}

// plainText returns the text of a node without its markup.
func plainText(node ast.Node, source []byte) string {
	var b strings.Builder
	_ = ast.Walk(node, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Value(source))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// HasTranscript reports whether the page has a block that a test runs.
func (p *Page) HasTranscript() bool {
	return slices.ContainsFunc(p.Blocks, func(b Block) bool { return b.Language == Console })
}

// Files returns the paths of the documents below root: *.md there, and all below docs.
func Files(root string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		return nil, fmt.Errorf("list the documents: %w", err)
	}
	for _, dir := range []string{"docs", ".github"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".md" {
				files = append(files, path)
			}
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("list the documents: %w", err)
		}
	}
	return files, nil
}
