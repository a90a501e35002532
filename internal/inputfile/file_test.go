// SPDX-License-Identifier: Apache-2.0

//go:build unix

package inputfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// fifo makes a named pipe.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	must(t, syscall.Mkfifo(path, 0o600))
	return path
}

func TestAFileIsReadUpToItsLimit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(path, make([]byte, 1<<20), 0o600))
	if got, err := Read(nil, path, 1<<20); err != nil || len(got) != 1<<20 {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	must(t, os.Truncate(path, 1<<20+1))
	if _, err := Read(nil, path, 1<<20); err == nil || err.Error() != path+" has more than 1 MiB" {
		t.Errorf("error %v", err)
	}
	if _, err := Read(nil, "/dev/zero", ListLimit); err == nil || err.Error() != "/dev/zero has more than 1 MiB" {
		t.Errorf("a device: %v", err)
	}
	if got, err := Read(nil, os.DevNull, SmallLimit); err != nil || len(got) != 0 {
		t.Errorf("no content: %d bytes, %v", len(got), err)
	}
	if _, err := Read(nil, path+"2", SmallLimit); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Read(nil, filepath.Dir(path), SmallLimit); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory: %v", err)
	}
}

func TestAPipeIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	go func() { // it opens the pipe late, and writes in parts
		time.Sleep(200 * time.Millisecond)
		to, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		for _, part := range []string{strings.Repeat("x", 100_000), "end"} {
			if _, err := to.WriteString(part); err != nil {
				t.Error(err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		_ = to.Close()
	}()
	if got, err := Read(nil, path, SmallLimit); err != nil || len(got) != 100_003 || !strings.HasSuffix(string(got), "xend") {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

func TestAProcessSubstitutionIsRead(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", "content"} {
		from, to, err := os.Pipe()
		must(t, err)
		_, err = to.WriteString(content)
		must(t, err, to.Close())
		start := time.Now()
		got, err := Read(nil, fmt.Sprintf("/dev/fd/%d", from.Fd()), SmallLimit)
		if err != nil || string(got) != content || time.Since(start) > 5*time.Second {
			t.Errorf("%q, %v, after %s", got, err, time.Since(start))
		}
		must(t, from.Close())
	}
}

func TestAPipeThatNobodyWritesToIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	if _, err := read(nil, path, SmallLimit, 200*time.Millisecond); err == nil || err.Error() != "read "+path+": nothing was written to it, or it did not end, within 200ms" {
		t.Errorf("error %v", err)
	}
	stop := make(chan struct{})
	time.AfterFunc(100*time.Millisecond, func() { close(stop) })
	start := time.Now()
	if _, err := Read(stop, path, SmallLimit); !errors.Is(err, errStopped) || time.Since(start) > 10*time.Second {
		t.Errorf("error %v after %s", err, time.Since(start))
	}
}

func TestAPipeWithoutEndIsReadUpToItsLimit(t *testing.T) {
	t.Parallel()
	path := fifo(t)
	go func() {
		to, err := os.OpenFile(path, os.O_WRONLY, 0)
		for err == nil {
			_, err = to.Write(make([]byte, 1<<16)) // until the reader has closed the pipe
		}
		_ = to.Close()
	}()
	if _, err := Read(nil, path, SmallLimit); err == nil || err.Error() != path+" has more than 4 MiB" {
		t.Errorf("error %v", err)
	}
}
