// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	knownToken  = "abcdef.0123456789abcdef"
	knownSecret = "0123456789abcdef"
)

// echo refuses a request as an admission webhook does that shows the object: with what the client sent or the server has,
// raw, in base64 and in hex.
func echo(content func(*http.Request) []byte) apitest.Fault {
	return apitest.Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
		object := content(r)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Forbidden","code":403,"message":%q}`,
			"denied: "+string(object)+" "+base64.StdEncoding.EncodeToString(object)+" "+hex.EncodeToString(object))
		return true
	}}
}

func TestNoErrorOfAWebhookShowsTheSecretOfAToken(t *testing.T) {
	sent := func(r *http.Request) []byte {
		_, _ = io.Copy(io.Discard, r.Body)
		return []byte(knownSecret + " " + base64.StdEncoding.EncodeToString([]byte(knownSecret)))
	}
	for _, args := range [][]string{
		{"token", "create", knownToken},
		{"token", "create", knownToken, "-o", "json", "--all-contexts"},
		{"token", "create", knownToken, "--dry-run=server"},
		{"token", "delete", "abcdef"},
		{"token", "delete", "abcdef", "-o", "json", "--all-contexts"},
	} {
		server := apitest.New(t)
		tok, err := token.Parse(knownToken)
		if err != nil {
			t.Fatal(err)
		}
		if args[1] == "delete" {
			server.Put(token.Encode(tok, token.Spec{}))
		}
		server.On("POST", "/api/v1/namespaces/*/secrets", echo(sent))
		server.On("DELETE", "/api/v1/namespaces/*/secrets/*", echo(sent))
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "", append(args, "--kubeconfig", apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server}))...)
		all := stdout.String() + stderr
		if code == ExitOK || !strings.Contains(all, "denied: ") {
			t.Errorf("%q exits %d: %s", args, code, all)
		}
		for _, form := range []string{
			knownSecret, base64.RawStdEncoding.EncodeToString([]byte(knownSecret)),
			base64.StdEncoding.EncodeToString([]byte(knownSecret))[4:16], hex.EncodeToString([]byte(knownSecret)),
		} {
			if strings.Contains(all, form) {
				t.Errorf("%q shows %s: %s", args, form, all)
			}
		}
	}
}

// Names, descriptions and messages come from servers: no command prints what a terminal or xargs would act on.
func TestNoCommandPrintsCharactersThatATerminalActsOn(t *testing.T) {
	for _, text := range []string{"\x1b]0;owned\x07", "a\nsecret/victim", "a\u009b2J", "a\u202eb", "a\x7fb", "a\u2028b", "a\ufffeb"} {
		server := apitest.New(t)
		tok, err := token.Parse(knownToken)
		if err != nil {
			t.Fatal(err)
		}
		server.Put(token.Encode(tok, token.Spec{Description: text}))
		server.Put(&corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "bootstrap-token-" + text}, Type: "bootstrap.kubernetes.io/token",
		})
		kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
		for _, format := range []string{
			"table", "wide", "name", "json", "yaml", "kyaml", "jsonpath={.items}", "jsonpath-as-json={.items}", "go-template={{.items}}", "prometheus",
		} {
			var stdout bytes.Buffer
			code, stderr := adminRun(t, &stdout, "", "token", "list", "-o", format, "--kubeconfig", kubeconfig)
			if wantCode := map[bool]int{true: ExitFailed}[format == "name"]; code != wantCode || !strings.Contains(stdout.String(), "abcdef") {
				t.Errorf("%+q in -o %s exits %d: %s%s", text, format, code, stdout.String(), stderr)
			}
			for _, r := range strings.ReplaceAll(stdout.String()+stderr, "\n", "") {
				if r < ' ' || strings.ContainsRune("\x7f\u009b\u202e\u2028\ufffe", r) {
					t.Errorf("-o %s prints %+q: %+q", format, r, stdout.String()+stderr)
				}
			}
			if format == "name" && strings.Count(stdout.String(), "\n") != 1 {
				t.Errorf("-o name prints %q", stdout.String())
			}
		}
	}
}

// The objects are changed: people have to know which, whatever happens to the document.
func TestWhatWasDeletedIsReportedThoughTheDocumentCannotBePrinted(t *testing.T) {
	for name, test := range map[string]struct {
		out  io.Writer
		args []string
	}{
		"the template does not fit": {new(bytes.Buffer), []string{"-o", "go-template={{.nothing}}", "--allow-missing-template-keys=false"}},
		"stdout is broken":          {lostOutput{}, nil},
		"stdout is broken, as JSON": {lostOutput{}, []string{"-o", "json"}},
	} {
		server := apitest.New(t)
		tok, err := token.Parse(knownToken)
		if err != nil {
			t.Fatal(err)
		}
		server.Put(token.Encode(tok, token.Spec{}))
		kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
		code, stderr := adminRun(t, test.out, "", append([]string{"token", "delete", "abcdef", "--kubeconfig", kubeconfig}, test.args...)...)
		if code != ExitFailed || !strings.Contains(stderr, `bootstrap token "abcdef" deleted`) || len(server.Secrets("kube-system")) > 0 {
			t.Errorf("%s: exits %d: %s", name, code, stderr)
		}
	}
}
