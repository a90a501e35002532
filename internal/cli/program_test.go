// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/rand"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
)

// namedOtherwise matches a command that people cannot type if only the plugin of kubectl is installed.
var namedOtherwise = regexp.MustCompile(`joinctl (token|sa|check|doctor|setup|ca-hash|contexts|options|version|help|completion)\b|joinctl -`)

func TestAProgramHasTheNameByWhichPeopleCallIt(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"":                                      "joinctl",
		"joinctl":                               "joinctl",
		"/usr/local/bin/joinctl-v1.2":           "joinctl",
		"/home/me/.krew/bin/kubectl-join_token": "kubectl join-token",
		"kubectl-join_token.exe":                "kubectl join-token",
		"/usr/local/bin/kubectl-fleet-join_token":    "kubectl fleet join-token",
		"/opt/kubectl-plugins/bin/joinctl":           "joinctl",
		"/usr/local/bin/kubectl_complete-join_token": "joinctl",
	} {
		if got := (&Env{Program: file}).displayName(); got != want {
			t.Errorf("%q: got %q, want %q", file, got, want)
		}
	}
}

func TestAPluginOfKubectlNamesItsCommandsAsPeopleTypeThem(t *testing.T) {
	server := apitest.New(t)
	server.Put(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "robot"}})
	t.Setenv("KUBECONFIG", apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server}))
	for args, want := range map[string]string{
		"":                     "kubectl join-token COMMAND",
		"token delete --help":  "  kubectl join-token token list --for member1 -o name | kubectl join-token \\\n      token delete - --yes\n",
		"sa kubeconfig --help": "kubectl calls kubectl join-token sa credential,\nwhich requests a token",
		"token create --help":  `Use "kubectl join-token options" for the flags`,
		"help token":           "kubectl join-token token COMMAND",
		"token lst":            `error: unknown command "lst" for "kubectl join-token token"` + "\njoinctl: hint: did you mean kubectl join-token token list? see kubectl join-token token --help\n",
		"token list surplus":   "error: kubectl join-token token list takes no arguments",
		"token create":         "revoke it with: kubectl join-token token delete ",
		"doctor -o wide":       "kubectl join-token setup --endpoint HOST:PORT creates it",
		"token delete 07401b":  "joinctl: error: ",
		"sa token robot":       "joinctl: ",
		"sa kubeconfig robot --embed exec --context hub":                                                          "command: kubectl-join_token\n",
		"check 127.0.0.1:1 --token 07401b.0123456789abcdef -o json --discovery-token-unsafe-skip-ca-verification": `"remedy": `,
	} {
		env := &Env{In: strings.NewReader(""), Rand: rand.Reader, Program: "/usr/local/bin/kubectl-join_token"}
		_, stdout, stderr := runIn(t.Context(), env, strings.Fields(args)...)
		if !strings.Contains(stdout+stderr, want) {
			t.Errorf("%s: got %s%s, want %s", args, stdout, stderr, want)
		}
		if wrong := namedOtherwise.FindString(strings.ReplaceAll(stdout+stderr, "written by joinctl sa kubeconfig", "")); wrong != "" {
			t.Errorf("%s says %q: %s%s", args, wrong, stdout, stderr)
		}
	}
}

func TestNoHelpOfAPluginNamesAnotherProgram(t *testing.T) {
	t.Parallel()
	env := &Env{In: strings.NewReader(""), Program: "kubectl-join_token"}
	eachCommand(newRoot(env, newSession(env), func() {}), func(c *cobra.Command) {
		if wrong := namedOtherwise.FindString(c.Long + c.Example + c.UsageString()); wrong != "" {
			t.Errorf("%s says %q", c.CommandPath(), wrong)
		}
	})
}
