// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// klog is global: this test is not parallel, and so runs before those that are go on.
//
//nolint:paralleltest // see above
func TestNoSecretIsLoggedAtAnyLevel(t *testing.T) {
	logs := logged(t)
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "bootstrap-token-abcdef"},
		Data:       map[string][]byte{"token-id": []byte("abcdef"), "token-secret": []byte(tokenSecret), "description": []byte(fullToken)},
	}
	_, config := serveTLS(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Method == http.MethodPost && !bytes.Contains(body, []byte(tokenSecret)) {
			t.Errorf("the server gets %q, %v", body, err)
		}
		w.Header().Set("Warning", `299 - "do not print `+fullToken+`"`)
		if r.Method == http.MethodPost {
			answer(w, http.StatusCreated, secret)
			return
		}
		answer(w, http.StatusOK, corev1.SecretList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "SecretList"}, Items: []corev1.Secret{*secret}})
	})
	config.BearerToken = fullToken
	c := connect(t, config)
	if _, err := c.Secrets("kube-system").Create(t.Context(), secret, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Secrets("kube-system").List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	text := logs.String()
	for _, expected := range []string{"Request Body", "Response Body", "POST", "/api/v1/namespaces/kube-system/secrets", "Warning"} {
		if !strings.Contains(text, expected) {
			t.Errorf("at -v=10 the log does not even say %q", expected)
		}
	}
	if form := leak(text, tokenSecret); form != "" {
		t.Errorf("the secret is logged as %s:\n%s", form, text)
	}
}

// Libraries log what they like, and klog shows structures as JSON, which follows pointers.
//
//nolint:paralleltest // klog is global
func TestNoKindOfValueIsLoggedWithASecret(t *testing.T) {
	type box struct{ Text *string }
	for name, log := range map[string]func(){
		"message":    func() { klog.InfoS("about " + fullToken) },
		"string":     func() { klog.InfoS("m", "k", fullToken) },
		"error":      func() { klog.ErrorS(io.EOF, "m", "k", fmt.Errorf("bad %s", fullToken)) },
		"bytes":      func() { klog.InfoS("m", "k", []byte(fullToken)) },
		"config":     func() { klog.InfoS("m", "k", &rest.Config{BearerToken: fullToken, Host: "https://a/" + fullToken}) },
		"structure":  func() { klog.InfoS("m", "k", box{new(fullToken)}) },
		"map":        func() { klog.InfoS("m", "k", map[string]*string{"a": new(fullToken)}) },
		"header":     func() { klog.InfoS("m", "k", http.Header{"Authorization": {"Bearer " + fullToken}}) },
		"formatted":  func() { klog.Infof("m %s %v", fullToken, []string{fullToken}) },
		"raw bytes":  func() { klog.Infof("m %s", []byte(fullToken)) },
		"plain":      func() { klog.Info("m ", fullToken) },
		"plain line": func() { klog.Infoln("m", fullToken) },
		"contextual": func() { klog.FromContext(t.Context()).WithValues("k", fullToken).Info("m") },
	} {
		logs := logged(t)
		log()
		klog.Flush()
		if text := logs.String(); !strings.Contains(text, "m") || leak(text, tokenSecret) != "" {
			t.Errorf("%s: logged as %s", name, text)
		}
	}
}

// What looks for secrets has to find them.
func TestALeakIsFoundInEveryForm(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"", "x", "xy", "some 15 letters"} {
		around := []byte(before + tokenSecret + " and what follows")
		for form, text := range map[string]string{
			"raw":         "it is " + string(around),
			"base64":      base64.StdEncoding.EncodeToString(around),
			"hex":         strings.ToUpper(hex.EncodeToString(around)),
			"a hexdump":   `body=<` + "\n" + hex.Dump(around) + ` >`,
			"an indented": "\t" + strings.ReplaceAll(hex.Dump(around), "\n", "\n\t"),
		} {
			if leak(text, tokenSecret) == "" {
				t.Errorf("%s after %q is not found in\n%s", form, before, text)
			}
		}
	}
	if form := leak(hex.Dump([]byte("nothing of the kind, at some length"))+"body=<hidden>", tokenSecret); form != "" {
		t.Errorf("found as %s where it is not", form)
	}
}

// logged collects what klog writes at its highest level, through our filter, until the end of the test.
func logged(t *testing.T) *bytes.Buffer {
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
	klog.SetLogFilter(NewRedactor())
	t.Cleanup(func() {
		klog.Flush()
		klog.SetLogFilter(nil)
		klog.SetOutput(io.Discard)
		set(map[string]string{"v": "0", "logtostderr": "true", "stderrthreshold": "ERROR"})
	})
	return &out
}

// leak names the form in which a text shows a secret, "" where it does not.
func leak(text, secret string) string {
	if strings.Contains(text, secret) {
		return "itself"
	}
	for shift := range 3 {
		encoded := base64.RawStdEncoding.EncodeToString([]byte("xx"[:shift] + secret))
		// What stands beside the secret is in the first and last characters.
		if strings.Contains(text, encoded[2*shift:len(encoded)-2]) {
			return "base64"
		}
	}
	digits := hex.EncodeToString([]byte(secret))
	if strings.Contains(strings.ToLower(strings.NewReplacer(" ", "", "\n", "", ":", "").Replace(text)), digits) {
		return "hex"
	}
	var column, bytes strings.Builder
	for _, line := range regexp.MustCompile(`(?m)^\s*[0-9a-f]{8}  ([0-9a-f ]{49}) \|(.*)\|$`).FindAllStringSubmatch(text, -1) {
		bytes.WriteString(strings.ReplaceAll(line[1], " ", ""))
		column.WriteString(line[2])
	}
	if strings.Contains(column.String(), secret) || strings.Contains(bytes.String(), digits) {
		return "the column of a hexdump"
	}
	return ""
}
