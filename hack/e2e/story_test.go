// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/joinctl/joinctl/internal/story"
)

// TestStories runs every story that needs a server. Each story has its own hub while it runs.
func TestStories(t *testing.T) {
	story.Run(t, "testdata/script", func(env *testscript.Env) error {
		h, err := nextHub()
		if err != nil {
			return err
		}
		env.Defer(func() { hubPool <- h })
		env.Setenv("KUBECONFIG", h.Kubeconfig)
		env.Setenv("SERVER", h.Host)
		return nil
	})
}
