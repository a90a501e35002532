// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/secretfile"
	"github.com/joinctl/joinctl/internal/token"
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
		if err := a.checkFile(a.path(cluster)); err != nil {
			return err
		}
		file, err := secretfile.New(a.path(cluster))
		if err != nil {
			return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err)}
		}
		file.Discard()
	}
	return nil
}

// checkFile refuses to replace a file that this run reads, or one that is not from an earlier run.
func (a *TokenCreate) checkFile(path string) error {
	if err := a.Session.CheckOutputFile("--out-dir", path); err != nil {
		return err
	}
	content, err := os.ReadFile(path)
	if err != nil || a.Force || holdsCredential(string(content)) {
		return nil // secretfile.New says what is wrong with a file that cannot be read
	}
	return &failure.ConfigError{
		Err:  fmt.Errorf("--out-dir: %s exists, and joinctl did not write it", path),
		Hint: "--force replaces such files",
	}
}

// holdsCredential reports whether a file is empty, or holds one token or one join command and nothing else.
func holdsCredential(content string) bool {
	words := strings.Fields(content)
	isToken := func(word string) bool { _, err := token.Parse(word); return err == nil }
	switch {
	case len(words) == 0:
		return true
	case len(words) == 1:
		return isToken(words[0])
	case strings.Count(strings.TrimSpace(content), "\n") > 0:
		return false
	}
	return slices.Contains([]string{"karmadactl", "kubeadm"}, words[0]) && slices.ContainsFunc(words, isToken)
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
