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

// A counter is a proxy before a hub that counts TokenRequests.
type counter struct {
	kubeconfig string // through the proxy, with the rights of an administrator
	mints      atomic.Int32
	hold       atomic.Bool // TokenRequests are not answered until their client gives up
}

func (h *hub) counted(t *testing.T, namespace string) *counter {
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
	c, passOn := &counter{}, httputil.NewSingleHostReverseProxy(target)
	passOn.Transport = transport
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/serviceaccounts/"+robot+"/token") {
			c.mints.Add(1)
			if c.hold.Load() {
				_, _ = io.Copy(io.Discard, r.Body) // or else the server does not notice that the client has gone
				<-r.Context().Done()
				return
			}
		}
		passOn.ServeHTTP(w, r)
	}))
	server.TLS = &tls.Config{NextProtos: []string{"http/1.1"}}
	server.StartTLS()
	t.Cleanup(server.Close)
	c.kubeconfig = h.through(t, namespace, server.URL, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return c
}

func TestKubectlWorksWithBothKindsOfKubeconfig(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	for _, embed := range []string{"token", "exec"} {
		path := filepath.Join(t.TempDir(), embed)
		made := run(t, "joinctl", h.Kubeconfig, "sa", "kubeconfig", robot, "-n", ns, "--embed", embed, "--out", path)
		if made.OK(t) != "" {
			t.Errorf("it prints what it writes to a file: %s", made.Stdout)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(content), "client-key") || embed == "token" && !strings.Contains(string(content), "# joinctl: the token of serviceaccount "+ns+"/"+robot) {
			t.Errorf("it wrote:\n%s", content)
		}
		if who := run(t, "kubectl", path, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").OK(t); who != "system:serviceaccount:"+ns+":"+robot {
			t.Errorf("--embed %s: kubectl is %q", embed, who)
		}
		if in := run(t, "kubectl", path, "config", "view", "--minify", "-o", "jsonpath={..namespace}").OK(t); in != ns {
			t.Errorf("--embed %s: its namespace is %q", embed, in)
		}
	}
}

func TestTwentyKubectlAtOnceCauseOneTokenRequest(t *testing.T) {
	t.Parallel()
	ns := free.namespace(t)
	c := free.counted(t, ns)
	path, home := filepath.Join(t.TempDir(), "kubeconfig"), t.TempDir()
	run(t, "joinctl", c.kubeconfig, "sa", "kubeconfig", robot, "--embed", "exec", "--out", path).OK(t)
	c.mints.Store(0) // one is minted to see that it can be
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
	if n := c.mints.Load(); n != 1 {
		t.Errorf("%d tokens were requested", n)
	}
}

// credential runs the plugin with a cache, and returns the token in its answer.
func (c *counter) credential(t *testing.T, cache string) (token string, out program.Outcome) {
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
		t.Errorf("it answers %s", out.Stdout)
	}
	return answer.Status.Token, out
}

