// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// foreign returns a server that answers as a web server does that knows no path of an API server.
func foreign(t *testing.T) *apitest.Server {
	t.Helper()
	server := apitest.New(t)
	server.On("", "", apitest.Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
		http.NotFound(w, r)
		return true
	}})
	return server
}

func TestA404OfAnotherServerDoesNotProveThatATokenIsGone(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*session.Session) (*session.Failures, error){
		"token delete --ignore-not-found": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{byID}, IgnoreNotFound: true}).Run(t.Context())
			return failures, err
		},
		"token delete --everywhere": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{byID}, Everywhere: true}).Run(t.Context())
			return failures, err
		},
		"token delete --for": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{byCluster}}).Run(t.Context())
			return failures, err
		},
		"sa revoke": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&SARevoke{Session: s, Refs: named("t1", "t2")}).Run(t.Context())
			return failures, err
		},
		"sa revoke --everywhere": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&SARevoke{Session: s, Refs: named("t1"), Everywhere: true}).Run(t.Context())
			return failures, err
		},
		"sa revoke --expired": func(s *session.Session) (*session.Failures, error) {
			_, failures, err := (&SARevoke{Session: s, Expired: true}).Run(t.Context())
			return failures, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newSession(t, servers{"a": foreign(t)})
			failures, err := remove(s)
			check(t, err)
			first := wantFailures(t, failures, 0, "a")[0].Err
			wantError(t, first, failure.Unsupported, "answers 404, but not as a Kubernetes API server does")
			wantHint(t, first, "is the path in the context's server address right")
		})
	}
}

func TestA404OfAHubWithoutKarmadaDoesNotProveThatATokenIsGone(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": foreign(t)}, ofMembers("m1"))
	_, failures := mustRevoke(t, &SARevoke{Session: s, Refs: named("t1"), Everywhere: true})
	wantError(t, wantFailures(t, failures, 0, "hub")[0].Err, failure.Unsupported, "answers 404")
}
