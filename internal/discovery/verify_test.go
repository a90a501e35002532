// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

func TestVerifyFindsWhatAJoinerNeeds(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	finding, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	if finding.Endpoint != p.endpoint() || !reflect.DeepEqual(finding.Pins, []join.Pin{join.PinOf(p.ca.cert)}) {
		t.Errorf("found %s with %v", finding.Endpoint.HostPort(), finding.Pins)
	}
	if len(finding.Warnings) != 1 || !told(finding.Warnings, finding.Endpoint.HostPort(), "loopback", "--endpoint") {
		t.Errorf("it warns of %q", finding.Warnings)
	}
	tok := parsed(t, "abcdef.0123456789abcdef")
	want := join.Command{Joiner: join.Karmada, Endpoint: p.endpoint(), Token: tok, Pins: finding.Pins}
	if got := finding.Command(tok, want.CertificateKey); !reflect.DeepEqual(got, want) {
		t.Errorf("the command is %v, want %v", got, want)
	}
}

func TestVerifyReadsAsAJoinerDoesWithoutACredential(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	if _, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{}); err != nil {
		t.Fatal(err)
	}
	anonymous := visit{path: infoPath}
	if got := p.visits(infoPath); !reflect.DeepEqual(got, []visit{anonymous, anonymous}) {
		t.Errorf("cluster-info is read by %+v, want twice by nobody", got)
	}
	for _, v := range p.seen {
		if v.path != infoPath && (v.authorization != "Bearer of the administrator" || v.path != groupPath) {
			t.Errorf("it asks for %+v", v)
		}
	}
}

// The kubeconfig's tls-server-name helps the administrator only: a joiner has nothing of the kind.
func TestVerifyDoesNotHelpItselfToTheKubeconfigsTLSServerName(t *testing.T) {
	t.Parallel()
	p := build(t, "inside.test")
	p.config.ServerName = "inside.test"
	_, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
	refused(t, err, failure.Unreachable, p.endpoint().HostPort(), "--endpoint")
	if got := p.visits(infoPath); len(got) > 0 {
		t.Errorf("cluster-info is read by %+v", got)
	}
}

func TestVerifyRefusesAControlPlaneThatCannotBeJoined(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		spoil      func(*testing.T, *plane)
		reason     failure.Reason
		says, hint string
	}{
		"anonymous requests are off": {spoil: func(_ *testing.T, p *plane) {
			p.handle[infoPath] = refusing(apierrors.NewUnauthorized("who are you"))
		}, reason: failure.Unauthorized, says: "cluster-info", hint: "--anonymous-auth"},
		"the anonymous have no right": {spoil: func(_ *testing.T, p *plane) {
			p.handle[infoPath] = refusing(apierrors.NewForbidden(configMaps, "cluster-info", errors.New("system:anonymous")))
		}, reason: failure.Forbidden, says: "cluster-info", hint: "RoleBinding"},
		"there is no cluster-info": {spoil: func(_ *testing.T, p *plane) {
			p.handle[infoPath] = nil
		}, reason: failure.NotFound, says: "cluster-info", hint: "karmada-operator"},
		"it is empty": {spoil: func(_ *testing.T, p *plane) {
			p.data["kubeconfig"] = ""
		}, reason: failure.Invalid, says: "no kubeconfig"},
		"it is malformed": {spoil: func(_ *testing.T, p *plane) {
			p.data["kubeconfig"] = "clusters: [}"
		}, reason: failure.Invalid, says: "cluster-info"},
		"it has another authority": {spoil: func(t *testing.T, p *plane) {
			p.data["kubeconfig"] = kubeconfig(t, p.server.URL, newAuthority(t).pem)
		}, reason: failure.Unreachable, says: "CA in cluster-info", hint: "serving certificate"},
		"it changes meanwhile": {spoil: func(_ *testing.T, p *plane) {
			var read atomic.Int64
			p.handle[infoPath] = func(w http.ResponseWriter, _ *http.Request) {
				answer(w, http.StatusOK, configMap(map[string]string{"kubeconfig": p.data["kubeconfig"] + fmt.Sprintf("# %d\n", read.Add(1))}))
			}
		}, reason: failure.Conflict, says: "changed", hint: "again"},
		"it breaks meanwhile": {spoil: func(_ *testing.T, p *plane) {
			var read atomic.Int64
			p.handle[infoPath] = func(w http.ResponseWriter, r *http.Request) {
				if read.Add(1) > 1 {
					answer(w, http.StatusOK, configMap(nil))
					return
				}
				p.info(w, r)
			}
		}, reason: failure.Invalid, says: "cluster-info"},
		"the administrator is not known": {spoil: func(_ *testing.T, p *plane) {
			p.handle[groupPath] = refusing(apierrors.NewUnauthorized("who are you"))
		}, reason: failure.Unauthorized, says: "cluster.karmada.io"},
		"the kubeconfig has another authority": {spoil: func(t *testing.T, p *plane) {
			p.config.CAData = newAuthority(t).pem
		}, reason: failure.Unreachable, says: "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			test.spoil(t, p)
			finding, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
			if finding != nil && len(finding.Pins) > 0 {
				t.Errorf("it finds %v", finding.Pins)
			}
			refused(t, err, test.reason, test.says, test.hint)
		})
	}
}

