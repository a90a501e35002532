// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/kube"
)

// A response is a status code with an object, or noResponse.
type response struct {
	code   int
	object any
}

// noResponse closes the connection.
var noResponse = response{}

// serve returns a client of a server with a response for each method and path, and a function that returns the requests
// so far. The response to any other request is NotFound.
func serve(t *testing.T, responses map[string]response) (*kube.Client, func() []string) {
	t.Helper()
	var (
		mu       sync.Mutex
		requests []string
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method + " " + r.URL.Path
		mu.Lock()
		requests = append(requests, line)
		mu.Unlock()
		got, ok := responses[line]
		switch {
		case !ok:
			got = apiError(http.StatusNotFound, metav1.StatusReasonNotFound)
		case got == noResponse:
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(got.code)
		_ = json.NewEncoder(w).Encode(got.object)
	}))
	t.Cleanup(server.Close)
	c, err := kube.New(&rest.Config{Host: server.URL}, "test", func() time.Time { return time.Unix(1_000_000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return requests
	}
}

// apiError returns the response of a server that refuses a request.
func apiError(code int32, reason metav1.StatusReason) response {
	return response{int(code), &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: string(reason),
	}}
}
