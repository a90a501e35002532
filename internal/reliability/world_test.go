// SPDX-License-Identifier: Apache-2.0

// Package reliability runs whole commands under faults, and judges what they leave and what they say.
package reliability

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
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

// limit is how long a command may take, on a machine with other work: several requests time out after 3 s, and a lost write is
// looked for during 4 s.
const limit = time.Minute

// A command is what is run under faults.
type command struct {
	name  string
	args  string                      // DIR is a directory that does not exist
	has   []string                    // the tokens of the server
	bare  bool                        // the control plane is a new one of Karmada
	done  int                         // the exit code of success, 4 for a check that always finds something
	judge func(*world, result) string // what is wrong after success, "" for nothing
}

// commands are those that send requests to an API server.
func commands() []command {
	return []command{
		{name: "create", args: "token create", judge: printed(1)},
		{name: "create TOKEN", args: "token create " + given, judge: printed(1)},
		{name: "create --for", args: "token create --for m1,m2,m3", judge: printed(3)},
		{name: "create --out-dir", args: "token create --for m1,m2,m3 --out-dir DIR", judge: printed(3)},
		{name: "create, command", args: "token create --print-register-command --no-verify", judge: printed(1)},
		{name: "create, verified command", args: "token create --print-join-command", judge: printed(1)},
		{name: "delete", args: "token delete abcdef", has: []string{given}, judge: gone("abcdef")},
		{name: "delete two", args: "token delete abcdef bbbbbb", has: []string{given, second}, judge: gone("abcdef", "bbbbbb")},
		{name: "delete --for", args: "token delete --for m1", has: []string{given}, judge: gone("abcdef")},
		{name: "list", args: "token list -o json", has: []string{given, second}, judge: says(`"abcdef"`, `"bbbbbb"`, `"victim"`)},
		{name: "command", args: "token command abcdef --no-verify", has: []string{given}, judge: says(given)},
		{name: "sa token", args: "sa token robot -n default", judge: says("eyJ")},
		{name: "sa token --revocable", args: "sa token robot -n default --revocable", judge: revocable},
		{name: "sa revoke", args: "sa revoke robot-token-zzzzzzzz -n default", judge: revoked},
		{name: "sa list", args: "sa list -n default -o json", judge: says("robot-token-zzzzzzzz")},
		{name: "setup", args: "setup --endpoint karmada.example.org:5443 --yes", bare: true, judge: isSetUp},
		{name: "doctor --probe", args: "doctor --probe", done: 4, judge: isClean},
	}
}

// A world is an API server behind a proxy that has faults.
type world struct {
	t      *testing.T
	server *apitest.Server
	direct string // the URL of the server without the proxy
	client *http.Client
	proxy  *faultproxy.Proxy
	dir    string
	args   []string
	had    []string // the objects before the run
	limit  time.Duration
	mute   bool // nobody reads stdout or stderr: then only a token has to be deleted again, if its name is lost
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
	server := apitest.New(t, apitest.Signer)
	server.Issue(true, true)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(server.CA)
	through := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
	w := &world{t: t, limit: limit, server: server, direct: server.URL, client: &http.Client{Transport: through}, dir: filepath.Join(t.TempDir(), "out")}
	w.proxy = faultproxy.New(t, server.URL, through)
	server.URL, server.CA = w.proxy.URL, w.proxy.CA // in cluster-info and the kubeconfig
	if c.bare {
		apitest.Karmada(server)
		w.denyJoiners()
	} else {
		server.PublishClusterInfo()
	}
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
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	w.args = append(strings.Fields(strings.ReplaceAll(c.args, "DIR", w.dir)), "--kubeconfig", kubeconfig, "--request-timeout", "3s")
	w.had = w.objects()
	return w
}

// denyJoiners makes the server deny joiners everything until the four ClusterRoleBindings of setup exist.
func (w *world) denyJoiners() {
	var allowed atomic.Bool
	w.server.Deny(func(user string, _ *authorizationv1.ResourceAttributes) bool {
		return user != "kubernetes-admin" && !allowed.Load()
	})
	look := func(http.ResponseWriter, *http.Request) bool {
		bindings := slices.DeleteFunc(w.objects(), func(name string) bool { return !strings.HasPrefix(name, "clusterrolebinding ") })
		allowed.Store(len(bindings) >= 4)
		return false
	}
	for _, path := range []string{"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/*"} {
		w.server.On("POST", path, apitest.Fault{After: look})
		w.server.On("DELETE", path, apitest.Fault{After: look})
	}
}

// run runs the command once.
func (w *world) run(t *testing.T) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	env := &cli.Env{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Now: time.Now, Rand: rand.Reader}
	began := time.Now()
	code := cli.Main(t.Context(), env, w.args)
	if code != 0 && strings.TrimSpace(stderr.String()) == "" {
		t.Errorf("it exits %d without a word", code)
	}
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
