// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"time"

	"github.com/joinctl/joinctl/internal/token"
)

const (
	firstPoll = 25 * time.Millisecond // the signer takes about 50 ms
	maxPoll   = time.Second
)

// ErrUnsigned is the error of WaitSigned when its time is over.
var (
	ErrUnsigned   = errors.New("cluster-info is not signed with this token")
	errMismatched = errors.New("the signature in cluster-info does not fit this token")
)

// WaitSigned waits until cluster-info is signed with all tokens, and reads it at growing intervals. With an error it also
// returns the tokens that are left: the error is ErrUnsigned when the time is over, otherwise that of the last read. It
// returns nil at once for a Result of FromKubeconfig, which never reads cluster-info.
func (r *Result) WaitSigned(ctx context.Context, upTo time.Duration, toks ...token.Token) (left []token.Token, err error) {
	if r.reader == nil || upTo <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, upTo, ErrUnsigned)
	defer cancel()
	last := ErrUnsigned
	left = toks
	for pause := firstPoll; ; pause = min(2*pause, maxPoll) {
		switch info, err := Read(ctx, r.reader, r.joiner); {
		case ctx.Err() != nil:
			return left, waitError(ctx, last)
		case err != nil:
			return left, err
		default:
			if left, last = info.unsigned(left); len(left) == 0 {
				return nil, nil
			}
		}
		select {
		case <-ctx.Done():
			return left, waitError(ctx, last)
		case <-time.After(pause):
		}
	}
}

// unsigned returns the tokens that cluster-info is not signed with, and the reason for one of them.
func (i *ClusterInfo) unsigned(toks []token.Token) (left []token.Token, why error) {
	why = ErrUnsigned
	for _, tok := range toks {
		switch i.Signature(tok) {
		case Signed:
			continue
		case Mismatched:
			why = errMismatched
		}
		left = append(left, tok)
	}
	return left, why
}

// waitError tells the end of the wait from the end of the run.
func waitError(ctx context.Context, last error) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ErrUnsigned) {
		return cause
	}
	if errors.Is(last, ErrUnsigned) {
		return last
	}
	return errors.Join(ErrUnsigned, last)
}
