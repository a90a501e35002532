// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"errors"
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

func TestAFileThatTheRunReadsIsNotWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	input, tokenFile, other := file("input"), file("token"), file("other")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(input, link); err != nil {
		t.Fatal(err)
	}
	kubeconfig := edit(t, apitest.Kubeconfig(t, serversOf(t, "a")), func(c *clientcmdapi.Config) {
		for name := range c.AuthInfos {
			c.AuthInfos[name] = &clientcmdapi.AuthInfo{TokenFile: tokenFile}
		}
	})
	for path, read := range map[string]string{
		kubeconfig: kubeconfig, input: input, link: input, tokenFile: tokenFile, other: "", filepath.Join(dir, "new"): "",
	} {
		s, _ := open(kubeconfig)
		s.Inputs = []string{input, "", filepath.Join(dir, "missing")}
		err := s.CheckOutputFiles("--out", other, path)
		switch config := (*failure.ConfigError)(nil); {
		case read == "" && err != nil:
			t.Errorf("%s: %v", path, err)
		case read != "" && (!errors.As(err, &config) || !strings.Contains(err.Error(), "--out "+path) || !strings.Contains(err.Error(), "the file "+read)):
			t.Errorf("%s: got %v, want an error with %s", path, err, read)
		}
	}
}

func TestALogIsNotWrittenToAKubeconfig(t *testing.T) {
	t.Parallel()
	s, _ := open(apitest.Kubeconfig(t, serversOf(t, "a")))
	another := apitest.Kubeconfig(t, serversOf(t, "b"))
	for path, want := range map[string]string{
		s.Kubeconfig: "which joinctl reads", another: "contexts that joinctl did not write", filepath.Join(t.TempDir(), "log"): "",
	} {
		err := s.CheckLogFile("--log-file", path)
		if want == "" && err != nil || want != "" && (!isConfigError(err) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	if err := session.CheckForeignKubeconfig("--out", another, "use --force"); !isConfigError(err) || !strings.Contains(err.Error(), "--out "+another) {
		t.Errorf("got %v", err)
	}
}

func TestAMissingFileOfKUBECONFIGIsReportedIfTheSelectionMeansAll(t *testing.T) {
	kubeconfig := apitest.Kubeconfig(t, serversOf(t, "a"))
	missing := filepath.Join(t.TempDir(), "missing")
	pattern, err := fleet.ParsePattern("a*")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", kubeconfig+string(os.PathListSeparator)+missing)
	for name, test := range map[string]struct {
		change func(*session.Session)
		warns  bool
		fails  bool
	}{
		"the current context": {func(*session.Session) {}, false, false},
		"one by its name":     {func(s *session.Session) { s.Selection.Contexts = []string{"a"} }, false, false},
		"all":                 {func(s *session.Session) { s.Selection.All = true }, true, false},
		"a pattern":           {func(s *session.Session) { s.Selection.Include = []fleet.Pattern{pattern} }, true, false},
		"all, complete":       {func(s *session.Session) { s.Selection.All, s.Complete = true, true }, false, true},
	} {
		s, out := open("")
		test.change(s)
		_, err := s.Targets()
		if isConfigError(err) != test.fails || strings.Contains(out.String(), missing) != test.warns {
			t.Errorf("%s: got %v; stderr: %s", name, err, out)
		}
	}
}

func TestFiveControlPlanesWithDuplicatesAreReportedWithoutARest(t *testing.T) {
	t.Parallel()
	servers := map[string]*apitest.Server{}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		server := &apitest.Server{URL: "https://" + name + ":6443"}
		servers[name], servers[name+"-too"] = server, server
	}
	s, out := onServers(t, servers)
	s.Selection.All = true
	if _, err := s.Targets(); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 5 || strings.Contains(out.String(), "more") {
		t.Errorf("got\n%s", out)
	}
}
