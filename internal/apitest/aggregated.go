// SPDX-License-Identifier: Apache-2.0

package apitest

import (
	"net/http"
	"path"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// StopAggregated stops the aggregated API server of Karmada's API group. As in kube-apiserver, the group is still listed, its
// version and its objects are 503, and the APIService says why.
func (s *Server) StopAggregated() {
	s.t.Helper()
	version := path.Dir(clustersPath)
	for _, pattern := range []string{version, version + "/*", version + "/*/*"} {
		s.On("", pattern, Refuse(apierrors.NewServiceUnavailable("the server is currently unable to handle the request")))
	}
	s.On(http.MethodGet, "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.cluster.karmada.io", Fault{Before: func(w http.ResponseWriter, _ *http.Request) bool {
		writeJSON(w, http.StatusOK, map[string]any{"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "status": map[string]any{"conditions": []map[string]string{
			{"type": "Available", "status": "False", "reason": "MissingEndpoints", "message": "endpoints for service/karmada-aggregated-apiserver have no addresses"},
		}}})
		return true
	}})
}
