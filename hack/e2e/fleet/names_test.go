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

// odd returns names that contexts have in the wild, and some that only somebody who means harm would give them.
func odd() []string {
	return []string{
		"arn:aws:eks:eu-1:12:cluster/prod", "gke_a_b_c", "admin@hub", "two words", `quo"te`, "it's", "a,b", "-dash", "#hash", "*", "ünï",
		"line\nbreak", "\x1b[31mred\x1b[0m", "a/b/c", "100%s",
	}
}

// TestOddNamesAreSelectedAndShownAsTheyAre and none of them reaches a terminal as something else than text.
func TestOddNamesAreSelectedAndShownAsTheyAre(t *testing.T) {
	wipe(t)
	k := newKubeconfig(t)
	for i, name := range odd() {
		cluster, _ := k.add(name, planes[0])
		cluster.TLSServerName = serverName(i)
	}
	path := k.path()
	nasty := "for \x1b[2J \"member\"\n1/2"
	args := []string{"token", "create", given, "--description", nasty}
	for _, name := range odd()[:1] {
		program.Run(t, path, append(args, "--context="+name)...).OK(t)
	}
	doc := program.Run(t, path, "token", "list", "--all-contexts", "-o", "json").Document(t)
	var found []string
	for _, item := range doc.Items {
		found = append(found, item["context"].(string))
		if item["description"] != nasty {
			t.Errorf("the description is %q", item["description"])
		}
	}
	want := slices.Sorted(slices.Values(odd()))
	if !slices.Equal(found, want) {
		t.Errorf("got %q, want %q", found, want)
	}
	for _, command := range [][]string{{"contexts"}, {"token", "list"}, {"token", "list", "-o", "name"}, {"token", "delete", "nohere"}, {"token", "delete", "abcdef"}} {
		out := program.Run(t, path, append(command, "--all-contexts")...)
		for _, text := range []string{out.Stdout, out.Stderr} {
			if at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }); at >= 0 {
				t.Errorf("%v writes %q", command, text[at:])
			}
		}
	}
	for _, name := range odd() {
		if strings.ContainsAny(name, "\n#") {
			continue
		}
		file := filepath.Join(t.TempDir(), "names")
		if err := os.WriteFile(file, []byte("# odd\n"+name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, selection := range []string{"--context=" + name, "--contexts-file=" + file} {
			out := program.Run(t, path, "token", "list", selection, "-o", "jsonpath={.items[*].context}")
			if got := out.OK(t); got != name {
				t.Errorf("%s: got %q", selection, got)
			}
		}
	}
}

func TestATokenIsDeletedByAnOddName(t *testing.T) {
	k := newKubeconfig(t)
	for i, name := range odd() {
		cluster, _ := k.add(name, planes[0])
		cluster.TLSServerName = serverName(i)
	}
	path := k.path()
	for _, name := range odd() {
		wipe(t)
		program.Run(t, path, "token", "create", given, "--context="+name).OK(t)
		program.Run(t, path, "token", "delete", "--", name+"/abcdef").OK(t)
		if left := len(planes[0].stored(t)); left != 0 {
			t.Errorf("%q: %d tokens are left", name, left)
		}
	}
}
