// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package inputfile

import (
	"io"
	"os"
	"time"
)

// openFlags are none: pipes have no names in directories here.
const openFlags = 0

func waitFor(file *os.File, _ <-chan struct{}, _ time.Duration) (io.Reader, error) { return file, nil }
