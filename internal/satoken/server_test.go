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

// A reply is what a server answers to one request: a status code with an object, or the line cut.
type reply struct {
	code   int
	object any
}

// cut ends the connection in place of an answer.
var cut = reply{}

// serving returns a client of a server that answers by method and path, and the requests that it got. What it has no
// answer for is not found.
func serving(t *testing.T, replies map[string]reply) (*kube.Client, func() []string) {
	t.Helper()
	var (
		mu    sync.Mutex
		asked []string
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method + " " + r.URL.Path
		mu.Lock()
		asked = append(asked, line)
		mu.Unlock()
		answer, ok := replies[line]
		switch {
		case !ok:
			answer = refusal(http.StatusNotFound, metav1.StatusReasonNotFound)
		case answer == cut:
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.code)
		_ = json.NewEncoder(w).Encode(answer.object)
	}))
	t.Cleanup(server.Close)
	c, err := kube.New(&rest.Config{Host: server.URL}, "test", func() time.Time { return time.Unix(1_000_000, 0) })
	if err != nil {
		t.Fatal(err)
	}
	return c, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
}

func refusal(code int32, reason metav1.StatusReason) reply {
	return reply{int(code), &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: string(reason),
	}}
}
