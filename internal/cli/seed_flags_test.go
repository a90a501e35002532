// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
)

func TestFlagsThatKubectlHasRemovedHaveNoEffect(t *testing.T) {
	t.Parallel()
	line := "sa token robot --dry-run=client -o jsonpath={.kind} --storage-driver-buffer-duration 2m --storage-driver-db a --storage-driver-host b" +
		" --storage-driver-password hunter2 --storage-driver-secure --storage-driver-table c --storage-driver-user d"
	var stdout bytes.Buffer
	code, stderr := adminRun(t, &stdout, "", strings.Fields(line)...)
	want := "joinctl: warning: deprecated and without effect, since kubectl has removed them: --storage-driver-buffer-duration, --storage-driver-db, " +
		"--storage-driver-host, --storage-driver-password, --storage-driver-secure, --storage-driver-table, --storage-driver-user\n"
	if code != ExitOK || stdout.String() != "TokenRequest" || stderr != want {
		t.Errorf("exits %d: %s%s", code, &stdout, stderr)
	}
	stdout.Reset()
	if _, stderr := adminRun(t, &stdout, "", "sa", "token", "--help"); strings.Contains(stdout.String()+stderr, "storage-driver") {
		t.Errorf("help shows them: %s", &stdout)
	}
}

func TestAServerOfAnotherMinorVersionGetsNoOtherRequest(t *testing.T) {
	t.Parallel()
	server, connection := robotAt(t)
	for _, test := range []struct {
		version string // of the server
		line    string
		refused bool
	}{
		{"v1.37.2", "sa token robot", false},
		{"v1.37.9-gke.100+k3s1", "token list", false},
		{"v1.36.2", "sa token robot", true},
		{"v1.36.2", "token create", true},
		{"v1.36.2", "token list", true},
		{"v2.37.0", "sa list", true},
		{"unknown", "doctor", true},
	} {
		server.On(http.MethodGet, "/version", apitest.Fault{Before: func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"gitVersion":"` + test.version + `"}`))
			return true
		}}.Times(1))
		before := len(server.Requests())
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "", append(append(strings.Fields(test.line), "--match-server-version"), connection...)...)
		requests := server.Requests()[before:]
		want := "server version " + test.version + " differs from client version v1.37"
		if refused := strings.Contains(stderr+stdout.String(), want); refused != test.refused || refused != (len(requests) == 1) || requests[0] != "GET /version" || refused == (code == ExitOK) {
			t.Errorf("%s, %s: exits %d, sends %q\n%s%s", test.line, test.version, code, requests, &stdout, stderr)
		}
	}
}

func TestTheVersionFlagIsThatOfTheComponentsOfKubernetes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		build, line string
		code        int
		stdout      string // as a regular expression
		stderr      string
	}{
		{"v1.2.3", "--version", ExitOK, `^joinctl v1\.2\.3 \(go.*\)\n$`, ""},
		{"v1.2.3", "-V", ExitOK, `^joinctl v1\.2\.3 `, ""},
		{"v1.2.3", "sa token --version=true", ExitOK, `^joinctl v1\.2\.3 `, ""},
		{"v1.2.3", "token create --version", ExitOK, `^joinctl v1\.2\.3 `, ""},
		{"v1.2.3", "--version=raw", ExitOK, `^version\.Info\{Major:"1", Minor:"2", .*GitVersion:"v1\.2\.3", GitCommit:.*Platform:"\w+/\w+"\}\n$`, ""},
		{"v1.2.3", "version --version=false", ExitOK, `^joinctl v1\.2\.3 `, ""},
		{"v1.2.3", "version --version=v1.2.3-custom", ExitOK, `^joinctl v1\.2\.3-custom `, ""},
		{"", "version --version=v0.0.0-custom+1", ExitOK, `^joinctl v0\.0\.0-custom\+1 `, ""},
		{"v1.2.3", "version --version=v1.2.4", ExitUsage, `^$`, "--version: must begin with v1.2.3, the version of this program"},
		{"v1.2.3", "version --version=vague", ExitUsage, `^$`, "--version: must be true, false, raw, or a version vX.Y.Z to report"},
		{"v1.2.3", "version --version=maybe", ExitUsage, `^$`, "--version: must be true, false, raw, or a version vX.Y.Z to report"},
	} {
		var stdout, stderr bytes.Buffer
		code := Main(t.Context(), &Env{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Version: test.build}, strings.Fields(test.line))
		if code != test.code || !regexp.MustCompile(test.stdout).MatchString(stdout.String()) || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s exits %d: %s%s", test.line, code, &stdout, &stderr)
		}
	}
	if code := Main(t.Context(), &Env{In: strings.NewReader(""), Out: lostOutput{}, Err: &bytes.Buffer{}}, []string{"--version"}); code != ExitFailed {
		t.Errorf("a lost stdout exits %d", code)
	}
}
