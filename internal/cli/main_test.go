// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"flag"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write docs/reference anew")
	flag.Parse()
	os.Exit(m.Run())
}
