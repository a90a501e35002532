// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"crypto/rand"
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
	"github.com/joinctl/joinctl/internal/token"
)

// Paths of the API, as patterns of faults and in records of requests.
const (
	secretsPath     = "/api/v1/namespaces/kube-system/secrets"
	anySecret       = secretsPath + "/*"
	clusterInfoPath = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
	groupPath       = "/apis/" + kube.KarmadaAPI
)

// firstToken is a token that tests store or ask for.
const (
	firstToken = "abcdef.0123456789abcdef"
	firstName  = "bootstrap-token-abcdef"
)

type servers = map[string]*apitest.Server

// A screen is what the operator sees on stderr.
type screen struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.String()
}

// newSession returns a session over a kubeconfig with one context for each server. It means the first context by name,
// or all if there are several.
func newSession(t *testing.T, all servers, options ...func(*session.Session)) (*session.Session, *screen) {
	t.Helper()
	shown := &screen{}
	s := session.New(session.Environment{
		Now: time.Now, Rand: rand.Reader, UserAgent: "joinctl/test",
		Terminal: terminal.New(terminal.Streams{In: strings.NewReader(""), Err: shown}),
	})
	s.Kubeconfig, s.Parallel, s.RequestTimeout = apitest.Kubeconfig(t, all), 8, 5*time.Second
	s.Selection.All = len(all) > 1
	for _, option := range options {
		option(s)
	}
	return s, shown
}

// inContext makes a session mean one context.
func inContext(name string) func(*session.Session) {
	return func(s *session.Session) { s.Selection = fleet.Selection{Contexts: []string{name}} }
}

// drawing makes a session draw these tokens first: each is one character, repeated.
func drawing(characters string) func(*session.Session) {
	return func(s *session.Session) {
		const alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
		var random []byte
		for _, c := range characters {
			random = append(random, bytes.Repeat([]byte{byte(strings.IndexRune(alphabet, c))}, 22)...)
		}
		s.Rand = bytes.NewReader(random)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func parse(t *testing.T, text string) token.Token {
	t.Helper()
	tok, err := token.Parse(text)
	check(t, err)
	return tok
}

// joining is the Spec of a token that a Karmada member can join with.
func joining(cluster string) token.Spec {
	return token.Spec{Usages: []string{token.Signing, token.Authentication}, Groups: []string{join.Karmada.Group()}, For: cluster}
}

// put stores tokens on a server.
func put(t *testing.T, s *apitest.Server, spec token.Spec, texts ...string) {
	t.Helper()
	for _, text := range texts {
		s.Put(token.Encode(parse(t, text), spec))
	}
}

// stored returns the IDs of the tokens on a server, sorted.
func stored(s *apitest.Server) []string {
	var ids []string
	for _, secret := range s.Secrets(metav1.NamespaceSystem) {
		ids = append(ids, token.Ref{Name: secret.Name}.String())
	}
	return ids
}

func wantStored(t *testing.T, s *apitest.Server, ids ...string) {
	t.Helper()
	if got := stored(s); !slices.Equal(got, ids) {
		t.Errorf("stored tokens: %q, want %q", got, ids)
	}
}

// accessReview is the request that asks for a right that a join needs.
const accessReview = "POST /apis/authorization.k8s.io/v1/subjectaccessreviews"

// requestsTo returns the requests to a server, without those for the rights that a join needs.
func requestsTo(s *apitest.Server) []string {
	return slices.DeleteFunc(s.Requests(), func(request string) bool { return request == accessReview })
}

func wantRequests(t *testing.T, s *apitest.Server, want ...string) {
	t.Helper()
	if got := requestsTo(s); !slices.Equal(got, want) {
		t.Errorf("requests:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// count returns how many requests of a method arrived, without those for the rights that a join needs.
func count(s *apitest.Server, method string) int {
	n := 0
	for _, request := range requestsTo(s) {
		if strings.HasPrefix(request, method+" ") {
			n++
		}
	}
	return n
}

// wantError fails unless an error has a reason and contains texts.
func wantError(t *testing.T, err error, reason failure.Reason, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	if got := failure.ReasonOf(err); got != reason {
		t.Errorf("reason %s, want %s: %v", got, reason, err)
	}
	wantText(t, err.Error(), texts...)
}

func wantText(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not contain %q", text, part)
		}
	}
}

// hintOf returns the hint of an error.
func hintOf(err error) string {
	if known, ok := errors.AsType[*failure.Error](err); ok {
		return known.Hint
	}
	return ""
}

// wantFailures fails unless so many targets or objects were done, and returns the failures, of which there are as many as
// there are names: each is a context, or a cluster that joins.
func wantFailures(t *testing.T, failures *session.Failures, done int, names ...string) []session.Failure {
	t.Helper()
	all := failures.All()
	var got []string
	for _, one := range all {
		name := one.Target.Context
		if one.Cluster != "" {
			name = one.Cluster
		}
		got = append(got, name)
	}
	if failures.Done != done || !slices.Equal(got, names) {
		t.Fatalf("%d done and failures of %q, want %d and %q: %v", failures.Done, got, done, names, all)
	}
	return all
}

// refusal is the answer of a server that forbids something.
func refusal() apitest.Fault {
	return apitest.Refuse(apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "", errors.New("not allowed")))
}

func mustRead(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	check(t, err)
	return string(content)
}

// replaced makes somebody else replace a Secret before a server gets a DELETE.
func replaced(s *apitest.Server, secret *corev1.Secret) apitest.Fault {
	return apitest.Do(func(*http.Request) {
		other := secret.DeepCopy()
		other.UID = ""
		s.Put(other)
	}).Times(1)
}

func TestADryRunIsReadAndWrittenAsKubectlAndKubeadmDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		mode         DryRun
		text, suffix string
	}{
		"none": {None, "none", ""}, "false": {None, "none", ""}, "client": {Client, "client", " (dry run)"},
		"true": {Client, "client", " (dry run)"}, "server": {Server, "server", " (server dry run)"},
	} {
		var got DryRun
		check(t, got.UnmarshalText([]byte(text)))
		written, err := got.MarshalText()
		check(t, err)
		if got != want.mode || string(written) != want.text || got.Suffix() != want.suffix {
			t.Errorf("%s: %v, %q, %q", text, got, written, got.Suffix())
		}
	}
	var mode DryRun
	if err := mode.UnmarshalText([]byte("maybe")); err == nil || !strings.Contains(err.Error(), "none, client, server") {
		t.Errorf("maybe: %v", err)
	}
}
