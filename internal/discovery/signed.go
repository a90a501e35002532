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

// WaitSigned waits until cluster-info is signed with a token, up to a time in which it looks ever more seldom. It
// returns ErrUnsigned when that time is over, else why it could not go on. A Finding from the kubeconfig alone has
// nowhere to look: it returns nil.
func (f *Finding) WaitSigned(ctx context.Context, tok token.Token, upTo time.Duration) error {
	if f.reader == nil || upTo <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, upTo, ErrUnsigned)
	defer cancel()
	last := ErrUnsigned
	for pause := firstPoll; ; pause = min(2*pause, maxPoll) {
		switch info, err := Read(ctx, f.reader, f.joiner); {
		case ctx.Err() != nil:
			return over(ctx, last)
		case err != nil:
			return err
		default:
			switch info.Signature(tok) {
			case Signed:
				return nil
			case Unfit:
				last = errUnfit
			}
		}
		select {
		case <-ctx.Done():
			return over(ctx, last)
		case <-time.After(pause):
		}
	}
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
