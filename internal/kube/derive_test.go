// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// sentHeaders are the headers and the path of a request that matter here.
type sentHeaders struct {
	authorization, impersonated, agent, path string
}

func TestDerivedClientsSendNoCredential(t *testing.T) {
	t.Parallel()
	var got sentHeaders
	server, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		got = sentHeaders{r.Header.Get("Authorization"), r.Header.Get("Impersonate-User"), r.UserAgent(), r.URL.Path}
		version(w, r)
	})
	config.BearerToken = "secret"
	config.Impersonate = rest.ImpersonationConfig{UserName: "boss"}
	admin := connect(t, config)
	if _, err := admin.Serves(t.Context(), "x"); err != nil || got.authorization != "Bearer secret" || got.impersonated != "boss" {
		t.Fatalf("the administrator sends %+v, %v", got, err)
	}
	anonymous, err := admin.Anonymous()
	if err != nil {
		t.Fatal(err)
	}
	member, err := admin.WithEndpoint(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	withCA, err := member.WithCA(config.CAData)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Client{"anonymous": anonymous, "member": member, "with CA": withCA} {
		got = sentHeaders{}
		if _, err := c.Serves(t.Context(), "x"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := (sentHeaders{agent: "joinctl/test", path: "/apis/x"}); got != want {
			t.Errorf("%s sends %+v", name, got)
		}
	}
}

// A member cluster has neither the administrator's proxy nor the TLS server name of the kubeconfig.
func TestWithEndpointConnectsAsAMemberDoes(t *testing.T) {
	t.Parallel()
	server, config := serveTLS(t, version)
	config.Host = "https://10.255.255.255:1"
	config.ServerName = "elsewhere.test"
	config.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: closedPort(t)})
	admin := connect(t, config)
	member, err := admin.WithEndpoint(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if serves, err := member.Serves(t.Context(), "x"); err != nil || !serves {
		t.Errorf("got %v, %v", serves, err)
	}
}

func TestWithCAVerifiesWithThisCAOnly(t *testing.T) {
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

func TestViaProxySendsRequestsToTheClusterProxyAsTheSameUser(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "/prefix"} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if want := strings.TrimSuffix(path, "/") + "/apis/cluster.karmada.io/v1alpha1/clusters/m/proxy/api/v1/namespaces/n/configmaps/c"; r.URL.Path != want {
				t.Errorf("GET %s", r.URL)
			}
			if r.Header.Get("Authorization") != "Bearer mine" || r.Header.Get("Impersonate-User") != "other" {
				t.Errorf("sent the headers %v", r.Header)
			}
			answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]string{"namespace": "n", "name": "c"}})
		})
		hub := connect(t, &rest.Config{Host: server.URL + path, BearerToken: "mine", Impersonate: rest.ImpersonationConfig{UserName: "other"}})
		proxied, err := hub.ViaProxy("m")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proxied.ConfigMap(t.Context(), "n", "c"); err != nil || proxied.Hub() != hub || hub.Hub() != nil {
			t.Errorf("%q: %v", path, err)
		}
		if !hub.Proxies(proxied.Server().String()) || hub.Proxies(hub.Server().String()) || hub.Proxies("https://elsewhere/apis/cluster.karmada.io/v1alpha1/clusters/m/proxy") {
			t.Errorf("%q: Proxies is wrong", path)
		}
	}
}
