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

// TestPrintedCommandsPass takes what token create prints in every form in which it can be handed to check.
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
	without := slices.DeleteFunc(slices.Clone(words[2:]), func(word string) bool { return word == "--token" || word == token })
	broken := "$ sudo -E kubectl karmada register \\\n\t" + strings.Join(words[2:], " \\\n\t") + " --cluster-name=member1 -n karmada-system\n"
	for name, given := range map[string]struct {
		stdin string
		args  []string
	}{
		"flags":                {args: words[2:]},
		"words after --":       {args: append([]string{"--", "sudo"}, words...)},
		"words without --":     {args: words},
		"one argument":         {args: []string{line}},
		"stdin":                {stdin: line + "\n", args: []string{"-"}},
		"stdin over lines":     {stdin: broken, args: []string{"-"}},
		"token on stdin":       {stdin: token + "\n", args: append(slices.Clone(without), "--token", "-")},
		"token file":           {stdin: token + "\n", args: append(slices.Clone(without), "--token-file", "-")},
		"without a pin":        {args: []string{words[2], "--token", token, "--discovery-token-unsafe-skip-ca-verification"}},
		"further flags":        {args: append(slices.Clone(words[2:]), "--cluster-name", "m", "--cert-expiration-seconds=1", "--enable-cert-rotation", "-n", "x", "--context", "y", "--dry-run")},
		"kubectl karmada":      {args: append([]string{"kubectl", "karmada", "register"}, words[2:]...)},
		"waiting for nothing":  {args: append([]string{"--wait", "30s"}, words[2:]...)},
		"as names":             {args: append([]string{"-o", "name"}, words[2:]...)},
		"as yaml":              {args: append([]string{"-o", "yaml"}, words[2:]...)},
		"with all there is":    {args: append([]string{"-v", "8"}, words[2:]...)},
		"with remedies":        {args: append([]string{"-o", "wide"}, words[2:]...)},
		"the joiner it is for": {args: append([]string{"--joiner", "karmada"}, words...)},
	} {
		t.Run(name, func(t *testing.T) {
			before := h.state(t)
			out := run(t, given.stdin, nil, append([]string{"check"}, given.args...)...)
			if out.code != 0 {
				t.Errorf("exit code %d\n%s\n%s", out.code, out.stdout, out.stderr)
			}
			if out.took > 2*time.Second {
				t.Errorf("it took %s", out.took)
			}
			if form := story.Leak(out.stdout+out.stderr, token[7:]); form != "" {
				t.Errorf("the token leaked as %s:\n%s\n%s", form, out.stdout, out.stderr)
			}
			if after := h.state(t); after != before {
				t.Error("the server's state changed")
			}
		})
	}
	t.Run("kubeadm's line for another joiner", func(t *testing.T) {
		line := create("--print-join-command")
		out := run(t, line, nil, "check", "--joiner", "karmada", "-")
		if out.code != 2 || !strings.Contains(out.stderr, "contradicts the command") {
			t.Errorf("exit code %d\n%s", out.code, out.stderr)
		}
	})
}

// TestWaitIsForWhatIsNotThereYet signs only after check has begun.
func TestWaitIsForWhatIsNotThereYet(t *testing.T) {
	j := shared.mint(t, nil)
	shared.awaitToken(t, j)
	signed := make(chan struct{})
	content := shared.clusterInfo(t).Data["kubeconfig"]
	go func() {
		defer close(signed)
		time.Sleep(time.Second)
		shared.patchInfo(t.Context(), t, map[string]any{"jws-kubeconfig-" + j.token[:6]: signature(t, content, j.token)})
	}()
	out := check(t, j, nil, "--wait", "20s")
	<-signed
	shared.setInfo(t, map[string]any{"jws-kubeconfig-" + j.token[:6]: nil})
	if out.code != 0 || out.took < time.Second || out.took > 4*time.Second {
		t.Errorf("exit code %d after %s\n%s", out.code, out.took, out.stdout)
	}
	f := fault{step: "pin"}
	wrong := j
	wrong.pins = []string{pinOf(t, foreignCA(t))}
	shared.sign(t, wrong)
	begin := time.Now()
	f.wants(t, wrong, nil, "--wait", "20s")
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("it waited %s for what will not come", took)
	}
}

