// SPDX-License-Identifier: Apache-2.0

// Package reliability runs whole commands under faults, and judges what they leave and what they say.
package reliability

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/cli"
	"github.com/joinctl/joinctl/internal/faultproxy"
	"github.com/joinctl/joinctl/internal/token"
)

// The tokens of somebody else, which every server has. given is what commands are called with.
const (
	given  = "abcdef.0123456789abcdef"
	second = "bbbbbb.1123456789abcdef"
	victim = "victim.2123456789abcdef"
)

// A command is what is run under faults.
type command struct {
	name   string
	args   string // DIR is an empty directory
	has    []string
	judge  func(*world, result) string // what is wrong where the command exits 0, "" for nothing
	writes string                      // the method of the request that changes something, "" for none
}

// commands are those that send requests to an API server.
func commands() []command {
	return []command{
		{name: "create", args: "token create", judge: printed(1), writes: "POST"},
		{name: "create TOKEN", args: "token create " + given, judge: printed(1), writes: "POST"},
		{name: "create --for", args: "token create --for m1,m2,m3", judge: printed(3), writes: "POST"},
		{name: "create --out-dir", args: "token create --for m1,m2,m3 --out-dir DIR", judge: printed(3), writes: "POST"},
		{name: "create, command", args: "token create --print-register-command --no-verify", judge: printed(1), writes: "POST"},
		{name: "delete", args: "token delete abcdef", has: []string{given}, judge: gone("abcdef"), writes: "DELETE"},
		{name: "delete two", args: "token delete abcdef bbbbbb", has: []string{given, second}, judge: gone("abcdef", "bbbbbb"), writes: "DELETE"},
		{name: "delete --for", args: "token delete --for m1", has: []string{given}, judge: gone("abcdef"), writes: "DELETE"},
		{name: "list", args: "token list -o json", has: []string{given, second}, judge: says(`"abcdef"`, `"bbbbbb"`, `"victim"`)},
		{name: "command", args: "token command abcdef --no-verify", has: []string{given}, judge: says(given)},
		{name: "sa token", args: "sa token robot -n default", judge: says("eyJ"), writes: "POST"},
		{name: "sa token --revocable", args: "sa token robot -n default --revocable", judge: revocable, writes: "POST"},
		{name: "sa revoke", args: "sa revoke robot-token-zzzzzzzz -n default", judge: revoked, writes: "DELETE"},
		{name: "sa list", args: "sa list -n default -o json", judge: says("robot-token-zzzzzzzz")},
	}
}

// A world is an API server behind a proxy that has faults.
type world struct {
	server *apitest.Server
	proxy  *faultproxy.Proxy
	dir    string
	args   []string
}

// A result is how a command ended.
type result struct {
	code           int
	stdout, stderr string
	files          string // the contents of the files in DIR
	elapsed        time.Duration
}

func newWorld(t *testing.T, c command) *world {
	t.Helper()
	server := apitest.New(t, apitest.Joinable)
	for _, text := range append([]string{victim}, c.has...) {
		tok, err := token.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		spec := token.Spec{Usages: []string{"signing", "authentication"}, Expires: time.Now().Add(time.Hour)}
		if text == given {
			spec.For = "m1"
		}
		server.Put(token.Encode(tok, spec))
	}
	server.Put(
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "robot"}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: "robot-token-zzzzzzzz",
			Labels:      map[string]string{"joinctl.io/binds": "serviceaccount-token"},
			Annotations: map[string]string{"joinctl.io/serviceaccount": "robot"},
		}},
	)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.CA)
	proxy := faultproxy.New(t, server.URL, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}})
	w := &world{server: server, proxy: proxy, dir: filepath.Join(t.TempDir(), "out")}
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": {URL: proxy.URL, CA: proxy.CA}})
	w.args = append(strings.Fields(strings.ReplaceAll(c.args, "DIR", w.dir)), "--kubeconfig", kubeconfig, "--request-timeout", "3s")
	return w
}

