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

func TestVerifyReturnsTheEndpointAndThePins(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	result, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
	if err != nil {
		t.Fatal(err)
	}
	if result.Endpoint != p.endpoint() || !reflect.DeepEqual(result.Pins, []join.Pin{join.PinOf(p.ca.cert)}) {
		t.Errorf("found %s with %v", result.Endpoint.HostPort(), result.Pins)
	}
	if len(result.Warnings) != 1 || !warns(result.Warnings, result.Endpoint.HostPort(), "loopback", "--endpoint") {
		t.Errorf("it warns of %q", result.Warnings)
	}
	tok := parsed(t, "abcdef.0123456789abcdef")
	want := join.Command{Joiner: join.Karmada, Endpoint: p.endpoint(), Token: tok, Pins: result.Pins}
	if got := result.Command(tok, want.CertificateKey); !reflect.DeepEqual(got, want) {
		t.Errorf("the command is %v, want %v", got, want)
	}
}

func TestVerifyReadsClusterInfoWithoutACredential(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	if _, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{}); err != nil {
		t.Fatal(err)
	}
	anonymous := request{path: infoPath}
	if got := p.requestsFor(infoPath); !reflect.DeepEqual(got, []request{anonymous, anonymous}) {
		t.Errorf("cluster-info is read by %+v, want twice by nobody", got)
	}
	for _, v := range p.seen {
		if v.path != infoPath && (v.authorization != "Bearer of the administrator" || v.path != groupPath) {
			t.Errorf("it asks for %+v", v)
		}
	}
}

// The kubeconfig's tls-server-name is for the administrator only: a joiner has none.
func TestVerifyIgnoresTheTLSServerNameOfTheKubeconfig(t *testing.T) {
	t.Parallel()
	p := build(t, "inside.test")
	p.config.ServerName = "inside.test"
	_, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
	refused(t, err, failure.Unreachable, p.endpoint().HostPort(), "--endpoint")
	if got := p.requestsFor(infoPath); len(got) > 0 {
		t.Errorf("cluster-info is read by %+v", got)
	}
}

func TestVerifyRefusesAControlPlaneThatCannotBeJoined(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		mutate     func(*testing.T, *plane)
		reason     failure.Reason
		says, hint string
	}{
		"anonymous requests are off": {mutate: func(_ *testing.T, p *plane) {
			p.handle[infoPath] = refusing(apierrors.NewUnauthorized("who are you"))
		}, reason: failure.Unauthorized, says: "cluster-info", hint: "--anonymous-auth"},
		"the anonymous have no right": {mutate: func(_ *testing.T, p *plane) {
			p.handle[infoPath] = refusing(apierrors.NewForbidden(configMaps, "cluster-info", errors.New("system:anonymous")))
		}, reason: failure.Forbidden, says: "cluster-info", hint: "RoleBinding"},
		"there is no cluster-info": {mutate: func(_ *testing.T, p *plane) {
			p.handle[infoPath] = nil
		}, reason: failure.NotFound, says: "cluster-info", hint: "karmada-operator"},
		"it is empty": {mutate: func(_ *testing.T, p *plane) {
			p.data["kubeconfig"] = ""
		}, reason: failure.Invalid, says: "no kubeconfig"},
		"it is malformed": {mutate: func(_ *testing.T, p *plane) {
			p.data["kubeconfig"] = "clusters: [}"
		}, reason: failure.Invalid, says: "cluster-info"},
		"it has another authority": {mutate: func(t *testing.T, p *plane) {
			p.data["kubeconfig"] = kubeconfig(t, p.server.URL, newAuthority(t).pem)
		}, reason: failure.Unreachable, says: "CA in cluster-info", hint: "serving certificate"},
		"it changes meanwhile": {mutate: func(_ *testing.T, p *plane) {
			var read atomic.Int64
			p.handle[infoPath] = func(w http.ResponseWriter, _ *http.Request) {
				answer(w, http.StatusOK, configMap(map[string]string{"kubeconfig": p.data["kubeconfig"] + fmt.Sprintf("# %d\n", read.Add(1))}))
			}
		}, reason: failure.Conflict, says: "changed", hint: "again"},
		"it breaks meanwhile": {mutate: func(_ *testing.T, p *plane) {
			var read atomic.Int64
			p.handle[infoPath] = func(w http.ResponseWriter, r *http.Request) {
				if read.Add(1) > 1 {
					answer(w, http.StatusOK, configMap(nil))
					return
				}
				p.info(w, r)
			}
		}, reason: failure.Invalid, says: "cluster-info"},
		"the administrator is not known": {mutate: func(_ *testing.T, p *plane) {
			p.handle[groupPath] = refusing(apierrors.NewUnauthorized("who are you"))
		}, reason: failure.Unauthorized, says: "cluster.karmada.io"},
		"the kubeconfig has another authority": {mutate: func(t *testing.T, p *plane) {
			p.config.CAData = newAuthority(t).pem
		}, reason: failure.Unreachable, says: "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			test.mutate(t, p)
			result, err := Verify(t.Context(), p.admin(), join.Karmada, join.Endpoint{})
			if result != nil && len(result.Pins) > 0 {
				t.Errorf("it finds %v", result.Pins)
			}
			refused(t, err, test.reason, test.says, test.hint)
		})
	}
}

