// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/session"
)

func TestAServiceAccountIsNamedAsKubectlNamesOne(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]session.Ref{
		"robot":                {Name: "robot"},
		"secret/robot":         {Name: "robot"},
		"sa/robot":             {Account: "robot"},
		"serviceaccount/robot": {Account: "robot"},
		"hub/robot":            {Context: "hub", Name: "robot"},
		"hub/sa/robot":         {Context: "hub", Account: "robot"},
		"a/b/sa/robot":         {Context: "a/b", Account: "robot"},
	} {
		got, err := parseRevocationRefs(&Env{}, &session.Session{}, []string{word}, false)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %+v, %v", word, got, err)
		}
	}
	members := &session.Session{}
	members.Members.All = true
	for word, want := range map[string]session.Ref{
		"sa/robot":        {Account: "robot"},
		"hub/m1/robot":    {Context: "hub", Member: "m1", Name: "robot"},
		"hub/m1/sa/robot": {Context: "hub", Member: "m1", Account: "robot"},
	} {
		got, err := parseRevocationRefs(&Env{}, members, []string{word}, false)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s with members: %+v, %v", word, got, err)
		}
	}
}

func TestALongLivedTokenThatCannotBeRevokedAloneIsSaidToBeSo(t *testing.T) {
	t.Parallel()
	const note = "it cannot be revoked alone: before it expires, only deleting serviceaccount default/robot ends it"
	for flags, noted := range map[string]bool{
		"": false, "--duration 1h": false, "--duration 2h": true, "--duration 2h -o json": true, "--duration 2h --revocable": false,
		"--duration 2h --bound-object-kind secret --bound-object-name s": false,
	} {
		for _, command := range []string{"token", "kubeconfig"} {
			if command == "kubeconfig" && strings.Contains(flags, "-o json") {
				continue
			}
			_, connection := robotAt(t)
			var out bytes.Buffer
			code, stderr := adminRun(t, &out, "", slices.Concat([]string{"sa", command, "robot"}, strings.Fields(flags), connection)...)
			if code != ExitOK || strings.Contains(stderr, note) != noted || strings.Contains(out.String(), "revoked alone") {
				t.Errorf("sa %s %s: exits %d: %s", command, flags, code, stderr)
			}
		}
	}
}
