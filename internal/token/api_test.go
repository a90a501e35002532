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

// An api speaks as much of the Kubernetes API as this package needs, and misbehaves where a test says so.
type api struct {
	t       *testing.T
	codec   *protobuf.Serializer
	server  *httptest.Server
	trouble func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) // nil: none

	mu       sync.Mutex
	secrets  map[string]*corev1.Secret
	requests []request
}

// A request is what the client asked for.
type request struct {
	verb string
	name string // of the Secret, where one is named
	url  string // path and query, without the timeout
	opts metav1.DeleteOptions
}

// serve starts an api that knows some Secrets.
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
		if a.trouble != nil {
			a.trouble(w, r, a.serve)
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

// serve carries a request out.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	asked := request{verb: r.Method, url: plain(r.URL), name: strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, secretsPath), "/")}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Errorf("read the request: %v", err)
	}
	switch {
	case r.URL.Path == "/version":
		answer(w, http.StatusOK, map[string]string{"gitVersion": "v1.37.2"})
	case r.Method == http.MethodPost:
		var secret corev1.Secret
		a.decode(body, &secret)
		asked.name = secret.Name
		a.create(w, r, &secret)
	case r.Method == http.MethodDelete:
		a.decode(body, &asked.opts)
		a.delete(w, asked)
	case asked.name == "":
		a.list(w, r)
	case a.secrets[asked.name] == nil:
		refuse(w, apierrors.NewNotFound(secretsResource, asked.name))
	default:
		answer(w, http.StatusOK, a.secrets[asked.name])
	}
	a.requests = append(a.requests, asked)
}

// plain returns a URL without its host and the timeout that client-go adds.
func plain(u *url.URL) string {
	query := u.Query()
	query.Del("timeout")
	return (&url.URL{Path: u.Path, RawQuery: query.Encode()}).String()
}

// decode reads what the client sends in place of JSON.
func (a *api) decode(body []byte, into runtime.Object) {
	if _, _, err := a.codec.Decode(body, nil, into); err != nil {
		a.t.Errorf("decode the request as protobuf: %v", err)
	}
}

func (a *api) create(w http.ResponseWriter, r *http.Request, secret *corev1.Secret) {
	if a.secrets[secret.Name] != nil {
		refuse(w, apierrors.NewAlreadyExists(secretsResource, secret.Name))
		return
	}
	if r.URL.Query().Get("dryRun") == "" {
		secret = a.store(secret)
	}
	answer(w, http.StatusCreated, secret)
}

func (a *api) delete(w http.ResponseWriter, asked request) {
	secret := a.secrets[asked.name]
	switch want := asked.opts.Preconditions; {
	case secret == nil:
		refuse(w, apierrors.NewNotFound(secretsResource, asked.name))
		return
	case want != nil && *want.UID != secret.UID:
		refuse(w, apierrors.NewConflict(secretsResource, asked.name, fmt.Errorf("the UID is %s", secret.UID)))
		return
	case len(asked.opts.DryRun) == 0:
		delete(a.secrets, asked.name)
	}
	answer(w, http.StatusOK, metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess})
}

// list pages through the Secrets in the order of their names; continue is how many came before.
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
	answer(w, http.StatusOK, page)
}

// store keeps a copy of a Secret, as a server does: with a UID and of a type that never changes.
func (a *api) store(secret *corev1.Secret) *corev1.Secret {
	secret = secret.DeepCopy()
	secret.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	secret.UID = types.UID(fmt.Sprintf("uid-%d", len(a.secrets)+len(a.requests)))
	a.secrets[secret.Name] = secret
	return secret
}

// holds reports whether a Secret is stored.
func (a *api) holds(name string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.secrets[name] != nil
}

// asked returns the requests that were carried out, of one verb or, for "", of all.
func (a *api) asked(verb string) []request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(a.requests), func(r request) bool { return verb != "" && r.verb != verb })
}

func answer(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(object)
}

// refuse answers as a server that refuses.
func refuse(w http.ResponseWriter, err *apierrors.StatusError) {
	status := err.Status()
	status.APIVersion, status.Kind = "v1", "Status"
	answer(w, int(status.Code), status)
}

// forbid is the answer to an identity without the right.
func forbid(w http.ResponseWriter, r *http.Request) {
	refuse(w, apierrors.NewForbidden(secretsResource, "", fmt.Errorf("user may not %s", r.Method)))
}

// busy answers as a server whose etcd took too long: it may have acted or not. At this client-go would send the
// request again by itself.
func busy(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	refuse(w, apierrors.NewServerTimeout(secretsResource, "write", 1))
}

// cut closes the connection without an answer.
func cut(t *testing.T, w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Errorf("hijack: %v", err)
		return
	}
	_ = conn.Close()
}
