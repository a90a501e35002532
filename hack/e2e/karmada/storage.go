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

// storedGroup is the group in which the hub stores Cluster objects as custom resources. A real API server thus handles
// selectors, pages and encodings, and the fake only replaces the group in its responses. The name is as long as the real
// group's, so that the replacement also works in protobuf.
const (
	storedGroup    = "cluster.standin.io"
	storedClusters = "/apis/" + storedGroup + "/" + version + "/clusters"
)

// restoreGroup replaces the stored group with the real one.
func restoreGroup(body []byte) []byte {
	return bytes.ReplaceAll(body, []byte(storedGroup), []byte(group))
}

// readHandler serves get and list of Cluster objects.
func (k *Karmada) readHandler() http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport: k.transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(k.hub)
			r.Out.URL.Path = storedClusters + strings.TrimPrefix(r.In.URL.Path, clusters)
			// The transport does not decompress if the client asked for compression.
			r.Out.Header.Del("Accept-Encoding")
			deleteRemoteHeaders(r.Out.Header)
		},
		ModifyResponse: func(r *http.Response) error {
			defer r.Body.Close()
			body, err := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(restoreGroup(body)))
			return err
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { writeError(w, err) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ModifyResponse reads a response to its end, and a watch has none.
		if watch := r.URL.Query().Get("watch"); watch != "" && watch != "false" && watch != "0" {
			writeError(w, apierrors.NewMethodNotSupported(schema.GroupResource{Group: group, Resource: "clusters"}, "watch"))
			return
		}
		proxy.ServeHTTP(w, r)
	})
}
