// SPDX-License-Identifier: Apache-2.0

package karmada

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// storedGroup is the group in which the hub itself stores Cluster objects, as a custom resource: selectors, pages and
// every encoding are then those of a real API server. The stand-in has only to change the group in what the hub says. Its
// name is as long as the real one, so that this is right in protobuf too.
const (
	storedGroup    = "cluster.standin.io"
	storedClusters = "/apis/" + storedGroup + "/" + version + "/clusters"
)

// rename puts the real group into what the hub says about the stored one.
func rename(body []byte) []byte {
	return bytes.ReplaceAll(body, []byte(storedGroup), []byte(group))
}

// stored answers requests to read Cluster objects.
func (k *Karmada) stored() http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport: k.through,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(k.hub)
			r.Out.URL.Path = storedClusters + strings.TrimPrefix(r.In.URL.Path, clusters)
			// Asks for a compression that the transport does not undo.
			r.Out.Header.Del("Accept-Encoding")
			forget(r.Out.Header)
		},
		ModifyResponse: func(r *http.Response) error {
			defer r.Body.Close()
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(rename(body)))
			return err
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { refuse(w, err) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Its answer would never be read to the end.
		if watch := r.URL.Query().Get("watch"); watch != "" && watch != "false" && watch != "0" {
			refuse(w, apierrors.NewMethodNotSupported(schema.GroupResource{Group: group, Resource: "clusters"}, "watch"))
			return
		}
		proxy.ServeHTTP(w, r)
	})
}
