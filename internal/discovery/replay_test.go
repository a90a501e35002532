// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"crypto/rand"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cluster-bootstrap/token/jws"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	whoPath = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
	mayPath = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
	csrPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
)

// welcome lets a token join a plane, and returns the join command.
func welcome(t *testing.T, p *plane) join.Attempt {
	t.Helper()
	tok, err := token.Parse("abcdef.0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	signature, err := jws.ComputeDetachedSignature(p.data["kubeconfig"], tok.ID, tok.Secret())
	if err != nil {
		t.Fatal(err)
	}
	p.data["jws-kubeconfig-"+tok.ID] = signature
	p.handle[whoPath] = func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusCreated, authenticationv1.SelfSubjectReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "SelfSubjectReview"},
			Status:   authenticationv1.SelfSubjectReviewStatus{UserInfo: authenticationv1.UserInfo{Username: "system:bootstrap:abcdef", Groups: []string{"some:group", "system:authenticated"}}},
		})
	}
	p.handle[mayPath] = func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusCreated, authorizationv1.SelfSubjectAccessReview{
			TypeMeta: metav1.TypeMeta{APIVersion: "authorization.k8s.io/v1", Kind: "SelfSubjectAccessReview"},
			Status:   authorizationv1.SubjectAccessReviewStatus{Allowed: true},
		})
	}
	p.handle[csrPath] = func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusCreated, certificatesv1.CertificateSigningRequest{TypeMeta: metav1.TypeMeta{APIVersion: "certificates.k8s.io/v1", Kind: "CertificateSigningRequest"}})
	}
	return join.Attempt{Command: join.Command{Joiner: join.Karmada, Endpoint: p.endpoint(), Token: tok, Pins: []join.Pin{join.PinOf(p.ca.cert)}}}
}

// replayed replays a join, and checks that it has every step of the joiner in order.
func replayed(t *testing.T, attempt join.Attempt) map[string]Step {
	t.Helper()
	member := Member{UserAgent: "joinctl/test", Now: time.Now, Rand: rand.Reader}
	out := map[string]Step{}
	var names []string
	for _, step := range member.Replay(t.Context(), attempt) {
		names = append(names, step.Name)
		out[step.Name] = step
		if step.Cause == "" || strings.Contains(step.Cause+step.Fix, "0123456789abcdef") {
			t.Errorf("%s is %+v", step.Name, step)
		}
	}
	if !slices.Equal(names, stepNames(attempt.Joiner)) {
		t.Errorf("the steps are %q", names)
	}
	return out
}

func TestReplayOfAJoinThatWorksPassesEveryStep(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	for name, step := range replayed(t, welcome(t, p)) {
		if step.Status != OK && name != stepTimeLeft {
			t.Errorf("%+v", step)
		}
	}
	if cause := replayed(t, welcome(t, p))[stepAuthentication].Cause; !strings.HasSuffix(cause, "system:bootstrap:abcdef, in some:group") {
		t.Errorf("the token authenticates so: %s", cause)
	}
	for _, request := range p.requestsFor(infoPath) {
		if request.authorization != "" || request.certificates > 0 {
			t.Errorf("cluster-info is read by %+v", request)
		}
	}
}

