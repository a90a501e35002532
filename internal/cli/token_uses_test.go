// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// auditEvent is an event of a request with a token, as kube-apiserver writes it.
const auditEvent = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","stage":"ResponseComplete",` +
	`"requestURI":"/apis/certificates.k8s.io/v1/certificatesigningrequests","verb":"create","user":{"username":"system:bootstrap:abcdef"},` +
	`"sourceIPs":["192.0.2.1","10.0.0.7"],"userAgent":"karmadactl/v1.15","objectRef":{"resource":"certificatesigningrequests","name":"member1"},` +
	`"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-11-25T10:00:00.123456Z"}` + "\n"

func TestUsesOfTokensAreShownInEveryFormat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	log := filepath.Join(dir, "audit.log")
	rotated := filepath.Join(dir, "rotated.log")
	other := filepath.Join(dir, "notes.txt")
	for path, content := range map[string]string{
		log: auditEvent, other: "hello\n",
		rotated: auditEvent + strings.ReplaceAll(auditEvent, "abcdef", "bbbbbb") + "no event\n" + auditEvent[:200],
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const header = "TOKEN   REQUESTS   FIRST                  LAST                   FROM       CERTIFICATE REQUESTS\n"
	const row = "abcdef   1          2026-11-25T10:00:00Z   2026-11-25T10:00:00Z   10.0.0.7   member1\n"
	for name, test := range map[string]struct {
		args   []string
		stdin  string
		code   int
		stdout string // the beginning
		stderr string // a part
	}{
		"table":         {[]string{"--audit-log", log}, "", ExitOK, strings.Replace(header, "TOKEN ", "TOKEN  ", 1) + row, ""},
		"stdin":         {[]string{"--audit-log", "-", "-o", "name"}, auditEvent, ExitOK, "secret/bootstrap-token-abcdef\n", ""},
		"json":          {[]string{"--audit-log", log, "-o", "jsonpath={.kind} {.items[0].from[0].value} {.items[0].forwardedFor[0].value} {.items[0].requests[0].value}"}, "", ExitOK, "TokenUsesList 10.0.0.7 192.0.2.1 create certificatesigningrequests", ""},
		"one of two":    {[]string{"--audit-log", rotated, "-o", "name", "bbbbbb.0123456789abcdef"}, "", ExitOK, "secret/bootstrap-token-bbbbbb\n", "skipped in the audit log " + rotated + ": 1 line without an event, and its end, which is cut"},
		"both":          {[]string{"--audit-log", log, "--audit-log", rotated, "-o", "jsonpath={.items[0].count}"}, "", ExitOK, "2", "skipped in"},
		"refs on stdin": {[]string{"--audit-log", log, "-o", "name", "-"}, "cccccc\n", ExitOK, "", `not used, by these logs: "cccccc"`},
		"no uses":       {[]string{"--audit-log", "-", "-o", "name"}, "", ExitOK, "", "an audit policy has to record them"},
		"no log":        {nil, "", ExitUsage, "", `required flag(s) "audit-log" not set`},
		"another file":  {[]string{"--audit-log", other, "--audit-log", log, "-o", "name"}, "", ExitFailed, "secret/bootstrap-token-abcdef\n", "notes.txt: no line is an Event of audit.k8s.io"},
		"missing":       {[]string{"--audit-log", log + "x"}, "", ExitFailed, "", "no such file"},
		"a bad ref":     {[]string{"--audit-log", log, "abc"}, "", ExitUsage, "", "token 1 of 1: name a token by its ID"},
		"a token":       {[]string{"--audit-log", "abcdef.0123456789abcdef"}, "", ExitUsage, "", "--audit-log: the value has the form of a bootstrap token"},
		"stdin twice":   {[]string{"--audit-log", "-", "-"}, "", ExitUsage, "", "standard input is read once"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			env := &Env{In: strings.NewReader(test.stdin), Out: &stdout, Err: &stderr, Now: time.Now}
			code := Main(t.Context(), env, append([]string{"token", "uses"}, test.args...))
			if code != test.code || !strings.HasPrefix(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) || test.stderr == "" && stderr.Len() > 0 {
				t.Errorf("exits %d\nstdout: %s\nstderr: %s", code, &stdout, &stderr)
			}
		})
	}
}
