// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"io"

	"github.com/joinctl/joinctl/internal/failure"
)

// A checkedWriter is a stdout that keeps the first error of a write: cobra ignores those of help and of completions.
type checkedWriter struct {
	io.Writer
	err error
}

// Write writes to the stdout.
func (w *checkedWriter) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// checkStdout fails where a credential that is printed would be lost, before one is created.
func (env *Env) checkStdout() error {
	if env.OutLost {
		return &failure.Error{
			Err:  errors.New("stdout is closed, or /dev/null opened for reading and writing: a credential would be lost, so none was created"),
			Hint: "run it with a pipe or a file as its stdout; token create --out-dir and sa kubeconfig --out write to files and need no stdout",
		}
	}
	if _, err := env.Out.Write(nil); err != nil {
		return errors.Join(errors.New("stdout cannot be written to: a credential would be lost, so none was created"), err)
	}
	return nil
}