func TestAPluginThatIsKilledLeavesACacheThatWorks(t *testing.T) {
	t.Parallel()
	ns := free.namespace(t)
	c := free.counted(t, ns)
	cache := filepath.Join(t.TempDir(), "cache")
	for delay := time.Duration(0); delay < 40*time.Millisecond; delay += 2 * time.Millisecond {
		files, _ := filepath.Glob(cache + "/credentials/*.json")
		for _, file := range files { // so that it has to write again
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
			t.Fatalf("killed after %s: nothing is kept", delay)
		}
	}
	if left, _ := filepath.Glob(cache + "/credentials/.*"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestDamagedAndOpenCacheFilesAreReplaced(t *testing.T) {
	t.Parallel()
	ns := free.namespace(t)
	c := free.counted(t, ns)
	cache := filepath.Join(t.TempDir(), "cache")
	last, _ := c.credential(t, cache)
	files, _ := filepath.Glob(cache + "/credentials/*.json")
	if len(files) != 1 {
		t.Fatalf("files: %v", files)
	}
	for name, damage := range map[string]func() error{
		"emptied":  func() error { return os.Truncate(files[0], 0) },
		"cut off":  func() error { return os.Truncate(files[0], 100) },
		"garbage":  func() error { return os.WriteFile(files[0], []byte("\x00{]"), 0o600) },
		"readable": func() error { return os.Chmod(files[0], 0o644) },
		"gone":     func() error { return os.Remove(files[0]) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		next, out := c.credential(t, cache)
		if next == last || out.Stderr != "" {
			t.Errorf("%s: it was served all the same: %s", name, out.Stderr)
		}
		if again, _ := c.credential(t, cache); again != next {
			t.Errorf("%s: it was not replaced", name)
		}
		last = next
	}
	for _, path := range []string{cache, cache + "/credentials", files[0]} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestAnotherQuestionIsAnotherToken(t *testing.T) {
	t.Parallel()
	ns := free.namespace(t)
	c := free.counted(t, ns)
	cache := filepath.Join(t.TempDir(), "cache")
	free.account(t, ns, "other")
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
	if files, _ := filepath.Glob(cache + "/credentials/*.json"); len(files) != 7 || c.mints.Load() != 6 {
		t.Errorf("%d files, %d tokens of %s", len(files), c.mints.Load(), robot)
	}
}

func TestAPluginNeitherCallsItselfNorAnswersForAnotherServer(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
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
	run(t, "kubectl", path, "get", "pods").Wants(t, 1, "would call itself without end", "executable joinctl failed")

	circular := strings.ReplaceAll(string(content), "- "+h.Kubeconfig+"\n", "- "+path+"\n")
	circular = strings.ReplaceAll(circular, "- hub\n", "- "+robot+"@hub\n")
	if err := os.WriteFile(path, []byte(circular), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "joinctl", path, "token", "list").Wants(t, 1, "would call itself without end")

	for info, code := range map[string]int{
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1","spec":{"interactive":false}}`:                      0,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://` + h.Host + `"}}}`: 0,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","spec":{"cluster":{"server":"https://elsewhere"}}}`:      2,
		`{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1alpha1"}`:                                                  2,
		`nothing`: 2,
	} {
		cmd := command(t, "joinctl", h.Kubeconfig, "sa", "credential", robot, "-n", ns, "--cache", "none")
		cmd.Env = append(cmd.Env, "KUBERNETES_EXEC_INFO="+info)
		program.Execute(t, cmd).Wants(t, code)
	}
}

func TestAnInsecureConnectionIsHandedOverOnlyOnRequest(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	args := []string{"sa", "kubeconfig", robot, "-n", ns, "--insecure-skip-tls-verify"}
	refused := run(t, "joinctl", h.Kubeconfig, args...)
	refused.Wants(t, 2, "is not verified", "--allow-insecure")
	if refused.Stdout != "" {
		t.Errorf("printed %q", refused.Stdout)
	}
	if made := run(t, "joinctl", h.Kubeconfig, append(args, "--allow-insecure")...).OK(t); !strings.Contains(made, "insecure-skip-tls-verify: true") {
		t.Errorf("made:\n%s", made)
	}
}

func TestAFailureLeavesTheFileAsItWas(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "precious")
	run(t, "joinctl", capped.Kubeconfig, "sa", "kubeconfig", "nobody", "--out", path).Wants(t, 1, "not found")
	run(t, "joinctl", capped.Kubeconfig, "sa", "kubeconfig", "default", "-n", "kube-system", "--duration", "2h", "--min-granted", "2h", "--out", path).Wants(t, 4)
	if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
		t.Errorf("%q, %v", content, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("left over: %v", files)
	}
}

func TestAKubeconfigThatWouldNotWorkIsNotHandedOver(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	for _, more := range [][]string{nil, {"--embed", "exec"}, {"--revocable"}} {
		out := run(t, "joinctl", h.Kubeconfig, append([]string{"sa", "kubeconfig", robot, "-n", ns, "--audience", "vault"}, more...)...)
		out.Wants(t, 1, "the API server does not accept the token that it granted, which is for vault", "leave --audience out")
		if out.Stdout != "" {
			t.Errorf("printed %q", out.Stdout)
		}
	}
	if n := h.bindings(t, ns); n != 0 {
		t.Errorf("%d Secrets are left over", n)
	}
}

func TestAnInterruptTakesBackTheSecretOfATokenThatIsAskedFor(t *testing.T) {
	t.Parallel()
	ns := free.namespace(t)
	c := free.counted(t, ns)
	c.hold.Store(true)
	cmd := command(t, "joinctl", c.kubeconfig, "sa", "token", robot, "--revocable")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); c.mints.Load() == 0 && time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
	}
	if n := free.bindings(t, ns); n != 1 {
		t.Errorf("%d Secrets are there while the token is asked for", n)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("exit code %d\n%s", cmd.ProcessState.ExitCode(), stderr.String())
	}
	if n := free.bindings(t, ns); n != 0 {
		t.Errorf("%d Secrets are left over", n)
	}
}