// These faults cannot be caused on a real control plane.
func TestReplayReportsTheStepThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mutate func(*plane, *join.Attempt)
		step   string
		status Status
		says   string
	}{
		"cluster-info changes meanwhile": {func(p *plane, _ *join.Attempt) {
			var read atomic.Int64
			p.handle[infoPath] = func(w http.ResponseWriter, r *http.Request) {
				if read.Add(1) == 1 {
					p.info(w, r)
					return
				}
				answer(w, http.StatusOK, configMap(map[string]string{"kubeconfig": p.data["kubeconfig"] + "# another\n"}))
			}
		}, stepVerifiedRead, Failed, "another one at the second reading"},
		"a server without reviews of oneself": {func(p *plane, _ *join.Attempt) { delete(p.handle, whoPath) }, stepAuthentication, OK, "too old to tell"},
		"a webhook without dry runs": {func(p *plane, _ *join.Attempt) {
			p.handle[csrPath] = refusing(apierrors.NewBadRequest("webhook does not support dry run"))
		}, stepCSR, Warning, "cannot be told"},
		"a server in trouble": {func(p *plane, _ *join.Attempt) {
			p.handle[infoPath] = refusing(apierrors.NewInternalError(http.ErrAbortHandler))
		}, stepClusterInfo, Failed, "cannot be read"},
		"a page in place of the API": {func(p *plane, _ *join.Attempt) {
			p.handle[infoPath] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte("<html>"))
			}
		}, stepClusterInfo, Failed, "no Kubernetes API server"},
		"a redirect of the first request": {func(p *plane, _ *join.Attempt) { p.handle[infoPath] = redirecting }, stepClusterInfo, Failed, "302"},
		"a redirect of the token":         {func(p *plane, _ *join.Attempt) { p.handle[whoPath] = redirecting }, stepAuthentication, Failed, "302"},
		"a redirect of the request for a certificate": {func(p *plane, _ *join.Attempt) {
			p.handle[csrPath] = redirecting
		}, stepCSR, Failed, "302"},
		"no pin, and a bad signature": {func(p *plane, a *join.Attempt) {
			a.Pins, a.SkipCA = nil, true
			p.data["jws-kubeconfig-abcdef"] = "bad..signature"
		}, stepAuthentication, Skipped, "step signature failed"},
		"no pin":         {func(_ *plane, a *join.Attempt) { a.Pins, a.SkipCA = nil, true }, stepPin, Warning, "can pose as the control plane"},
		"one pin of two": {func(_ *plane, a *join.Attempt) { a.Pins = append(a.Pins, "sha256:0") }, stepPin, OK, "1 of 2"},
		"an endpoint that is none": {func(_ *plane, a *join.Attempt) {
			a.Endpoint, a.Faults = join.Endpoint{}, []error{http.ErrNotSupported}
		}, stepDNS, Skipped, "step arguments failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			attempt := welcome(t, p)
			test.mutate(p, &attempt)
			if got := replayed(t, attempt)[test.step]; got.Status != test.status || !strings.Contains(got.Cause, test.says) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// redirecting answers as a proxy that wants a login, and does not say where.
func redirecting(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }

// The token is never sent to a server if neither a pin nor the signature proves its identity.
func TestReplayDoesNotSendTheTokenToAnUnprovenServer(t *testing.T) {
	t.Parallel()
	for name, mutate := range map[string]func(*plane, *join.Attempt){
		"wrong pin":             func(_ *plane, a *join.Attempt) { a.Pins = []join.Pin{"sha256:0"} },
		"no pin, bad signature": func(p *plane, a *join.Attempt) { a.Pins, a.SkipCA, p.data["jws-kubeconfig-abcdef"] = nil, true, "" },
		"no well-formed pin":    func(_ *plane, a *join.Attempt) { a.Pins, a.Faults = nil, []error{http.ErrNotSupported} },
		"other names":           func(_ *plane, a *join.Attempt) { a.Endpoint.Host = "localhost" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			attempt := welcome(t, p)
			mutate(p, &attempt)
			replayed(t, attempt)
			for _, request := range p.seen {
				if request.authorization != "" {
					t.Errorf("the token was sent: %+v", request)
				}
			}
		})
	}
}

func TestReplayEndsWhenTheRunIsInterrupted(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	attempt := welcome(t, p)
	delete(p.data, "jws-kubeconfig-abcdef")
	member := Member{Now: time.Now, Rand: rand.Reader, Wait: time.Minute}
	begin := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if steps := member.Replay(ctx, attempt); len(steps) == 0 || time.Since(begin) > 5*time.Second {
		t.Errorf("%d steps after %s", len(steps), time.Since(begin))
	}
}

func TestReplayRecognisesAHashOfTheCAThatIsNoPin(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	attempt := welcome(t, p)
	pemFile := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.ca.cert.Raw})
	for hash, want := range map[join.Pin]string{
		join.HashOf(p.ca.cert.Raw): "the pin is the fingerprint of the CA's certificate",
		join.HashOf(pemFile):       "the pin is the hash of the CA's PEM file",
		join.HashOf([]byte("x")):   "the CA in cluster-info is not a pinned one",
	} {
		attempt.Pins = []join.Pin{hash}
		if step := replayed(t, attempt)[stepPin]; step.Status != Failed || !strings.Contains(step.Cause, want) {
			t.Errorf("%s: %+v", want, step)
		}
	}
}
