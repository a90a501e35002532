// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/redact"
	"github.com/joinctl/joinctl/internal/story"
)

const (
	tokenSecret = "hjkmnpqrstuvwxyz"
	fullToken   = "abcdef." + tokenSecret
)

// klog is global: these tests are not parallel, and end before the parallel tests continue.

func TestNoSecretIsLoggedAtAnyLevel(t *testing.T) {
	logs := captureLogs(t, redact.New())
	createAndList(t, "x", true)
	for _, expected := range []string{"Request Body", "Response Body", "POST", "/api/v1/namespaces/kube-system/secrets", "Warning"} {
		if !strings.Contains(logs.String(), expected) {
			t.Errorf("the log at -v=10 does not contain %q", expected)
		}
	}
	if form := story.Leak(logs.String(), tokenSecret); form != "" {
		t.Errorf("the secret is logged as %s:\n%s", form, logs)
	}
}

// A hexdump breaks a secret into lines at any of its characters.
func TestStoryLeakFindsASecretInAHexdump(t *testing.T) {
	for length := range 16 {
		logs := captureLogs(t, nil)
		createAndList(t, strings.Repeat("x", length), false)
		if story.Leak(logs.String(), tokenSecret) == "" {
			t.Errorf("the secret is not found after a description of %d letters", length)
		}
	}
}

// klog formats structures as JSON, which follows pointers.
func TestNoTypeOfLoggedValueShowsASecret(t *testing.T) {
	type wrapper struct{ Text *string }
	for name, log := range map[string]func(){
		"message":    func() { klog.InfoS("about " + fullToken) },
		"string":     func() { klog.InfoS("m", "k", fullToken) },
		"error":      func() { klog.ErrorS(io.EOF, "m", "k", fmt.Errorf("bad %s", fullToken)) },
		"bytes":      func() { klog.InfoS("m", "k", []byte(fullToken)) },
		"config":     func() { klog.InfoS("m", "k", &rest.Config{BearerToken: fullToken, Host: "https://a/" + fullToken}) },
		"structure":  func() { klog.InfoS("m", "k", wrapper{new(fullToken)}) },
		"map":        func() { klog.InfoS("m", "k", map[string]*string{"a": new(fullToken)}) },
		"header":     func() { klog.InfoS("m", "k", http.Header{"Authorization": {"Bearer " + fullToken}}) },
		"formatted":  func() { klog.Infof("m %s %v", fullToken, []string{fullToken}) },
		"raw bytes":  func() { klog.Infof("m %s", []byte(fullToken)) },
		"plain":      func() { klog.Info("m ", fullToken) },
		"plain line": func() { klog.Infoln("m", fullToken) },
		"contextual": func() { klog.FromContext(t.Context()).WithValues("k", fullToken).Info("m") },
	} {
		logs := captureLogs(t, redact.New())
		log()
		if text := logs.String(); !strings.Contains(text, "klog_test.go") || story.Leak(text, tokenSecret) != "" {
			t.Errorf("%s: logged as %s", name, text)
		}
	}
}

// captureLogs returns what klog writes at -v=10, through a filter, until the end of the test.
func captureLogs(t *testing.T, filter klog.LogFilter) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	set := func(values map[string]string) {
		for name, value := range values {
			if err := flags.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	set(map[string]string{"v": "10", "logtostderr": "false", "alsologtostderr": "false", "stderrthreshold": "FATAL"})
	klog.SetOutput(&out)
	klog.SetLogFilter(filter)
	t.Cleanup(func() {
		klog.SetLogFilter(nil)
		klog.SetOutput(io.Discard)
		set(map[string]string{"v": "0", "logtostderr": "true", "stderrthreshold": "ERROR"})
	})
	return &out
}

// createAndList creates and lists the Secret of a token. With echo the server returns the Secret.
func createAndList(t *testing.T, description string, echo bool) {
	t.Helper()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "bootstrap-token-abcdef", UID: "u"},
		Data:       map[string][]byte{"a-description": []byte(description), "token-secret": []byte(tokenSecret)},
	}
	list := corev1.SecretList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}}
	got := corev1.Secret{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}, ObjectMeta: secret.ObjectMeta}
	if echo {
		list.Items, got.Data = []corev1.Secret{*secret}, secret.Data
	}
	_, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method == http.MethodPost && !bytes.Contains(body, []byte(tokenSecret)) {
			t.Errorf("the server gets %q, %v", body, err)
		}
		if echo {
			w.Header().Set("Warning", `299 - "do not print `+fullToken+`"`)
		}
		if r.Method == http.MethodPost {
			answer(w, http.StatusCreated, got)
			return
		}
		answer(w, http.StatusOK, list)
	})
	config.BearerToken = fullToken
	c := connect(t, config)
	if _, err := c.Secrets("kube-system").Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Secrets("kube-system").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
}
