// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

// needShell skips a test where no POSIX shell is.
func needShell(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
}

// testFileLimits runs commands on a dozen control planes with few open files.
func (m *matrix) testFileLimits(t *testing.T) {
	t.Parallel()
	needShell(t)
	for files := 16; files <= 40; files += 2 {
		for _, args := range []string{
			"token create --all-contexts -o json", "token delete abcdef --everywhere --yes --all-contexts", "token list --all-contexts -o json",
			"sa token robot -n default --revocable --all-contexts -o json", "token create --for " + many(40) + " --out-dir DIR",
		} {
			if name := fmt.Sprint(files, " files: ", args); m.takes(name, 8) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					m.runLimited(t, args, files)
				})
			}
		}
	}
}

// runLimited runs one command on twelve control planes, and judges it on each.
func (m *matrix) runLimited(t *testing.T, args string, files int) {
	t.Helper()
	c := command{args: args, has: []string{given}, judge: func(*world, result) string { return "" }}
	worlds, servers := []*world{}, map[string]*apitest.Server{}
	for i := range 12 {
		w := newWorld(t, c)
		w.limit = 5 * time.Minute // one process for twelve servers and their client
		worlds, servers[fmt.Sprintf("cp%02d", i)] = append(worlds, w), w.server
	}
	first := worlds[0]
	at := slices.Index(first.args, "--kubeconfig") + 1
	first.args[at] = apitest.Kubeconfig(t, servers)
	first.args[len(first.args)-1] = "60s" // of --request-timeout: a server with twelve others may be slow
	r := m.run(t, first, fmt.Sprintf(`ulimit -n %d; "$@"`, files))
	wrong := ""
	for _, w := range worlds {
		if wrong == "" {
			wrong = w.wrong(c, r)
		}
	}
	if wrong == "" && r.code != 0 {
		wrong = "it fails" // the system has more descriptors than the limit allows, and no server refuses
	}
	m.judge(t, fileLimits, wrong, r, args, "with", files, "open files")
}

// activeTexts are texts that a terminal, a shell or a parser acts on.
func activeTexts() []string {
	return []string{
		"\x1b]0;owned\x07", "\x1b[2J", "a\nsecret/victim", "a\r\nb", "a\tb", "a\x00b", "a\x7fb", "a\u0085b", "a\u009b2J", "a\u200eb", "a\u202eb",
		"a\u2066b", "a\u2028b", "a\ufeffb", "a\ufffeb", "a\ufffdb", "\xff\xfe", "'; rm -rf x", "$(x) `x`", "{{.x}}", "%s%n", `"\`, "---\nkind: x", "- x: [", strings.Repeat("\u0300", 200),
	}
}

// testStrings prints texts of servers in every output format.
func (m *matrix) testStrings(t *testing.T) {
	t.Parallel()
	for _, text := range activeTexts() {
		for _, format := range []string{"table", "wide", "name", "json", "yaml", "kyaml", "jsonpath={.items}", "jsonpath-as-json={.items}", "go-template={{.items}}"} {
			for _, args := range []string{"token list", "sa list -n default", "token delete abcdef", "token create"} {
				if name := fmt.Sprintf("%s -o %s: %+.20q", args, format, text); m.takes(name, 12) {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						m.runText(t, command{args: args + " -o " + format, has: []string{given}}, text)
					})
				}
			}
		}
	}
}

// runText runs a command on a server whose objects, warnings and errors have a text.
func (m *matrix) runText(t *testing.T, c command, text string) {
	t.Helper()
	w := newWorld(t, c)
	tok, err := token.Parse(second)
	if err != nil {
		t.Fatal(err)
	}
	w.server.Put(token.Encode(tok, token.Spec{Description: text, Groups: []string{"system:bootstrappers:" + text}, For: "m" + text, Expires: time.Now().Add(time.Hour)}))
	w.server.Warn(text)
	c.has = append(c.has, second)
	c.judge = func(*world, result) string { return "" }
	r := w.run(t)
	wrong := w.wrong(c, r)
	for _, char := range strings.NewReplacer("\n", "", "\t", "").Replace(r.stdout + r.stderr) {
		if char < ' ' || char >= 0x7f && char < 0xa0 || strings.ContainsRune("\u200e\u202e\u2066\u2028\ufeff\ufffe", char) {
			wrong = fmt.Sprintf("it prints %+q", char)
		}
	}
	m.judge(t, strangeTexts, wrong, r, c.args, fmt.Sprintf("%+q", text))
}
