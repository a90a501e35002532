// SPDX-License-Identifier: Apache-2.0

package kuberc_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/kubectl/pkg/config"

	"github.com/joinctl/joinctl/internal/kuberc"
)

// file writes a preferences file.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kuberc")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const (
	header   = "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\n"
	duration = "defaults:\n- command: create token\n  options:\n  - {name: duration, default: 20m}\n"
)

func TestOnlyEntriesForCreateTokenAreRead(t *testing.T) {
	t.Parallel()
	named := func(name, value string) config.CommandOptionDefault {
		return config.CommandOptionDefault{Name: name, Default: value}
	}
	for name, test := range map[string]struct {
		content string
		want    kuberc.Preferences
	}{
		"defaults of other commands": {header + duration + `
- {command: get, options: [{name: --output, default: wide}]}
- {command: create, options: [{name: field-manager, default: x}]}
- {command: " create  token ", options: [{name: audience, default: a}]}
`, kuberc.Preferences{Options: []config.CommandOptionDefault{named("duration", "20m"), named("audience", "a")}}},
		"aliases of other commands": {header + `
aliases:
- {name: get-n, command: get}
- {name: tok, command: create token, prependArgs: [robot], appendArgs: [--namespace=ci], options: [{name: duration, default: 20m}]}
`, kuberc.Preferences{Aliases: []config.AliasOverride{{
			Name: "tok", Command: "create token", PrependArgs: []string{"robot"}, AppendArgs: []string{"--namespace=ci"}, Options: []config.CommandOptionDefault{named("duration", "20m")},
		}}}},
		"an older version": {strings.NewReplacer("v1beta1", "v1alpha1", "defaults", "overrides", "options", "flags").Replace(header + duration), kuberc.Preferences{Options: []config.CommandOptionDefault{named("duration", "20m")}}},
		"a later document": {"\n---\nkind: Config\napiVersion: v1\n---\n" + header + duration, kuberc.Preferences{Options: []config.CommandOptionDefault{named("duration", "20m")}}},
		"the policy of plugins": {header + "credentialPluginPolicy: Allowlist\ncredentialPluginAllowlist: [{name: aws}]\n", kuberc.Preferences{
			Plugins: clientcmdapi.PluginPolicy{PolicyType: clientcmdapi.PluginPolicyAllowlist, Allowlist: []clientcmdapi.AllowlistEntry{{Command: "aws"}}},
		}},
	} {
		path := file(t, test.content)
		got, err := kuberc.Environment{}.Load(nil, path)
		if test.want.Path = path; err != nil || !reflect.DeepEqual(*got, test.want) {
			t.Errorf("%s: %v\n%+v\nwant %+v", name, err, got, test.want)
		}
	}
}

func TestAMistakeInAFileThatWasNamedIsAnError(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"{": "it has no Preference that can be read: ",
		"kind: Preference\napiVersion: kubectl.config.k8s.io/v9\n":                                           `no kind "Preference" is registered for version "kubectl.config.k8s.io/v9"`,
		header + "defaults: [{command: create token, options: [{name: warnings-as-errors, default: true}]}]": "cannot unmarshal bool into Go struct field CommandOptionDefault.defaults.options.default of type string",
		header + "defaults: [{command: create token, options: [{name: --duration, default: 20m}]}]":          "option --duration of create token: leave out the dashes",
		header + "aliases: [{name: my-tok, command: create token}]":                                          "the name of an alias for create token must have letters only",
		header + "aliases: [{name: tok, command: create token}, {name: tok, command: create token}]":         "alias tok is there twice",
		header + "credentialPluginPolicy: Sometimes\n":                                                       `unknown plugin policy: "Sometimes"`,
		header + "credentialPluginAllowlist: []\n":                                                           "allowlist is non-nil",
	} {
		path := file(t, content)
		got, err := kuberc.Environment{}.Load(nil, path)
		if err == nil || !strings.Contains(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %+v, %v, want %s", content, got, err, want)
		}
	}
}

// Like kubectl, which goes on without preferences.
func TestAMistakeInTheDefaultFileIsAWarning(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"{":                                    " are not used: ",
		header + "unknown: 1\n" + duration:     `have mistakes: strict decoding error: unknown field "unknown"`,
		header + duration + "- command: get\n": "",
		header + "aliases: [{name: x-y, command: get}]": "",
		"": "",
	} {
		got, err := kuberc.Environment{Default: file(t, content)}.Load(nil, "")
		if err != nil || (got.Warning == "") != (want == "") || !strings.Contains(got.Warning, want) {
			t.Errorf("%q: %+v, %v, want %q", content, got, err, want)
		}
		if usable := strings.Contains(content, "duration"); usable != (len(got.Options) == 1) {
			t.Errorf("%q: %+v", content, got)
		}
	}
}

func TestTheFlagThenTheVariableThenTheDefaultNamesTheFile(t *testing.T) {
	t.Parallel()
	flag, variable, standard, missing := file(t, header), file(t, header), file(t, header), t.TempDir()+"/missing"
	for _, test := range []struct {
		env   kuberc.Environment
		named string
		path  string // that is read
		err   string
	}{
		{env: kuberc.Environment{}},
		{env: kuberc.Environment{Default: missing}},
		{env: kuberc.Environment{Default: standard}, path: standard},
		{env: kuberc.Environment{File: variable, Default: standard}, path: variable},
		{env: kuberc.Environment{File: variable, Default: standard}, named: flag, path: flag},
		{env: kuberc.Environment{Gate: "true", Default: standard}, path: standard},
		{env: kuberc.Environment{Gate: "0", Default: standard}, path: standard},
		{env: kuberc.Environment{Gate: "False", File: variable, Default: standard}},
		{env: kuberc.Environment{File: "off", Default: standard}},
		{env: kuberc.Environment{File: missing, Default: standard}, err: missing + ": no such file"},
		{env: kuberc.Environment{Default: standard}, named: missing, err: missing + ": no such file"},
		{env: kuberc.Environment{File: "off"}, named: flag, err: "KUBERC=off in the environment turns preferences off"},
		{env: kuberc.Environment{Gate: "false"}, named: flag, err: "KUBECTL_KUBERC=false in the environment turns preferences off"},
	} {
		got, err := test.env.Load(nil, test.named)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%+v, --kuberc %q: %v, want %s", test.env, test.named, err, test.err)
			}
			continue
		}
		if err != nil || got.Path != test.path {
			t.Errorf("%+v, --kuberc %q: %+v, %v, want %q", test.env, test.named, got, err, test.path)
		}
	}
}
