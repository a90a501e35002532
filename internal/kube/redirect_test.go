// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/failure"
)

// The credential goes to the server of the kubeconfig and nowhere else, and so does the body of a request.
func TestNoClientFollowsARedirect(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https"} {
		elsewhere, arrived := recording(t, scheme)
		for _, code := range []int{301, 302, 303, 307, 308} {
			redirect := http.RedirectHandler(elsewhere.URL+"/login?token=abcdef.0123456789abcdef", code).ServeHTTP
			for user, config := range usersOf(t, redirect) {
				t.Run(fmt.Sprintf("%s, %d, %s", scheme, code, user), func(t *testing.T) {
					for name, request := range requestsOf(connect(t, config)) {
						checkRedirect(t, name, request(t.Context()), elsewhere)
					}
					if got := arrived.Load(); got != 0 {
						t.Errorf("%d requests arrived", got)
					}
				})
			}
		}
	}
}

// recording starts a server that counts its connections.
func recording(t *testing.T, scheme string) (*httptest.Server, *atomic.Int64) {
	t.Helper()
	var arrived atomic.Int64
	record := func(http.ResponseWriter, *http.Request) { arrived.Add(1) }
	if scheme == "http" {
		return serve(t, record), &arrived
	}
	server, _ := serveTLS(t, record)
	return server, &arrived
}

// usersOf returns connections to a server that answers with a handler, one for each kind of credential.
func usersOf(t *testing.T, handler http.HandlerFunc) map[string]*rest.Config {
	t.Helper()
	_, bearer := serveTLS(t, handler)
	bearer.Insecure, bearer.CAData = true, nil // whatever it is redirected to, TLS does not stop it
	with := func(change func(*rest.Config)) *rest.Config {
		config := rest.CopyConfig(bearer)
		change(config)
		return config
	}
	return map[string]*rest.Config{
		"anonymous": bearer,
		"bearer":    with(func(c *rest.Config) { c.BearerToken = "token" }),
		"password":  with(func(c *rest.Config) { c.Username, c.Password = "user", "password" }),
		"certificate": with(func(c *rest.Config) {
			c.CertData, c.KeyData = clientCertificate(t)
		}),
		"exec plugin": with(func(c *rest.Config) {
			c.ExecProvider = plugin(t, `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"token"}}`)
		}),
		"plain HTTP": {Host: serve(t, handler).URL, BearerToken: "token", TLSClientConfig: rest.TLSClientConfig{Insecure: true}},
	}
}

// clientCertificate returns a certificate that signs itself, and its key (PEM).
func clientCertificate(t *testing.T) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

// plugin returns an exec plugin that prints a text.
func plugin(t *testing.T, prints string) *clientcmdapi.ExecConfig {
	t.Helper()
	command := writeFile(t, t.TempDir(), "plugin", "#!/bin/sh\necho '"+prints+"'\n")
	if err := os.Chmod(command, 0o700); err != nil {
		t.Fatal(err)
	}
	return &clientcmdapi.ExecConfig{
		Command: filepath.Clean(command), APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}
}

// requestsOf returns one request for each method.
func requestsOf(c *Client) map[string]func(context.Context) error {
	secrets := c.Secrets("kube-system")
	return map[string]func(context.Context) error{
		"GET": func(ctx context.Context) error { _, err := secrets.Get(ctx, "x", metav1.GetOptions{}); return err },
		"POST": func(ctx context.Context) error {
			_, err := secrets.Create(ctx, &corev1.Secret{StringData: map[string]string{"token-secret": "0123456789abcdef"}}, metav1.CreateOptions{})
			return err
		},
		"PUT": func(ctx context.Context) error {
			_, err := secrets.Update(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "x"}}, metav1.UpdateOptions{})
			return err
		},
		"DELETE":  func(ctx context.Context) error { return secrets.Delete(ctx, "x", metav1.DeleteOptions{}) },
		"version": func(ctx context.Context) error { _, err := c.Version(ctx); return err },
		"time":    func(ctx context.Context) error { _, err := c.ServerTime(ctx); return err },
		"serves":  func(ctx context.Context) error { _, err := c.Serves(ctx, KarmadaAPI); return err },
	}
}

