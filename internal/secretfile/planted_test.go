// SPDX-License-Identifier: Apache-2.0

//go:build unix

package secretfile

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// another is a user other than the one that runs the tests.
const another = 12345

// asRoot skips a test of files of other users where they cannot be made.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files to other users")
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool { _, err := os.Lstat(path); return err == nil }

func TestOnlyAFileOfThisUserIsRead(t *testing.T) {
	t.Parallel()
	write := func(path string, mode os.FileMode) error {
		return errors.Join(os.WriteFile(path, []byte("secret"), mode), os.Chmod(path, mode))
	}
	for name, test := range map[string]struct {
		plant   func(path string) error
		root    bool
		private bool
		want    string
	}{
		"private":               {plant: func(path string) error { return write(path, 0o600) }, private: true},
		"readable by all":       {plant: func(path string) error { return write(path, 0o666) }},
		"with another name":     {plant: func(path string) error { return errors.Join(write(path, 0o600), os.Link(path, path+"2")) }},
		"a link":                {plant: func(path string) error { return errors.Join(write(path+"2", 0o600), os.Symlink(path+"2", path)) }, want: "is a symbolic link"},
		"a link to a device":    {plant: func(path string) error { return os.Symlink("/dev/zero", path) }, want: "is a symbolic link"},
		"a pipe":                {plant: func(path string) error { return syscall.Mkfifo(path, 0o600) }, want: "is not a regular file"},
		"a directory":           {plant: func(path string) error { return os.Mkdir(path, 0o700) }, want: "is not a regular file"},
		"of another user":       {plant: func(path string) error { return errors.Join(write(path, 0o600), os.Chown(path, another, another)) }, root: true, want: "belongs to another user"},
		"too large":             {plant: func(path string) error { return errors.Join(write(path, 0o600), os.Truncate(path, 1<<20+1)) }, want: "is too large for a credential"},
		"none":                  {plant: func(string) error { return nil }, want: "no such file or directory"},
		"a link to a directory": {plant: func(path string) error { return os.Symlink("/", path) }, want: "is a symbolic link"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.root {
				asRoot(t)
			}
			path := filepath.Join(t.TempDir(), "m1.token")
			must(t, test.plant(path))
			got, err := Read(path)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, not %q", err, test.want)
				}
				return
			}
			if err != nil || string(got.Content) != "secret" || got.Private != test.private {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
}

func TestALockIsAFileOfThisUser(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lock, elsewhere := filepath.Join(dir, "lock"), filepath.Join(dir, "elsewhere")
	must(t, os.Symlink(elsewhere, lock))
	if _, err := TryLock(lock); err == nil || !strings.Contains(err.Error(), "is a symbolic link") || exists(elsewhere) {
		t.Errorf("error %v, file created: %v", err, exists(elsewhere))
	}
	must(t, os.Remove(lock), syscall.Mkfifo(lock, 0o600))
	if _, err := TryLock(lock); err == nil || !strings.Contains(err.Error(), "is not a regular file") {
		t.Errorf("a pipe: %v", err)
	}
	must(t, os.Remove(lock))
	unlock, err := TryLock(lock)
	must(t, err)
	if _, err := TryLock(lock); !errors.Is(err, ErrLocked) {
		t.Errorf("locked twice: %v", err)
	}
	unlock()
	unlock, err = TryLock(lock)
	must(t, err)
	unlock()
	asRoot(t)
	must(t, os.Chown(lock, another, another))
	if _, err := TryLock(lock); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("a lock of another user: %v", err)
	}
}

func TestADirectoryOfAnotherUserStaysAsItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	must(t, os.Mkdir(target, 0o755), os.Chmod(target, 0o755))
	mode := func() os.FileMode {
		info, err := os.Stat(target)
		must(t, err)
		return info.Mode().Perm()
	}
	link := filepath.Join(dir, "link")
	must(t, os.Symlink(target, link))
	if err := PrepareDir(link); err == nil || !strings.Contains(err.Error(), "is a symbolic link") || mode() != 0o755 {
		t.Errorf("through a link: %v, mode %v", err, mode())
	}
	if err := PrepareDir(target); err != nil || mode() != 0o700 {
		t.Errorf("the user's own: %v, mode %v", err, mode())
	}
	asRoot(t)
	must(t, os.Chmod(target, 0o755), os.Chown(target, another, another))
	if err := PrepareDir(target); err == nil || !strings.Contains(err.Error(), "belongs to another user") || mode() != 0o755 {
		t.Errorf("of another user: %v, mode %v", err, mode())
	}
}

