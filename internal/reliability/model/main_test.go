// SPDX-License-Identifier: Apache-2.0

package model

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Bool("full", false, "run 100,000 operations, and write the figures to docs/reliability.md; otherwise a sample")
	flag.Parse()
	_ = flag.Set("test.parallel", "24") // clients wait for their server a part of the time
	os.Exit(m.Run())
}
