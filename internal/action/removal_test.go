// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// sweeping returns a removal of all tokens for a cluster, on every target.
func sweeping(s *session.Session, cluster string) *Removal[*corev1.Secret] {
	return &Removal[*corev1.Secret]{
		Session:  s,
		Describe: describeToken,
		Name:     func(secret *corev1.Secret) string { return secret.Name },
		Sweep: func(ctx context.Context, _ fleet.Target, c *kube.Client) ([]*corev1.Secret, error) {
			return findTokens(ctx, c, session.Ref{Cluster: cluster})
		},
		Delete: func(ctx context.Context, _ fleet.Target, c *kube.Client, secret *corev1.Secret, dryRun bool) error {
			return token.DeleteSecret(ctx, c, secret, dryRun)
		},
	}
}

func TestASweepDeletesOnEveryTargetAfterItsWholePlanIsConfirmed(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.New(t), "d": apitest.Down(t)}
	put(t, all["a"], joining("m1"), firstToken, secondToken)
	put(t, all["a"], joining("m2"), "cccccc.0123456789abcdef")
	put(t, all["b"], joining("m1"), firstToken)
	s, _ := newSession(t, all)
	r := sweeping(s, "m1")
	want := []string{"a/abcdef", "a/bbbbbb", "b/abcdef"}
	r.Confirm = func(plan []Planned[*corev1.Secret]) bool {
		if got := namesOfDeleted(plan); !slices.Equal(got, want) || count(all["a"], http.MethodDelete) != 0 {
			t.Errorf("asked about %q after %q", got, all["a"].Requests())
		}
		return true
	}
	deleted, failures, err := r.Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 4, "d")[0].Err, failure.Unreachable)
	if got := namesOfDeleted(deleted); !slices.Equal(got, want) {
		t.Errorf("deleted %q", got)
	}
	wantStored(t, all["a"], "cccccc")
	wantStored(t, all["b"])
}

func TestASweepThatIsNotConfirmedDeletesNothing(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining("m1"), firstToken)
	s, _ := newSession(t, servers{"a": server})
	r := sweeping(s, "m1")
	r.Confirm = func([]Planned[*corev1.Secret]) bool { return false }
	if deleted, _, err := r.Run(t.Context()); !errors.Is(err, ErrNotConfirmed) || deleted != nil {
		t.Errorf("deleted %v, error %v", deleted, err)
	}
	wantStored(t, server, "abcdef")
}

func TestASweepThatFindsNothingAsksNothing(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"a": server})
	r := sweeping(s, "m1")
	r.Confirm = func([]Planned[*corev1.Secret]) bool { t.Error("asked"); return true }
	deleted, failures, err := r.Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	if len(deleted) != 0 {
		t.Errorf("deleted %v", deleted)
	}
	wantRequests(t, server, listOfM1)
}

func TestAnObjectThatCannotBeDeletedDoesNotKeepTheOthers(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining("m1"), firstToken, secondToken)
	server.On(http.MethodDelete, secretsPath+"/"+firstName, refusal())
	s, _ := newSession(t, servers{"a": server})
	deleted, failures, err := sweeping(s, "m1").Run(t.Context())
	check(t, err)
	wantError(t, wantFailures(t, failures, 1, "a")[0].Err, failure.Forbidden, "delete bootstrap token abcdef")
	if got := namesOfDeleted(deleted); !slices.Equal(got, []string{"a/bbbbbb"}) {
		t.Errorf("deleted %q", got)
	}
	wantStored(t, server, "abcdef")
}

