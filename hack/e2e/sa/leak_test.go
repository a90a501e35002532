// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/internal/story"
)

// anyJWT is the start of every JWT: {"alg":" in base64url.
const anyJWT = "eyJhbGciOi"

// TestNoTokenIsLoggedAtAnyLevel runs every sa command at every level that logs requests, and searches all output for tokens.
// It skips stdout if the command prints a token there.
func TestNoTokenIsLoggedAtAnyLevel(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	plain := run(t, "joinctl", h.Kubeconfig, "sa", "token", robot, "-n", ns).OK(t)
	dir := t.TempDir()
	for _, level := range []string{"-v=6", "-v=8", "-v=9", "-v=10"} {
		commands := []struct {
			args    []string
			reveals bool // on stdout, because the operator asked for it
		}{
			{[]string{"token", robot}, true},
			{[]string{"token", robot, "-o", "yaml"}, true},
			{[]string{"token", robot, "-o", "name"}, false},
			{[]string{"token", robot, "-o", "jsonpath={.status.expirationTimestamp}"}, false},
			{[]string{"token", robot, "-o", "jsonpath={.nothing}", "--allow-missing-template-keys=false"}, false},
			{[]string{"token", robot, "-o", "go-template={{.nothing}}", "--allow-missing-template-keys=false"}, false},
			{[]string{"token", robot, "--duration", "24h", "--min-granted", "24h"}, false},
			{[]string{"token", robot, "--duration", "24h", "--warnings-as-errors"}, false},
			{[]string{"token", robot, "--revocable"}, true},
			{[]string{"token", "nobody", "--revocable"}, false},
			{[]string{"token", robot, "--token", plain}, true}, // the client certificate takes precedence over the token
			{[]string{"token", plain}, false},
			{[]string{"token", robot, "--audience", plain, "--dry-run"}, false},
			{[]string{"list"}, false},
			{[]string{"list", "-o", "yaml"}, false},
			{[]string{"revoke", plain}, false},
			{[]string{"revoke", "--expired", "--yes"}, false},
			{[]string{"kubeconfig", robot}, true},
			{[]string{"kubeconfig", robot, "--embed", "exec"}, false},
			{[]string{"kubeconfig", robot, "--out", filepath.Join(dir, "kubeconfig")}, false},
			{[]string{"credential", robot, "--cache", "none"}, true},
			{[]string{"credential", robot, "--cache-dir", filepath.Join(dir, "cache")}, true},
			{[]string{"inspect", "-"}, false},
			{[]string{"inspect", "-", "--review"}, false},
			{[]string{"inspect", "-", "--review", "--as", "nobody"}, false},
			{[]string{"inspect", "-", "-o", "json"}, false},
			{[]string{"inspect", plain + "x.y"}, false},
		}
		for _, c := range commands {
			log := filepath.Join(dir, "log")
			for _, more := range [][]string{{level}, {level, "--logtostderr=false", "--log-file=" + log}} {
				args := append(append([]string{"sa"}, c.args...), more...)
				if c.args[0] != "inspect" {
					args = append(args, "-n", ns)
				}
				cmd := command(t, "joinctl", h.Kubeconfig, args...)
				cmd.Stdin = strings.NewReader(plain)
				out := program.Execute(t, cmd)
				texts := map[string]string{"stderr": out.Stderr, "the log file": readOptionalFile(t, log)}
				if !c.reveals {
					texts["stdout"] = out.Stdout
				}
				for output, text := range texts {
					for _, secret := range []string{anyJWT, signatureOf(plain), signatureOf(out.Stdout)} {
						if form := story.Leak(text, secret); secret != "" && form != "" {
							t.Errorf("sa %v %v: a token is on %s as %s", c.args[:1], more, output, form)
						}
					}
				}
			}
		}
	}
}

// signatureOf returns the signature of the first JWT in a text, or "".
func signatureOf(text string) string {
	found := regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.([\w-]{20,})`).FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return found[1]
}

// readOptionalFile returns the content of a file, or "" if it does not exist.
func readOptionalFile(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}
