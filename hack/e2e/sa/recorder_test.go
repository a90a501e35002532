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

// An answer is what the recorder says to a TokenRequest.
type answer struct {
	status  *metav1.Status // in place of a token
	token   string         // "": a JWT; "-": none at all
	warning string
}

// A request is what a client sent, in so far as the API server acts on it.
type request struct {
	Line   string
	Who    map[string][]string
	Object *authenticationv1.TokenRequest
}

// A recorder is an API server that remembers what it was asked.
type recorder struct {
	*httptest.Server
	kubeconfig string

	mu       sync.Mutex
	answer   answer
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

// expect sets the answer, and returns a function that gives the requests since.
func (r *recorder) expect(a answer) (asked func() []request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer, r.requests = a, nil
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
	if query.Get("timeout") == "15s" { // ours where none is asked for; kubectl would wait for ever
		query.Del("timeout")
	}
	got := request{Line: req.Method + " " + req.URL.Path + "?" + query.Encode(), Who: map[string][]string{}}
	for name, values := range req.Header {
		if name == "Authorization" || len(name) > 11 && name[:11] == "Impersonate" {
			got.Who[name] = values
		}
	}
	if object, err := runtime.Decode(scheme.Codecs.UniversalDeserializer(), body); err == nil {
		got.Object, _ = object.(*authenticationv1.TokenRequest)
	}
	r.requests = append(r.requests, got)
	if r.answer.warning != "" {
		w.Header().Set("Warning", fmt.Sprintf("299 - %q", r.answer.warning))
	}
	w.Header().Set("Content-Type", "application/json")
	if status := r.answer.status; status != nil {
		w.WriteHeader(int(status.Code))
		_ = json.NewEncoder(w).Encode(status)
		return
	}
	if got.Object == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(r.grant(got.Object))
}

// grant answers as the API server does.
func (r *recorder) grant(asked *authenticationv1.TokenRequest) *authenticationv1.TokenRequest {
	out := asked.DeepCopy()
	out.SetGroupVersionKind(authenticationv1.SchemeGroupVersion.WithKind("TokenRequest"))
	out.Name, out.Namespace = "mysa", "test"
	out.CreationTimestamp = metav1.NewTime(time.Unix(1_000_000, 0))
	out.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "someone", Operation: "Update"}}
	seconds := int64(3600)
	if out.Spec.ExpirationSeconds != nil {
		seconds = *out.Spec.ExpirationSeconds
	}
	out.Spec.ExpirationSeconds = &seconds
	out.Status.ExpirationTimestamp = metav1.NewTime(time.Unix(1_000_000+seconds, 0))
	switch r.answer.token {
	case "":
		out.Status.Token = fakeJWT(seconds)
	case "-":
	default:
		out.Status.Token = r.answer.token
	}
	return out
}

// fakeJWT is a token that was issued when the clock of a Unix system showed a million, for some seconds.
func fakeJWT(seconds int64) string {
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"ES256"}`)) + "." +
		part(fmt.Appendf(nil, `{"sub":"system:serviceaccount:test:mysa","iat":1000000,"exp":%d}`, 1_000_000+seconds)) + ".c2lnbmF0dXJl"
}

func failure(code int32, reason metav1.StatusReason, message string) answer {
	return answer{status: &metav1.Status{
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
