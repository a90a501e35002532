// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"path"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/kube"
)

// uid is the UID of every object that a server creates.
const uid = "00000000-uid"

// A server answers requests without a network: with a ClusterRole that it created or updated, unless failures has a code.
type server struct {
	seen     []string // method and path of every request, with the UID if there is one
	failures map[string]int
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	request, code, name := r.Method+" "+r.URL.Path, http.StatusOK, path.Base(r.URL.Path)
	if r.Method == http.MethodPost {
		name = "new"
	}
	var content any = rbacv1.ClusterRole{TypeMeta: kind("ClusterRole"), ObjectMeta: metav1.ObjectMeta{Name: name, UID: uid, ResourceVersion: "2"}}
	if failed := s.failures[request]; failed != 0 {
		code = failed
		content = metav1.Status{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure, Code: int32(code),
			Reason: map[int]metav1.StatusReason{http.StatusForbidden: metav1.StatusReasonForbidden, http.StatusNotFound: metav1.StatusReasonNotFound}[code],
		}
	}
	if r.Method == http.MethodDelete && bytes.Contains(sent, []byte(uid)) {
		request += " " + uid
	}
	s.seen = append(s.seen, request)
	body, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(body)), Request: r,
	}, nil
}

func (s *server) client(t *testing.T) *kube.Client {
	t.Helper()
	c, err := kube.New(&rest.Config{Host: "http://cp.test", Transport: s}, "joinctl/test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
