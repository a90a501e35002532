// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

// lockingPlugin returns a kubeconfig in which each user calls one plugin with an argument of its own. The plugin fails where
// another call of it runs, and always for the users in broken. It writes a line to log at each call.
func lockingPlugin(t *testing.T, servers map[string]*apitest.Server, broken string) (kubeconfig, log string) {
	t.Helper()
	dir := t.TempDir()
	command, log := filepath.Join(dir, "login"), filepath.Join(dir, "log")
	script := `#!/bin/sh
echo "depth=$1" >> ` + log + `
case " ` + broken + ` " in *" $1 "*) sleep 0.1; echo "no account" >&2; exit 3;; esac
mkdir ` + dir + `/lock 2>/dev/null || { sleep 0.3; echo "database is locked" >&2; exit 5; }
sleep 0.3
rmdir ` + dir + `/lock
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"` + apitest.AdminToken + `"}}'
`
	if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return edit(t, apitest.Kubeconfig(t, servers), func(c *clientcmdapi.Config) {
		for name := range c.AuthInfos {
			c.AuthInfos[name] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
				APIVersion: "client.authentication.k8s.io/v1", Command: command, Args: []string{name},
				InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
			}}
		}
	}), log
}

func TestAPluginThatFailsInParallelIsCalledAgainAlone(t *testing.T) {
	kubeconfig, log := lockingPlugin(t, serversOf(t, "a", "b", "c", "d", "e"), "")
	s, _ := open(kubeconfig)
	s.Parallel, s.Selection = 16, fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		if result.Err != nil {
			t.Errorf("%s: %v", result.Key.Context, result.Err)
		}
	}
	if n := len(calls(t, log)); n <= len(results) {
		t.Errorf("%d calls: no call failed in parallel, so that this test shows nothing", n)
	}
}

func TestAPluginThatFailsAloneIsNotCalledAgain(t *testing.T) {
	kubeconfig, log := lockingPlugin(t, serversOf(t, "a"), "a-admin")
	s, _ := open(kubeconfig)
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil || failure.ReasonOf(results[0].Err) != failure.CredentialPlugin {
		t.Fatalf("got %v, %v", results, err)
	}
	if lines := calls(t, log); len(lines) != 1 {
		t.Errorf("it was called %d times", len(lines))
	}
}

func TestAPluginThatFailsInParallelAndAloneIsCalledTwice(t *testing.T) {
	kubeconfig, log := lockingPlugin(t, serversOf(t, "a", "b", "c"), "c-admin")
	s, _ := open(kubeconfig)
	s.Parallel, s.Selection = 16, fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	if results[0].Err != nil || results[1].Err != nil || failure.ReasonOf(results[2].Err) != failure.CredentialPlugin {
		t.Errorf("got %v", results)
	}
	called := fmt.Sprint(calls(t, log))
	if n := strings.Count(called, "depth=c-admin"); n != 2 {
		t.Errorf("it was called %d times for c: %s", n, called)
	}
}
