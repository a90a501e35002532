// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"crypto/tls"
	"encoding/json"
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

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

const (
	infoPath  = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
	groupPath = "/apis/cluster.karmada.io/v1alpha1"
)

var configMaps = schema.GroupResource{Resource: "configmaps"}

// A plane is the part of a control plane that discovery sees. It can be joined; tests break something in it.
type plane struct {
	t      *testing.T
	ca     *authority
	server *httptest.Server
	config rest.Config // the administrator's

	mu     sync.Mutex
	data   map[string]string           // of cluster-info
	handle map[string]http.HandlerFunc // by path
	seen   []request
}

// A request is the part of a request that tests look at.
type request struct {
	path          string
	authorization string
	certificates  int
}

// build starts a plane with a certificate for some hosts.
func build(t *testing.T, hosts ...string) *plane {
	t.Helper()
	p := &plane{t: t, ca: newAuthority(t)}
	p.server = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.server.TLS = &tls.Config{Certificates: []tls.Certificate{p.ca.issue(t, hosts...)}, ClientAuth: tls.RequestClientCert}
	p.server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes are meant to fail
	p.server.StartTLS()
	t.Cleanup(p.server.Close)
	p.data = map[string]string{"kubeconfig": kubeconfig(t, p.server.URL, p.ca.pem)}
	p.handle = map[string]http.HandlerFunc{
		infoPath:  p.info,
		groupPath: answering,
	}
	own := p.ca.issue(t, "admin")
	p.config = rest.Config{
		Host:            p.server.URL,
		BearerToken:     "of the administrator",
		TLSClientConfig: rest.TLSClientConfig{CAData: p.ca.pem, CertData: certificatePEM(own), KeyData: keyPEM(t, own)},
	}
	return p
}

func (p *plane) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.seen = append(p.seen, request{r.URL.Path, r.Header.Get("Authorization"), len(r.TLS.PeerCertificates)})
	handle := p.handle[r.URL.Path]
	p.mu.Unlock()
	if handle == nil {
		refuse(w, apierrors.NewNotFound(configMaps, r.URL.Path))
		return
	}
	handle(w, r)
}

func (p *plane) info(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	answer(w, http.StatusOK, configMap(p.data))
}

// requestsFor returns the requests for a path.
func (p *plane) requestsFor(path string) []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.seen), func(v request) bool { return v.path != path })
}

// admin returns the administrator's client.
func (p *plane) admin() *kube.Client {
	p.t.Helper()
	return connect(p.t, &p.config)
}

// endpoint returns the address at which the plane listens.
func (p *plane) endpoint() join.Endpoint {
	p.t.Helper()
	return endpoint(p.t, p.server.Listener.Addr().String())
}

func endpoint(t *testing.T, hostPort string) join.Endpoint {
	t.Helper()
	e, err := join.ParseEndpoint(hostPort)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func connect(t *testing.T, config *rest.Config) *kube.Client {
	t.Helper()
	c, err := kube.New(config, "joinctl/test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// kubeconfig returns a kubeconfig for cluster-info.
func kubeconfig(t testing.TB, server string, ca []byte) string {
	t.Helper()
	config := clientcmdapi.NewConfig()
	config.Clusters[""] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: ca}
	text, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func configMap(data map[string]string) corev1.ConfigMap {
	return corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespacePublic, Name: bootstrapapi.ConfigMapClusterInfo},
		Data:       maps.Clone(data),
	}
}

func answer(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}

func refuse(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.Status()
	status.APIVersion, status.Kind = "v1", "Status"
	answer(w, int(status.Code), status)
}

func refusing(err *apierrors.StatusError) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { refuse(w, err) }
}

// warns reports whether one of the warnings contains all parts.
func warns(warnings []string, parts ...string) bool {
	return slices.ContainsFunc(warnings, func(warning string) bool {
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(warning, part) })
	})
}
