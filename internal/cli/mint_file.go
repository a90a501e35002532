// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/secretfile"
	"github.com/joinctl/joinctl/internal/token"
)

// deliverable fails where credentials could not be printed, before one is made.
func (m *mint) deliverable() error {
	if !m.given.IsZero() || m.dry != dryRunNone || m.dir != "" {
		return nil
	}
	return deliverable(m.env)
}

// writable fails where a file for one of the clusters could not be written, before a token is made.
func (m *mint) writable(names []string) error {
	if m.dir == "" || m.dry != dryRunNone {
		return nil
	}
	const ownerOnly = 0o700
	if err := os.MkdirAll(m.dir, ownerOnly); err != nil {
		return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err)}
	}
	for _, name := range names {
		file, err := secretfile.New(m.path(name))
		if err != nil {
			return &failure.ConfigError{Err: fmt.Errorf("--out-dir: %w", err)}
		}
		file.Discard()
	}
	return nil
}

// path returns where the credential for a cluster goes.
func (m *mint) path(name string) string {
	kind := ".token"
	if m.offer.prints() {
		kind = ".command"
	}
	return filepath.Join(m.dir, name+kind)
}

// file puts credentials into files, where they are to go there: those that were made, and those of clusters that were
// skipped and whose file is missing or says something else. What has a file is not printed; what was made and can have none
// is taken back.
func (m *mint) file(ctx context.Context, results []fleet.Result[minted]) {
	if m.dir == "" || m.dry != dryRunNone {
		return
	}
	for i := range results {
		result := &results[i]
		value, path := &result.Value, m.path(result.Target.Member)
		if value.token.IsZero() {
			continue
		}
		line := first(value.item.Command, value.item.Token) + "\n"
		if old, err := os.ReadFile(path); err != nil || string(old) != line {
			if err := secretfile.Write(path, []byte(line)); err != nil {
				if undone := m.undo(ctx, result); undone != nil {
					err = errors.Join(err, undone)
				} else if value.secret != nil {
					err = fmt.Errorf("%w; token %s was deleted again", err, value.item.ID)
				}
				value.secret, result.Err = nil, errors.Join(result.Err, err)
				continue
			}
			value.filed = true
		}
		value.item.File, value.item.Token, value.item.Command = path, "", ""
	}
}

// takeBack deletes what was made and could not be printed.
func (m *mint) takeBack(ctx context.Context, results []fleet.Result[minted]) error {
	var errs []error
	last, count := fleet.Result[minted]{}, 0
	for i := range results {
		if results[i].Value.secret == nil || results[i].Value.item.File != "" || m.dry != dryRunNone {
			continue
		}
		if err := m.undo(ctx, &results[i]); err != nil {
			errs = append(errs, err)
			continue
		}
		last = results[i]
		count++
	}
	switch {
	case count == 1:
		m.env.say("token %s was created in %s, could not be printed, and was deleted again", last.Value.item.ID, described(last.Target.Hub()))
	case count > 1:
		m.env.say("%d tokens were created, could not be printed, and were deleted again", count)
	}
	return errors.Join(errs...)
}

// undo deletes a token that was made and could not be handed over.
func (m *mint) undo(ctx context.Context, result *fleet.Result[minted]) error {
	if result.Value.secret == nil {
		return nil
	}
	id, hub := result.Value.item.ID, result.Target.Hub()
	if err := token.Rollback(ctx, result.Value.client, result.Value.secret); err != nil {
		return &failure.Error{
			Err:  fmt.Errorf("token %s still exists in %s, unprinted: %w", id, described(hub), err),
			Hint: fmt.Sprintf("remove it with: joinctl token delete %s%s", id, m.conn.flags(hub)),
		}
	}
	return nil
}
