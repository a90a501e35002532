// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/secretfile"
)

// prepareFiles fails where a file for one of the clusters cannot be written, before a token is created. Every error is a
// *failure.ConfigError.
func (a *TokenCreate) prepareFiles() error {
	if a.OutDir == "" || a.DryRun != None {
		return nil
	}
	const ownerOnly = 0o700
	if err := os.MkdirAll(a.OutDir, ownerOnly); err != nil {
		return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err)}
	}
	for _, cluster := range a.Clusters {
		file, err := secretfile.New(a.path(cluster))
		if err != nil {
			return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err)}
		}
		file.Discard()
	}
	return nil
}

// path returns the file for the credential of a cluster.
func (a *TokenCreate) path(cluster string) string {
	extension := ".token"
	if a.Join.Wanted {
		extension = ".command"
	}
	return filepath.Join(a.OutDir, cluster+extension)
}

// writeFile puts a credential into its file, unless the file holds it already. A token that was created and cannot be
// written is deleted again.
func (a *TokenCreate) writeFile(ctx context.Context, key tokenKey, created *CreatedToken) error {
	if a.OutDir == "" || a.DryRun != None {
		return nil
	}
	path, content := a.path(key.cluster), created.Credential()+"\n"
	if old, err := os.ReadFile(path); err != nil || string(old) != content {
		if err := secretfile.Write(path, []byte(content)); err != nil {
			undone, undoErr := a.rollback.Undo(ctx, key)
			if undone {
				err = fmt.Errorf("%w; token %s was deleted again", err, created.Token.ID)
			}
			return errors.Join(err, undoErr)
		}
		created.Written = true
	}
	created.File = path
	a.rollback.Forget(key)
	return nil
}
