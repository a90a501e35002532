// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/fleet"

	"github.com/joinctl/joinctl/internal/session"
)

// plugin writes a credential plugin of some name that gives the administrator's token, after it has written its
// environment to a file, and returns the paths of both. Tests that call it must not run in parallel: another process that
// starts while the plugin is written keeps it open, and then nobody can execute it.
func plugin(t *testing.T, name string) (command, log string) {
	t.Helper()
	command, log = filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), "log")
	script := `#!/bin/sh
echo "depth=$JOINCTL_DEPTH info=$KUBERNETES_EXEC_INFO" >> ` + log + `
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"` + apitest.AdminToken + `"}}'
`
	if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return command, log
}

// calls returns a line for each call of a plugin.
func calls(t *testing.T, log string) []string {
	t.Helper()
	content, err := os.ReadFile(log)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	return slices.DeleteFunc(lines, func(line string) bool { return !strings.HasPrefix(line, "depth=") })
}

// withPlugin returns a kubeconfig in which every user gets a credential from a plugin.
func withPlugin(t *testing.T, servers map[string]*apitest.Server, command string, mode clientcmdapi.ExecInteractiveMode) string {
	t.Helper()
	return edit(t, apitest.Kubeconfig(t, servers), func(c *clientcmdapi.Config) {
		for name := range c.AuthInfos {
			c.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
				APIVersion: "client.authentication.k8s.io/v1", Command: command, InteractiveMode: mode,
			}}
		}
	})
}

func TestACredentialPluginIsCalledOnceForAllTargets(t *testing.T) {
	command, log := plugin(t, "plugin")
	s, _ := open(withPlugin(t, serversOf(t, "a", "b", "c"), command, clientcmdapi.IfAvailableExecInteractiveMode))
	s.Selection = fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := values(t, results), []string{"a" + admin, "b" + admin, "c" + admin}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if lines := calls(t, log); len(lines) != 1 || !strings.Contains(lines[0], `"interactive":false`) {
		t.Errorf("it was called %d times: %s", len(lines), lines)
	}
}

func TestACredentialPluginThatFailsIsTheReason(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a", "b", "c")
	s, _ := open(withPlugin(t, servers, filepath.Join(t.TempDir(), "none"), clientcmdapi.NeverExecInteractiveMode))
	s.Selection = fleet.Selection{Contexts: []string{"a", "b"}}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	_, failures := session.Collect(s, results)
	errs := failures.Errors()
	if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), `CredentialPlugin, 2 of 2 ("a", "b"): `) {
		t.Errorf("got %q", errs)
	}
	if sent := append(servers["a"].Requests(), servers["b"].Requests()...); len(sent) > 0 {
		t.Errorf("requests were sent: %s", sent)
	}
}

func TestJoinctlCountsHowOftenItCallsItself(t *testing.T) {
	servers := serversOf(t, "a")
	for depth, want := range map[string]string{"": "1", "nonsense": "1", "1": "2", "2": "3"} {
		command, log := plugin(t, "joinctl")
		s, _ := open(withPlugin(t, servers, command, clientcmdapi.NeverExecInteractiveMode))
		s.ExecDepth = depth
		results, err := session.Each(t.Context(), s, 0, whoAmI)
		if err != nil {
			t.Fatal(err)
		}
		values(t, results)
		if lines := calls(t, log); len(lines) != 1 || !strings.HasPrefix(lines[0], "depth="+want+" ") {
			t.Errorf("depth %q: it was called with %s", depth, lines)
		}
	}
}

func TestJoinctlDoesNotCallItselfWithoutEnd(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a")
	s, _ := open(withPlugin(t, servers, "/opt/bin/joinctl", clientcmdapi.NeverExecInteractiveMode))
	s.ExecDepth = "3"
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil || !isConfigError(results[0].Err) || !strings.Contains(results[0].Err.Error(), "would call itself without end") {
		t.Errorf("got %v, %v", results, err)
	}
	targets, err := s.Targets()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Client(targets[0]); !isConfigError(err) {
		t.Errorf("Client returned %v", err)
	}
	if sent := servers["a"].Requests(); len(sent) > 0 {
		t.Errorf("requests were sent: %s", sent)
	}
}

func TestTheDepthIsAboutNoOtherPlugin(t *testing.T) {
	command, log := plugin(t, "aws-iam-authenticator")
	s, _ := open(withPlugin(t, serversOf(t, "a"), command, clientcmdapi.NeverExecInteractiveMode))
	s.ExecDepth = "3"
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	values(t, results)
	if lines := calls(t, log); len(lines) != 1 || !strings.HasPrefix(lines[0], "depth= ") {
		t.Errorf("it was called with %s", lines)
	}
}

func TestJoinctlIsKnownByItsFileName(t *testing.T) {
	t.Parallel()
	for command, want := range map[string]bool{
		"joinctl": true, "/usr/local/bin/joinctl": true, "./joinctl": true, "joinctl.exe": true, "/c/bin/joinctl.exe": true,
		"": false, "kubectl": false, "kubectl-joinctl": false, "/opt/joinctl/kubectl": false, "joinctl.sh": false,
	} {
		if got := session.IsJoinctl(command); got != want {
			t.Errorf("%q: got %v", command, got)
		}
	}
}

func TestAClientIsMadeWithoutARequest(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a")
	s, _ := onServers(t, servers)
	targets, err := s.Targets()
	if err != nil {
		t.Fatal(err)
	}
	client, err := s.Client(targets[0])
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if sent := servers["a"].Requests(); len(sent) > 0 {
		t.Errorf("requests were sent: %s", sent)
	}
	if user, err := client.WhoAmI(t.Context()); err != nil || user.Username != "kubernetes-admin" {
		t.Errorf("got %v, %v", user, err)
	}
}

func TestAContextThatCannotBeUsedIsAConfigErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	kubeconfig := edit(t, apitest.Kubeconfig(t, serversOf(t, "a", "b")), func(c *clientcmdapi.Config) {
		c.AuthInfos["b-admin"].TokenFile, c.AuthInfos["b-admin"].ClientCertificate = "", "/does/not/exist"
	})
	s, _ := open(kubeconfig)
	s.Selection = fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil || len(results) != 2 || results[0].Err != nil || !isConfigError(results[1].Err) {
		t.Fatalf("got %v, %v", results, err)
	}
	if _, err := s.Client(results[1].Key); !isConfigError(err) {
		t.Errorf("Client returned %v", err)
	}
	_, failures := session.Collect(s, results)
	if failures.OnlyConfig() {
		t.Error("something was done")
	}
}

func TestTheUserAgentAndTheImpersonatedUserAreSent(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := onServers(t, map[string]*apitest.Server{"a": server})
	s.Overrides.AuthInfo.Impersonate = "jane"
	s.UserExtra = map[string][]string{"team": {"x"}}
	var headers []string
	server.On("", "", apitest.Do(func(r *http.Request) {
		headers = []string{r.Header.Get("User-Agent"), r.Header.Get("Impersonate-User"), r.Header.Get("Impersonate-Extra-Team")}
	}))
	if _, err := session.Each(t.Context(), s, 0, whoAmI); err != nil {
		t.Fatal(err)
	}
	if want := []string{"joinctl/test", "jane", "x"}; !slices.Equal(headers, want) {
		t.Errorf("got %q, want %q", headers, want)
	}
}
