// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestThePluginAndTheRequestsHaveTheirOwnTimes(t *testing.T) {
	t.Parallel()
	all := withPlugins(t, "slow")
	synctest.Test(t, func(t *testing.T) {
		runner := Runner[Target]{Plugin: Target.Plugin, Parallel: 1, Timeout: time.Minute, PluginTimeout: 3 * time.Minute, Grace: time.Second}
		results := Each(t.Context(), runner, all, func(ctx context.Context, _ Target, ready Ready) (time.Duration, error) {
			time.Sleep(150 * time.Second)
			if err := ctx.Err(); err != nil {
				t.Errorf("the plugin's time is over: %v", err)
			}
			requests, err := ready()
			if err != nil {
				return 0, err
			}
			start := time.Now()
			<-requests.Done()
			return elapsed(start), requests.Err()
		})
		if err := results[0].Err; !errors.Is(err, context.DeadlineExceeded) || failure.ReasonOf(err) != failure.Timeout || results[0].Value != time.Minute {
			t.Errorf("the requests took %s: %v", results[0].Value, err)
		}
	})
}

func TestAPluginThatDoesNotAnswerIsNamedAndNotTheServer(t *testing.T) {
	t.Parallel()
	all := withPlugins(t, "slow")
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		defer close(hung)
		start := time.Now()
		runner := Runner[Target]{Plugin: Target.Plugin, Parallel: 1, Timeout: time.Minute, PluginTimeout: 3 * time.Minute, Grace: time.Hour}
		results := Each(t.Context(), runner, all, func(context.Context, Target, Ready) (string, error) {
			<-hung
			return "", nil
		})
		err := results[0].Err
		var known *failure.Error
		if !errors.As(err, &known) || known.Reason != failure.CredentialPlugin || !strings.Contains(known.Hint, "no server was asked") {
			t.Errorf("got %#v", err)
		}
		if err == nil || !strings.HasPrefix(err.Error(), `credential plugin "slow" did not answer within 3m`) || elapsed(start) != 3*time.Minute {
			t.Errorf("got %v after %s", err, elapsed(start))
		}
	})
}

func TestARequestThatHangsAfterTheLoginIsGivenUpInItsOwnTime(t *testing.T) {
	t.Parallel()
	all := withPlugins(t, "slow")
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		defer close(hung)
		start := time.Now()
		runner := Runner[Target]{Plugin: Target.Plugin, Parallel: 1, Timeout: time.Minute, PluginTimeout: 3 * time.Minute, Grace: 10 * time.Second}
		results := Each(t.Context(), runner, all, func(_ context.Context, _ Target, ready Ready) (string, error) {
			time.Sleep(2 * time.Minute)
			_, err := ready()
			<-hung
			return "", err
		})
		if got := failure.ReasonOf(results[0].Err); got != failure.Timeout || elapsed(start) != 190*time.Second {
			t.Errorf("got %s after %s", got, elapsed(start))
		}
	})
}
