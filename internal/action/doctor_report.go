// SPDX-License-Identifier: Apache-2.0

package action

import (
	"fmt"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/secretfile"
)

// A report is the open file for the report of doctor. The nil report is none.
type report struct {
	file   *secretfile.File
	render func(*Diagnoses) []byte
}

// openReport makes sure that the report can be written before a request is sent. The file is for its owner alone: it names
// users, addresses and token IDs. Every error is a *failure.ConfigError.
func (a *Doctor) openReport() (*report, error) {
	if a.ReportFile == "" {
		return nil, nil
	}
	if err := a.Session.CheckOutputFiles("--report", a.ReportFile); err != nil {
		return nil, err
	}
	path, err := secretfile.Follow(a.ReportFile)
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("--report: %w", err)}
	}
	file, err := secretfile.New(path)
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("--report: %w", err)}
	}
	return &report{file, a.Report}, nil
}

func (r *report) discard() {
	if r != nil {
		r.file.Discard()
	}
}

func (r *report) write(found *Diagnoses) error {
	if r == nil {
		return nil
	}
	return r.file.Commit(r.render(found))
}