// TestTheTokenIsSentOnlyToAVerifiedServer records what a server is told by whom.
func TestTheTokenIsSentOnlyToAVerifiedServer(t *testing.T) {
	j := shared.mint(t, nil)
	shared.sign(t, j)
	shared.awaitToken(t, j)
	var (
		mu   sync.Mutex
		told []string
	)
	pass := shared.pass()
	j.endpoint = shared.front(t, time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		told = append(told, r.Method+" "+r.URL.RequestURI()+" "+map[bool]string{true: "as the token"}[r.Header.Get("Authorization") != ""])
		mu.Unlock()
		pass.ServeHTTP(w, r)
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
	}
	if !slices.Equal(told, want) {
		t.Errorf("it is told %q", told)
	}
	told = nil
	j.pins = []string{pinOf(t, foreignCA(t))}
	if out := check(t, j, nil); out.code != 4 || !slices.Equal(told, []string{info}) {
		t.Errorf("with a wrong pin it is told %q\n%s", told, out.stdout)
	}
}

// TestProxiesOfTheEnvironmentAreUsed reaches a name that only the proxy knows.
func TestProxiesOfTheEnvironmentAreUsed(t *testing.T) {
	h := start(t, "--joinable", "--karmada", "--signer=false", "--extra-san", "hub.example")
	j := h.mint(t, nil)
	h.sign(t, j)
	h.awaitToken(t, j)
	j.endpoint = "hub.example:6443"
	env := func(address string) []string { return []string{"HTTPS_PROXY=http://" + address} }
	t.Run("one that connects", func(t *testing.T) {
		if out := check(t, j, env(plain(t, connecting(h.Host)))); out.code != 0 || !strings.Contains(out.stdout, "through the proxy") {
			t.Errorf("exit code %d\n%s", out.code, out.stdout)
		}
	})
	for name, f := range map[string]struct {
		address string
		fault
	}{
		"one that answers HTML": {plain(t, page(200)), fault{step: "tls", says: "does not speak TLS", remedy: "port of the API server"}},
		"one that refuses":      {plain(t, page(403)), fault{step: "tcp", says: "through the proxy", remedy: "NO_PROXY"}},
		"one that is not there": {"127.0.0.1:1", fault{step: "tcp", says: "connection refused", remedy: "correct HTTPS_PROXY"}},
		"one that has no name":  {"proxy.invalid:3128", fault{step: "dns", says: "proxy.invalid:3128 cannot be resolved", remedy: ""}},
		"one that says nothing": {blackHole(t), fault{step: "tcp", says: "nothing answered in time", remedy: "correct HTTPS_PROXY"}},
		"one that hangs up":     {relay.Forward(t, "127.0.0.1:0", "127.0.0.1:1").Addr, fault{step: "tcp", says: "through the proxy", remedy: "let connections"}},
	} {
		t.Run(name, func(t *testing.T) { f.wants(t, j, env(f.address)) })
	}
}

// connecting is an HTTP proxy that connects everyone to one address.
func connecting(to string) http.Handler {
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

// TestClockSkewIsAWarning moves the server's clock.
func TestClockSkewIsAWarning(t *testing.T) {
	j := shared.mint(t, nil)
	shared.sign(t, j)
	shared.awaitToken(t, j)
	pass := shared.pass()
	j.endpoint = shared.front(t, time.Now().Add(time.Hour), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		pass.ServeHTTP(answer, r)
		maps.Copy(w.Header(), answer.Header())
		w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	out := check(t, j, nil)
	if i := slices.IndexFunc(out.steps, func(s step) bool { return s.Name == "clock" }); out.code != 0 || out.steps[i].Status != "warning" || !strings.Contains(out.steps[i].Cause, "-1h0m") {
		t.Errorf("exit code %d\n%s", out.code, out.stdout)
	}
}
