// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"testing"

	"golang.org/x/sync/semaphore"

	"github.com/joinctl/joinctl/internal/failure"
)

func newPluginCalls() *pluginCalls { return &pluginCalls{slots: semaphore.NewWeighted(allSlots)} }

func pluginFailure() error {
	return &failure.Error{Reason: failure.CredentialPlugin, Err: errors.New("database is locked")}
}

func TestAPluginThatFailsAfterAnotherCallEndedIsNotCalledAgain(t *testing.T) {
	t.Parallel()
	plugin, ctx := newPluginCalls(), t.Context()
	for range 2 {
		if err := plugin.do(ctx, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		calls := 0
		if err := plugin.do(ctx, func() error { calls++; return pluginFailure() }); calls != 1 || failure.ReasonOf(err) != failure.CredentialPlugin {
			t.Errorf("%d calls, %v", calls, err)
		}
	}
}

func TestAPluginThatFailsIsCalledAgainIfAnotherCallRanMeanwhile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		first error
		calls int
	}{
		"a failure of the plugin": {pluginFailure(), 2},
		"another failure":         {context.Canceled, 1},
		"none":                    {nil, 1},
	} {
		plugin, ctx := newPluginCalls(), t.Context()
		calls := 0
		err := plugin.do(ctx, func() error {
			if calls++; calls > 1 {
				return nil
			}
			if err := plugin.do(ctx, func() error { return nil }); err != nil { // another target
				t.Error(err)
			}
			return test.first
		})
		if calls != test.calls || (err != nil) != (name == "another failure") {
			t.Errorf("%s: %d calls, %v", name, calls, err)
		}
	}
}
