// SPDX-License-Identifier: Apache-2.0

package markdown

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryMessageOfTroubleshootingExists looks for the messages in the source: each text between two ellipses.
func TestEveryMessageOfTroubleshootingExists(t *testing.T) {
	t.Parallel()
	source := goSource(t)
	document, err := os.ReadFile(filepath.Join(root, "docs", "troubleshooting.md"))
	if err != nil {
		t.Fatal(err)
	}
	messages := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(document), -1)
	if len(messages) < 15 {
		t.Errorf("found %d messages", len(messages))
	}
	for _, message := range messages {
		for text := range strings.SplitSeq(message[1], omission) {
			if text = strings.TrimSpace(text); !strings.Contains(source, text) {
				t.Errorf("no source has the message %q: %q", message[1], text)
			}
		}
	}
}

// goSource returns the source of the program, and of the library that writes messages of TLS.
func goSource(t *testing.T) string {
	t.Helper()
	source := strings.Builder{}
	source.WriteString("x509: certificate is valid for %s, not %s") // crypto/x509, HostnameError
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := os.ReadFile(path)
		source.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return source.String()
}
