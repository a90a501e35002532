// SPDX-License-Identifier: Apache-2.0

// Package aggregated is a stand-in for karmada-aggregated-apiserver behind the aggregator of a real kube-apiserver. It serves
// discovery, a list of Clusters and answers of their proxy, and records who asks.
package aggregated

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const (
	version  = "/apis/cluster.karmada.io/v1alpha1"
	clusters = version + "/clusters"
)

// A Server is a running stand-in.
type Server struct {
	CA   []byte // verifies its certificate for the Service karmada-aggregated-apiserver in karmada-system, PEM
	Port string // of localhost

	server *httptest.Server
	mu     sync.Mutex
	seen   []Request
}

// A Request is a request that the aggregator sent on.
type Request struct {
	Path   string
	User   string
	Groups []string
}

// Start starts a stand-in that trusts the front proxy of a control plane, as an aggregated API server does: it refuses
// everybody else. It stops when the test ends.
func Start(t testing.TB, cp *controlplane.ControlPlane) *Server {
	t.Helper()
	frontProxy, err := os.ReadFile(filepath.Join(cp.Dir, "front-proxy-ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{}
	s.server = httptest.NewUnstartedServer(s)
	s.server.TLS = s.certificate(t)
	s.server.TLS.ClientCAs, s.server.TLS.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
	s.server.TLS.ClientCAs.AppendCertsFromPEM(frontProxy)
	s.server.Config.ErrorLog = nil
	s.server.StartTLS()
	t.Cleanup(s.server.Close)
	s.Port = strconv.Itoa(s.server.Listener.Addr().(*net.TCPAddr).Port)
	return s
}

// Stop stops the stand-in: nothing answers any more.
func (s *Server) Stop() { s.server.CloseClientConnections(); s.server.Close() }

// Requests returns the requests of users: not those with which the aggregator finds out whether the stand-in runs.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.seen), func(r Request) bool { return r.User == "system:kube-aggregator" })
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.seen = append(s.seen, Request{r.URL.Path, r.Header.Get("X-Remote-User"), r.Header.Values("X-Remote-Group")})
	s.mu.Unlock()
	served := metav1.GroupVersionForDiscovery{GroupVersion: "cluster.karmada.io/v1alpha1", Version: "v1alpha1"}
	group := metav1.APIGroup{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}, Name: "cluster.karmada.io",
		Versions: []metav1.GroupVersionForDiscovery{served}, PreferredVersion: served,
	}
	switch path := r.URL.Path; {
	case path == "/apis":
		write(w, http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{group}})
	case path == "/apis/cluster.karmada.io":
		write(w, http.StatusOK, group)
	case path == version:
		write(w, http.StatusOK, metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: served.GroupVersion,
			APIResources: []metav1.APIResource{{Name: "clusters", SingularName: "cluster", Kind: "Cluster", Verbs: metav1.Verbs{"get", "list"}}},
		})
	case path == clusters:
		write(w, http.StatusOK, map[string]any{"apiVersion": served.GroupVersion, "kind": "ClusterList", "metadata": map[string]any{}, "items": []any{cluster()}})
	case path == clusters+"/m1":
		write(w, http.StatusOK, cluster())
	case strings.HasPrefix(path, clusters+"/m1/proxy/"):
		missing(w, "serviceaccounts", "deployer")
	default:
		missing(w, "clusters", filepath.Base(path))
	}
}

// cluster is member m1. It has the fields that joinctl reads.
func cluster() map[string]any {
	return map[string]any{
		"apiVersion": "cluster.karmada.io/v1alpha1", "kind": "Cluster", "metadata": map[string]any{"name": "m1"},
		"spec":   map[string]any{"syncMode": "Push", "apiEndpoint": "https://192.0.2.1:6443"},
		"status": map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "True"}}},
	}
}

// missing answers that an object does not exist.
func missing(w http.ResponseWriter, kind, name string) {
	write(w, http.StatusNotFound, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Code: http.StatusNotFound,
		Reason: metav1.StatusReasonNotFound, Message: kind + ` "` + name + `" not found`,
		Details: &metav1.StatusDetails{Kind: kind, Name: name},
	})
}

func write(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}

// certificate returns a self-signed certificate for the Service, and sets the CA.
func (s *Server) certificate(t testing.TB) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"karmada-aggregated-apiserver.karmada-system.svc"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
