// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
)

const somePreferences = `apiVersion: kubectl.config.k8s.io/v1beta1
kind: Preference
defaults:
- command: get
  options: [{name: no-such-option, default: "1"}]
- command: create token
  options:
  - {name: duration, default: 20m}
  - {name: audience, default: vault}
  - {name: output, default: "jsonpath={.spec.expirationSeconds} {.spec.audiences}"}
aliases:
- name: citoken
  command: create token
  prependArgs: [robot]
  appendArgs: [--audience=last]
  options:
  - {name: duration, default: 30m}
  - {name: output, default: "jsonpath={.spec.expirationSeconds} {.spec.audiences}"}
- {name: getn, command: get}
- {name: check, command: create token}
`

// preferences writes a preferences file.
func preferences(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kuberc")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// withKuberc runs joinctl with what the environment says about preferences.
func withKuberc(t *testing.T, kuberc KubercEnvironment, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Main(t.Context(), &Env{In: strings.NewReader(""), Out: &out, Err: &errs, Now: time.Now, Rand: rand.Reader, Kuberc: kuberc}, args)
	return code, out.String(), errs.String()
}

// The dry run prints the request: what it shows is the output of the request for the format of the preferences.
func TestPreferencesOfKubectlAreDefaultsOfSAToken(t *testing.T) {
	t.Parallel()
	env := KubercEnvironment{Default: preferences(t, somePreferences)}
	for line, want := range map[string]string{
		"sa token robot": `1200 ["vault"]`,
		"sa token robot --duration 1h --audience a --audience b": `3600 ["a","b"]`,
		"citoken":                            `1800 ["last"]`,
		"citoken --duration=1h":              `3600 ["last"]`,
		"citoken --audience own":             `1800 ["own","last"]`,
		"citoken --kuberc " + env.Default:    `1800 ["last"]`,
		"sa token robot -o jsonpath={.kind}": "TokenRequest",
	} {
		code, stdout, stderr := withKuberc(t, env, append(strings.Fields(line), "--dry-run=client")...)
		if code != ExitOK || stdout != want {
			t.Errorf("%s exits %d: %q, want %q\n%s", line, code, stdout, want, stderr)
		}
	}
	_, _, stderr := withKuberc(t, env, "sa", "token", "robot", "--duration=1h", "--dry-run=client")
	if want := "kubectl's preferences in " + env.Default + " set --audience, --output; KUBERC=off reads no preferences\n"; !strings.Contains(stderr, want) {
		t.Errorf("stderr is %q, want %q", stderr, want)
	}
}

func TestPreferencesThatCannotBeUsedAreUsageErrors(t *testing.T) {
	t.Parallel()
	withOption := func(option string) []string {
		return []string{"sa", "token", "robot", "--kuberc", preferences(t, "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ndefaults: [{command: create token, options: ["+option+"]}]\n")}
	}
	for _, test := range []struct {
		env  KubercEnvironment
		args []string
		want string
	}{
		{args: withOption("{name: nope, default: x}"), want: `create token has no option "nope"`},
		{args: withOption("{name: duration, default: soon}"), want: "--duration: must be a duration"},
		{args: withOption("{name: server, default: abcdef.0123456789abcdef}"), want: "--server: the host has the form of a bootstrap token"},
		{args: append(withOption("{name: user, default: guest}"), "--all-contexts"), want: "--user is about one server or one identity"},
		{args: []string{"sa", "token", "robot", "--kuberc", "/nowhere"}, want: "kubectl's preferences in /nowhere: no such file"},
		{env: KubercEnvironment{File: "/nowhere"}, args: []string{"sa", "token", "robot"}, want: "kubectl's preferences in /nowhere: no such file"},
		{env: KubercEnvironment{File: "/nowhere"}, args: []string{"citoken"}, want: "kubectl's preferences in /nowhere: no such file"},
		{args: []string{"citoken", "--kuberc"}, want: "--kuberc needs the name of a file"},
		{args: []string{"citoken", "--kuberc", "abcdef.0123456789abcdef"}, want: "has the form of a bootstrap token"},
		{env: KubercEnvironment{Default: preferences(t, somePreferences)}, args: []string{"getn"}, want: `unknown command "getn"`},
		{env: KubercEnvironment{Default: preferences(t, somePreferences), File: "off"}, args: []string{"citoken"}, want: `unknown command "citoken"`},
		{env: KubercEnvironment{Default: preferences(t, somePreferences)}, args: []string{"check", "robot"}, want: "joinctl check --help"},
	} {
		code, stdout, stderr := withKuberc(t, test.env, test.args...)
		if code != ExitUsage || stdout != "" || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "0123456789abcdef") {
			t.Errorf("%q exits %d, want %s\n%s%s", test.args, code, test.want, stdout, stderr)
		}
	}
}

func TestAContextInPreferencesIsNotAddedToASelection(t *testing.T) {
	t.Parallel()
	one, other := apitest.New(t), apitest.New(t)
	connection := []string{"--kubeconfig", apitest.Kubeconfig(t, map[string]*apitest.Server{"one": one, "other": other})}
	env := KubercEnvironment{File: preferences(t, "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\ndefaults: [{command: create token, options: [{name: context, default: other}]}]\n")}
	for _, test := range []struct {
		selection []string
		other     bool
	}{{nil, true}, {[]string{"--context", "one"}, false}, {[]string{"--contexts", "on*"}, false}} {
		before := len(other.Requests())
		_, _, stderr := withKuberc(t, env, slices.Concat([]string{"sa", "token", "robot"}, test.selection, connection)...)
		if asked := len(other.Requests()) > before; asked != test.other || !strings.Contains(stderr, "robot") {
			t.Errorf("%q asks context other: %v\n%s", test.selection, asked, stderr)
		}
	}
}

func TestOnlySATokenReadsPreferences(t *testing.T) {
	t.Parallel()
	env := KubercEnvironment{File: "/nowhere"}
	for _, line := range []string{"version", "token generate", "sa token --help", "--help", "completion bash", "__complete cit"} {
		if code, _, stderr := withKuberc(t, env, strings.Fields(line)...); code != ExitOK || strings.Contains(stderr, "nowhere") {
			t.Errorf("%s exits %d: %s", line, code, stderr)
		}
	}
}

func TestPreferencesForbidCredentialPlugins(t *testing.T) {
	t.Parallel()
	ran := filepath.Join(t.TempDir(), "ran")
	kubeconfig := preferences(t, `apiVersion: v1
kind: Config
current-context: hub
contexts: [{name: hub, context: {cluster: hub, user: hub}}]
clusters: [{name: hub, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: hub, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: touch, args: ["`+ran+`"]}}}]
`)
	for policy, want := range map[string]string{
		"credentialPluginPolicy: DenyAll":                                                `plugin "touch" not allowed`,
		"credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{command: aws}]": "not permitted by the credential plugin allowlist",
	} {
		env := KubercEnvironment{File: preferences(t, "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n"+policy+"\n")}
		code, _, stderr := withKuberc(t, env, "sa", "token", "robot", "--kubeconfig", kubeconfig)
		if _, err := os.Stat(ran); code != ExitFailed || err == nil || !strings.Contains(stderr, want) || !strings.Contains(stderr, "in kubectl's preferences") {
			t.Errorf("%s: exits %d, the plugin ran: %v\n%s", policy, code, err == nil, stderr)
		}
	}
}
