// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/apitest"
)

// The last lines of a completion: what the shell does with the words.
const (
	inOrder     = ":36" // keep the order, and complete no file names
	inOrderOpen = ":38" // and add no space after the word
	noFiles     = ":4"
	ofFiles     = ":0"
	ofDirs      = ":16"
)

// completed returns the lines that a shell gets for a command line, whose last word is typed in part.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	return completedUntil(t.Context(), t, words...)
}

// completedUntil is completed with a context that ends in place of the usual time.
func completedUntil(ctx context.Context, t *testing.T, words ...string) []string {
	t.Helper()
	var out, told strings.Builder
	env := &Env{In: strings.NewReader(""), Out: &out, Err: &told, Now: time.Now}
	s := newSession(env)
	root, args := newRoot(env, s, func() {}), append([]string{cobra.ShellCompRequestCmd}, words...)
	root.SetArgs(args)
	if err := complete(ctx, env, s, root, args); err != nil || told.String() != "" {
		t.Errorf("%q: %v, stderr %q", words, err, &told)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// line splits a command line as a shell does before a completion: a space at its end begins a new word.
func line(text string) []string { return strings.Split(text, " ") }

func TestNoFlagAndNoArgumentLacksACompletion(t *testing.T) {
	t.Parallel()
	root := testRoot()
	c := newCompletion(t.Context(), &Env{}, newSession(&Env{}))
	unused := maps.Clone(c.finders)
	eachCommand(root, func(cmd *cobra.Command) {
		cmd.InitDefaultHelpFlag()
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			delete(unused, f.Name)
			delete(unused, f.Value.Type())
			if !f.Hidden && c.value(f) == nil {
				t.Errorf("%s --%s (%s) has no completion: declare its choices, or add it to byType, byName, freeFlags or the files", cmd.CommandPath(), f.Name, f.Value.Type())
			}
		})
		takesNone := cmd.Args == nil || cmd.Args(cmd, []string{"word"}) != nil && cmd.Args(cmd, nil) == nil
		if cmd.Runnable() && cmd.ValidArgsFunction == nil && c.arguments(cmd) == nil && !takesNone {
			t.Errorf("%s takes arguments without a completion: add it to arguments", cmd.CommandPath())
		}
	})
	for name := range unused {
		t.Errorf("no flag has the name or the type %s", name)
	}
}

func TestWordsAreCompletedWithoutAKubeconfig(t *testing.T) {
	t.Setenv("KUBECONFIG", "/does/not/exist")
	for text, want := range map[string]string{
		"token list --joiner":                     noFiles, // no such flag, and no file either
		"token create --joiner ":                  "karmada kubeadm " + inOrder,
		"token create --joiner=ku":                "kubeadm " + inOrder,
		"token delete 07401b --dry-run=":          "none client server " + inOrder,
		"token create --usages ":                  "signing authentication " + inOrder,
		"token create --usages signing,":          "signing,authentication " + inOrder,
		"token list --usage a":                    "authentication " + inOrder,
		"token list --group system:bootstrappers": "system:bootstrappers:karmada:default-cluster-token system:bootstrappers:kubeadm:default-node-token " + inOrder,
		"token list --fail-on expired,e":          "expired,expiring= " + inOrderOpen,
		"token list --fail-on n":                  "never-expires none-valid " + inOrder,
		"token list -o json":                      "json jsonpath jsonpath-file jsonpath-as-json " + inOrder,
		"token list -o jsonpath-file=":            ofFiles,
		"token list -o jsonpath=":                 inOrder,
		"token list --sort-by .de":                ".description " + inOrder,
		"token list --members=":                   noFiles, // no such flag
		"sa list --members=":                      "true false " + inOrder,
		"token rotate --old e":                    "expire-in= " + inOrderOpen,
		"token ensure --as ":                      "token command bootstrap-kubeconfig kubeadm-join-config " + inOrder,
		"sa ensure --as k":                        "kubeconfig karmada-cluster " + inOrder,
		"sa kubeconfig --embed ":                  "token exec " + inOrder,
		"sa credential --cache ":                  "disk none " + inOrder,
		"sa token --bound-object-kind ":           "Pod Secret Node " + inOrder,
		"sa token --profile m":                    "mutex " + inOrder,
		"token list --stderrthreshold W":          "WARNING " + inOrder,
		"token list --ttl ":                       noFiles, // no such flag
		"token create --ttl ":                     inOrder,
		"token create ":                           inOrder,
		"token list ":                             noFiles,
		"token list --as ":                        inOrder,
		"token list --context ":                   inOrder,
		"token delete ":                           inOrder,
		"token delete --bogus ":                   noFiles,
		"check --token-file ":                     ofFiles,
		"token list --kubeconfig ":                ofFiles,
		"token list --template ":                  ofFiles,
		"ca-hash ":                                ofFiles,
		"ca-hash a.crt ":                          ofFiles,
		"token create --out-dir ":                 ofDirs,
		"sa credential --cache-dir=":              ofDirs,
		"check ":                                  inOrder,
		"bogus ":                                  noFiles,
	} {
		if got := strings.Join(completed(t, line(text)...), " "); got != want {
			t.Errorf("%s<TAB>: got %s, want %s", text, got, want)
		}
	}
}

func TestFlagsOfTheCommandComeBeforeThoseOfEveryCommand(t *testing.T) {
	for _, text := range []string{"token list -", "token list --", "--kubeconfig x token list --for m1 --"} {
		got := completed(t, line(text)...)
		own := slices.IndexFunc(got, func(word string) bool { return strings.HasPrefix(word, "--watch\t") })
		again := slices.IndexFunc(got, func(word string) bool { return strings.HasPrefix(word, "--for\t") })
		global := slices.IndexFunc(got, func(word string) bool { return strings.HasPrefix(word, "--all-contexts\t") })
		if own < 0 || again < 0 || global < own || got[len(got)-1] != inOrder || strings.Contains(strings.Join(got, ""), "`") {
			t.Errorf("%s<TAB>: %q", text, got)
		}
	}
}

func TestContextsAreCompletedWithoutARequest(t *testing.T) {
	server := apitest.New(t)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server, "spoke": server})
	both := []string{"hub\t" + server.URL + " · current", "spoke\t" + server.URL, inOrder}
	for text, want := range map[string][]string{
		"token list --context ":             both,
		"token list --karmada-context ":     both,
		"token list --contexts ":            both,
		"token list --exclude-contexts s":   both[1:],
		"token list --context x":            {inOrder},
		"token ensure --to-context spoke":   both[1:],
		"token list --cluster ":             {"hub", "spoke", inOrder},
		"token list --user ":                {"hub-admin", "spoke-admin", inOrder},
		"token list --context hub --user h": {"hub-admin", inOrder},
		"token delete not-an-id":            {inOrder},
	} {
		if got := completed(t, append([]string{"--kubeconfig", kubeconfig}, line(text)...)...); !slices.Equal(got, want) {
			t.Errorf("%s<TAB>: got %q, want %q", text, got, want)
		}
	}
	if sent := server.Requests(); len(sent) > 0 {
		t.Errorf("requests were sent: %s", sent)
	}
}
