// SPDX-License-Identifier: Apache-2.0

package inputfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestAFileIsOpenedWithoutReadingIt(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "large.log")
	file, err := os.Create(path)
	if err == nil {
		err = errors.Join(file.Truncate(1<<33), file.Close()) // sparse
	}
	if err != nil {
		t.Fatal(err)
	}
	in, err := Open(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := io.ReadFull(in, make([]byte, 100)); err != nil {
		t.Error(err)
	}
	if _, err := Open(nil, path+"x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error is %v", err)
	}
}
