// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestWarningsAreReturnedOnce(t *testing.T) {
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
		t.Errorf("returned again: %q", got)
	}
}

func TestServesReportsWhetherAnAPIGroupExists(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		handler http.HandlerFunc
		serves  bool
		reason  failure.Reason
	}{
		"served":     {version, true, ""},
		"not served": {refusing(apierrors.NewNotFound(secretsResource, "")), false, ""},
		"forbidden":  {forbidden, false, failure.Forbidden},
	} {
		var path string
		c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
			path = r.URL.Path
			test.handler(w, r)
		}).URL})
		serves, err := c.Serves(t.Context(), KarmadaAPI)
		if serves != test.serves || failure.ReasonOf(err) != test.reason || path != "/apis/cluster.karmada.io/v1alpha1" {
			t.Errorf("%s: got %v, %v after GET %s", name, serves, err, path)
		}
	}
}

// client-go's default limit delays the 11th request and all later ones.
func TestRequestsAreNotThrottled(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, version).URL})
	start := time.Now()
	var group sync.WaitGroup
	for range 60 {
		group.Go(func() {
			if _, err := c.Serves(t.Context(), "x"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if elapsed := time.Since(start); elapsed > 5*time.Second { // 10 s with the limit
		t.Errorf("60 requests took %s", elapsed)
	}
}

func TestInsecureMeansThatNoCertificateIsVerified(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config rest.Config
		want   bool
	}{
		"with a CA":        {rest.Config{Host: "https://a:1", TLSClientConfig: rest.TLSClientConfig{CAData: otherCA(t)}}, false},
		"the system's CAs": {rest.Config{Host: "https://a:1"}, false},
		"capitals":         {rest.Config{Host: "HTTPS://a:1"}, false},
		"insecure":         {rest.Config{Host: "https://a:1", TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, true},
		"without TLS":      {rest.Config{Host: "http://a:1"}, true},
		"without a scheme": {rest.Config{Host: "a:1"}, true},
		"empty":            {rest.Config{}, true},
	} {
		if got := connect(t, &test.config).Insecure(); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestNewRefusesAnInvalidServerAddress(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"https://a b", "://", "https://[::1"} {
		_, err := New(&rest.Config{Host: host}, "joinctl/test", time.Now)
		if config := new(failure.ConfigError); !errors.As(err, &config) {
			t.Errorf("%q: got %v", host, err)
		}
	}
}

func TestFingerprintsDifferByServerAndIdentity(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	configs := []rest.Config{
		{Host: "http://a"},
		{Host: "http://b"},
		{Host: "http://a", BearerToken: "one"},
		{Host: "http://a", BearerToken: "two"},
		{Host: "http://a", Username: "one"},
		{Host: "http://a", Impersonate: rest.ImpersonationConfig{UserName: "one"}},
		{Host: "http://a", Impersonate: rest.ImpersonationConfig{UserName: "one", Groups: []string{"g"}}},
		{Host: "http://a", Impersonate: rest.ImpersonationConfig{UserName: "one", Extra: map[string][]string{"k": {"v"}}}},
		{Host: "http://a", ExecProvider: execPlugin("one")},
		{Host: "http://a", ExecProvider: execPlugin("two")},
	}
	for i, config := range configs {
		if earlier, ok := seen[fingerprint(t, config)]; ok {
			t.Errorf("%d and %d have the same fingerprint", i, earlier)
		}
		seen[fingerprint(t, config)] = i
	}
	if fingerprint(t, rest.Config{Host: "http://a", Username: "one", Password: "x"}) != fingerprint(t, configs[4]) {
		t.Error("the fingerprint depends on the password")
	}
}

func execPlugin(arg string) *clientcmdapi.ExecConfig {
	return &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: "plugin", Args: []string{arg},
		InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}
}

func fingerprint(t *testing.T, config rest.Config) string {
	t.Helper()
	return connect(t, &config).Fingerprint()
}
