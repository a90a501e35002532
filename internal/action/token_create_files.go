// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/secretfile"
	"github.com/joinctl/joinctl/internal/token"
)

// prepareFiles fails where a file for one of the clusters cannot be written, before a token is created. Every error is a
// *failure.ConfigError.
func (a *TokenCreate) prepareFiles() error {
	if a.OutDir == "" || a.DryRun != None {
		return nil
	}
	if err := makeOutDir(a.OutDir); err != nil {
		return err
	}
	secretfile.RemoveLeftovers(a.OutDir)
	paths := make([]string, len(a.Clusters))
	for i, cluster := range a.Clusters {
		paths[i] = a.path(cluster)
	}
	if err := a.Session.CheckOutputFiles("--out-dir", paths...); err != nil {
		return err
	}
	for _, path := range paths {
		file, err := secretfile.New(path)
		if err != nil {
			return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err)}
		}
		file.Discard()
		if err := a.checkOwnFile(path); err != nil {
			return err
		}
	}
	return nil
}

// makeOutDir makes the directory unless it exists. Every error is a *failure.ConfigError.
func makeOutDir(path string) error {
	const ownerOnly = 0o700
	if err := os.MkdirAll(path, ownerOnly); err != nil {
		return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err)}
	}
	return nil
}

// checkOwnFile refuses to replace a file that is not from an earlier run. It follows no link.
func (a *TokenCreate) checkOwnFile(path string) error {
	if a.Force {
		return nil
	}
	existing, err := secretfile.Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && holdsCredential(string(existing.Content)):
		return nil
	case err == nil:
		err = fmt.Errorf("%s exists, and joinctl did not write it", path)
	}
	return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err), Hint: "--force replaces such files"}
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

// writeFiles puts credentials into their files, and a failure into the results of those that cannot be written. Tokens that
// were created for them are deleted again.
func (a *TokenCreate) writeFiles(ctx context.Context, target fleet.Target, results []fleet.Result[string, CreatedToken]) {
	failed := map[tokenKey]*fleet.Result[string, CreatedToken]{}
	var keys []tokenKey
	for i := range results {
		one, key := &results[i], tokenKey{target, results[i].Key}
		if one.Err != nil {
			continue
		}
		if one.Err = a.writeFile(key, &one.Value); one.Err != nil {
			failed[key] = one
			keys = append(keys, key)
		}
	}
	for _, undoing := range a.rollback.undoEach(ctx, a.Session, keys) {
		one := failed[undoing.Key]
		if undoing.Value.undone {
			one.Err = fmt.Errorf("%w; token %s was deleted again", one.Err, one.Value.Token.ID)
		}
		one.Err = errors.Join(one.Err, undoing.Err)
	}
}

// writeFile puts a credential into its file, unless the file holds it already.
func (a *TokenCreate) writeFile(key tokenKey, created *CreatedToken) error {
	if a.OutDir == "" || a.DryRun != None {
		return nil
	}
	path, content := a.path(key.cluster), created.Credential()+"\n"
	if old, err := secretfile.Read(path); err != nil || !old.Private || string(old.Content) != content {
		if err := secretfile.Write(path, []byte(content)); err != nil {
			return err
		}
		created.Written = true
	}
	created.File = path
	a.rollback.Forget(key)
	return nil
}