// A certificate that does not cover the chosen endpoint is an error: the join would fail.
func TestVerifyRefusesAChosenEndpointThatTheCertificateDoesNotCover(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	chosen := p.endpoint()
	chosen.Host = "localhost"
	_, err := Verify(t.Context(), p.admin(), join.Karmada, chosen)
	refused(t, err, failure.Unreachable, chosen.HostPort(), "--endpoint")
}

// A server that answers with a timeout is not unreachable.
func TestVerifyTellsASlowServerFromAnUnreachableOne(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	p.handle[infoPath] = refusing(apierrors.NewTimeoutError("etcd is slow", 0))
	result, err := Verify(t.Context(), p.admin(), join.Karmada, p.endpoint())
	refused(t, err, failure.Timeout, "cluster-info", "")
	if result != nil && warns(result.Warnings, "cannot be reached") {
		t.Errorf("it warns of %q", result.Warnings)
	}
}

// Another server at the chosen endpoint is not unreachable either, with or without TLS.
func TestVerifyRefusesAnotherServerAtTheChosenEndpoint(t *testing.T) {
	t.Parallel()
	p, other := build(t, "127.0.0.1"), build(t, "127.0.0.1")
	_, err := Verify(t.Context(), p.admin(), join.Karmada, other.endpoint())
	refused(t, err, failure.Unreachable, other.endpoint().HostPort(), "control plane itself")
	if got := other.requestsFor(infoPath); len(got) > 0 {
		t.Errorf("the other server is asked for cluster-info: %+v", got)
	}
	_, err = Verify(t.Context(), p.admin(), join.Karmada, endpoint(t, plainServer(t)))
	refused(t, err, failure.Unreachable, "HTTP response", "")
}

// No pin ever comes from a connection that was not verified.
func TestVerifyRefusesAConnectionThatIsNotVerified(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	insecure := p.config
	insecure.CAData, insecure.Insecure = nil, true
	plain := p.config
	plain.Host = "http://" + plainServer(t)
	for _, chosen := range []join.Endpoint{{}, p.endpoint()} {
		if result, err := Verify(t.Context(), connect(t, &insecure), join.Karmada, chosen); result != nil || !misconfigured(err, "not verified") {
			t.Errorf("insecure, chosen %q: got %v, %v", chosen.HostPort(), result, err)
		}
		if result, err := Verify(t.Context(), connect(t, &plain), join.Karmada, chosen); result != nil || !misconfigured(err, "") {
			t.Errorf("http, chosen %q: got %v, %v", chosen.HostPort(), result, err)
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

// refused checks the reason of an error, its text and, unless it is empty, its hint.
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
