// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
)

func TestDoctorReportsToPipelines(t *testing.T) {
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{
		"down": apitest.Down(t), "empty": apitest.New(t, apitest.Karmada), "good": apitest.New(t, apitest.Karmada, apitest.Joinable),
	})
	doctor := []string{"doctor", "--kubeconfig", kubeconfig, "--all-contexts", "-o"}

	code, stdout, stderr := run(t, append(doctor, "junit")...)
	var suites struct {
		Suites []struct {
			Name     string `xml:"name,attr"`
			Failures int    `xml:"failures,attr"`
			Errors   int    `xml:"errors,attr"`
			Cases    []struct {
				Name    string `xml:"name,attr"`
				Failure string `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal([]byte(stdout), &suites); err != nil || code != ExitPartial || len(suites.Suites) != 3 || !strings.Contains(stderr, "Unreachable") {
		t.Fatalf("%v, exit code %d: %s%s", err, code, stdout, stderr)
	}
	down, empty, good := suites.Suites[0], suites.Suites[1], suites.Suites[2]
	if down.Errors != 1 || len(down.Cases) != 1 || empty.Failures != 1 || good.Failures+good.Errors != 0 || len(good.Cases) < 20 {
		t.Errorf("got %+v", suites)
	}
	if !strings.Contains(stdout, "JC204: error: there is no configmap") || strings.Contains(stdout, apitest.AdminToken) {
		t.Error(stdout)
	}

	code, stdout, _ = run(t, append(doctor, "sarif")...)
	var log struct {
		Runs []struct {
			Results []struct{ RuleID string }
			Tool    struct {
				Driver struct{ Rules []struct{ ID string } }
			}
		}
	}
	if err := json.Unmarshal([]byte(stdout), &log); err != nil || code != ExitPartial || len(log.Runs) != 1 {
		t.Fatalf("%v, exit code %d: %s", err, code, stdout)
	}
	if results := log.Runs[0].Results; len(results) != 1 || results[0].RuleID != "JC204" || len(log.Runs[0].Tool.Driver.Rules) < 40 {
		t.Errorf("results %+v", results)
	}
	if code, stdout, _ := run(t, "doctor", "--kubeconfig", kubeconfig, "--context", "good", "-o", "junit"); code != ExitOK || !strings.Contains(stdout, `failures="0" errors="0"`) {
		t.Errorf("healthy: exit code %d, %s", code, stdout)
	}
	if code, _, stderr := run(t, "token", "list", "-o", "sarif"); code != ExitUsage || !strings.Contains(stderr, "must be one of") {
		t.Errorf("token list: exit code %d, %s", code, stderr)
	}
}

func TestDoctorWritesAPageInAdditionToItsOutput(t *testing.T) {
	empty := apitest.New(t)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"empty": empty})
	page := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(page, []byte("earlier"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := run(t, "doctor", "--kubeconfig", kubeconfig, "--report", page)
	content, err := os.ReadFile(page)
	if err != nil || code != ExitProblem || !strings.Contains(stdout, "cluster-info") || !strings.Contains(string(content), `<h3 id="JC204">`) {
		t.Errorf("%v, exit code %d: %s%s%s", err, code, stdout, stderr, content)
	}
	info, err := os.Stat(page)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, mode %v", err, info.Mode())
	}
	if strings.Contains(string(content), apitest.AdminToken) {
		t.Error("the page has a credential")
	}
}

func TestAPageThatCannotBeWrittenIsAnErrorBeforeTheFirstRequest(t *testing.T) {
	server := apitest.New(t)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	for name, path := range map[string]string{"the kubeconfig": kubeconfig, "no directory": filepath.Join(t.TempDir(), "no", "report.html"), "a directory": t.TempDir(), "no name": ""} {
		code, stdout, stderr := run(t, "doctor", "--kubeconfig", kubeconfig, "--report", path)
		if code != ExitUsage || stdout != "" || !strings.Contains(stderr, "error: --report") || len(server.Requests()) > 0 {
			t.Errorf("%s: exit code %d, %s%s", name, code, stdout, stderr)
		}
	}
	dir := t.TempDir()
	code, _, _ := run(t, "doctor", "--kubeconfig", kubeconfig, "--context", "nowhere", "--report", filepath.Join(dir, "report.html"))
	if left, err := os.ReadDir(dir); code != ExitUsage || err != nil || len(left) > 0 {
		t.Errorf("no such context: exit code %d, %v, files %v", code, err, left)
	}
}
