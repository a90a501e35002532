// SPDX-License-Identifier: Apache-2.0

package check_test

import (
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/relay"
	"github.com/joinctl/joinctl/internal/story"
)

// TestPrintedCommandsPass passes the printed command to check in every supported form.
func TestPrintedCommandsPass(t *testing.T) {
	h := start(t, "--joinable", "--karmada")
	create := func(flag string) string {
		out := run(t, "", []string{"KUBECONFIG=" + h.Kubeconfig}, "token", "create", flag)
		if out.code != 0 {
			t.Fatal(out.stderr)
		}
		return strings.TrimSpace(out.stdout)
	}
	line := create("--print-register-command")
	words := strings.Fields(line)
	token := words[slices.Index(words, "--token")+1]
	withoutToken := slices.DeleteFunc(slices.Clone(words[2:]), func(word string) bool { return word == "--token" || word == token })
	multiline := "$ sudo -E kubectl karmada register \\\n\t" + strings.Join(words[2:], " \\\n\t") + " --cluster-name=member1 -n karmada-system\n"
	for name, input := range map[string]struct {
		stdin string
		args  []string
	}{
		"flags":                    {args: words[2:]},
		"words after --":           {args: append([]string{"--", "sudo"}, words...)},
		"words without --":         {args: words},
		"one argument":             {args: []string{line}},
		"stdin":                    {stdin: line + "\n", args: []string{"-"}},
		"stdin with several lines": {stdin: multiline, args: []string{"-"}},
		"token on stdin":           {stdin: token + "\n", args: append(slices.Clone(withoutToken), "--token", "-")},
		"token file":               {stdin: token + "\n", args: append(slices.Clone(withoutToken), "--token-file", "-")},
		"without a pin":            {args: []string{words[2], "--token", token, "--discovery-token-unsafe-skip-ca-verification"}},
		"further flags":            {args: append(slices.Clone(words[2:]), "--cluster-name", "m", "--cert-expiration-seconds=1", "--enable-cert-rotation", "-n", "x", "--context", "y", "--dry-run")},
		"kubectl karmada":          {args: append([]string{"kubectl", "karmada", "register"}, words[2:]...)},
		"with --wait":              {args: append([]string{"--wait", "30s"}, words[2:]...)},
		"name output":              {args: append([]string{"-o", "name"}, words[2:]...)},
		"yaml output":              {args: append([]string{"-o", "yaml"}, words[2:]...)},
		"with -v 8":                {args: append([]string{"-v", "8"}, words[2:]...)},
		"wide output":              {args: append([]string{"-o", "wide"}, words[2:]...)},
		"explicit joiner":          {args: append([]string{"--joiner", "karmada"}, words...)},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.state(t)
			out := run(t, input.stdin, nil, append([]string{"check"}, input.args...)...)
			if out.code != 0 {
				t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
			}
			if out.took > 2*time.Second {
				t.Errorf("check took %s", out.took)
			}
			if form := story.Leak(out.stdout+out.stderr, token[7:]); form != "" {
				t.Errorf("the token leaked as %s:\n%s\n%s", form, out.stdout, out.stderr)
			}
			if after := h.state(t); after != before {
				t.Error("the server's state changed")
			}
		})
	}
	t.Run("kubeadm command with another joiner", func(t *testing.T) {
		line := create("--print-join-command")
		out := run(t, line, nil, "check", "--joiner", "karmada", "-")
		if out.code != 2 || !strings.Contains(out.stderr, "contradicts the command") {
			t.Errorf("exit code %d\n%s", out.code, out.stderr)
		}
	})
}

// TestWaitRetriesOnlyWhatCanStillAppear signs cluster-info after check has started. A wrong pin fails without a wait.
func TestWaitRetriesOnlyWhatCanStillAppear(t *testing.T) {
	j := sharedHub.createToken(t, nil)
	sharedHub.waitForToken(t, j)
	done := make(chan struct{})
	content := sharedHub.clusterInfo(t).Data["kubeconfig"]
	go func() {
		defer close(done)
		time.Sleep(time.Second)
		sharedHub.patchClusterInfo(t.Context(), t, map[string]any{"jws-kubeconfig-" + j.token[:6]: signature(t, content, j.token)})
	}()
	out := check(t, j, nil, "--wait", "20s")
	<-done
	sharedHub.setClusterInfo(t, map[string]any{"jws-kubeconfig-" + j.token[:6]: nil})
	if out.code != 0 || out.took < time.Second || out.took > 4*time.Second {
		t.Errorf("exit code %d after %s\n%s", out.code, out.took, out.stdout)
	}
	f := fault{step: "pin"}
	wrong := j
	wrong.pins = []string{pinOf(t, otherCA(t))}
	sharedHub.sign(t, wrong)
	begin := time.Now()
	f.expect(t, wrong, nil, "--wait", "20s")
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("check waited %s, although the pin cannot become right", took)
	}
}

