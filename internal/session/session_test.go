// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// A screen is stderr, which abandoned operations can still write to.
type screen struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// open returns a Session over a kubeconfig file, and what it writes to stderr.
func open(kubeconfig string) (*session.Session, *screen) {
	out := &screen{}
	s := session.New(session.Environment{
		Now:       time.Now,
		UserAgent: "joinctl/test",
		Terminal:  terminal.New(terminal.Streams{In: strings.NewReader(""), Err: out}),
	})
	s.Kubeconfig = kubeconfig
	s.Parallel = 4
	s.RequestTimeout = 5 * time.Second
	return s, out
}

// onServers returns a Session over a kubeconfig with one context for each server.
func onServers(t *testing.T, servers map[string]*apitest.Server) (*session.Session, *screen) {
	t.Helper()
	return open(apitest.Kubeconfig(t, servers))
}

// serversOf starts a server for each name.
func serversOf(t *testing.T, names ...string) map[string]*apitest.Server {
	t.Helper()
	servers := map[string]*apitest.Server{}
	for _, name := range names {
		servers[name] = apitest.New(t)
	}
	return servers
}

// edit changes a kubeconfig file.
func edit(t *testing.T, path string, change func(*clientcmdapi.Config)) string {
	t.Helper()
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change(config)
	path = filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// whoAmI is an operation: it asks the server who the client is, and returns that after the target's name.
func whoAmI(ctx context.Context, target fleet.Target, client *kube.Client) (string, error) {
	user, err := client.WhoAmI(ctx)
	return strings.TrimSuffix(target.Context+"/"+target.Member, "/") + ": " + user.Username, err
}

const admin = ": kubernetes-admin"

// isConfigError reports whether an error says that nothing was attempted.
func isConfigError(err error) bool {
	_, ok := errors.AsType[*failure.ConfigError](err)
	return ok
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// contextsOf returns the names of the targets' contexts.
func contextsOf(targets []fleet.Target) (names []string) {
	for _, target := range targets {
		names = append(names, target.Context)
	}
	return names
}

func TestTheOptionsTellOneTargetFromManyByTheirForm(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options            session.Options
		contexts, anything bool // more than one can be meant
	}{
		"the current context":  {session.Options{}, false, false},
		"one named context":    {session.Options{Selection: fleet.Selection{Contexts: []string{"a"}}}, false, false},
		"two named contexts":   {session.Options{Selection: fleet.Selection{Contexts: []string{"a", "b"}}}, true, true},
		"all contexts":         {session.Options{Selection: fleet.Selection{All: true}}, true, true},
		"a file with contexts": {session.Options{FromFile: true, Selection: fleet.Selection{Contexts: []string{"a"}}}, true, true},
		"one member":           {session.Options{Members: session.Members{Names: []string{"m"}}}, false, false},
		"two members":          {session.Options{Members: session.Members{Names: []string{"m", "n"}}}, false, true},
		"all members":          {session.Options{Members: session.Members{All: true}}, false, true},
	} {
		s := &session.Session{Options: test.options}
		if s.ManyContexts() != test.contexts || s.Many() != test.anything {
			t.Errorf("%s: many contexts %v, many targets %v", name, s.ManyContexts(), s.Many())
		}
	}
}

func TestTheKubeconfigIsReadAndTheSelectionMadeOnce(t *testing.T) {
	t.Parallel()
	s, _ := onServers(t, serversOf(t, "a", "b"))
	first, err := s.Load()
	if err != nil {
		t.Fatal(err)
	}
	targets, err := s.Targets()
	if err != nil || !slices.Equal(contextsOf(targets), []string{"a"}) {
		t.Fatalf("got %v, %v", targets, err)
	}
	s.Kubeconfig, s.Selection = "/does/not/exist", fleet.Selection{All: true}
	if second, err := s.Load(); err != nil || second != first {
		t.Errorf("it was read again: %v", err)
	}
	if again, err := s.Targets(); err != nil || len(again) != 1 {
		t.Errorf("it was selected again: %v, %v", again, err)
	}
}

func TestNothingIsAttemptedWithWrongOptions(t *testing.T) {
	t.Parallel()
	servers := serversOf(t, "a")
	kubeconfig := apitest.Kubeconfig(t, servers)
	for name, test := range map[string]struct {
		change func(*session.Session)
		want   string
	}{
		"no such file":    {func(s *session.Session) { s.Kubeconfig = "/does/not/exist" }, "read kubeconfig: stat /does/not/exist: no such file or directory"},
		"no such context": {func(s *session.Session) { s.Selection.Contexts = []string{"b"} }, `context "b" does not exist`},
		"a group alone":   {func(s *session.Session) { s.Overrides.AuthInfo.ImpersonateGroups = []string{"g"} }, "--as-uid, --as-group and --as-user-extra need --as"},
		"a UID alone":     {func(s *session.Session) { s.Overrides.AuthInfo.ImpersonateUID = "u" }, "--as-uid, --as-group and --as-user-extra need --as"},
		"a field alone":   {func(s *session.Session) { s.UserExtra = map[string][]string{"k": {"v"}} }, "--as-uid, --as-group and --as-user-extra need --as"},
	} {
		s, _ := open(kubeconfig)
		test.change(s)
		_, err := session.Each(t.Context(), s, 0, whoAmI)
		if !isConfigError(err) || err.Error() != test.want {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
		if _, _, err := s.Expand(t.Context()); !isConfigError(err) {
			t.Errorf("%s: Expand returned %v", name, err)
		}
		if _, err := s.Resolve(t.Context(), []session.Ref{{Context: "a", Name: "x"}}); !isConfigError(err) {
			t.Errorf("%s: Resolve returned %v", name, err)
		}
	}
	if sent := servers["a"].Requests(); len(sent) > 0 {
		t.Errorf("requests were sent: %s", sent)
	}
}

func TestContextsOfOneControlPlaneAreVisitedOnceAndReported(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, out := onServers(t, map[string]*apitest.Server{"a": server, "b": server, "c": server})
	s.Selection = fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil || len(results) != 1 || results[0].Value != "a"+admin {
		t.Errorf("got %v, %v", results, err)
	}
	expect(t, out.String(), `joinctl: "b", "c": the same control plane as context a, which is used`+"\n")
}

func TestACommandCanReportDuplicateContextsItself(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, out := onServers(t, map[string]*apitest.Server{"a": server, "b": server})
	s.Selection, s.Quiet = fleet.Selection{All: true}, true
	targets, err := s.Targets()
	if err != nil || len(targets) != 1 || !slices.Equal(targets[0].Duplicates(), []string{"b"}) {
		t.Errorf("got %v, %v", targets, err)
	}
	expect(t, out.String(), "")
}

func TestAtMostFiveControlPlanesWithDuplicatesAreReported(t *testing.T) {
	t.Parallel()
	servers := map[string]*apitest.Server{}
	for i := range 7 {
		server := &apitest.Server{URL: fmt.Sprintf("https://hub-%d:6443", i)}
		servers[fmt.Sprintf("hub-%d", i)], servers[fmt.Sprintf("hub-%d-too", i)] = server, server
	}
	s, out := onServers(t, servers)
	s.Selection = fleet.Selection{All: true}
	if _, err := s.Targets(); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 6 || lines[5] != "joinctl: 2 more control planes have several contexts: joinctl contexts shows all" {
		t.Errorf("got\n%s", out)
	}
}

func TestATargetHasANameForPeopleAndArgumentsThatReachIt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		target               fleet.Target
		described, arguments string
	}{
		{fleet.Target{Context: "hub"}, "context hub", " --context hub"},
		{fleet.Target{Context: "my hub"}, "context 'my hub'", " --context 'my hub'"},
		{fleet.Target{Context: "hub", Member: "m1"}, "member m1 of context hub", " --context hub --member m1"},
		{fleet.Target{}, "this server", ""},
		{fleet.Target{Member: "m1"}, "member m1 of this server", " --member m1"},
		{fleet.Target{Context: kube.InCluster}, "this Pod's cluster", ""},
		{fleet.Target{Context: kube.InCluster, Member: "m1"}, "member m1 of this Pod's cluster", " --member m1"},
	} {
		s := &session.Session{}
		expect(t, session.Describe(test.target), test.described)
		expect(t, s.Arguments(test.target), test.arguments)
		s.Kubeconfig = "/my files/config"
		expect(t, s.Arguments(test.target), " --kubeconfig '/my files/config'"+test.arguments)
	}
}

