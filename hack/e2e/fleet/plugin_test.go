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

// login writes a plugin that notes when it is called and takes a while, and returns where both are. It hands out a
// client certificate that the planes know.
func login(t testing.TB, takes string) (command, log string) {
	t.Helper()
	dir := t.TempDir()
	command, log = filepath.Join(dir, "login"), filepath.Join(dir, "log")
	admin, err := planes[0].ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	line := func(pem []byte) string { return strings.ReplaceAll(string(pem), "\n", `\n`) }
	script := fmt.Sprintf("#!/bin/sh\necho \"begin $1\" >>%s\nsleep %s\necho \"end $1\" >>%s\ncat <<'E'\n"+
		`{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"clientCertificateData":"%s","clientKeyData":"%s"}}`+"\nE\n",
		log, takes, log, line(admin.CertData), line(admin.KeyData))
	if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return command, log
}

func TestTheFirstCallOfAPluginIsMadeAlone(t *testing.T) {
	wipe(t)
	command, log := login(t, "0.5")
	k := newKubeconfig(t)
	for i := range 6 {
		cluster, user := k.add(fmt.Sprintf("c%d", i), planes[0])
		cluster.TLSServerName = serverName(i)
		*user = *plugin(command, fmt.Sprint(i))
	}
	out := program.Run(t, k.path(), "token", "list", "--all-contexts")
	out.OK(t)
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(calls)), "\n")
	if len(lines) != 12 || lines[0] != "begin 0" || lines[1] != "end 0" || !strings.HasPrefix(lines[3], "begin") {
		t.Errorf("the plugin was called like this:\n%s", calls)
	}
	if out.Took > 2500*time.Millisecond {
		t.Errorf("it took %s: the others are to go together", out.Took)
	}
}

// TestAPluginThatHangsDoesNotHoldTheOthersUp gives up on it after the time of the run, and after an interrupt at once.
func TestAPluginThatHangsDoesNotHoldTheOthersUp(t *testing.T) {
	wipe(t)
	k := newKubeconfig(t).live(3)
	cluster, user := k.add("hangs", planes[0])
	cluster.TLSServerName = serverName(300)
	*user = *plugin("sh", "-c", "exec 2>/dev/null; sleep 5") // it outlives the program, and must not hold its stderr
	path := k.path()
	out := program.Run(t, path, "token", "create", "--all-contexts", "--timeout", "2s", "-o", "json")
	doc := out.Document(t)
	if out.Code != 3 || len(doc.Items) != 3 || len(doc.Failures) != 1 || doc.Failures[0].Reason != "CredentialPlugin" || out.Took > 4*time.Second {
		t.Errorf("exit code %d after %s: %s\n%s", out.Code, out.Took, out.Stdout, out.Stderr)
	}
	cmd := program.Command(t, path, "token", "create", "--all-contexts", "--ttl", "0")
	out = program.Stop(t, cmd, os.Interrupt, time.Second)
	out.Wants(t, 130, "Interrupted, 1 of 4", `credential plugin "sh" has given no credential`)
	if strings.Count(out.Stdout, "live-") != 3 || out.Took > 3*time.Second {
		t.Errorf("after %s it printed %s", out.Took, out.Stdout)
	}
	stored := 0
	for _, p := range planes {
		stored += len(p.stored(t))
	}
	if stored != 6 {
		t.Errorf("%d tokens are stored, 6 were printed", stored)
	}
}

func TestManyTargetsHaveNoTerminalForTheirPlugins(t *testing.T) {
	k := newKubeconfig(t)
	for i := range 2 {
		cluster, user := k.add(fmt.Sprintf("c%d", i), planes[0])
		cluster.TLSServerName = serverName(i)
		*user = *plugin("cat")
		user.Exec.InteractiveMode = "Always"
	}
	program.Run(t, k.path(), "token", "list", "--all-contexts").Wants(t, 1, "CredentialPlugin, 2 of 2")
}
