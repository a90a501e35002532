// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// writePlugin writes a credential plugin that logs its calls, sleeps, and returns the administrator's client certificate. It
// returns the paths of the plugin and of its log.
func writePlugin(t testing.TB, sleep string) (command, log string) {
	t.Helper()
	dir := t.TempDir()
	command, log = filepath.Join(dir, "login"), filepath.Join(dir, "log")
	admin, err := controlPlanes[0].ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	line := func(pem []byte) string { return strings.ReplaceAll(string(pem), "\n", `\n`) }
	script := fmt.Sprintf("#!/bin/sh\necho \"begin $1\" >>%s\nsleep %s\necho \"end $1\" >>%s\ncat <<'E'\n"+
		`{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"%s","clientKeyData":"%s"}}`+"\nE\n",
		log, sleep, log, line(admin.CertData), line(admin.KeyData))
	if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return command, log
}

func TestFirstPluginCallRunsAlone(t *testing.T) {
	deleteTokens(t)
	command, log := writePlugin(t, "0.5")
	k := newKubeconfig(t)
	for i := range 6 {
		cluster, user := k.add(fmt.Sprintf("c%d", i), controlPlanes[0])
		cluster.TLSServerName = serverName(i)
		*user = *plugin(command, fmt.Sprint(i))
	}
	out := program.Run(t, k.write(), "token", "list", "--all-contexts")
	out.OK(t)
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(calls)), "\n")
	if len(lines) != 12 || lines[0] != "begin 0" || lines[1] != "end 0" || !strings.HasPrefix(lines[3], "begin") {
		t.Errorf("the calls of the plugin are:\n%s", calls)
	}
	if out.Elapsed > 2500*time.Millisecond {
		t.Errorf("the run took %s: the other calls must run in parallel", out.Elapsed)
	}
}

// TestHangingPluginDoesNotDelayOtherTargets checks that a timeout and an interrupt end the wait for the plugin.
func TestHangingPluginDoesNotDelayOtherTargets(t *testing.T) {
	deleteTokens(t)
	k := newKubeconfig(t).addLive(3)
	cluster, user := k.add("hangs", controlPlanes[0])
	cluster.TLSServerName = serverName(300)
	*user = *plugin("sh", "-c", "exec 2>/dev/null; sleep 5") // the sleep outlives joinctl and must not keep its stderr open
	path := k.write()
	out := program.Run(t, path, "token", "create", "--all-contexts", "--timeout", "2s", "-o", "json")
	doc := out.Document(t)
	if out.Code != 3 || len(doc.Items) != 3 || len(doc.Failures) != 1 || doc.Failures[0].Reason != "CredentialPlugin" || out.Elapsed > 4*time.Second {
		t.Errorf("exit code %d after %s: %s\n%s", out.Code, out.Elapsed, out.Stdout, out.Stderr)
	}
	cmd := program.Command(t, path, "token", "create", "--all-contexts", "--ttl", "0")
	out = program.RunAndSignal(t, cmd, os.Interrupt, time.Second)
	out.Expect(t, 130, "Interrupted, 1 of 4", `credential plugin "sh" has given no credential`)
	if strings.Count(out.Stdout, "live-") != 3 || out.Elapsed > 3*time.Second {
		t.Errorf("after %s stdout is %s", out.Elapsed, out.Stdout)
	}
	stored := 0
	for _, p := range controlPlanes {
		stored += len(p.tokenIDs(t))
	}
	if stored != 6 {
		t.Errorf("%d tokens are stored, 6 were printed", stored)
	}
}

func TestPluginsOfManyTargetsGetNoTerminal(t *testing.T) {
	k := newKubeconfig(t)
	for i := range 2 {
		cluster, user := k.add(fmt.Sprintf("c%d", i), controlPlanes[0])
		cluster.TLSServerName = serverName(i)
		*user = *plugin("cat")
		user.Exec.InteractiveMode = "Always"
	}
	program.Run(t, k.write(), "token", "list", "--all-contexts").Expect(t, 1, "CredentialPlugin, 2 of 2")
}