func TestTheDisplayNameIsTheShortestThatTellsTargetsApart(t *testing.T) {
	t.Parallel()
	one, many := &session.Session{}, &session.Session{Options: session.Options{Selection: fleet.Selection{All: true}}}
	hub, member := fleet.Target{Context: "hub"}, fleet.Target{Context: "hub", Member: "m1"}
	for _, test := range []struct {
		session *session.Session
		target  fleet.Target
		want    string
	}{{one, hub, "hub"}, {many, hub, "hub"}, {one, member, "m1"}, {many, member, "hub/m1"}} {
		expect(t, test.session.DisplayName(test.target), test.want)
	}
}

func TestTheNounIsThatOfTheTargets(t *testing.T) {
	t.Parallel()
	s := &session.Session{}
	expect(t, s.Noun(), "context")
	s.Members.Names = []string{"m1"}
	expect(t, s.Noun(), "member")
	s.Members = session.Members{All: true}
	expect(t, s.Noun(), "member")
}

func TestTheNamespaceIsThatOfTheFlagElseOfTheContextElseDefault(t *testing.T) {
	t.Parallel()
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"a": {URL: "https://a:6443"}, "b": {URL: "https://b:6443"}})
	kubeconfig = edit(t, kubeconfig, func(c *clientcmdapi.Config) { c.Contexts["b"].Namespace = "team" })
	for _, test := range []struct{ context, flag, want string }{{"a", "", "default"}, {"b", "", "team"}, {"b", "other", "other"}} {
		s, _ := open(kubeconfig)
		s.Selection.Contexts, s.Overrides.Context.Namespace = []string{test.context}, test.flag
		targets, err := s.Targets()
		if err != nil {
			t.Fatal(err)
		}
		namespace, err := session.Namespace(targets[0])
		if err != nil {
			t.Fatal(err)
		}
		expect(t, namespace, test.want)
	}
}