func TestATargetThatIsAbandonedWhileItDeletesIsAFailure(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t)}
	put(t, all["a"], joining("m1"), firstToken)
	put(t, all["b"], joining("m1"), secondToken)
	kill, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	all["a"].On(http.MethodDelete, "", apitest.Do(func(*http.Request) { cancel(); close(kill) }))
	all["a"].On(http.MethodDelete, "", apitest.Hang(release))
	s, _ := newSession(t, all, func(s *session.Session) { s.Kill, s.Parallel = kill, 1 })
	deleted, failures, err := sweeping(s, "m1").Run(ctx)
	check(t, err)
	failed := wantFailures(t, failures, 0, "a", "b")
	wantError(t, failed[0].Err, failure.Unknown, "abandoned while in progress")
	wantError(t, failed[1].Err, failure.Interrupted, "not started")
	if len(deleted) != 0 {
		t.Errorf("deleted %v", deleted)
	}
	wantStored(t, all["b"], "bbbbbb")
}

func TestAMemberThatIsNotSelectedIsAFailure(t *testing.T) {
	t.Parallel()
	hub, member := apitest.New(t, apitest.Karmada), apitest.New(t)
	hub.AddMember("m1", member)
	put(t, member, joining(""), firstToken)
	s, _ := newSession(t, servers{"a": hub, "b": apitest.Down(t)})
	s.Members.All = true
	a := TokenDelete{Session: s, IgnoreNotFound: true, Refs: []session.Ref{
		{Context: "a", Member: "m1", Name: firstName}, {Context: "a", Member: "m9", Name: firstName}, {Context: "b", Member: "m1", Name: firstName},
	}}
	deleted, failures, err := a.Run(t.Context())
	check(t, err)
	failed := wantFailures(t, failures, 1, "b", "")
	wantError(t, failed[0].Err, failure.Unreachable, "list members")
	wantError(t, failed[1].Err, failure.NotFound, `token abcdef: no such member of context "a" is selected`)
	if len(deleted) != 1 || deleted[0].Target.Member != "m1" {
		t.Errorf("deleted %v", deleted)
	}
	wantStored(t, member)
}

func TestAReferenceToAContextIsRefusedIfSeveralMembersHaveTheObject(t *testing.T) {
	t.Parallel()
	hub, m1, m2 := apitest.New(t, apitest.Karmada), apitest.New(t), apitest.New(t)
	hub.AddMember("m1", m1)
	hub.AddMember("m2", m2)
	for _, test := range []struct {
		name       string
		ref        session.Ref
		everywhere bool
		left1      []string
		left2      []string
	}{
		{"context", session.Ref{Context: "a", Name: firstName}, false, []string{"abcdef"}, []string{"abcdef"}},
		{"member", session.Ref{Context: "a", Member: "m1", Name: firstName}, false, nil, []string{"abcdef"}},
		{"everywhere", session.Ref{Context: "a", Name: firstName}, true, nil, nil},
	} {
		put(t, m1, joining(""), firstToken)
		put(t, m2, joining(""), firstToken)
		s, _ := newSession(t, servers{"a": hub})
		s.Members.All = true
		a := TokenDelete{Session: s, Refs: []session.Ref{test.ref}, Everywhere: test.everywhere}
		_, failures, err := a.Run(t.Context())
		check(t, err)
		if refused := len(test.left1) > 0; refused != failures.Any() {
			t.Errorf("%s: failures %v", test.name, failures.All())
		} else if refused {
			wantText(t, failures.All()[0].Err.Error(), "is in 2 members", "was left in all of them")
		}
		wantStored(t, m1, test.left1...)
		wantStored(t, m2, test.left2...)
	}
}

func TestAReferenceToAContextIsRefusedIfAMemberCannotBeSearched(t *testing.T) {
	t.Parallel()
	hub, member := apitest.New(t, apitest.Karmada), apitest.New(t)
	hub.AddMember("m1", member)
	hub.AddMember("m2", apitest.Down(t))
	put(t, member, joining(""), firstToken)
	s, _ := newSession(t, servers{"a": hub})
	s.Members.All = true
	_, failures, err := (&TokenDelete{Session: s, Refs: []session.Ref{{Context: "a", Name: firstName}}}).Run(t.Context())
	check(t, err)
	if len(failures.All()) != 2 {
		t.Errorf("failures %v", failures.All())
	}
	wantStored(t, member, "abcdef")
}
