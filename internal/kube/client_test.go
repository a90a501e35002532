// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestWarningsAreToldOnce(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for _, warning := range []string{`299 - "old"`, `299 - "old"`, `299 - "with \"quotes\""`, `199 - "not Kubernetes'"`} {
			w.Header().Add("Warning", warning)
		}
		version(w, r)
	})
	c := connect(t, &rest.Config{Host: server.URL})
	for range 2 {
		if _, err := c.Serves(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := c.Warnings(), []string{"old", `with "quotes"`}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.Warnings(); len(got) > 0 {
		t.Errorf("told again: %q", got)
	}
}

func TestServesTellsWhetherAnAPIGroupExists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		serves  bool
		reason  failure.Reason
	}{
		"it does":        {version, true, ""},
		"it does not":    {refusing(apierrors.NewNotFound(secretsResource, "")), false, ""},
		"it may not say": {forbidden, false, failure.Forbidden},
	} {
		var asked string
		c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.Path
			test.handler(w, r)
		}).URL})
		serves, err := c.Serves(t.Context(), "cluster.karmada.io")
		if serves != test.serves || failure.ReasonOf(err) != test.reason || asked != "/apis/cluster.karmada.io" {
			t.Errorf("%s: got %v, %v after asking %s", name, serves, err, asked)
		}
	}
}

// client-go's own limit would delay the 11th request and all that follow.
func TestRequestsAreNotThrottled(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, version).URL})
	start := time.Now()
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			if _, err := c.Serves(t.Context(), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took := time.Since(start); took > 5*time.Second { // 10 with the limit
		t.Errorf("60 requests took %s", took)
	}
}

func TestInsecureIsWhatIsNotVerified(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config rest.Config
		want   bool
	}{
		"with a CA":         {rest.Config{Host: "https://a:1", TLSClientConfig: rest.TLSClientConfig{CAData: otherCA(t)}}, false},
		"the system's CAs":  {rest.Config{Host: "https://a:1"}, false},
		"in capitals":       {rest.Config{Host: "HTTPS://a:1"}, false},
		"by choice":         {rest.Config{Host: "https://a:1", TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, true},
		"without TLS":       {rest.Config{Host: "http://a:1"}, true},
		"without a scheme":  {rest.Config{Host: "a:1"}, true},
		"without any of it": {rest.Config{}, true},
	} {
		if got := connect(t, &test.config).Insecure(); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestNewRefusesAServerThatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"https://a b", "://", "https://[::1"} {
		_, err := New(&rest.Config{Host: host}, "joinctl/test", time.Now)
		if config := new(failure.ConfigError); !errors.As(err, &config) {
			t.Errorf("%q: got %v", host, err)
		}
	}
}

// identity is what a server learns of who asks.
type identity struct {
	authorization, impersonated, agent, path string
}

func TestAnonymousClientsCarryNoCredential(t *testing.T) {
	t.Parallel()
	var seen identity
	server, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		seen = identity{r.Header.Get("Authorization"), r.Header.Get("Impersonate-User"), r.UserAgent(), r.URL.Path}
		version(w, r)
	})
	config.BearerToken = "secret"
	config.Impersonate = rest.ImpersonationConfig{UserName: "boss"}
	admin := connect(t, config)
	if _, err := admin.Serves(t.Context(), "x"); err != nil || seen.authorization != "Bearer secret" || seen.impersonated != "boss" {
		t.Fatalf("the administrator is seen as %+v, %v", seen, err)
	}
	anonymous, err := admin.Anonymous()
	if err != nil {
		t.Fatal(err)
	}
	member, err := admin.WithEndpoint(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	trusting, err := member.WithCA(config.CAData)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Client{"anonymous": anonymous, "member": member, "trusting": trusting} {
		seen = identity{}
		if _, err := c.Serves(t.Context(), "x"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := (identity{agent: "joinctl/test", path: "/apis/x"}); seen != want {
			t.Errorf("%s is seen as %+v", name, seen)
		}
	}
}

// A member cluster knows neither the administrator's proxy nor his name for the server.
func TestAtGoesWhereAMemberGoes(t *testing.T) {
	t.Parallel()
	server, config := serveTLS(t, version)
	config.Host = "https://10.255.255.255:1"
	config.ServerName = "elsewhere.test"
	config.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: closedPort(t)})
	admin := connect(t, config)
	if !admin.UsesProxy() {
		t.Error("the administrator's proxy is lost")
	}
	member, err := admin.WithEndpoint(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if serves, err := member.Serves(t.Context(), "x"); err != nil || !serves {
		t.Errorf("got %v, %v", serves, err)
	}
}

func TestTrustingBelievesItsOwnAuthorityOnly(t *testing.T) {
	t.Parallel()
	_, config := serveTLS(t, version)
	right := config.CAData
	admin := connect(t, config)
	wrong, err := admin.WithCA(otherCA(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wrong.Serves(t.Context(), "x"); failure.ReasonOf(err) != failure.Unreachable {
		t.Errorf("with another CA: %v", err)
	}
	again, err := wrong.WithCA(right)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Serves(t.Context(), "x"); err != nil {
		t.Errorf("with the right one: %v", err)
	}
}
