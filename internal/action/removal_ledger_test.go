// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TestEveryObjectOfATargetThatIsAbandonedIsNamed deletes three tokens: the second interrupt comes while the second is
// deleted.
func TestEveryObjectOfATargetThatIsAbandonedIsNamed(t *testing.T) {
	t.Parallel()
	const thirdToken = "cccccc.0123456789abcdef"
	for name, removalOf := range map[string]func(*session.Session) *TokenDelete{
		"each is named": func(s *session.Session) *TokenDelete {
			refs := []session.Ref{}
			for _, id := range []string{"abcdef", "bbbbbb", "cccccc"} {
				refs = append(refs, session.Ref{Name: token.RefTo(id).Name})
			}
			return &TokenDelete{Session: s, Refs: refs}
		},
		"a cluster is named": func(s *session.Session) *TokenDelete {
			return &TokenDelete{Session: s, Refs: []session.Ref{{Cluster: "m1"}}}
		},
	} {
		server := apitest.New(t)
		put(t, server, joining("m1"), firstToken, secondToken, thirdToken)
		kill, release := make(chan struct{}), make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		server.On(http.MethodDelete, secretsPath+"/"+token.RefTo("bbbbbb").Name, apitest.Do(func(*http.Request) { cancel(); close(kill) }))
		server.On(http.MethodDelete, secretsPath+"/"+token.RefTo("bbbbbb").Name, apitest.Hang(release))
		s, _ := newSession(t, servers{"a": server}, func(s *session.Session) { s.Kill = kill })
		deleted, failures, err := removalOf(s).Run(ctx)
		close(release)
		check(t, err)
		if got := namesOfDeleted(deleted); !slices.Equal(got, []string{"a/abcdef"}) {
			t.Errorf("%s: deleted %q", name, got)
		}
		failed := wantFailures(t, failures, 1, "a", "a")
		wantError(t, failed[0].Err, failure.Unknown, "token bbbbbb may be deleted, or may still exist: abandoned while in progress")
		wantError(t, failed[1].Err, failure.Interrupted, "token cccccc was not deleted: abandoned while in progress")
	}
}

func TestADeletionWithoutAnAnswerSaysWhetherItWasSent(t *testing.T) {
	t.Parallel()
	interrupted := &failure.Error{Reason: failure.Unknown, Err: errors.New("abandoned while in progress")}
	late := &failure.Error{Reason: failure.Timeout, Err: errors.New("not started")}
	r := &Removal[string]{Name: func(name string) string { return name }, Describe: func(ref session.Ref) string { return "token " + ref.Name }}
	target := fleet.Target{Context: "a"}
	r.ledger.begin(target, found[string]{objects: []Planned[string]{{Object: "x"}, {Object: "y"}, {Object: "z"}}})
	r.ledger.sending(target, 2) // those of a sweep are in no order
	r.ledger.answer(target, 2, nil)
	r.ledger.sending(target, 1)
	if err := r.outcome(target, 2, interrupted); err != nil {
		t.Errorf("z: %v", err)
	}
	wantError(t, r.outcome(target, 1, late), failure.Unknown, "token y may be deleted, or may still exist: not started")
	wantError(t, r.outcome(target, 0, interrupted), failure.Interrupted, "token x was not deleted")
	wantError(t, r.outcome(target, 0, late), failure.Timeout, "token x was not deleted")
}
