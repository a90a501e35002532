// SPDX-License-Identifier: Apache-2.0

// Package apitest is an in-memory API server, for tests only. It stores objects, records requests and fails where a test
// tells it to. It has none of the server's rules: it authenticates, authorizes and validates nothing.
package apitest

import (
	"bytes"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// A Server is one control plane with a certificate authority of its own. It speaks HTTP/1.1 over TLS.
type Server struct {
	URL string
	CA  []byte // PEM

	t      testing.TB
	api    http.Handler
	scheme *runtime.Scheme
	codecs serializer.CodecFactory
	kinds  map[schema.GroupResource]schema.GroupVersionKind

	mu       sync.Mutex
	karmada  bool
	signs    bool
	approves bool
	issues   bool
	objects  map[key]Object
	members  map[string]*Server
	users    map[string]authenticationv1.UserInfo // by bearer token
	denied   func(user string, access *authorizationv1.ResourceAttributes) bool
	serial   int // the last resourceVersion
	rules    []*rule
	requests []string
	warnings []string
	offset   time.Duration
}

// Karmada is an option of New: the server has the API group of Karmada.
func Karmada(s *Server) { s.karmada = true }

// Signer is an option of New: cluster-info, once it exists, is signed with every bootstrap token that is stored.
func Signer(s *Server) { s.signs = true }

// Joinable is an option of New: Signer, the server publishes cluster-info, and certificate requests are approved and signed.
func Joinable(s *Server) {
	Signer(s)
	s.Issue(true, true)
	s.PublishClusterInfo()
}

// New starts a server, which ends with the test.
func New(t testing.TB, options ...func(*Server)) *Server {
	t.Helper()
	s := newServer(t)
	server := httptest.NewUnstartedServer(s.handler())
	server.TLS, s.CA = NewCertificate(t)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a test may break a handshake on purpose
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections() // ends requests that hang
		server.Close()
	})
	s.URL = server.URL
	for _, option := range options {
		option(s)
	}
	return s
}

// Down returns a server that nobody can reach: nothing listens on its port.
func Down(t testing.TB) *Server {
	t.Helper()
	s := newServer(t)
	_, s.CA = NewCertificate(t)
	s.URL = "https://127.0.0.1:1"
	return s
}

func newServer(t testing.TB) *Server {
	t.Helper()
	scheme := newScheme(t)
	s := &Server{
		t: t, scheme: scheme, codecs: serializer.NewCodecFactory(scheme), kinds: kindsOf(scheme),
		objects: map[key]Object{},
		members: map[string]*Server{},
		users:   map[string]authenticationv1.UserInfo{AdminToken: {Username: "kubernetes-admin", Groups: []string{"system:masters"}}},
		denied:  func(string, *authorizationv1.ResourceAttributes) bool { return false },
	}
	s.api = s.routes()
	return s
}

// Requests returns all requests that arrived, in order: method, path, dryRun and selectors, such as
// "POST /api/v1/namespaces/kube-system/secrets?dryRun=All".
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Warn adds a warning to every answer from now on.
func (s *Server) Warn(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, text)
}

// Clock sets the server's clock ahead of this machine's.
func (s *Server) Clock(offset time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = offset
}

// now needs the lock.
func (s *Server) now() time.Time { return time.Now().Add(s.offset) }

// handler applies the faults around the API.
func (s *Server) handler() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // the server notices that the client has gone only when it has read everything
		if err != nil {
			return
		}
		faults := s.receive(w.Header(), r, body)
		for _, fault := range faults {
			if fault.Before != nil && fault.Before(w, withBody(r, body)) {
				return
			}
		}
		answer := httptest.NewRecorder()
		s.api.ServeHTTP(answer, withBody(r, body))
		for _, fault := range faults {
			if fault.After != nil && fault.After(w, withBody(r, body)) {
				return
			}
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}
}

func withBody(r *http.Request, body []byte) *http.Request {
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// receive records a request, and returns the faults that it meets.
func (s *Server) receive(header http.Header, r *http.Request, body []byte) (faults []Fault) {
	query := r.URL.Query()
	if r.Method == http.MethodDelete { // kube sends the options in the body
		var opts metav1.DeleteOptions
		if _, _, err := s.codecs.UniversalDeserializer().Decode(body, nil, &opts); err == nil && len(opts.DryRun) > 0 {
			query["dryRun"] = opts.DryRun
			r.URL.RawQuery = query.Encode()
		}
	}
	var recorded []string
	for _, name := range []string{"dryRun", "fieldSelector", "labelSelector"} {
		if value := query.Get(name); value != "" {
			recorded = append(recorded, name+"="+value)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, strings.TrimSuffix(r.Method+" "+r.URL.Path+"?"+strings.Join(recorded, "&"), "?"))
	header.Set("Date", s.now().UTC().Format(http.TimeFormat))
	for _, text := range s.warnings {
		if warning, err := utilnet.NewWarningHeader(299, "-", text); err == nil {
			header.Add("Warning", warning)
		}
	}
	for _, rule := range s.rules {
		if rule.applies(r) {
			faults = append(faults, rule.Fault)
		}
	}
	return faults
}
