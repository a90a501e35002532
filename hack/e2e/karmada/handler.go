// SPDX-License-Identifier: Apache-2.0

package karmada

import (
	"encoding/json"
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	group    = "cluster.karmada.io"
	version  = "v1alpha1"
	clusters = "/apis/" + group + "/" + version + "/clusters"
)

// handler serves the requests that the hub forwards: discovery, Clusters and their proxy.
func (k *Karmada) handler() http.Handler {
	served := metav1.GroupVersionForDiscovery{GroupVersion: group + "/" + version, Version: version}
	about := metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"},
		Name:     group, Versions: []metav1.GroupVersionForDiscovery{served}, PreferredVersion: served,
	}
	mux := http.NewServeMux()
	mux.Handle("GET /apis", staticDocument(metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{about}}))
	mux.Handle("GET /apis/"+group, staticDocument(about))
	mux.Handle("GET /apis/"+group+"/"+version, staticDocument(metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: served.GroupVersion,
		APIResources: []metav1.APIResource{
			{Name: "clusters", SingularName: "cluster", Kind: "Cluster", Verbs: metav1.Verbs{"get", "list"}},
			{Name: "clusters/proxy", Kind: "Cluster", Verbs: metav1.Verbs{"create", "delete", "get", "patch", "update"}},
		},
	}))
	stored := k.readHandler()
	mux.Handle("GET "+clusters, stored)
	mux.Handle("GET "+clusters+"/{name}", stored)
	mux.HandleFunc(clusters+"/{name}/proxy", k.connect)
	mux.HandleFunc(clusters+"/{name}/proxy/{path...}", k.connect)
	return mux
}

// staticDocument always serves the same object.
func staticDocument(o any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, o) })
}

// writeError writes the status of an API error, and any other error as an internal server error.
func writeError(w http.ResponseWriter, err error) {
	status := metav1.Status{Status: metav1.StatusFailure, Code: http.StatusInternalServerError, Message: err.Error()}
	var known apierrors.APIStatus
	if errors.As(err, &known) {
		status = known.Status()
	}
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	writeJSON(w, int(status.Code), status)
}

func writeJSON(w http.ResponseWriter, code int, o any) {
	body, err := json.Marshal(o)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(restoreGroup(body))
}
