// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// toFiles returns an action that creates tokens for clusters in files of a directory, which it makes.
func toFiles(t *testing.T, s *session.Session, clusters ...string) (a *TokenCreate, dir string) {
	t.Helper()
	a, dir = forClusters(s, clusters...), filepath.Join(t.TempDir(), "out")
	a.OutDir = dir
	return a, dir
}

// obstruct puts a directory in the place of a file before a server gets the first POST.
func obstruct(t *testing.T, path string) apitest.Fault {
	t.Helper()
	return apitest.Do(func(*http.Request) {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Error(err)
		}
	}).Times(1)
}

func TestCredentialsAreWrittenToFilesThatOnlyTheirOwnerReads(t *testing.T) {
	t.Parallel()
	for extension, wanted := range map[string]bool{".token": false, ".command": true} {
		t.Run(extension, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t, apitest.Karmada, apitest.Joinable)
			s, _ := newSession(t, servers{"hub": server})
			a, dir := toFiles(t, s, "m1", "m2")
			if wanted {
				withCommand(a)
			}
			created := mustCreate(t, a)
			wantFailures(t, created.Failures, 2)
			for _, tok := range created.Tokens {
				path := filepath.Join(dir, tok.Spec.For+extension)
				info, err := os.Stat(path)
				check(t, err)
				if tok.File != path || !tok.Written || info.Mode() != 0o600 || mustRead(t, path) != tok.Credential()+"\n" {
					t.Errorf("%s: mode %v, file %s, written %v", path, info.Mode(), tok.File, tok.Written)
				}
			}
			info, err := os.Stat(dir)
			check(t, err)
			if files, err := os.ReadDir(dir); err != nil || len(files) != 2 || info.Mode().Perm() != 0o700 {
				t.Errorf("%v has %v, %v", info.Mode(), files, err)
			}
		})
	}
}

func TestASecondRunRewritesOnlyFilesThatDiffer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "m1", "m2", "m3")
	first := mustCreate(t, a)
	check(t, os.WriteFile(filepath.Join(dir, "m2.token"), []byte("zzzzzz.0123456789abcdef\n"), 0o600))
	check(t, os.Remove(filepath.Join(dir, "m3.token")))

	s, _ = newSession(t, servers{"hub": server})
	a, _ = toFiles(t, s, "m1", "m2", "m3")
	a.OutDir, a.SkipExisting = dir, true
	second := mustCreate(t, a)
	wantFailures(t, second.Failures, 3)
	for i, written := range []bool{false, true, true} {
		tok := second.Tokens[i]
		if !tok.Existed || tok.Written != written || tok.File == "" || mustRead(t, tok.File) != first.Tokens[i].Token.Reveal()+"\n" {
			t.Errorf("%s: existed %v, written %v", tok.File, tok.Existed, tok.Written)
		}
	}
	if n := count(server, http.MethodPost); n != 3 {
		t.Errorf("%d POSTs", n)
	}
}

func TestATokenWhoseFileCannotBeWrittenIsDeletedAgainAndNoOther(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "a", "b")
	server.On(http.MethodPost, secretsPath, obstruct(t, filepath.Join(dir, "b.token")))
	created := mustCreate(t, a)
	err := wantFailures(t, created.Failures, 1, "b")[0].Err
	if len(created.Tokens) != 1 {
		t.Fatalf("created %v", created.Tokens)
	}
	good := created.Tokens[0]
	if good.Spec.For != "a" || good.File != filepath.Join(dir, "a.token") || mustRead(t, good.File) != good.Token.Reveal()+"\n" {
		t.Errorf("the good one: %+v", good)
	}
	wantStored(t, server, good.Token.ID)
	text := err.Error()
	id := text[strings.Index(text, "; token ")+len("; token "):]
	wantText(t, text, "b.token: not a regular file", "; token "+id[:6]+" was deleted again")
	if n := count(server, http.MethodDelete); n != 1 || id[:6] == good.Token.ID || strings.Contains(text, id[:6]+".") {
		t.Errorf("%d DELETEs, error %s", n, text)
	}
}

func TestATokenThatIsNeitherWrittenNorDeletedIsNamed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server}, drawing("1"))
	a, dir := toFiles(t, s, "b")
	server.On(http.MethodPost, secretsPath, obstruct(t, filepath.Join(dir, "b.token")))
	server.On(http.MethodDelete, anySecret, refusal())
	created := mustCreate(t, a)
	err := wantFailures(t, created.Failures, 0, "b")[0].Err
	wantText(t, err.Error(), "not a regular file", "token 111111 still exists in context hub")
	wantText(t, hintOf(err), "remove it with: joinctl token delete 111111")
	if strings.Contains(err.Error(), "deleted again") || strings.Contains(err.Error(), "1111111111111111") {
		t.Errorf("error %v", err)
	}
}

func TestATokenThatExistedStaysThoughItsFileCannotBeWritten(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	put(t, server, joining("a"), firstToken)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "a", "b")
	a.SkipExisting = true
	server.On(http.MethodPost, secretsPath, obstruct(t, filepath.Join(dir, "a.token")))
	created := mustCreate(t, a)
	err := wantFailures(t, created.Failures, 1, "a")[0].Err
	if strings.Contains(err.Error(), "deleted again") || count(server, http.MethodDelete) != 0 {
		t.Errorf("error %v, requests %q", err, server.Requests())
	}
}

func TestNothingIsCreatedWhereAFileCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(dir string) error{
		"a directory in its place":   func(dir string) error { return os.MkdirAll(filepath.Join(dir, "m1.token"), 0o700) },
		"a file for the directory":   func(dir string) error { return os.WriteFile(dir, nil, 0o600) },
		"a directory of another one": func(dir string) error { return os.Symlink("missing", dir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			s, _ := newSession(t, servers{"hub": server})
			a, dir := toFiles(t, s, "m1")
			check(t, prepare(dir))
			_, err := a.Run(t.Context())
			wantError(t, err, failure.Invalid, "--out-dir")
			wantRequests(t, server)
		})
	}
}

func TestTokensInFilesStayThoughTheirListCannotBeDelivered(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "m1", "m2")
	a.Deliver = func(*CreatedTokens) error { return errClosedPipe }
	created, err := a.Run(t.Context())
	if err == nil || err.Error() != "closed pipe" || len(created.Tokens) != 2 {
		t.Errorf("created %v, error %v", created.Tokens, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 2 || len(server.Secrets(metav1.NamespaceSystem)) != 2 {
		t.Errorf("files %v, %v", files, err)
	}
}

func TestADryRunWritesNoFile(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "m1", "m2")
	a.DryRun = Server
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 2)
	wantStored(t, server)
	if _, err := os.Stat(dir); !os.IsNotExist(err) || created.Tokens[0].File != "" {
		t.Errorf("directory: %v, %+v", err, created.Tokens[0])
	}
}