// TestTokenIsSentOnlyToAVerifiedServer records the requests and whether they carry the token.
func TestTokenIsSentOnlyToAVerifiedServer(t *testing.T) {
	j := sharedHub.createToken(t, nil)
	sharedHub.sign(t, j)
	sharedHub.waitForToken(t, j)
	var (
		mu       sync.Mutex
		requests []string
	)
	reverseProxy := sharedHub.reverseProxy()
	j.endpoint = sharedHub.startTLS(t, time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests = append(requests, r.Method+" "+r.URL.RequestURI()+" "+map[bool]string{true: "as the token"}[r.Header.Get("Authorization") != ""])
		mu.Unlock()
		reverseProxy.ServeHTTP(w, r)
	}))
	if out := check(t, j, nil); out.code != 0 {
		t.Errorf("exit code %d\n%s", out.code, out.stdout)
	}
	info := "GET /api/v1/namespaces/kube-public/configmaps/cluster-info "
	want := []string{
		info, info,
		"POST /apis/authentication.k8s.io/v1/selfsubjectreviews as the token",
		"POST /apis/certificates.k8s.io/v1/certificatesigningrequests?dryRun=All as the token",
		"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews as the token",
		"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews as the token",
		"GET /apis/cluster.karmada.io/v1alpha1 as the token",
	}
	if !slices.Equal(requests, want) {
		t.Errorf("the requests are %q", requests)
	}
	requests = nil
	j.pins = []string{pinOf(t, otherCA(t))}
	if out := check(t, j, nil); out.code != 4 || !slices.Equal(requests, []string{info}) {
		t.Errorf("with a wrong pin the requests are %q\n%s", requests, out.stdout)
	}
}

// TestProxyFromTheEnvironmentIsUsed uses a host name that only the proxy resolves.
func TestProxyFromTheEnvironmentIsUsed(t *testing.T) {
	h := start(t, "--joinable", "--karmada", "--signer=false", "--extra-san", "hub.example")
	j := h.createToken(t, nil)
	h.sign(t, j)
	h.waitForToken(t, j)
	j.endpoint = "hub.example:6443"
	env := func(address string) []string { return []string{"HTTPS_PROXY=http://" + address} }
	t.Run("working proxy", func(t *testing.T) {
		if out := check(t, j, env(startPlainHTTP(t, connectProxy(h.Host)))); out.code != 0 || !strings.Contains(out.stdout, "through the proxy") {
			t.Errorf("exit code %d\n%s", out.code, out.stdout)
		}
	})
	for name, f := range map[string]struct {
		address string
		fault
	}{
		"proxy answers HTML":          {startPlainHTTP(t, webPage(200)), fault{step: "tls", cause: "does not speak TLS", remedy: "port of the API server"}},
		"proxy answers 403":           {startPlainHTTP(t, webPage(403)), fault{step: "tcp", cause: "through the proxy", remedy: "NO_PROXY"}},
		"closed port":                 {"127.0.0.1:1", fault{step: "tcp", cause: "connection refused", remedy: "correct HTTPS_PROXY"}},
		"unknown host name":           {"proxy.invalid:3128", fault{step: "dns", cause: "proxy.invalid:3128 cannot be resolved", remedy: ""}},
		"no answer":                   {blackHole(t), fault{step: "tcp", cause: "nothing answered in time", remedy: "correct HTTPS_PROXY"}},
		"proxy closes the connection": {relay.Forward(t, "127.0.0.1:0", "127.0.0.1:1").Addr, fault{step: "tcp", cause: "through the proxy", remedy: "let connections"}},
	} {
		t.Run(name, func(t *testing.T) { f.expect(t, j, env(f.address)) })
	}
}

// connectProxy returns an HTTP proxy that connects every client to one address.
func connectProxy(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		out, err := net.Dial("tcp", to)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		in, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = in.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		relay.Pipe(in, out)
	})
}

// TestClockSkewIsAWarning sends a Date header that is an hour ahead.
func TestClockSkewIsAWarning(t *testing.T) {
	j := sharedHub.createToken(t, nil)
	sharedHub.sign(t, j)
	sharedHub.waitForToken(t, j)
	reverseProxy := sharedHub.reverseProxy()
	j.endpoint = sharedHub.startTLS(t, time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		reverseProxy.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	out := check(t, j, nil)
	if i := slices.IndexFunc(out.steps, func(s step) bool { return s.Name == "clock" }); out.code != 0 || out.steps[i].Status != "warning" || !strings.Contains(out.steps[i].Cause, "behind the server's") {
		t.Errorf("exit code %d\n%s", out.code, out.stdout)
	}
}
