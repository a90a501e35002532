// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A countingProxy is a proxy in front of a hub that counts the TokenRequests for robot.
type countingProxy struct {
	kubeconfig    string // leads through the proxy, with administrator rights
	tokenRequests atomic.Int32
	blocked       atomic.Bool // if true, TokenRequests are not answered until the client disconnects
}

// startCountingProxy starts a countingProxy. The namespace is the default of its kubeconfig.
func (h *hub) startCountingProxy(t *testing.T, namespace string) *countingProxy {
	t.Helper()
	admin, err := h.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	transport, err := rest.TransportFor(rest.AnonymousClientConfig(admin))
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(admin.Host)
	if err != nil {
		t.Fatal(err)
	}
	c, reverseProxy := &countingProxy{}, httputil.NewSingleHostReverseProxy(target)
	reverseProxy.Transport = transport
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/serviceaccounts/"+robot+"/token") {
			c.tokenRequests.Add(1)
			if c.blocked.Load() {
				_, _ = io.Copy(io.Discard, r.Body) // the server detects a closed connection only after it has read the body
				<-r.Context().Done()
				return
			}
		}
		reverseProxy.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	server.StartTLS()
	t.Cleanup(server.Close)
	c.kubeconfig = h.kubeconfigVia(t, namespace, server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return c
}

func TestKubectlWorksWithBothKindsOfKubeconfig(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	for _, embed := range []string{"token", "exec"} {
		path := filepath.Join(t.TempDir(), embed)
		created := run(t, "joinctl", h.Kubeconfig, "sa", "kubeconfig", robot, "-n", ns, "--embed", embed, "--out", path)
		if created.OK(t) != "" {
			t.Errorf("stdout is not empty with --out: %s", created.Stdout)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "client-key") || embed == "token" && !strings.Contains(string(content), "# joinctl: the token of serviceaccount "+ns+"/"+robot) {
			t.Errorf("the file is:\n%s", content)
		}
		if who := run(t, "kubectl", path, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").OK(t); who != "system:serviceaccount:"+ns+":"+robot {
			t.Errorf("--embed %s: kubectl is %q", embed, who)
		}
		if in := run(t, "kubectl", path, "config", "view", "--minify", "-o", "jsonpath={..namespace}").OK(t); in != ns {
			t.Errorf("--embed %s: its namespace is %q", embed, in)
		}
	}
}

