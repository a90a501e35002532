// SPDX-License-Identifier: Apache-2.0

package secretfile

import (
	"bytes"
	"path/filepath"
	"testing"
)

func TestAFileOfExactlyOneMebibyteIsRead(t *testing.T) {
	t.Parallel()
	path, content := filepath.Join(t.TempDir(), "m1.token"), bytes.Repeat([]byte("x"), 1<<20)
	if err := Write(path, content); err != nil {
		t.Fatal(err)
	}
	if got, err := Read(path); err != nil || !bytes.Equal(got.Content, content) || !got.Private {
		t.Errorf("got %d bytes, private: %v, %v", len(got.Content), got.Private, err)
	}
}
