// SPDX-License-Identifier: Apache-2.0

package secretfile

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAFileIsReplacedAtomicallyOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "kubeconfig")
	for _, content := range []string{"first", "second"} {
		file, err := New(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := file.Commit([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	file, err := New(path)
	if err != nil {
		t.Fatal(err)
	}
	file.Discard()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "second" {
		t.Errorf("%q, %v", got, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("temporary files remain: %v", files)
	}
	for _, bad := range []string{dir, filepath.Join(dir, "missing", "file")} {
		if _, err := New(bad); err == nil {
			t.Errorf("%s accepted", bad)
		}
	}
}
