// SPDX-License-Identifier: Apache-2.0

//go:build unix

package action

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

func TestAFileInOutDirThatIsNoFileOfTheUserIsRefusedBeforeATokenIsCreated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plant func(path string) error
		root  bool
		force bool
		want  string
	}{
		"a link to a pipe": {plant: func(path string) error {
			return errors.Join(syscall.Mkfifo(path+".fifo", 0o600), os.Symlink(path+".fifo", path))
		}, want: "m1.token is a symbolic link"},
		"a link to a device": {plant: func(path string) error { return os.Symlink("/dev/zero", path) }, want: "m1.token is a symbolic link"},
		"a pipe":             {plant: func(path string) error { return syscall.Mkfifo(path, 0o600) }, want: "m1.token: not a regular file"},
		"a pipe, with force": {plant: func(path string) error { return syscall.Mkfifo(path, 0o600) }, force: true, want: "m1.token: not a regular file"},
		"of another user": {root: true, plant: func(path string) error {
			return errors.Join(os.WriteFile(path, []byte(firstToken), 0o600), os.Chown(path, 12345, 12345))
		}, want: "m1.token belongs to another user"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.root && os.Geteuid() != 0 {
				t.Skip("only root can give files to other users")
			}
			server := apitest.New(t)
			s, _ := newSession(t, servers{"hub": server})
			a, dir := toFiles(t, s, "m1")
			a.Force = test.force
			check(t, errors.Join(os.Mkdir(dir, 0o700), test.plant(filepath.Join(dir, "m1.token"))))
			_, err := a.Run(t.Context())
			wantError(t, err, failure.Invalid, "--out-dir: ", test.want)
			wantRequests(t, server)
			if !failure.IsConfig(err) {
				t.Error("this is not exit code 2")
			}
		})
	}
}

func TestALinkThatIsPlantedMeanwhileIsReplacedAndNotRead(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "m1", "m2")
	server.On(http.MethodPost, secretsPath, apitest.Do(func(*http.Request) {
		fifo := filepath.Join(dir, "fifo")
		check(t, errors.Join(syscall.Mkfifo(fifo, 0o600), os.Symlink(fifo, filepath.Join(dir, "m1.token")), os.Symlink("/dev/zero", filepath.Join(dir, "m2.token"))))
	}).Times(1))
	created := mustCreate(t, a)
	wantFailures(t, created.Failures, 2)
	for _, tok := range created.Tokens {
		info, err := os.Lstat(tok.File)
		check(t, err)
		if !tok.Written || info.Mode() != 0o600 || mustRead(t, tok.File) != tok.Token.Reveal()+"\n" {
			t.Errorf("%s: mode %v, written %v", tok.File, info.Mode(), tok.Written)
		}
	}
}

func TestAFileThatOthersCanReadIsWrittenAgain(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"readable by all":   func(path string) error { return os.Chmod(path, 0o666) },
		"with another name": func(path string) error { return os.Link(path, path+".link") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			s, _ := newSession(t, servers{"hub": server})
			a, _ := toFiles(t, s, "m1")
			first := mustCreate(t, a).Tokens[0]
			check(t, spoil(first.File))
			a.SkipExisting = true
			second := mustCreate(t, a).Tokens[0]
			info, err := os.Lstat(second.File)
			check(t, err)
			if !second.Existed || !second.Written || info.Mode() != 0o600 || info.Sys().(*syscall.Stat_t).Nlink != 1 || mustRead(t, second.File) != first.Token.Reveal()+"\n" {
				t.Errorf("existed %v, written %v, mode %v", second.Existed, second.Written, info.Mode())
			}
		})
	}
}

func TestTemporaryFilesOfKilledRunsAreRemoved(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	a, dir := toFiles(t, s, "m2")
	export, file := exportingTo(t, s)
	left := []string{filepath.Join(dir, ".m1.token.joinctl123"), filepath.Join(filepath.Dir(file), ".other.kubeconfig.joinctl1")}
	check(t, os.Mkdir(dir, 0o700))
	for _, path := range left {
		check(t, os.WriteFile(path, []byte(firstToken), 0o600))
	}
	mustCreate(t, a)
	mustExport(t, export)
	for _, path := range left {
		if _, err := os.Lstat(path); !os.IsNotExist(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
