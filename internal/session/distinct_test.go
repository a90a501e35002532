// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

const namespacePath = "/api/v1/namespaces/kube-system"

// withNamespace starts a control plane that has the namespace kube-system.
func withNamespace(t *testing.T) *apitest.Server {
	t.Helper()
	server := apitest.New(t)
	server.Put(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "kube-system"}})
	return server
}

// withIssuer makes a control plane refuse to show its namespaces, and publish an issuer and keys.
func withIssuer(server *apitest.Server, issuer, keys string) *apitest.Server {
	answer := func(mediaType, body string) apitest.Fault {
		return apitest.Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Header.Get("Accept") != mediaType { // the real server offers one form only
				http.Error(w, "406: Not Acceptable", http.StatusNotAcceptable)
				return true
			}
			w.Header().Set("Content-Type", mediaType)
			_, _ = io.WriteString(w, body)
			return true
		}}
	}
	server.On(http.MethodGet, namespacePath, apitest.Refuse(apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "kube-system", nil)))
	server.On(http.MethodGet, "/.well-known/openid-configuration", answer("application/json", `{"issuer":"`+issuer+`"}`))
	server.On(http.MethodGet, "/openid/v1/jwks", answer("application/jwk-set+json", `{"keys":[`+keys+`]}`))
	return server
}

// behindOneAddress returns a Session over contexts at one address, each with a token of its own.
func behindOneAddress(t *testing.T, current string, behind map[string]*apitest.Server) (*session.Session, *screen) {
	t.Helper()
	tokens, contexts := map[string]*apitest.Server{}, map[string]*apitest.Server{}
	for name, server := range behind {
		if server != nil {
			tokens["token-of-"+name] = server
		}
	}
	proxy := apitest.AccessProxy(t, tokens)
	for name := range behind {
		contexts[name] = proxy
	}
	s, out := open(edit(t, apitest.KubeconfigAt(t, current, contexts), func(c *clientcmdapi.Config) {
		for name := range behind {
			c.AuthInfos[name+"-admin"].Token = "token-of-" + name
		}
	}))
	s.Selection = fleet.Selection{All: true}
	return s, out
}

func TestContextsBehindOneAddressAreMergedOnlyWhereTheyReachTheSameControlPlane(t *testing.T) {
	t.Parallel()
	one, other := withNamespace(t), withNamespace(t)
	keys := func(issuer, keys string) *apitest.Server { return withIssuer(apitest.New(t), issuer, keys) }
	for name, test := range map[string]struct {
		current string
		exact   []string
		behind  map[string]*apitest.Server // nil: the proxy refuses the context's credential
		want    []string
	}{
		"different control planes":      {"", nil, map[string]*apitest.Server{"a": one, "b": other}, []string{"a", "b"}},
		"the same control plane":        {"", nil, map[string]*apitest.Server{"a": one, "b": one}, []string{"a"}},
		"some are the same":             {"", nil, map[string]*apitest.Server{"a": one, "b": other, "c": one, "d": other}, []string{"a", "b"}},
		"the current one is preferred":  {"b", nil, map[string]*apitest.Server{"a": one, "b": one}, []string{"b"}},
		"the exact one is preferred":    {"a", []string{"c"}, map[string]*apitest.Server{"a": one, "b": one, "c": one}, []string{"c"}},
		"exact ones are never merged":   {"", []string{"a", "b"}, map[string]*apitest.Server{"a": one, "b": one, "c": one}, []string{"a", "b"}},
		"an expired credential":         {"", nil, map[string]*apitest.Server{"alice": nil, "bob": one, "carol": one}, []string{"alice", "bob"}},
		"the same issuer and keys":      {"", nil, map[string]*apitest.Server{"a": keys("i", "1"), "b": keys("i", "1")}, []string{"a"}},
		"the same issuer, other keys":   {"", nil, map[string]*apitest.Server{"a": keys("i", "1"), "b": keys("i", "2")}, []string{"a", "b"}},
		"the same keys, another issuer": {"", nil, map[string]*apitest.Server{"a": keys("i", "1"), "b": keys("j", "1")}, []string{"a", "b"}},
		"no issuer":                     {"", nil, map[string]*apitest.Server{"a": keys("", "1"), "b": keys("", "1")}, []string{"a", "b"}},
		"no keys":                       {"", nil, map[string]*apitest.Server{"a": keys("i", ""), "b": keys("i", "")}, []string{"a", "b"}},
		"no namespace kube-system":      {"", nil, map[string]*apitest.Server{"a": apitest.New(t), "b": apitest.New(t)}, []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, out := behindOneAddress(t, test.current, test.behind)
			s.Selection.Contexts = test.exact
			results, err := session.Each(t.Context(), s, 0, whoAmI)
			var visited []string
			for _, result := range results {
				visited = append(visited, result.Key.Context)
				if server := test.behind[result.Key.Context]; server == nil && failure.ReasonOf(result.Err) != failure.Unauthorized || server != nil && result.Err != nil {
					t.Errorf("%s: %v", result.Key.Context, result.Err)
				}
			}
			if err != nil || !slices.Equal(visited, test.want) {
				t.Errorf("visited %q, %v, want %q; stderr: %s", visited, err, test.want, out)
			}
			if merged := strings.Contains(out.String(), "the same control plane as context"); merged != (len(visited) < len(test.behind)) {
				t.Errorf("stderr: %s", out)
			}
		})
	}
}

func TestAControlPlaneIsAskedWhichOneItIsOnlyWhereAnotherContextHasItsAddress(t *testing.T) {
	t.Parallel()
	alone, shared := withNamespace(t), withNamespace(t)
	s, _ := behindOneAddress(t, "", map[string]*apitest.Server{"a": shared, "b": shared})
	s.Kubeconfig = edit(t, s.Kubeconfig, func(c *clientcmdapi.Config) {
		c.Clusters["alone"] = &clientcmdapi.Cluster{Server: alone.URL, CertificateAuthorityData: alone.CA}
		c.Contexts["alone"] = &clientcmdapi.Context{Cluster: "alone", AuthInfo: "a-admin"}
	})
	for range 2 {
		if _, err := session.Each(t.Context(), s, 0, whoAmI); err != nil {
			t.Fatal(err)
		}
	}
	count := func(server *apitest.Server) (n int) {
		for _, request := range server.Requests() {
			if request == "GET "+namespacePath {
				n++
			}
		}
		return n
	}
	if count(alone) != 0 || count(shared) != 2 {
		t.Errorf("%d questions to one alone, %d to those with one address", count(alone), count(shared))
	}
}
