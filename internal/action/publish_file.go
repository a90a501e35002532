// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/secretfile"
	"github.com/joinctl/joinctl/internal/session"
)

// A fileDestination is a file that only its owner can read. Its content has one value.
type fileDestination struct {
	path  string // as the operator named it
	final string // without links
	isOwn func(content []byte) bool
	adopt bool
	found *secretfile.Existing // nil: it does not exist
}

// openFile returns a file as it is now. It fails if the file cannot be written, if this run reads it, or if it belongs to
// somebody else. flag is the flag that names it. Every error is a *failure.ConfigError.
func openFile(ctx context.Context, s *session.Session, flag, path string, adopt bool, isOwn func(content []byte) bool) (*fileDestination, error) {
	if err := s.CheckOutputFiles(flag, path); err != nil {
		return nil, err
	}
	file := &fileDestination{path: path, isOwn: isOwn, adopt: adopt}
	final, err := secretfile.Follow(path)
	if file.final = final; err == nil {
		secretfile.RemoveLeftovers(filepath.Dir(final))
		err = file.Check(ctx, publish.Content{})
	}
	if err == nil {
		err = file.Read(ctx)
	}
	if err != nil {
		return nil, &failure.ConfigError{Err: fmt.Errorf("%s: %w", flag, err)}
	}
	return file, nil
}

func (d *fileDestination) String() string { return "file " + d.path }

func (d *fileDestination) Read(context.Context) error {
	found, err := secretfile.Read(d.final)
	switch d.found = &found; {
	case errors.Is(err, fs.ErrNotExist):
		d.found = nil
		return nil
	case err != nil:
		return err
	case len(found.Content) == 0 || d.adopt || d.isOwn(found.Content):
		return nil
	}
	return &failure.Error{
		Reason: failure.Conflict,
		Err:    fmt.Errorf("%s exists, and joinctl did not write it", d.path),
		Hint:   "--adopt lets joinctl replace it; --dry-run shows what would change",
	}
}

func (d *fileDestination) Value(string) []byte {
	if d.found == nil {
		return nil
	}
	return d.found.Content
}

func (d *fileDestination) Annotation(string) string { return "" }

// Check creates a temporary file in the same directory, and removes it.
func (d *fileDestination) Check(context.Context, publish.Content) error {
	file, err := secretfile.New(d.final)
	if err != nil {
		return err
	}
	file.Discard()
	return nil
}

func (d *fileDestination) Write(ctx context.Context, content publish.Content, dryRun DryRun) (PublishedChange, error) {
	out := PublishedChange{Where: d.String(), File: d.path, Change: publish.Created}
	var want []byte
	for _, value := range content.Data {
		want = value
	}
	switch {
	case len(content.Data) != 1:
		return out, fmt.Errorf("write %s: a file has one value, and this content has %d", d.path, len(content.Data))
	case d.found == nil:
	case d.found.Private && string(d.found.Content) == string(want):
		out.Change = publish.Unchanged
	default:
		out.Change = publish.Updated
	}
	if out.Change == publish.Unchanged || dryRun != None {
		return out, nil
	}
	if err := ctx.Err(); err != nil {
		return out, err
	}
	return out, secretfile.Write(d.final, want)
}