func TestConcurrentKubectlsShareOneTokenRequest(t *testing.T) {
	t.Parallel()
	ns := uncappedHub.namespace(t)
	c := uncappedHub.startCountingProxy(t, ns)
	path, home := filepath.Join(t.TempDir(), "kubeconfig"), t.TempDir()
	run(t, "joinctl", c.kubeconfig, "sa", "kubeconfig", robot, "--embed", "exec", "--out", path).OK(t)
	c.tokenRequests.Store(0) // sa kubeconfig itself requests one token to verify the kubeconfig
	var all sync.WaitGroup
	for range 20 {
		cmd := command(t, "kubectl", path, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
		cmd.Env = append(cmd.Env, "HOME="+home)
		all.Go(func() {
			out, err := cmd.Output()
			if err != nil || string(out) != "system:serviceaccount:"+ns+":"+robot {
				t.Errorf("kubectl is %q: %v", out, err)
			}
		})
	}
	all.Wait()
	if n := c.tokenRequests.Load(); n != 1 {
		t.Errorf("%d tokens were requested", n)
	}
}

// credential runs sa credential with a cache directory, and returns the token of its ExecCredential.
func (c *countingProxy) credential(t *testing.T, cache string) (token string, out program.Result) {
	t.Helper()
	out = run(t, "joinctl", c.kubeconfig, "sa", "credential", robot, "--cache-dir", cache)
	var answer struct {
		Kind, APIVersion string
		Status           struct {
			Token               string
			ExpirationTimestamp time.Time
		}
	}
	if err := json.Unmarshal([]byte(out.OK(t)), &answer); err != nil {
		t.Fatal(err)
	}
	if answer.Kind != "ExecCredential" || answer.APIVersion != "client.authentication.k8s.io/v1" || answer.Status.ExpirationTimestamp.IsZero() {
		t.Errorf("stdout is %s", out.Stdout)
	}
	return answer.Status.Token, out
}

func TestKilledPluginLeavesAUsableCache(t *testing.T) {
	t.Parallel()
	ns := uncappedHub.namespace(t)
	c := uncappedHub.startCountingProxy(t, ns)
	cache := filepath.Join(t.TempDir(), "cache")
	for delay := time.Duration(0); delay < 40*time.Millisecond; delay += 2 * time.Millisecond {
		files, _ := filepath.Glob(cache + "/credentials/*.json")
		for _, file := range files { // so that the plugin writes the file again
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		cmd := command(t, "joinctl", c.kubeconfig, "sa", "credential", robot, "--cache-dir", cache)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(delay)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		first, _ := c.credential(t, cache)
		if second, _ := c.credential(t, cache); second != first {
			t.Fatalf("killed after %s: the token is not cached", delay)
		}
	}
	if remaining, _ := filepath.Glob(cache + "/credentials/.*"); len(remaining) > 0 {
		t.Errorf("files remain: %v", remaining)
	}
}

func TestDamagedOrReadableCacheFilesAreReplaced(t *testing.T) {
	t.Parallel()
	ns := uncappedHub.namespace(t)
	c := uncappedHub.startCountingProxy(t, ns)
	cache := filepath.Join(t.TempDir(), "cache")
	last, _ := c.credential(t, cache)
	files, _ := filepath.Glob(cache + "/credentials/*.json")
	if len(files) != 1 {
		t.Fatalf("files: %v", files)
	}
	for name, damage := range map[string]func() error{
		"emptied":   func() error { return os.Truncate(files[0], 0) },
		"truncated": func() error { return os.Truncate(files[0], 100) },
		"garbage":   func() error { return os.WriteFile(files[0], []byte("\x00{]"), 0o600) },
		"readable":  func() error { return os.Chmod(files[0], 0o644) },
		"deleted":   func() error { return os.Remove(files[0]) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		next, out := c.credential(t, cache)
		if next == last || out.Stderr != "" {
			t.Errorf("%s: the damaged file was used: %s", name, out.Stderr)
		}
		if again, _ := c.credential(t, cache); again != next {
			t.Errorf("%s: the file was not replaced", name)
		}
		last = next
	}
	for _, path := range []string{cache, cache + "/credentials", files[0]} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestDifferentRequestsGetDifferentTokens(t *testing.T) {
	t.Parallel()
	ns := uncappedHub.namespace(t)
	c := uncappedHub.startCountingProxy(t, ns)
	cache := filepath.Join(t.TempDir(), "cache")
	uncappedHub.createServiceAccount(t, ns, "other")
	for _, args := range [][]string{
		{robot},
		{robot, "--audience", "a"},
		{robot, "--audience", "a", "--audience", "b"},
		{robot, "--audience", "a,b"},
		{robot, "--duration", "20m"},
		{robot, "--as", "system:admin", "--as-group", "system:masters"},
		{"other"},
	} {
		for range 2 {
			run(t, "joinctl", c.kubeconfig, append([]string{"sa", "credential", "--cache-dir", cache}, args...)...).OK(t)
		}
	}
	if files, _ := filepath.Glob(cache + "/credentials/*.json"); len(files) != 7 || c.tokenRequests.Load() != 6 {
		t.Errorf("%d files, %d tokens of %s", len(files), c.tokenRequests.Load(), robot)
	}
}

func TestPluginRejectsRecursionAndOtherServers(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	path := filepath.Join(t.TempDir(), "kubeconfig")
	run(t, "joinctl", h.Kubeconfig, "sa", "kubeconfig", robot, "-n", ns, "--embed", "exec", "--out", path).OK(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	endless := strings.NewReplacer("- --kubeconfig\n", "- --cache\n", "- "+h.Kubeconfig+"\n", "- none\n", "- --context\n", "- -n\n", "- hub\n", "- "+ns+"\n").Replace(string(content))
	if err := os.WriteFile(path, []byte(endless), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "kubectl", path, "get", "pods").Expect(t, 1, "would call itself without end", "executable joinctl failed")

	circular := strings.ReplaceAll(string(content), "- "+h.Kubeconfig+"\n", "- "+path+"\n")
	circular = strings.ReplaceAll(circular, "- hub\n", "- "+robot+"@hub\n")
	if err := os.WriteFile(path, []byte(circular), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "joinctl", path, "token", "list").Expect(t, 1, "would call itself without end")

	for info, code := range map[string]int{
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false}}`:                      0,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://` + h.Host + `"}}}`: 0,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://elsewhere"}}}`:      2,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}`:                                                  2,
		`nothing`: 2,
	} {
		cmd := command(t, "joinctl", h.Kubeconfig, "sa", "credential", robot, "-n", ns, "--cache", "none")
		cmd.Env = append(cmd.Env, "KUBERNETES_EXEC_INFO="+info)
		program.Execute(t, cmd).Expect(t, code)
	}
}

func TestInsecureKubeconfigNeedsAllowInsecure(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	args := []string{"sa", "kubeconfig", robot, "-n", ns, "--insecure-skip-tls-verify"}
	refused := run(t, "joinctl", h.Kubeconfig, args...)
	refused.Expect(t, 2, "is not verified", "--allow-insecure")
	if refused.Stdout != "" {
		t.Errorf("printed %q", refused.Stdout)
	}
	if created := run(t, "joinctl", h.Kubeconfig, append(args, "--allow-insecure")...).OK(t); !strings.Contains(created, "insecure-skip-tls-verify: true") {
		t.Errorf("stdout is:\n%s", created)
	}
}

func TestFailureKeepsTheExistingFile(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "existing content")
	run(t, "joinctl", cappedHub.Kubeconfig, "sa", "kubeconfig", "nobody", "--out", path).Expect(t, 1, "not found")
	run(t, "joinctl", cappedHub.Kubeconfig, "sa", "kubeconfig", "default", "-n", "kube-system", "--duration", "2h", "--min-granted", "2h", "--out", path).Expect(t, 4)
	if content, err := os.ReadFile(path); err != nil || string(content) != "existing content" {
		t.Errorf("%q, %v", content, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("files remain: %v", files)
	}
}

func TestKubeconfigIsNotPrintedIfTheServerRejectsItsToken(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	for _, more := range [][]string{nil, {"--embed", "exec"}, {"--revocable"}} {
		out := run(t, "joinctl", h.Kubeconfig, append([]string{"sa", "kubeconfig", robot, "-n", ns, "--audience", "vault"}, more...)...)
		out.Expect(t, 1, "the API server does not accept the token that it issued, which is for vault", "leave --audience out")
		if out.Stdout != "" {
			t.Errorf("printed %q", out.Stdout)
		}
	}
	if n := h.countRevocationSecrets(t, ns); n != 0 {
		t.Errorf("%d Secrets remain", n)
	}
}

func TestInterruptDeletesTheRevocationSecret(t *testing.T) {
	t.Parallel()
	ns := uncappedHub.namespace(t)
	c := uncappedHub.startCountingProxy(t, ns)
	c.blocked.Store(true)
	cmd := command(t, "joinctl", c.kubeconfig, "sa", "token", robot, "--revocable")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); c.tokenRequests.Load() == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
	}
	if n := uncappedHub.countRevocationSecrets(t, ns); n != 1 {
		t.Errorf("%d Secrets exist during the TokenRequest", n)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("exit code %d\n%s", cmd.ProcessState.ExitCode(), stderr.String())
	}
	if n := uncappedHub.countRevocationSecrets(t, ns); n != 0 {
		t.Errorf("%d Secrets remain", n)
	}
}
