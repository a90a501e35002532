// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"errors"
	"fmt"
	"testing"
)

func TestIsConfigMeansThatNothingElseWentWrong(t *testing.T) {
	t.Parallel()
	config, other := &ConfigError{Err: errors.New("no such context")}, errors.New("broken pipe")
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"nothing":                     {nil, false},
		"another error":               {other, false},
		"a ConfigError":               {config, true},
		"it is wrapped":               {fmt.Errorf("list: %w", config), true},
		"it has a hint only":          {&Error{Err: config, Hint: "choose another"}, true},
		"it has another reason":       {&Error{Reason: Unknown, Err: config}, false},
		"two are joined":              {errors.Join(config, fmt.Errorf("list: %w", config)), true},
		"it is joined with another":   {errors.Join(other, config), false},
		"it is wrapped with another":  {fmt.Errorf("%w, then %w", config, other), false},
		"joined, wrapped, with a mix": {fmt.Errorf("undo: %w", errors.Join(config, other)), false},
	} {
		if got := IsConfig(test.err); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
