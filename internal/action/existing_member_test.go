// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
)

// hubWithMembers returns a joinable Karmada control plane with members.
func hubWithMembers(t *testing.T, names ...string) *apitest.Server {
	t.Helper()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	for _, name := range names {
		server.AddMember(name, server)
	}
	return server
}

func TestNoTokenIsCreatedForAClusterThatIsAMember(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*TokenCreate){
		"token":        func(*TokenCreate) {},
		"command":      func(a *TokenCreate) { withCommand(a) },
		"not verified": func(a *TokenCreate) { withCommand(a).Join.NoVerify = true },
		"dry run":      func(a *TokenCreate) { a.DryRun = Server },
		"one exists":   func(a *TokenCreate) { a.SkipExisting = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hubWithMembers(t, "m1", "m9")
			if name == "one exists" {
				put(t, server, joining("m1"), firstToken)
			}
			s, _ := newSession(t, servers{"hub": server})
			a := forClusters(s, "m1", "m2")
			change(a)
			created := mustCreate(t, a)
			err := wantFailures(t, created.Failures, 0, "hub")[0].Err
			wantError(t, err, failure.Conflict, `exist already: "m1"`, "deletes the ClusterRole, the Roles and the bindings of the member")
			wantText(t, hintOf(err), "--rejoin", "karmadactl unregister")
			if strings.Contains(err.Error(), "m9") || strings.Contains(err.Error(), "m2") {
				t.Errorf("named: %v", err)
			}
			if len(created.Tokens) != 0 || count(server, http.MethodPost) != 0 {
				t.Errorf("created %+v with requests %q", created.Tokens, server.Requests())
			}
		})
	}
}

func TestAForcedTokenForAMemberIsCreatedWithAWarning(t *testing.T) {
	t.Parallel()
	server := hubWithMembers(t, "m1")
	s, shown := newSession(t, servers{"hub": server})
	a := forClusters(s, "m1", "m2")
	a.Join.Rejoin = true
	wantFailures(t, mustCreate(t, a).Failures, 2)
	wantText(t, shown.String(), `exist already: "m1"`, "an agent (pull mode) loses its rights and stops")
}

func TestNodesMayHaveTheNameOfAMember(t *testing.T) {
	t.Parallel()
	server := hubWithMembers(t, "m1")
	s, shown := newSession(t, servers{"hub": server})
	a := forClusters(s, "m1")
	a.Join.Joiner = join.Kubeadm
	wantFailures(t, mustCreate(t, a).Failures, 1)
	if strings.Contains(shown.String(), "exist already") {
		t.Errorf("stderr: %s", shown)
	}
}

func TestTheTokenOfAClusterThatIsAMemberHasNoCommand(t *testing.T) {
	t.Parallel()
	for name, ref := range map[string]session.Ref{"by ID": {Name: firstName}, "by cluster": {Cluster: "m1"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hubWithMembers(t, "m1")
			put(t, server, joining("m1"), firstToken)
			s, shown := newSession(t, servers{"hub": server})
			a := command(s, ref)
			out, err := a.Run(t.Context())
			check(t, err)
			wantError(t, wantFailures(t, out.Failures, 0, "hub")[0].Err, failure.Conflict, `exist already: "m1"`)
			if len(out.Tokens) != 0 {
				t.Errorf("returned %v", out.Tokens)
			}
			a.Join.Rejoin = true
			out, err = a.Run(t.Context())
			check(t, err)
			wantFailures(t, out.Failures, 1)
			wantText(t, out.Tokens[0].Command.Line(), "--cluster-name m1")
			wantText(t, shown.String(), `exist already: "m1"`)
		})
	}
}
