// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// forClusters returns an action that creates a token for each of some clusters.
func forClusters(s *session.Session, clusters ...string) *TokenCreate {
	a := creation(s)
	a.Clusters = clusters
	return a
}

// clustersOf returns the clusters that tokens are for, in the order of the tokens.
func clustersOf(toks []CreatedToken) []string {
	var clusters []string
	for _, tok := range toks {
		clusters = append(clusters, tok.Spec.For)
	}
	return clusters
}

// refuseFor makes a server refuse the token for a cluster.
func refuseFor(t *testing.T, cluster string) apitest.Fault {
	t.Helper()
	refuse := refusal()
	return apitest.Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		return bytes.Contains(body, []byte("for "+cluster)) && refuse.Before(w, r)
	}}
}

func TestEachClusterGetsATokenOfItsOwn(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	s, shown := newSession(t, servers{"hub": server})
	a := withCommand(forClusters(s, "m2", "m1", "m3"))
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 3)
	if got := clustersOf(created.Tokens); !slices.Equal(got, a.Clusters) || len(created.Findings) != 0 {
		t.Errorf("created for %q, findings %v", got, created.Findings)
	}
	for i, tok := range created.Tokens {
		wantText(t, tok.Command.Line(), tok.Token.Reveal(), "--cluster-name "+a.Clusters[i])
		if tok.Spec.Description != "for "+a.Clusters[i] || tok.Target.Context != "hub" {
			t.Errorf("created %+v", tok)
		}
		if strings.Contains(shown.String(), tok.Token.Secret()) {
			t.Errorf("stderr shows a token: %s", shown)
		}
	}
	if n := len(server.Secrets(metav1.NamespaceSystem)); n != 3 {
		t.Errorf("%d tokens are stored", n)
	}
	requests := requestsTo(server)
	before := []string{"GET " + groupPath, "GET " + clusterInfoPath, "GET " + clusterInfoPath, "GET /apis/cluster.karmada.io/v1alpha1/clusters"}
	if !slices.Equal(requests[:4], before) || len(requests) != 8 || requests[7] != "GET "+clusterInfoPath {
		t.Errorf("requests %q", requests)
	}
}

func TestARefusedTokenIsAFailureOfItsCluster(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, refuseFor(t, "m2"))
	s, _ := newSession(t, servers{"hub": server})
	created := mustCreate(t, forClusters(s, "m1", "m2", "m3"))
	failed := wantFailures(t, created.Failures, 2, "m2")[0]
	wantError(t, failed.Err, failure.Forbidden)
	wantText(t, failed.Error(), `cluster "m2": create secret`)
	if got := clustersOf(created.Tokens); !slices.Equal(got, []string{"m1", "m3"}) {
		t.Errorf("created for %q", got)
	}
}

func TestNothingIsCreatedOnAControlPlaneThatCannotBePrepared(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": apitest.Down(t)})
	a := forClusters(s, "m1", "m2")
	a.TTL = time.Hour
	wantError(t, wantFailures(t, mustCreate(t, a).Failures, 0, "hub")[0].Err, failure.Unreachable)

	s, _ = newSession(t, servers{"hub": apitest.New(t)}, inContext("other"))
	_, err := forClusters(s, "m1").Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
}

func TestClustersThatHaveATokenGetNoOtherWhereTheyAreSkipped(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	expired := joining("m2")
	expired.Expires = time.Now().Add(-time.Hour)
	put(t, server, joining("m1"), firstToken)
	put(t, server, expired, "222222.0123456789abcdef")
	s, _ := newSession(t, servers{"hub": server})
	a := withCommand(forClusters(s, "m1", "m2"))
	a.SkipExisting = true
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 2)
	if got := clustersOf(created.Tokens); !slices.Equal(got, []string{"m1", "m2"}) || !created.Tokens[0].Existed || created.Tokens[1].Existed {
		t.Errorf("created %+v", created.Tokens)
	}
	wantText(t, created.Tokens[0].Command.Line(), firstToken, "--cluster-name m1")
	requests := requestsTo(server)
	list := slices.Index(requests, "GET "+secretsPath+"?fieldSelector=type=bootstrap.kubernetes.io/token&labelSelector=joinctl.io/for")
	if post := slices.Index(requests, "POST "+secretsPath); list < 0 || post < list || count(server, http.MethodPost) != 1 {
		t.Errorf("requests %q", requests)
	}
}

func TestNothingIsCreatedWhereClustersWithATokenCannotBeListed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodGet, secretsPath, refusal())
	s, _ := newSession(t, servers{"hub": server})
	a := forClusters(s, "m1", "m2")
	a.SkipExisting = true
	created := mustCreate(t, a)
	wantError(t, wantFailures(t, created.Failures, 0, "hub")[0].Err, failure.Forbidden, "look for clusters that have a token")
	if count(server, http.MethodPost) != 0 {
		t.Errorf("requests %q", server.Requests())
	}
}

