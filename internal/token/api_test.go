// SPDX-License-Identifier: Apache-2.0

package token

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/kube"
)

const secretsPath = "/api/v1/namespaces/kube-system/secrets"

var secretsResource = schema.GroupResource{Resource: "secrets"}

// An api serves the part of the Kubernetes API that this package needs. A test can intercept its requests.
type api struct {
	t         *testing.T
	codec     *protobuf.Serializer
	server    *httptest.Server
	intercept func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) // nil: serves every request

	mu       sync.Mutex
	secrets  map[string]*corev1.Secret
	requests []request
}

// A request is one that the api served.
type request struct {
	verb string
	name string // of the Secret; empty for lists
	url  string // path and query, without the timeout
	opts metav1.DeleteOptions
}

// serve starts an api with some Secrets.
func serve(t *testing.T, secrets ...*corev1.Secret) *api {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	a := &api{t: t, codec: protobuf.NewSerializer(scheme, scheme), secrets: map[string]*corev1.Secret{}}
	for _, secret := range secrets {
		a.store(secret)
	}
	a.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.intercept != nil {
			a.intercept(w, r, a.serve)
			return
		}
		a.serve(w, r)
	}))
	t.Cleanup(a.server.Close)
	return a
}

// client returns a client for the api.
func (a *api) client() *kube.Client {
	a.t.Helper()
	return a.connect(&rest.Config{Host: a.server.URL, Timeout: 5 * time.Second})
}

func (a *api) connect(config *rest.Config) *kube.Client {
	a.t.Helper()
	c, err := kube.New(config, "joinctl/test", time.Now)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// serve executes a request.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	got := request{verb: r.Method, url: pathAndQuery(r.URL), name: strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, secretsPath), "/")}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Errorf("read the request: %v", err)
	}
	switch {
	case r.URL.Path == "/version":
		respond(w, http.StatusOK, map[string]string{"gitVersion": "v1.37.2"})
	case r.Method == http.MethodPost:
		var secret corev1.Secret
		a.decode(body, &secret)
		got.name = secret.Name
		a.create(w, r, &secret)
	case r.Method == http.MethodDelete:
		a.decode(body, &got.opts)
		a.delete(w, got)
	case got.name == "":
		a.list(w, r)
	case a.secrets[got.name] == nil:
		respondError(w, apierrors.NewNotFound(secretsResource, got.name))
	default:
		respond(w, http.StatusOK, a.secrets[got.name])
	}
	a.requests = append(a.requests, got)
}

// pathAndQuery returns a URL without its host and the timeout that client-go adds.
func pathAndQuery(u *url.URL) string {
	query := u.Query()
	query.Del("timeout")
	return (&url.URL{Path: u.Path, RawQuery: query.Encode()}).String()
}

// decode reads the protobuf that the client sends.
func (a *api) decode(body []byte, into runtime.Object) {
	if _, _, err := a.codec.Decode(body, nil, into); err != nil {
		a.t.Errorf("decode the request as protobuf: %v", err)
	}
}

func (a *api) create(w http.ResponseWriter, r *http.Request, secret *corev1.Secret) {
	if a.secrets[secret.Name] != nil {
		respondError(w, apierrors.NewAlreadyExists(secretsResource, secret.Name))
		return
	}
	if r.URL.Query().Get("dryRun") == "" {
		secret = a.store(secret)
	} else {
		secret.UID = "of a dry run" // which the server gives too
	}
	respond(w, http.StatusCreated, secret)
}

func (a *api) delete(w http.ResponseWriter, got request) {
	secret := a.secrets[got.name]
	switch want := got.opts.Preconditions; {
	case secret == nil:
		respondError(w, apierrors.NewNotFound(secretsResource, got.name))
		return
	case want != nil && *want.UID != secret.UID:
		respondError(w, apierrors.NewConflict(secretsResource, got.name, fmt.Errorf("the UID is %s", secret.UID)))
		return
	case len(got.opts.DryRun) == 0:
		delete(a.secrets, got.name)
	}
	respond(w, http.StatusOK, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess})
}

// list returns Secrets in the order of their names, in chunks; continue is the number of Secrets in earlier chunks.
func (a *api) list(w http.ResponseWriter, r *http.Request) {
	found := slices.SortedFunc(maps.Values(a.secrets), func(one, other *corev1.Secret) int { return cmp.Compare(one.Name, other.Name) })
	found = slices.DeleteFunc(found, func(s *corev1.Secret) bool { return "type="+string(s.Type) != r.URL.Query().Get("fieldSelector") })
	page := corev1.SecretList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}}
	from, _ := strconv.Atoi(r.URL.Query().Get("continue"))
	to := len(found)
	if limit, _ := strconv.Atoi(r.URL.Query().Get("limit")); limit > 0 && from+limit < to {
		to = from + limit
		page.Continue = strconv.Itoa(to)
	}
	for _, secret := range found[from:to] {
		page.Items = append(page.Items, *secret)
	}
	respond(w, http.StatusOK, page)
}

// store keeps a copy of a Secret with a UID, as a server does.
func (a *api) store(secret *corev1.Secret) *corev1.Secret {
	secret = secret.DeepCopy()
	secret.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	secret.UID = types.UID(fmt.Sprintf("uid-%d", len(a.secrets)+len(a.requests)))
	a.secrets[secret.Name] = secret
	return secret
}

// exists reports whether a Secret is stored.
func (a *api) exists(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.secrets[name] != nil
}

// received returns the requests that were served: those with one verb, or all for "".
func (a *api) received(verb string) []request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.requests), func(r request) bool { return verb != "" && r.verb != verb })
}

func respond(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}

// respondError responds with an error of the API.
func respondError(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.Status()
	status.APIVersion, status.Kind = "v1", "Status"
	respond(w, int(status.Code), status)
}

// respondForbidden responds as to a user without the right.
func respondForbidden(w http.ResponseWriter, r *http.Request) {
	respondError(w, apierrors.NewForbidden(secretsResource, "", fmt.Errorf("user may not %s", r.Method)))
}

// respondServerTimeout responds as a server whose etcd was too slow: the request may have succeeded. client-go retries
// such a request by default.
func respondServerTimeout(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	respondError(w, apierrors.NewServerTimeout(secretsResource, "write", 1))
}

// dropConnection closes the connection without a response.
func dropConnection(t *testing.T, w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Errorf("hijack: %v", err)
		return
	}
	_ = conn.Close()
}
