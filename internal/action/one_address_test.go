// SPDX-License-Identifier: Apache-2.0

package action

import (
	"slices"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

// behindAccessProxy returns a session over two contexts, alice and bob, at one address that picks the control plane by the
// credential. A server that is nil refuses its credential.
func behindAccessProxy(t *testing.T, alice, bob *apitest.Server) *session.Session {
	t.Helper()
	behind := servers{"bob": bob}
	if alice != nil {
		behind["alice"] = alice
	}
	proxy := apitest.AccessProxy(t, behind)
	s, _ := newSession(t, servers{"alice": proxy, "bob": proxy})
	config, err := clientcmd.LoadFromFile(s.Kubeconfig)
	check(t, err)
	config.AuthInfos["alice-admin"].Token, config.AuthInfos["bob-admin"].Token = "alice", "bob"
	check(t, clientcmd.WriteToFile(*config, s.Kubeconfig))
	return s
}

func TestALeakedTokenIsDeletedOnAllControlPlanesBehindOneAddress(t *testing.T) {
	t.Parallel()
	for name, selection := range map[string]fleet.Selection{
		"all":   {All: true},
		"exact": {Contexts: []string{"alice", "bob"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := apitest.New(t), apitest.New(t)
			put(t, one, joining("m1"), firstToken)
			put(t, other, joining("m1"), firstToken)
			s := behindAccessProxy(t, one, other)
			s.Selection = selection
			deleted, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{byID}, Everywhere: true}).Run(t.Context())
			check(t, err)
			if got := namesOfDeleted(deleted); failures.Any() || !slices.Equal(got, []string{"alice/abcdef", "bob/abcdef"}) {
				t.Errorf("deleted %q; %v", got, failures.Errors())
			}
			wantStored(t, one)
			wantStored(t, other)
		})
	}
}

func TestAnExpiredCredentialIsNamedAndDoesNotHideAValidOneAtTheSameAddress(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining("m1"), firstToken)
	s := behindAccessProxy(t, nil, server)
	deleted, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{byID}, Everywhere: true}).Run(t.Context())
	check(t, err)
	if got := namesOfDeleted(deleted); !slices.Equal(got, []string{"bob/abcdef"}) {
		t.Errorf("deleted %q", got)
	}
	failed := wantFailures(t, failures, 1, "alice")
	wantError(t, failed[0].Err, failure.Unauthorized)
	wantStored(t, server)
}
