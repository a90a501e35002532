// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Bool("full", false, "try everything, and write docs/reliability.md; otherwise a sample")
	flag.Parse()
	_ = flag.Set("test.parallel", "16") // a run waits for its server most of the time
	os.Exit(m.Run())
}