// run runs the command once.
func (w *world) run(t *testing.T) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Now: time.Now, Rand: rand.Reader}
	began := time.Now()
	code := cli.Main(t.Context(), env, w.args)
	out := result{code: code, stdout: stdout.String(), stderr: stderr.String(), elapsed: time.Since(began)}
	files, _ := filepath.Glob(filepath.Join(w.dir, "*"))
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out.files += string(content)
	}
	return out
}

// stored returns the tokens of the server, by their IDs.
func (w *world) stored() map[string]string {
	out := map[string]string{}
	for _, secret := range w.server.Secrets("kube-system") {
		out[strings.TrimPrefix(secret.Name, "bootstrap-token-")] = string(secret.Data["token-secret"])
	}
	return out
}

// revocations returns the names of the revocation Secrets.
func (w *world) revocations() (names []string) {
	for _, secret := range w.server.Secrets("default") {
		names = append(names, secret.Name)
	}
	return names
}

// wrong returns what must never be, whatever happens to the requests.
func (w *world) wrong(c command, r result) string {
	all := r.stdout + r.stderr + r.files
	stored := w.stored()
	for id, secret := range stored {
		was := slices.Contains(append(c.has, victim), id+"."+secret)
		if !was && !strings.Contains(all, id) {
			return "token " + id + " is stored, and nobody is told"
		}
		if strings.Contains(r.stderr, secret) {
			return "stderr has the secret of token " + id
		}
	}
	for _, name := range w.revocations() {
		if name != "robot-token-zzzzzzzz" && !strings.Contains(all, name) && (r.code != 0 || !strings.Contains(r.stdout, "eyJ")) {
			return "Secret " + name + " is stored, and nobody is told"
		}
	}
	switch {
	case stored["victim"] == "":
		return "the token of somebody else is gone"
	case strings.Contains(r.stderr, apitest.AdminToken):
		return "stderr has the credential of the kubeconfig"
	case strings.Contains(r.stderr, "panic"):
		return "it panics"
	case r.elapsed > 20*time.Second:
		return fmt.Sprintf("it takes %s", r.elapsed)
	case r.code != 0 && strings.TrimSpace(r.stderr) == "":
		return "it fails without a word"
	case r.code == 0:
		return c.judge(w, r)
	}
	for _, id := range regexp.MustCompile(`token "?([a-z0-9]{6})"? deleted`).FindAllStringSubmatch(r.stdout, -1) {
		if stored[id[1]] != "" {
			return "token " + id[1] + " is said to be deleted, and is not"
		}
	}
	return ""
}

// printed wants so many tokens, each as the server has it.
func printed(want int) func(*world, result) string {
	return func(w *world, r result) string {
		stored := w.stored()
		tokens := regexp.MustCompile(`([a-z0-9]{6})\.([a-z0-9]{16})`).FindAllStringSubmatch(r.stdout+r.files, -1)
		for _, one := range tokens {
			if stored[one[1]] != one[2] {
				return "token " + one[1] + " is printed, and is not stored"
			}
		}
		if len(tokens) != want {
			return fmt.Sprintf("%d tokens are printed, not %d", len(tokens), want)
		}
		return ""
	}
}

func gone(ids ...string) func(*world, result) string {
	return func(w *world, _ result) string {
		stored := w.stored()
		for _, id := range ids {
			if stored[id] != "" {
				return "token " + id + " is still there"
			}
		}
		return ""
	}
}

func says(texts ...string) func(*world, result) string {
	return func(_ *world, r result) string {
		for _, text := range texts {
			if !strings.Contains(r.stdout, text) {
				return "stdout lacks " + text
			}
		}
		return ""
	}
}

func revocable(w *world, r result) string {
	if len(w.revocations()) < 2 {
		return "the token is bound to no Secret"
	}
	return says("eyJ")(w, r)
}

func revoked(w *world, _ result) string {
	if slices.Contains(w.revocations(), "robot-token-zzzzzzzz") {
		return "the Secret is still there"
	}
	return ""
}
