// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

// Nobody named the tokens of a list one by one.
func TestSeveralReferencesOnStandardInputAreAskedAbout(t *testing.T) {
	const first, second = "abcdef.0123456789abcdef", "bbbbbb.0123456789abcdef"
	for name, test := range map[string]struct {
		stdin string
		args  []string
		code  int
		left  int
		asks  bool
	}{
		"several":                 {"abcdef\nbbbbbb\n", []string{"-"}, ExitFailed, 2, true},
		"several, --yes":          {"abcdef\nbbbbbb\n", []string{"-", "--yes"}, ExitOK, 0, false},
		"several in a dry run":    {"abcdef\nbbbbbb\n", []string{"-", "--dry-run=server"}, ExitOK, 2, false},
		"as a file":               {"abcdef\nbbbbbb\n", []string{"--token-file", "-"}, ExitFailed, 2, true},
		"with one as an argument": {"abcdef\n", []string{"bbbbbb", "-"}, ExitFailed, 2, true},
		"one":                     {"abcdef\n", []string{"-"}, ExitOK, 1, false},
		"one that is found":       {"abcdef\nzzzzzz\n", []string{"-", "--ignore-not-found"}, ExitOK, 1, false},
		"arguments":               {"", []string{"abcdef", "bbbbbb"}, ExitOK, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := apitest.New(t)
			for _, text := range []string{first, second} {
				tok, err := token.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				server.Put(token.Encode(tok, token.Spec{}))
			}
			var stdout, stderr bytes.Buffer
			env := &Env{In: strings.NewReader(test.stdin), Out: &stdout, Err: &stderr, Now: time.Now, Rand: rand.Reader}
			kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
			code := Main(t.Context(), env, append([]string{"token", "delete", "--kubeconfig", kubeconfig}, test.args...))
			if left := len(server.Secrets("kube-system")); code != test.code || left != test.left {
				t.Errorf("exits %d with %d tokens left: %s", code, left, &stderr)
			}
			asks := strings.Contains(stderr.String(), "to be deleted in context hub: token abcdef\n") && strings.Contains(stderr.String(), "this needs --yes")
			if asks != test.asks {
				t.Errorf("stderr is %s", &stderr)
			}
		})
	}
}

// kubectl refuses a name together with a selector, too.
func TestAReferenceAndAClusterAreNotNamedAtOnce(t *testing.T) {
	server := apitest.New(t)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	for _, args := range [][]string{
		{"token", "delete", "abcdef", "--for", "m1"},
		{"token", "delete", "-", "--for", "m1"},
		{"token", "delete", "--token-file", "-", "--for", "m1"},
		{"token", "command", "abcdef", "--for", "m1"},
	} {
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "bbbbbb\n", append(args, "--kubeconfig", kubeconfig)...)
		if code != ExitUsage || !strings.Contains(stderr, "not both at once") || len(server.Requests()) > 0 {
			t.Errorf("%q exits %d: %s", args, code, stderr)
		}
	}
}

func TestSeveralRevocationsOnStandardInputAreAskedAbout(t *testing.T) {
	for arg, want := range map[string]struct{ code, left int }{"--yes": {ExitOK, 0}, "--yes=false": {ExitFailed, 2}} {
		server := apitest.New(t)
		for _, name := range []string{"robot-1", "robot-2"} {
			server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{
				Name: name, Namespace: "ci", Labels: map[string]string{"joinctl.io/binds": "serviceaccount-token"},
				Annotations: map[string]string{"joinctl.io/serviceaccount": "robot"},
			}})
		}
		var stdout, stderr bytes.Buffer
		env := &Env{In: strings.NewReader("secret/robot-1\nrobot-2\n"), Out: &stdout, Err: &stderr, Now: time.Now, Rand: rand.Reader}
		kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
		code := Main(t.Context(), env, []string{"sa", "revoke", "-", "-n", "ci", "--kubeconfig", kubeconfig, arg})
		if left := len(server.Secrets("ci")); code != want.code || left != want.left {
			t.Errorf("%s exits %d with %d left: %s", arg, code, left, &stderr)
		}
		plan := "joinctl: to be revoked in context hub: ci/robot-2, of serviceaccount robot\njoinctl: without a terminal to ask on, this needs --yes\n"
		if asks := strings.Contains(stderr.String(), plan); asks != (want.left > 0) {
			t.Errorf("%s: stderr is %s", arg, &stderr)
		}
	}
}