// A certificate that does not cover the chosen endpoint is no reason to look elsewhere: the join would fail.
func TestVerifyRefusesAChosenEndpointThatTheCertificateDoesNotCover(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	chosen := p.endpoint()
	chosen.Host = "localhost"
	_, err := Verify(t.Context(), p.admin(), join.Karmada, chosen)
	refused(t, err, failure.Unreachable, chosen.HostPort(), "--endpoint")
}

// Whoever answers, if only that it takes too long, is not out of reach.
func TestVerifyDoesNotTakeAnAnswerForSilence(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	p.handle[infoPath] = refusing(apierrors.NewTimeoutError("etcd is slow", 0))
	finding, err := Verify(t.Context(), p.admin(), join.Karmada, p.endpoint())
	refused(t, err, failure.Timeout, "cluster-info", "")
	if finding != nil && told(finding.Warnings, "cannot be reached") {
		t.Errorf("it warns of %q", finding.Warnings)
	}
}

// Nor is a stranger that answers at the chosen endpoint, be it with a certificate or without.
func TestVerifyRefusesAStrangerAtTheChosenEndpoint(t *testing.T) {
	t.Parallel()
	p, stranger := build(t, "127.0.0.1"), build(t, "127.0.0.1")
	_, err := Verify(t.Context(), p.admin(), join.Karmada, stranger.endpoint())
	refused(t, err, failure.Unreachable, stranger.endpoint().HostPort(), "control plane itself")
	if got := stranger.visits(infoPath); len(got) > 0 {
		t.Errorf("the stranger is asked for cluster-info: %+v", got)
	}
	_, err = Verify(t.Context(), p.admin(), join.Karmada, endpoint(t, plainServer(t)))
	refused(t, err, failure.Unreachable, "HTTP response", "")
}

// No pin ever comes from a connection that was not verified.
func TestVerifyRefusesASourceThatIsNotVerified(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	insecure := p.config
	insecure.CAData, insecure.Insecure = nil, true
	plain := p.config
	plain.Host = "http://" + plainServer(t)
	for _, chosen := range []join.Endpoint{{}, p.endpoint()} {
		if finding, err := Verify(t.Context(), connect(t, &insecure), join.Karmada, chosen); finding != nil || !misconfigured(err, "not verified") {
			t.Errorf("insecure, chosen %q: got %v, %v", chosen.HostPort(), finding, err)
		}
		if finding, err := Verify(t.Context(), connect(t, &plain), join.Karmada, chosen); finding != nil || !misconfigured(err, "") {
			t.Errorf("http, chosen %q: got %v, %v", chosen.HostPort(), finding, err)
		}
	}
	if len(p.seen) > 0 {
		t.Errorf("it asks for %+v", p.seen)
	}
}

// misconfigured reports whether an error is the kubeconfig's, with a hint.
func misconfigured(err error, says string) bool {
	var config *failure.ConfigError
	return errors.As(err, &config) && config.Hint != "" && strings.Contains(config.Error(), says)
}

// refused checks that an error has a reason, a text and, where one is wanted, a hint.
func refused(t *testing.T, err error, reason failure.Reason, says, hint string) {
	t.Helper()
	if err == nil || failure.ReasonOf(err) != reason || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v (%s), want %s and %q", err, failure.ReasonOf(err), reason, says)
	}
	var known *failure.Error
	if hint != "" && (!errors.As(err, &known) || !strings.Contains(known.Hint, hint)) {
		t.Errorf("the hint of %v is not about %q: %+v", err, hint, known)
	}
}
