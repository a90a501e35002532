// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func TestEveryFlagThatNamesAFileIsKnownAsOne(t *testing.T) {
	t.Parallel()
	env := &Env{}
	seen := map[string]bool{}
	eachSubcommand(newRoot(env, newSession(env), func() {}), func(c *cobra.Command) {
		for _, flags := range []*pflag.FlagSet{c.LocalFlags(), c.InheritedFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				seen[f.Name] = true
				named := strings.HasSuffix(f.Name, "-file") || strings.HasSuffix(f.Name, "-dir") || strings.HasPrefix(f.Usage, "file ") || strings.HasPrefix(f.Usage, "directory ")
				if named && !f.Hidden && !isFile(f.Name) {
					t.Errorf("%s --%s is not in the lists", c.CommandPath(), f.Name)
				}
			})
		}
	})
	for _, name := range slices.Concat(connectionFiles(), inputFiles(), outputFiles()) {
		if !seen[name] {
			t.Errorf("no command has --%s", name)
		}
	}
}

func TestALogReplacesNoFileThatAnArgumentNames(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	env := &Env{In: strings.NewReader(""), Out: io.Discard, Err: &stderr, Now: time.Now, Rand: strings.NewReader("")}
	code := Main(t.Context(), env, []string{"ca-hash", path, "--log-file", path})
	if content, err := os.ReadFile(path); err != nil || string(content) != "content" || code != ExitUsage || !strings.Contains(stderr.String(), "which joinctl reads") {
		t.Errorf("exit code %d, content %q, %v: %s", code, content, err, stderr.String())
	}
}
