// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// unusualNames returns real-world context names with special characters, and names with malicious characters.
func unusualNames() []string {
	return []string{
		"arn:aws:eks:eu-1:12:cluster/prod", "gke_a_b_c", "admin@hub", "two words", `quo"te`, "it's", "a,b", "-dash", "#hash", "*", "ünï",
		"line\nbreak", "\x1b[31mred\x1b[0m", "a/b/c", "100%s",
	}
}

// TestUnusualContextNamesAreSelectedAndPrintedSafely also checks that no control character is printed.
func TestUnusualContextNamesAreSelectedAndPrintedSafely(t *testing.T) {
	deleteTokens(t)
	k := newKubeconfig(t)
	for i, name := range unusualNames() {
		cluster, _ := k.add(name, controlPlanes[0])
		cluster.TLSServerName = serverName(i)
	}
	path := k.write()
	description := "for \x1b[2J \"member\"\n1/2"
	args := []string{"token", "create", givenToken, "--description", description}
	for _, name := range unusualNames()[:1] {
		program.Run(t, path, append(args, "--context="+name)...).OK(t)
	}
	doc := program.Run(t, path, "token", "list", "--all-contexts", "-o", "json").Document(t)
	var found []string
	for _, item := range doc.Items {
		found = append(found, item["context"].(string))
		if item["description"] != description {
			t.Errorf("the description is %q", item["description"])
		}
	}
	want := slices.Sorted(slices.Values(unusualNames()))
	if !slices.Equal(found, want) {
		t.Errorf("got %q, want %q", found, want)
	}
	for _, command := range [][]string{{"contexts"}, {"token", "list"}, {"token", "list", "-o", "name"}, {"token", "delete", "nohere"}, {"token", "delete", "abcdef"}} {
		out := program.Run(t, path, append(command, "--all-contexts")...)
		for _, text := range []string{out.Stdout, out.Stderr} {
			if index := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); index >= 0 {
				t.Errorf("%v writes %q", command, text[index:])
			}
		}
	}
	for _, name := range unusualNames() {
		if strings.ContainsAny(name, "\n#") {
			continue
		}
		file := filepath.Join(t.TempDir(), "names")
		if err := os.WriteFile(file, []byte("# names\n"+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, selection := range []string{"--context=" + name, "--contexts-file=" + file} {
			items := program.Run(t, path, "token", "list", selection, "-o", "json").Document(t).Items
			if len(items) == 0 || items[0]["context"] != name {
				t.Errorf("%s: got %q", selection, items)
			}
		}
	}
}

func TestTokenIsDeletedByAnUnusualContextName(t *testing.T) {
	k := newKubeconfig(t)
	for i, name := range unusualNames() {
		cluster, _ := k.add(name, controlPlanes[0])
		cluster.TLSServerName = serverName(i)
	}
	path := k.write()
	for _, name := range unusualNames() {
		deleteTokens(t)
		program.Run(t, path, "token", "create", givenToken, "--context="+name).OK(t)
		program.Run(t, path, "token", "delete", "--", name+"/abcdef").OK(t)
		if remaining := len(controlPlanes[0].tokenIDs(t)); remaining != 0 {
			t.Errorf("%q: %d tokens remain", name, remaining)
		}
	}
}
