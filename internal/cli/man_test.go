// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

var manDir = flag.String("man", "", "write the man pages into this directory")

// TestManPages makes a man page of every command; -man writes them.
func TestManPages(t *testing.T) {
	dir := *manDir
	if dir == "" {
		dir = t.TempDir()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	root := testRoot()
	root.DisableAutoGenTag = true
	date := time.Unix(0, 0).UTC() // the same pages from the same source
	header := &doc.GenManHeader{Title: "JOINCTL", Section: "1", Source: "joinctl", Manual: "joinctl", Date: &date}
	if err := doc.GenManTree(root, header, dir); err != nil {
		t.Fatal(err)
	}
	eachCommand(root, func(c *cobra.Command) {
		if !ours(c) || isTopic(c) {
			return
		}
		name := strings.ReplaceAll(c.CommandPath(), " ", "-") + ".1"
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Error(err)
			return
		}
		for _, section := range []string{".SH NAME", ".SH SYNOPSIS", c.Short} {
			if !strings.Contains(strings.ReplaceAll(string(content), `\`, ""), section) {
				t.Errorf("%s lacks %q", name, section)
			}
		}
	})
}
