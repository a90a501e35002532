// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const clustersPath = "/apis/cluster.karmada.io/v1alpha1/clusters"

var clusterKind = schema.GroupVersionKind{Group: "cluster.karmada.io", Version: "v1alpha1", Kind: "Cluster"}

// AddMember stores a Cluster, and passes requests to its subresource proxy on to the member. The server needs the option
// Karmada.
func (s *Server) AddMember(name string, member *Server) {
	s.t.Helper()
	s.mu.Lock()
	s.members[name] = member
	s.mu.Unlock()
	cluster := &unstructured.Unstructured{}
	cluster.SetGroupVersionKind(clusterKind)
	cluster.SetName(name)
	if err := unstructured.SetNestedField(cluster.Object, member.URL, "spec", "apiEndpoint"); err != nil {
		s.t.Fatal(err)
	}
	s.Put(cluster)
}

// proxy passes a request on to a member, over the network. A member that gives no answer is a 500 without a reason, as
// from an aggregated API server (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/status.go).
func (s *Server) proxy(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	s.mu.Lock()
	member := s.members[name]
	s.mu.Unlock()
	if member == nil {
		refuse(w, apierrors.NewNotFound(resourceOf(clusterKind), name))
		return
	}
	target, err := url.Parse(member.URL)
	if err != nil {
		s.t.Error(err)
		return
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(member.CA)
	through := httputil.ReverseProxy{
		Rewrite: func(out *httputil.ProxyRequest) {
			out.Out.URL.Path = strings.TrimPrefix(out.In.URL.Path, clustersPath+"/"+name+"/proxy")
			out.SetURL(target)
		},
		// Without keep-alive nothing is sent twice.
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			refuse(w, &apierrors.StatusError{ErrStatus: metav1.Status{
				Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: "error trying to reach service: " + err.Error(),
			}})
		},
	}
	through.ServeHTTP(w, r)
}

// PutCluster stores a Cluster without a member behind it. The server needs the option Karmada.
func (s *Server) PutCluster(name string, ready bool) {
	s.t.Helper()
	status := map[bool]string{true: "True", false: "False"}[ready]
	cluster := &unstructured.Unstructured{Object: map[string]any{
		"status": map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": status}}},
	}}
	cluster.SetGroupVersionKind(clusterKind)
	cluster.SetName(name)
	s.Put(cluster)
}
