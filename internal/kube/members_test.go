// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

func TestMemberNamesAreReadInChunksAndWithoutTheObjects(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.URL.Path != "/apis/cluster.karmada.io/v1alpha1/clusters" || query.Get("labelSelector") != "region=eu" || query.Get("limit") != "500" {
			t.Errorf("asked for %s", r.URL)
		}
		if !strings.HasPrefix(r.Header.Get("Accept"), "application/json;as=PartialObjectMetadataList;") {
			t.Errorf("accepts %q", r.Header.Get("Accept"))
		}
		page := metav1.PartialObjectMetadataList{Items: []metav1.PartialObjectMetadata{{ObjectMeta: metav1.ObjectMeta{Name: "b"}}}}
		if query.Get("continue") == "" {
			page.Items[0].Name, page.Continue = "a", "more"
		}
		answer(w, http.StatusOK, page)
	})
	names, err := connect(t, &rest.Config{Host: server.URL}).MemberNames(t.Context(), "region=eu")
	if err != nil || !reflect.DeepEqual(names, []string{"a", "b"}) {
		t.Errorf("got %q, %v", names, err)
	}
}

func TestAMemberIsWhereItsClusterObjectSays(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://10.0.0.1:6443": "https://10.0.0.1:6443", "10.0.0.1:6443": "https://10.0.0.1:6443", "api.example.com": "https://api.example.com", "": "",
	} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/apis/cluster.karmada.io/v1alpha1/clusters/m" {
				t.Errorf("asked for %s", r.URL)
			}
			answer(w, http.StatusOK, map[string]any{"spec": map[string]any{
				"apiEndpoint": endpoint, "proxyURL": "http://proxy:1", "insecureSkipTLSVerification": true, "syncMode": "Push",
			}, "status": map[string]any{"conditions": []any{}}})
		})
		got, err := connect(t, &rest.Config{Host: server.URL}).Member(t.Context(), "m")
		if err != nil || got != (Member{"m", want, "http://proxy:1", true}) {
			t.Errorf("%q: got %+v, %v", endpoint, got, err)
		}
	}
	if m := (Member{Server: "https://API.example.com"}); !m.HasServer("https://api.example.com:443/") || m.HasServer("https://api.example.com:6443") {
		t.Error("addresses are not compared by what they mean")
	}
}

func TestRequestsThroughAControlPlaneGoToItsProxyAsTheSameUser(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/", "/prefix"} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if want := strings.TrimSuffix(path, "/") + "/apis/cluster.karmada.io/v1alpha1/clusters/m/proxy/api/v1/namespaces/n/configmaps/c"; r.URL.Path != want {
				t.Errorf("asked for %s", r.URL)
			}
			if r.Header.Get("Authorization") != "Bearer mine" || r.Header.Get("Impersonate-User") != "other" {
				t.Errorf("asked with %v", r.Header)
			}
			answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "ConfigMap"})
		})
		hub := connect(t, &rest.Config{Host: server.URL + path, BearerToken: "mine", Impersonate: rest.ImpersonationConfig{UserName: "other"}})
		through, err := hub.ViaProxy("m")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := through.ConfigMap(t.Context(), "n", "c"); err != nil || through.Hub() != hub || hub.Hub() != nil {
			t.Errorf("%q: %v", path, err)
		}
		if !hub.Proxies(through.Server().String()) || hub.Proxies(hub.Server().String()) || hub.Proxies("https://elsewhere/apis/cluster.karmada.io/v1alpha1/clusters/m/proxy") {
			t.Errorf("%q: it does not know what is behind it", path)
		}
	}
}
