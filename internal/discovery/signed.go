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

// ErrUnsigned is what WaitSigned returns when the time is over.
var (
	ErrUnsigned = errors.New("cluster-info is not signed with this token")
	errUnfit    = errors.New("the signature in cluster-info does not fit this token")
)

// WaitSigned waits until cluster-info is signed with all tokens, up to a time in which it looks ever more seldom. It
// returns ErrUnsigned when that time is over, else why it could not go on, and with an error the tokens that are left. A
// Result from the kubeconfig alone has nowhere to look: it returns nil.
func (f *Result) WaitSigned(ctx context.Context, upTo time.Duration, toks ...token.Token) (left []token.Token, err error) {
	if f.reader == nil || upTo <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, upTo, ErrUnsigned)
	defer cancel()
	last := ErrUnsigned
	left = toks
	for pause := firstPoll; ; pause = min(2*pause, maxPoll) {
		switch info, err := Read(ctx, f.reader, f.joiner); {
		case ctx.Err() != nil:
			return left, over(ctx, last)
		case err != nil:
			return left, err
		default:
			if left, last = info.unsigned(left); len(left) == 0 {
				return nil, nil
			}
		}
		select {
		case <-ctx.Done():
			return left, over(ctx, last)
		case <-time.After(pause):
		}
	}
}

// unsigned returns the tokens that cluster-info is not signed with, and what is wrong with one of them.
func (i *ClusterInfo) unsigned(toks []token.Token) (left []token.Token, why error) {
	why = ErrUnsigned
	for _, tok := range toks {
		switch i.Signature(tok) {
		case Signed:
			continue
		case Mismatched:
			why = errUnfit
		}
		left = append(left, tok)
	}
	return left, why
}

// over tells the end of the wait from the end of the run.
func over(ctx context.Context, last error) error {
	if cause := context.Cause(ctx); !errors.Is(cause, ErrUnsigned) {
		return cause
	}
	if errors.Is(last, ErrUnsigned) {
		return last
	}
	return errors.Join(ErrUnsigned, last)
}