func checkRedirect(t *testing.T, name string, err error, elsewhere *httptest.Server) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error", name)
		return
	}
	if failure.ReasonOf(err) != failure.Unsupported || !strings.Contains(err.Error(), "a redirect to "+elsewhere.URL) {
		t.Errorf("%s: got %s, %v", name, failure.ReasonOf(err), err)
	}
	if text := err.Error(); strings.Contains(text, "login") || strings.Contains(text, "0123456789abcdef") {
		t.Errorf("%s: the error has more than the host: %s", name, text)
	}
	if !failure.IsLost(err) || failure.IsNotSent(err) {
		t.Errorf("%s: whether a write was carried out is not known: IsLost %v, IsNotSent %v", name, failure.IsLost(err), failure.IsNotSent(err))
	}
}

func TestARedirectNamesTheHostOfItsLocation(t *testing.T) {
	t.Parallel()
	for location, test := range map[string]struct {
		code      int
		says, fix string
	}{
		"":                               {304, "a redirect that names no host", "log in"},
		"%zz":                            {302, "a redirect that names no host", "log in"},
		"/login?next=/api":               {302, "a redirect to another path of the same host", "log in"},
		"//sso.test:8443/login":          {302, "a redirect to http://sso.test:8443", "log in"},
		"https://u:p@sso.test/#fragment": {308, "a redirect to https://sso.test", "log in"},
		"https://sso.test/choose":        {300, "a redirect to https://sso.test", "log in"},
		"https://127.0.0.1:6443/api":     {301, "a redirect to https://127.0.0.1:6443", "write https://"},
	} {
		c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if location != "" {
				w.Header().Set("Location", location)
			}
			w.WriteHeader(test.code)
		}).URL})
		_, err := c.ConfigMap(t.Context(), "kube-public", "cluster-info")
		known := (*failure.Error)(nil)
		if !errors.As(err, &known) || !strings.HasSuffix(err.Error(), test.says) || !strings.Contains(known.Hint, test.fix) {
			t.Errorf("%q: got %v, %+v", location, err, known)
		}
	}
}

func TestABadRequestIsNoRedirect(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, refusing(apierrors.NewBadRequest("no such field"))).URL})
	if _, err := c.ConfigMap(t.Context(), "kube-public", "cluster-info"); err == nil || !strings.Contains(err.Error(), "no such field") {
		t.Errorf("got %v", err)
	}
}

// The request that explains a certificate follows no redirect either.
func TestTheQuestionForTheTimeFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	elsewhere, arrived := recording(t, "http")
	_, config := serveTLS(t, http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP)
	config.CAData = otherCA(t)
	c, err := New(config, "joinctl/test", func() time.Time { return localTime.AddDate(300, 0, 0) })
	if err != nil {
		t.Fatal(err)
	}
	if _, known := c.unverifiedOffset(t.Context()); known || arrived.Load() != 0 {
		t.Errorf("the time is known: %v; %d requests arrived", known, arrived.Load())
	}
}

// A login page with status 200 is no success: not of a write, and not of a question that discards the answer.
func TestAWebPageIsNoAnswer(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{Host: serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<html>log in</html>")
	}).URL})
	for name, request := range requestsOf(c) {
		err := request(t.Context())
		fault, _ := failure.Wire(err)
		if failure.ReasonOf(err) != failure.Unsupported || !failure.IsLost(err) || !strings.Contains(err.Error(), "a web page was the answer") || !strings.Contains(fault.Fix, "log in") {
			t.Errorf("%s: got %s, %v, %+v", name, failure.ReasonOf(err), err, fault)
		}
	}
}

// The Date header of something that is no API server is not the server's time.
func TestServerTimeIsNotThatOfAnythingElse(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"text": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") },
		"another JSON": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, map[string]string{"status": "ok"})
		},
		"404 of a proxy": answerHTML(http.StatusNotFound),
	} {
		c, _ := connectAhead(t, time.Hour, handler)
		if now, err := c.ServerTime(t.Context()); err == nil || !now.IsZero() {
			t.Errorf("%s: got %s, %v", name, now, err)
		}
	}
}
