// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestMemberNamesAreReadPageByPageAsMetadata(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.URL.Path != "/apis/cluster.karmada.io/v1alpha1/clusters" || query.Get("labelSelector") != "region=eu" || query.Get("limit") != "500" {
			t.Errorf("GET %s", r.URL)
		}
		if !strings.HasPrefix(r.Header.Get("Accept"), "application/json;as=PartialObjectMetadataList;") {
			t.Errorf("Accept is %q", r.Header.Get("Accept"))
		}
		page := metav1.PartialObjectMetadataList{
			TypeMeta: metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadataList"},
			Items:    []metav1.PartialObjectMetadata{{ObjectMeta: metav1.ObjectMeta{Name: "b", Labels: map[string]string{"region": "eu"}}}},
		}
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

func TestMemberReadsItsServerFromTheClusterObject(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://10.0.0.1:6443": "https://10.0.0.1:6443", "10.0.0.1:6443": "https://10.0.0.1:6443", "api.example.com": "https://api.example.com", "": "",
	} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/apis/cluster.karmada.io/v1alpha1/clusters/m" {
				t.Errorf("GET %s", r.URL)
			}
			answer(w, http.StatusOK, map[string]any{"kind": "Cluster", "metadata": map[string]string{"name": "m"}, "spec": map[string]any{
				"apiEndpoint": endpoint, "proxyURL": "http://proxy:1", "insecureSkipTLSVerification": true, "syncMode": "Push",
				"secretRef": map[string]any{"namespace": "karmada-cluster", "name": "m-credential"},
			}, "status": map[string]any{"conditions": []any{}}})
		})
		got, err := connect(t, &rest.Config{Host: server.URL}).Member(t.Context(), "m")
		if err != nil || got != (Member{"m", want, "http://proxy:1", true, "karmada-cluster", "m-credential"}) {
			t.Errorf("%q: got %+v, %v", endpoint, got, err)
		}
	}
	if m := (Member{Server: "https://API.example.com"}); !m.HasServer("https://api.example.com:443/") || m.HasServer("https://api.example.com:6443") {
		t.Error("HasServer does not compare canonical URLs")
	}
}

// The errors are those of a real control plane and a real member (hack/e2e/karmada).
func TestExplainProxyErrorNamesWhoRefused(t *testing.T) {
	t.Parallel()
	hub := connect(t, &rest.Config{Host: "https://hub"})
	proxied, err := hub.ViaProxy("m")
	if err != nil {
		t.Fatal(err)
	}
	clusters := schema.GroupResource{Group: "cluster.karmada.io", Resource: "clusters"}
	accounts := schema.GroupResource{Resource: "serviceaccounts"}
	proxyError := &apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError, Message: "dial tcp 10.0.0.1:6443: connect: connection refused"}}
	for _, test := range []struct {
		name       string
		err        error
		reason     failure.Reason
		text, hint string
	}{
		{"forbidden by the control plane", apierrors.NewForbidden(clusters, "m", errors.New("no")), failure.Forbidden, "the control plane refuses: ", "two things: on the control plane the verbs get and create on clusters/proxy"},
		{"forbidden by the member", apierrors.NewForbidden(accounts, "robot", errors.New("no")), failure.Forbidden, "member m refuses: ", "clusters/proxy on the control plane, which is granted; and inside the member"},
		{"impersonation forbidden by the member", apierrors.NewForbidden(schema.GroupResource{Resource: "users"}, "alice", errors.New(`User "x" cannot impersonate resource "users"`)), failure.Forbidden, "member m refuses to let the control plane impersonate this user: ", "Karmada lets its impersonator"},
		{"impersonation of a group forbidden by the member", apierrors.NewForbidden(schema.GroupResource{Resource: "groups"}, "system:serviceaccounts:ci", errors.New(`User "x" cannot impersonate resource "groups"`)), failure.Forbidden, `impersonate group "system:serviceaccounts:ci": `, "bind group system:serviceaccounts:ci to a ClusterRole on clusters/proxy"},
		{"impersonator's token not accepted", apierrors.NewUnauthorized("Unauthorized"), failure.Unauthorized, "member m refuses the control plane's own credential", "impersonatorSecretRef of Cluster m"},
		{"member not found", apierrors.NewNotFound(clusters, "m"), failure.NotFound, `"m" not found`, "kubectl get clusters"},
		{"object not found in the member", apierrors.NewNotFound(accounts, "robot"), failure.NotFound, `"robot" not found`, ""},
		{"member down", proxyError, failure.Unreachable, "the control plane cannot reach member m: ", "spec.apiEndpoint"},
		{"internal error of the member", apierrors.NewInternalError(errors.New("dial tcp: refused")), failure.Internal, "", ""},
		{"no answer", errors.New("x"), failure.Internal, "x", ""},
	} {
		got := proxied.ExplainProxyError(fmt.Errorf("do it: %w", test.err))
		hint := ""
		if known := (*failure.Error)(nil); errors.As(got, &known) {
			hint = known.Hint
		}
		if failure.ReasonOf(got) != test.reason || !strings.Contains(got.Error(), test.text) || !strings.Contains(hint, test.hint) || test.hint == "" && hint != "" {
			t.Errorf("%s: %s, %q, hint %q", test.name, failure.ReasonOf(got), got, hint)
		}
		if !errors.Is(got, test.err) {
			t.Errorf("%s: the API error is lost", test.name)
		}
		if hub.ExplainProxyError(test.err) != test.err { //nolint:errorlint // the same error, unwrapped
			t.Errorf("%s: a client without a hub changes the error", test.name)
		}
	}
	if proxied.ExplainProxyError(nil) != nil {
		t.Error("nil became an error")
	}
	known := &failure.Error{Err: apierrors.NewForbidden(accounts, "robot", errors.New("no")), Hint: "this needs the verb create on serviceaccounts/token"}
	if got := proxied.ExplainProxyError(known); !strings.Contains(got.(*failure.Error).Hint, "inside the member, for the user of the same name, the verb create on serviceaccounts/token") { //nolint:errorlint // it is one
		t.Errorf("the hint is %q", got.(*failure.Error).Hint) //nolint:errorlint // it is one
	}
	if !failure.IsLost(proxyError) {
		t.Error("IsLost is false for a proxy error")
	}
}
