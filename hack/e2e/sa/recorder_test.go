// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A response is the recorder's response to a TokenRequest.
type response struct {
	status  *metav1.Status // error response instead of a token
	token   string         // "": a JWT, "-": no token
	warning string
}

// A request has the parts of a client's request that the API server uses.
type request struct {
	URL      string
	Identity map[string][]string
	Object   *authenticationv1.TokenRequest
}

// A recorder is a fake API server that records requests.
type recorder struct {
	*httptest.Server
	kubeconfig string

	mu       sync.Mutex
	response response
	requests []request
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{}
	r.Server = httptest.NewTLSServer(r)
	t.Cleanup(r.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})
	config := clientcmdapi.NewConfig()
	config.Clusters["hub"] = &clientcmdapi.Cluster{Server: r.URL, CertificateAuthorityData: ca}
	config.Clusters["other"] = &clientcmdapi.Cluster{Server: r.URL + "/other", CertificateAuthorityData: ca}
	config.AuthInfos["admin"] = &clientcmdapi.AuthInfo{Token: "admin-bearer"}
	config.AuthInfos["guest"] = &clientcmdapi.AuthInfo{Token: "guest-bearer"}
	config.Contexts["hub"] = &clientcmdapi.Context{Cluster: "hub", AuthInfo: "admin", Namespace: "test"}
	config.Contexts["bare"] = &clientcmdapi.Context{Cluster: "hub", AuthInfo: "admin"}
	config.CurrentContext = "hub"
	r.kubeconfig = filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, r.kubeconfig); err != nil {
		t.Fatal(err)
	}
	return r
}

// respondWith sets the response, and returns a function that returns the requests since then.
func (r *recorder) respondWith(a response) (sent func() []request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.response, r.requests = a, nil
	return func() []request {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.requests
	}
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	body, _ := io.ReadAll(req.Body)
	query := req.URL.Query()
	if query.Get("timeout") == "15s" { // joinctl's default; kubectl has no timeout
		query.Del("timeout")
	}
	sentRequest := request{URL: req.Method + " " + req.URL.Path + "?" + query.Encode(), Identity: map[string][]string{}}
	for name, values := range req.Header {
		if name == "Authorization" || len(name) > 11 && name[:11] == "Impersonate" {
			sentRequest.Identity[name] = values
		}
	}
	if object, err := runtime.Decode(scheme.Codecs.UniversalDeserializer(), body); err == nil {
		sentRequest.Object, _ = object.(*authenticationv1.TokenRequest)
	}
	r.requests = append(r.requests, sentRequest)
	if r.response.warning != "" {
		w.Header().Set("Warning", fmt.Sprintf("299 - %q", r.response.warning))
	}
	w.Header().Set("Content-Type", "application/json")
	if status := r.response.status; status != nil {
		w.WriteHeader(int(status.Code))
		_ = json.NewEncoder(w).Encode(status)
		return
	}
	if sentRequest.Object == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(r.issueToken(req.URL.Path, sentRequest.Object))
}

// issueToken returns the response that an API server would send to a request with this path.
func (r *recorder) issueToken(path string, sent *authenticationv1.TokenRequest) *authenticationv1.TokenRequest {
	issued := sent.DeepCopy()
	issued.SetGroupVersionKind(authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"))
	parts := strings.Split(path, "/") // …/namespaces/NAMESPACE/serviceaccounts/NAME/token
	issued.Namespace, issued.Name = parts[len(parts)-4], parts[len(parts)-2]
	issued.CreationTimestamp = metav1.NewTime(time.Unix(1_000_000, 0))
	issued.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "someone", Operation: "Update"}}
	seconds := int64(3600)
	if issued.Spec.ExpirationSeconds != nil {
		seconds = *issued.Spec.ExpirationSeconds
	}
	issued.Spec.ExpirationSeconds = &seconds
	issued.Status.ExpirationTimestamp = metav1.NewTime(time.Unix(1_000_000+seconds, 0))
	switch r.response.token {
	case "":
		issued.Status.Token = fakeJWT(issued, seconds)
	case "-":
	default:
		issued.Status.Token = r.response.token
	}
	return issued
}

// fakeJWT returns a JWT for a request that was issued at Unix time 1,000,000 and expires after seconds.
func fakeJWT(request *authenticationv1.TokenRequest, seconds int64) string {
	bound := map[string]any{}
	if object := request.Spec.BoundObjectRef; object != nil {
		bound[strings.ToLower(object.Kind)] = map[string]any{"name": object.Name, "uid": object.UID}
	}
	payload, _ := json.Marshal(map[string]any{ // strings and numbers cannot fail
		"sub": "system:serviceaccount:" + request.Namespace + ":" + request.Name, "iat": 1_000_000, "exp": 1_000_000 + seconds, "kubernetes.io": bound,
	})
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"ES256"}`)) + "." + part(payload) + ".c2lnbmF0dXJl"
}

func errorResponse(code int32, reason metav1.StatusReason, message string) response {
	return response{status: &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	}}
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
