// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/joinctl/joinctl/internal/token"
)

// TokenUses finds out of audit logs of kube-apiserver who used which bootstrap token. It asks no server.
type TokenUses struct {
	Logs []string // names for Open and for messages
	IDs  []string // only these tokens; none: all
	Open func(log string) (io.ReadCloser, error)
}

// AuditedTokens is what audit logs tell.
type AuditedTokens struct {
	Uses    []token.AuditedUses // of each token that was used, the last used first
	Unused  []string            // of IDs: without a request in the logs
	Skipped []SkippedInLog
}

// A SkippedInLog is what one log holds that could not be counted.
type SkippedInLog struct {
	Log string
	token.Skipped
}

// Run reads the logs, each also if another one cannot be read. The result is complete for the logs that the error does not
// name.
func (a *TokenUses) Run(ctx context.Context) (AuditedTokens, error) {
	var (
		out  AuditedTokens
		errs []error
	)
	all := token.AuditLog{IDs: a.IDs}
	for _, log := range a.Logs {
		skipped, err := a.read(ctx, &all, log)
		if err != nil {
			errs = append(errs, fmt.Errorf("read the audit log %s: %w", log, err))
		} else if skipped != (token.Skipped{}) {
			out.Skipped = append(out.Skipped, SkippedInLog{log, skipped})
		}
	}
	out.Uses = all.Uses()
	used := map[string]bool{}
	for _, uses := range out.Uses {
		used[uses.ID] = true
	}
	for _, id := range a.IDs {
		if !used[id] {
			out.Unused = append(out.Unused, id)
		}
	}
	return out, errors.Join(errs...)
}

func (a *TokenUses) read(ctx context.Context, all *token.AuditLog, log string) (token.Skipped, error) {
	in, err := a.Open(log)
	if err != nil {
		return token.Skipped{}, err
	}
	defer func() { _ = in.Close() }()
	return all.Read(ctx, in)
}
