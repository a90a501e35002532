// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// watch runs a watch, and after each report the next step, until there is none. It returns what was reported, each on a line.
func watch(t *testing.T, list *TokenList, steps ...func()) (lines []string, failures *session.Failures, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	w := TokenWatch{List: list, Pause: time.Millisecond, Report: func(changes TokenChanges) error {
		for _, one := range changes.Tokens {
			lines = append(lines, fmt.Sprintf("%s %s %s %s", one.Event, one.Target.Context, one.Token.ID, one.Health.Status))
		}
		for _, one := range changes.Failures.All() {
			lines = append(lines, "FAILED "+one.Target.Context+" "+string(failure.ReasonOf(one.Err)))
		}
		for _, one := range changes.Recovered {
			lines = append(lines, "RECOVERED "+one.Context)
		}
		if len(steps) == 0 {
			cancel()
			return nil
		}
		steps[0]()
		steps = steps[1:]
		return nil
	}}
	failures, err = w.Run(ctx)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Errorf("%d steps are left after %q", len(steps), lines)
	}
	return lines, failures, err
}

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("reported\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAWatchReportsWhatChanges(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining("m1"), firstToken)
	soon := joining("")
	soon.Expires = time.Now().Add(time.Hour)
	s, _ := newSession(t, servers{"a": server})
	lines, failures, err := watch(t, &TokenList{Session: s},
		func() { put(t, server, soon, secondToken) },
		func() { server.Clock(2 * time.Hour) }, // no object changes, and a token expires
		func() { server.Remove(token.Encode(parse(t, firstToken), joining(""))) },
		func() {
			changed := server.Secrets(metav1.NamespaceSystem)[0]
			changed.Data["description"] = []byte("changed")
			server.Put(&changed)
		},
		func() { put(t, server, joining(""), secondToken) }, // another object with the same name
	)
	check(t, err)
	if failures.Any() {
		t.Errorf("failures: %v", failures.Errors())
	}
	wantLines(t, lines, "ADDED a abcdef ok", "ADDED a bbbbbb ok", "MODIFIED a bbbbbb expired", "DELETED a abcdef ok", "MODIFIED a bbbbbb expired",
		"DELETED a bbbbbb expired", "ADDED a bbbbbb ok")
}

func TestAWatchKeepsToItsFilter(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	soon := joining("")
	soon.Expires = time.Now().Add(time.Hour)
	put(t, server, soon, firstToken)
	s, _ := newSession(t, servers{"a": server})
	lines, _, err := watch(t, &TokenList{Session: s, Filter: TokenFilter{Active: true}}, func() { server.Clock(2 * time.Hour) })
	check(t, err)
	wantLines(t, lines, "ADDED a abcdef ok", "DELETED a abcdef ok")
}

func TestAWatchGoesOnWhereATargetFailsAndReportsEachFailureOnce(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.Down(t)}
	put(t, all["a"], joining(""), firstToken)
	put(t, all["b"], joining(""), firstToken)
	s, _ := newSession(t, all)
	lines, failures, err := watch(t, &TokenList{Session: s},
		func() {
			all["b"].On(http.MethodGet, secretsPath, apitest.LoseRequest().Times(4))
			all["b"].Remove(token.Encode(parse(t, firstToken), joining("")))
		},
		func() {}, // b fails: none of its tokens is deleted
		func() { put(t, all["a"], joining(""), secondToken) },
	)
	check(t, err)
	wantFailures(t, failures, 0) // after an interrupt
	wantLines(t, lines,
		"ADDED a abcdef ok", "ADDED b abcdef ok", "FAILED c Unreachable",
		"FAILED b Unreachable",
		"DELETED b abcdef ok", "RECOVERED b",
		"ADDED a bbbbbb ok",
	)
}

func TestAWatchEndsAtOnceWhereNoTargetAnswers(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"a": apitest.Down(t), "b": apitest.Down(t)})
	lines, failures, err := watch(t, &TokenList{Session: s})
	check(t, err)
	wantFailures(t, failures, 0, "a", "b")
	wantLines(t, lines)
}

func TestAWatchEndsWithTheFailuresThatAreLeftWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"a": apitest.New(t), "b": apitest.Down(t)})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	failures, err := (&TokenWatch{List: &TokenList{Session: s}, Pause: time.Millisecond, Report: func(TokenChanges) error { return nil }}).Run(ctx)
	check(t, err)
	wantFailures(t, failures, 1, "b")
}

func TestAWatchEndsWhenItCannotReport(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining(""), firstToken)
	s, _ := newSession(t, servers{"a": server})
	broken := errors.New("broken pipe")
	_, err := (&TokenWatch{List: &TokenList{Session: s}, Report: func(TokenChanges) error { return broken }}).Run(t.Context())
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// What is shown beside the tokens must not flicker: a watch keeps a target as it was, and says that it did not answer.
func TestAWatchReportsAnAdditionThatItCannotReadAsAFailure(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PutCluster("m1", false)
	put(t, server, joining("m1"), firstToken)
	s, stderr := newSession(t, servers{"a": server})
	list := &TokenList{Session: s, ClusterStatus: true, Uses: true}
	lines, _, err := watch(t, list,
		func() { putRequest(server, "one", "system:bootstrap:abcdef") },
		func() { server.On(http.MethodGet, requestsPath, apitest.LoseRequest().Times(3)) },
		func() {},
		func() { server.PutCluster("m1", true) },
	)
	check(t, err)
	wantLines(t, lines, "ADDED a abcdef ok", "MODIFIED a abcdef ok", "FAILED a Unreachable", "RECOVERED a", "MODIFIED a abcdef ok")
	if stderr.String() != "" {
		t.Errorf("stderr: %s", stderr)
	}
}

// A round costs as many requests as a list, and one connection serves all of them.
func TestAWatchUsesOneConnection(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	addresses := make(chan string, 1000)
	server.On("", "", apitest.Do(func(r *http.Request) { addresses <- r.RemoteAddr }))
	s, _ := newSession(t, servers{"a": server})
	put(t, server, joining(""), firstToken)
	_, _, err := watch(t, &TokenList{Session: s}, func() { put(t, server, joining(""), secondToken) }, func() {
		server.Remove(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceSystem, Name: firstName}})
	})
	check(t, err)
	close(addresses)
	first := <-addresses
	for address := range addresses {
		if address != first {
			t.Errorf("a request came from %s, and others from %s", address, first)
		}
	}
}