func TestTokensOfSomeClustersThatCannotBeDeliveredAreDeletedAgain(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining("m1"), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	a := forClusters(s, "m1", "m2", "m3")
	a.SkipExisting = true
	a.Deliver = func(*CreatedTokens) error { return errClosedPipe }
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "closed pipe: 2 tokens were created, could not be printed, and were deleted again")
	wantStored(t, server, "abcdef")
}

func TestAListOfMembersThatIsForbiddenIsWarnedOf(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.On(http.MethodGet, "/apis/cluster.karmada.io/v1alpha1/clusters", refusal())
	s, shown := newSession(t, servers{"hub": server})
	wantFailures(t, mustCreate(t, forClusters(s, "m1", "m2")).Failures, 2)
	wantText(t, shown.String(), "cannot tell whether members of these names exist")
}

func TestMoreSignaturesThanClusterInfoHoldsAreWarnedOf(t *testing.T) {
	t.Parallel()
	for name, wanted := range map[string]bool{"with commands": true, "with tokens": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada)
			server.PublishClusterInfo()
			s, shown := newSession(t, servers{"hub": server})
			targets, err := s.Targets()
			check(t, err)
			c, err := s.Client(targets[0])
			check(t, err)
			info, err := c.ConfigMap(t.Context(), metav1.NamespacePublic, "cluster-info")
			check(t, err)
			for i := range discovery.ManySignatures - 1 {
				info.Data[fmt.Sprintf("jws-kubeconfig-%06d", i)] = "x"
			}
			server.Put(info)
			a := forClusters(s, "m1", "m2")
			a.Join.Wanted = wanted
			wantFailures(t, mustCreate(t, a).Failures, 2)
			wantText(t, shown.String(), fmt.Sprintf("cluster-info would hold %d signatures", discovery.ManySignatures+1))
		})
	}
}

func TestTokensThatAreNotSignedAreOneFinding(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	s, _ := newSession(t, servers{"hub": server})
	a := withCommand(forClusters(s, "m1", "m2"))
	a.Join.Wait = 50 * time.Millisecond
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 2)
	var finding *CheckFailed
	if len(created.Findings) != 1 || !errors.As(created.Findings[0], &finding) {
		t.Fatalf("findings %v", created.Findings)
	}
	wantText(t, finding.Text, "2 tokens (", created.Tokens[0].Token.ID, created.Tokens[1].Token.ID)
}

func TestTokensAreDeliveredThoughTheWaitForTheirSignaturesIsInterrupted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodGet, clusterInfoPath, apitest.Do(func(*http.Request) { cancel() }).Skip(2))
	s, _ := newSession(t, servers{"hub": server})
	created, err := withCommand(forClusters(s, "m1", "m2")).Run(ctx)
	check(t, err)
	wantError(t, wantFailures(t, created.Failures, 2, "hub")[0].Err, failure.Interrupted, "wait for the signatures")
	if len(created.Tokens) != 2 || len(created.Findings) != 0 {
		t.Errorf("created %+v", created)
	}
}

func TestTokensInFlightAreNamedOneByOneWhenTheRunIsKilled(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	release, kill := make(chan struct{}), make(chan struct{})
	defer close(release)
	ctx, cancel := context.WithCancel(t.Context())
	var inFlight atomic.Int32
	server.On(http.MethodPost, secretsPath, apitest.Do(func(*http.Request) {
		if inFlight.Add(1) == 2 {
			cancel()
			close(kill)
		}
	}))
	server.On(http.MethodPost, secretsPath, apitest.Hang(release))
	s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.Kill, s.Parallel = kill, 2 })
	created, err := forClusters(s, "m1", "m2", "m3").Run(ctx)
	check(t, err)
	failed := wantFailures(t, created.Failures, 0, "m1", "m2", "m3")
	for _, one := range failed[:2] {
		wantError(t, one.Err, failure.Unknown, "may exist: abandoned while in progress")
		id := strings.Fields(one.Err.Error())[1]
		wantText(t, hintOf(one.Err), "joinctl token delete "+id+" ")
	}
	wantError(t, failed[2].Err, failure.Interrupted, "not started")
	if errs := created.Failures.Errors(); len(errs) != 3 {
		t.Errorf("reported as %v", errs)
	}
}

func TestATokenOfAClusterWithALostAnswerIsNamed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.On(http.MethodPost, secretsPath, apitest.LoseAnswer().Times(1))
	server.On(http.MethodGet, anySecret, refusal())
	s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.Parallel = 1 })
	created := mustCreate(t, forClusters(s, "m1", "m2"))
	wantError(t, wantFailures(t, created.Failures, 1, "m1")[0].Err, failure.Unknown, "may exist")
	if got := clustersOf(created.Tokens); !slices.Equal(got, []string{"m2"}) {
		t.Errorf("created for %q", got)
	}
}

func TestTheDescriptionOfAClustersTokenCanBeChosen(t *testing.T) {
	t.Parallel()
	if got := SpecFor(token.Spec{Description: "mine"}, "m1"); got.Description != "mine" || got.For != "m1" {
		t.Errorf("%+v", got)
	}
	if got := SpecFor(token.Spec{For: "m9"}, ""); got.Description != "" || got.For != "" {
		t.Errorf("%+v", got)
	}
}