// TestAKilledProgramLeavesNoFileForLong kills a program that has written a credential to its temporary file.
func TestAKilledProgramLeavesNoFileForLong(t *testing.T) {
	t.Parallel()
	const variable = "JOINCTL_TEST_LEFTOVER"
	if path := os.Getenv(variable); path != "" {
		file, err := New(path)
		must(t, err)
		_, err = file.temp.WriteString("secret")
		must(t, err)
		must(t, syscall.Kill(os.Getpid(), syscall.SIGKILL))
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "m1.token")
	killed := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	killed.Env = append(os.Environ(), variable+"="+path)
	if err := killed.Run(); err == nil {
		t.Fatal("not killed")
	}
	left, err := filepath.Glob(filepath.Join(dir, ".m1.token.joinctl*"))
	if err != nil || len(left) != 1 {
		t.Fatalf("left: %v, %v", left, err)
	}
	if content, err := os.ReadFile(left[0]); err != nil || !bytes.Equal(content, []byte("secret")) {
		t.Fatalf("%q, %v", content, err)
	}
	RemoveLeftovers(dir)
	if exists(left[0]) {
		t.Error("it is still there")
	}
}

func TestOnlyLeftoversOfThisUserAreRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inUse, err := New(filepath.Join(dir, "used"))
	must(t, err)
	path := func(name string) string { return filepath.Join(dir, name) }
	gone := path(".m1.token.joinctl1")
	kept := []string{
		inUse.temp.Name(), path("m1.token"), path(".m1.token.tmp1"), path(".m1.token.joinctl"), path(".m1.token.joinctl1x"),
		path("m1.token.joinctl1"), path(".link.joinctl1"), path(".pipe.joinctl1"), path(".directory.joinctl1"),
	}
	for _, file := range slices.Concat(kept[1:6], []string{gone}) {
		must(t, os.WriteFile(file, nil, 0o600))
	}
	must(t, os.Symlink("m1.token", path(".link.joinctl1")), syscall.Mkfifo(path(".pipe.joinctl1"), 0o600), os.Mkdir(path(".directory.joinctl1"), 0o700))
	if os.Geteuid() == 0 {
		foreign := path(".foreign.joinctl1")
		must(t, os.WriteFile(foreign, nil, 0o600), os.Chown(foreign, another, another))
		kept = append(kept, foreign)
	}
	RemoveLeftovers(dir)
	if exists(gone) {
		t.Errorf("%s is still there", gone)
	}
	for _, file := range kept {
		if !exists(file) {
			t.Errorf("%s was removed", file)
		}
	}
	must(t, inUse.Commit([]byte("secret")))
}

func TestLeftoversAreRemovedWhileOtherProgramsWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var writers, sweepers sync.WaitGroup
	done := make(chan struct{})
	for range 2 {
		sweepers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					RemoveLeftovers(dir)
				}
			}
		})
	}
	for range 4 {
		writers.Go(func() {
			for range 50 {
				if err := Write(filepath.Join(dir, "m1.token"), []byte("secret")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	sweepers.Wait()
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files: %v, %v", files, err)
	}
}

func TestOnlyTheLinksOfThisUserAreFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link, second, file := filepath.Join(dir, "link"), filepath.Join(dir, "second"), filepath.Join(dir, "file")
	must(t, os.Symlink("second", link), os.Symlink(file, second))
	for _, path := range []string{link, second, file} {
		if got, err := Follow(path); err != nil || got != file {
			t.Errorf("%s leads to %s, %v", path, got, err)
		}
	}
	circle := filepath.Join(dir, "circle")
	must(t, os.Symlink("circle", circle))
	if _, err := Follow(circle); err == nil || !strings.Contains(err.Error(), "too many symbolic links") {
		t.Errorf("a circle: %v", err)
	}
	asRoot(t)
	must(t, os.Lchown(second, another, another))
	if _, err := Follow(link); err == nil || !strings.Contains(err.Error(), second+": it is a symbolic link of another user") {
		t.Errorf("a link of another user: %v", err)
	}
}
