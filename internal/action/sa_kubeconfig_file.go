// SPDX-License-Identifier: Apache-2.0

package action

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/secretfile"
	"github.com/joinctl/joinctl/internal/session"
)

// deliver writes the kubeconfig, unless it lacks something and would replace a file that may be complete.
func (a *SAKubeconfig) deliver(out *ExportedKubeconfig, kubeconfig *satoken.Kubeconfig) error {
	partial := out.Failures.Any() || len(out.Findings) > 0
	if len(out.Tokens) == 0 || partial && !a.Session.Many() {
		out.Tokens = nil
		return nil
	}
	if _, err := os.Stat(a.Out); partial && a.Out != "" && err == nil && !a.AllowPartial {
		out.Kept = true
		return nil
	}
	content, err := kubeconfig.Encode()
	if err != nil {
		return err
	}
	return a.Deliver(content)
}

// openFile makes sure that the file can be written before a token is requested, and that nothing is lost; nil where there is
// none. Every error is a *failure.ConfigError. The operator's own link is followed, so that it stays.
func (a *SAKubeconfig) openFile() (*secretfile.File, error) {
	if a.Out == "" {
		return nil, nil
	}
	if err := a.Session.CheckOutputFiles("--out", a.Out); err != nil {
		return nil, err
	}
	if !a.Force {
		if err := session.CheckForeignKubeconfig("--out", a.Out, "--force replaces it, and its contexts and credentials are lost"); err != nil {
			return nil, err
		}
	}
	path, err := secretfile.Follow(a.Out)
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("--out: %w", err)}
	}
	secretfile.RemoveLeftovers(filepath.Dir(path))
	file, err := secretfile.New(path)
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("--out: %w", err)}
	}
	return file, nil
}
