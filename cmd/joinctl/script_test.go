// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/joinctl/joinctl/internal/story"
)

func TestMain(m *testing.M) { story.Main(m, main) }

// TestStories runs the stories without a server. hack/e2e runs the others.
func TestStories(t *testing.T) { story.Run(t, "testdata/script", story.Setenv) }
