// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/terminal"
	"github.com/joinctl/joinctl/internal/token"
)

// wantFinding fails unless there is one token, and one finding that contains texts. It returns the hint.
func wantFinding(t *testing.T, created *CreatedTokens, texts ...string) (hint string) {
	t.Helper()
	wantFailures(t, created.Failures, 1)
	var finding *CheckFailed
	if len(created.Tokens) != 1 || len(created.Findings) != 1 || !errors.As(created.Findings[0], &finding) {
		t.Fatalf("%d tokens, findings %v", len(created.Tokens), created.Findings)
	}
	wantText(t, finding.Error(), texts...)
	return finding.Hint
}

func TestATokenThatIsNotSignedIsDeliveredWithAFinding(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	s, _ := newSession(t, servers{"hub": server})
	a := withCommand(creation(s))
	a.Token, a.Join.Wait = parse(t, firstToken), 50*time.Millisecond
	created := mustCreate(t, a)
	hint := wantFinding(t, created, "token abcdef: within 50ms", "not signed")
	wantText(t, hint, "bootstrapsigner")
	if created.Tokens[0].Command.Endpoint.IsZero() {
		t.Error("the token has no command")
	}
	wantStored(t, server, "abcdef")
}

func TestAPersonIsToldWhyTheWaitForASignatureTakesLong(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	s, _ := newSession(t, servers{"hub": server})
	shown := &screen{}
	s.Terminal = terminal.New(terminal.Streams{Err: shown, ErrTTY: true})
	a := withCommand(creation(s))
	a.Token, a.Join.Wait = parse(t, firstToken), 1100*time.Millisecond
	wantFinding(t, mustCreate(t, a), "within 1.1s")
	wantText(t, shown.String(), "waiting up to 100ms for cluster-info to be signed with token abcdef")
}

func TestASignatureThatCannotBeLookedForIsAFinding(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	server.On(http.MethodGet, clusterInfoPath, refusal().Skip(2))
	s, _ := newSession(t, servers{"hub": server})
	wantFinding(t, mustCreate(t, withCommand(creation(s))), "cannot tell whether cluster-info is signed")
}

func TestATokenIsDeliveredThoughTheWaitForItsSignatureIsInterrupted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodGet, clusterInfoPath, apitest.Do(func(*http.Request) { cancel() }).Skip(2))
	s, _ := newSession(t, servers{"hub": server})
	created, err := withCommand(creation(s)).Run(ctx)
	check(t, err)
	failed := wantFailures(t, created.Failures, 0, "hub")
	if len(created.Tokens) != 1 || len(created.Findings) != 0 {
		t.Fatalf("created %+v", created)
	}
	wantError(t, failed[0].Err, failure.Interrupted, "wait for the signature of token "+created.Tokens[0].Token.ID)
	wantStored(t, server, created.Tokens[0].Token.ID)
}

func TestWithoutVerificationTheCommandComesFromTheKubeconfig(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, shown := newSession(t, servers{"hub": server})
	a := withCommand(creation(s))
	a.Join.NoVerify = true
	check(t, a.Join.Endpoint.UnmarshalText([]byte("localhost:6443")))
	created := mustCreate(t, a)
	wantRequests(t, server, "POST "+secretsPath)
	wantText(t, created.Tokens[0].Command.Line(), "localhost:6443", "sha256:")
	wantText(t, shown.String(), "warning: localhost:6443 is")
}

func TestAKubeconfigWithoutACAGivesNoCommand(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	s.Overrides.ClusterInfo.InsecureSkipTLSVerify = true
	created := mustCreate(t, withCommand(creation(s)))
	wantError(t, wantFailures(t, created.Failures, 0, "hub")[0].Err, failure.Invalid, "not verified")
	wantRequests(t, server)
}

func TestInAPodTheAddressInsideTheClusterIsWarnedOf(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, shown := newSession(t, servers{"hub": server})
	targets, err := s.Targets()
	check(t, err)
	c, err := s.Client(targets[0])
	check(t, err)
	options := JoinCommandOptions{Joiner: join.Karmada, NoVerify: true}
	_, err = options.discover(t.Context(), s, fleet.Target{Context: kube.InCluster}, c)
	check(t, err)
	wantText(t, shown.String(), "is the address inside this cluster; name one that others reach with --endpoint HOST:PORT")
}

func TestOnlyATokenThatAuthenticatesWithoutTheGroupOfTheJoinerIsWarnedOf(t *testing.T) {
	t.Parallel()
	options := JoinCommandOptions{Joiner: join.Kubeadm}
	both, group := []string{token.Signing, token.Authentication}, []string{join.Kubeadm.Group()}
	for _, test := range []struct {
		spec   token.Spec
		warned bool
	}{
		{token.Spec{Usages: both, Groups: group}, false},
		{token.Spec{Usages: both}, true},
		{token.Spec{Usages: both, Groups: []string{join.Karmada.Group()}}, true},
		{token.Spec{Usages: []string{token.Signing}}, false},
	} {
		got := options.CheckGroups("token abcdef", test.spec)
		if got != "" != test.warned || test.warned && !strings.Contains(got, "token abcdef is not in group "+join.Kubeadm.Group()) {
			t.Errorf("%+v: %q", test.spec, got)
		}
	}
}
