// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

const kubercHeader = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n"

// TestSamePreferencesBehaveAsInKubectl compares the requests, and whether there are any, with those of kubectl. An alias takes the
// place of create token, and of sa token.
func TestSamePreferencesBehaveAsInKubectl(t *testing.T) {
	t.Parallel()
	server := newRecorder(t)
	defaults := writeFile(t, kubercHeader+`defaults:
- {command: get, options: [{name: output, default: wide}]}
- {command: create token, options: [{name: duration, default: 20m}, {name: namespace, default: ci}, {name: audience, default: vault}, {name: output, default: yaml}]}
aliases:
- {name: tok, command: create token, prependArgs: [robot], appendArgs: ["--audience=last"], options: [{name: duration, default: 30m}]}
- {name: bound, command: create token, options: [{name: bound-object-kind, default: Pod}, {name: bound-object-name, default: runner}]}
`)
	unknownField, unknownVersion := writeFile(t, kubercHeader+"colour: red\n"), writeFile(t, "apiVersion: kubectl.config.k8s.io/v9\nkind: Preference\n")
	unknownOption := writeFile(t, kubercHeader+"defaults: [{command: create token, options: [{name: nope, default: x}]}]\n")
	badValue := writeFile(t, kubercHeader+"defaults: [{command: create token, options: [{name: duration, default: soon}]}]\n")
	dashes := writeFile(t, kubercHeader+"defaults: [{command: create token, options: [{name: --duration, default: 20m}]}]\n")
	empty, missing := writeFile(t, ""), filepath.Join(t.TempDir(), "missing")
	for _, test := range []struct{ line, flag, variable, gate, home string }{
		{line: "create token robot", flag: defaults},
		{line: "create token robot", variable: defaults},
		{line: "create token robot", home: defaults},
		{line: "create token robot --duration 1h -n other -oname", home: defaults},
		{line: "create token robot --audience a --audience b", home: defaults},
		{line: "tok", home: defaults},
		{line: "tok --duration=1h --namespace other", variable: defaults},
		{line: "tok", flag: defaults},
		{line: "tok more", home: defaults},
		{line: "bound robot", home: defaults},
		{line: "bound robot --bound-object-kind Secret", home: defaults},
		{line: "nope robot", home: defaults},
		{line: "create token robot", home: defaults, variable: "off"},
		{line: "create token robot", flag: defaults, variable: "off"},
		{line: "create token robot", home: defaults, gate: "false"},
		{line: "create token robot", home: defaults, gate: "0"},
		{line: "create token robot", flag: defaults, gate: "false"},
		{line: "create token robot", flag: empty, variable: defaults},
		{line: "create token robot", flag: missing},
		{line: "create token robot", variable: missing},
		{line: "create token robot", home: unknownField},
		{line: "create token robot", flag: unknownVersion},
		{line: "create token robot", home: unknownVersion},
		{line: "create token robot", flag: unknownOption},
		{line: "create token robot", flag: badValue},
		{line: "create token robot", home: dashes},
	} {
		env := []string{"HOME=" + homeWith(t, test.home), "KUBERC=" + test.variable, "KUBECTL_KUBERC=" + test.gate}
		runWith := func(name, line string) (program.Result, []request) {
			args := strings.Fields(line)
			if test.flag != "" {
				args = append(args, "--kuberc", test.flag)
			}
			sent := server.respondWith(response{})
			cmd := command(t, name, server.kubeconfig, args...)
			cmd.Env = append(slices.Clip(cmd.Env), env...)
			return program.Execute(t, cmd), sent()
		}
		want, sentByKubectl := runWith("kubectl", test.line)
		got, sentByJoinctl := runWith("joinctl", strings.Replace(test.line, "create token", "sa token", 1))
		if !reflect.DeepEqual(sentByKubectl, sentByJoinctl) || (want.Code == 0) != (got.Code == 0) || strings.TrimSuffix(want.Stdout, "\n") != strings.TrimSuffix(got.Stdout, "\n") {
			t.Errorf("%+v\nkubectl exits %d: %+v\n%s%s\njoinctl exits %d: %+v\n%s%s", test, want.Code, sentByKubectl, want.Stdout, want.Stderr, got.Code, sentByJoinctl, got.Stdout, got.Stderr)
		}
	}
}

// homeWith returns a home directory with a preferences file; "": without one.
func homeWith(t *testing.T, kuberc string) string {
	t.Helper()
	home := t.TempDir()
	if kuberc == "" {
		return home
	}
	if err := os.Mkdir(filepath.Join(home, ".kube"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(kuberc, filepath.Join(home, ".kube", "kuberc")); err != nil {
		t.Fatal(err)
	}
	return home
}
