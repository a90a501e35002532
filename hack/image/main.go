// SPDX-License-Identifier: Apache-2.0

// Command image writes built joinctl binaries as a container image, an OCI layout, without a daemon and without a base image.
// The same binaries make the same bytes.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
)

func main() {
	out := flag.String("out", "", "`directory` for the OCI layout; it must not exist")
	version := flag.String("version", "", "`version` for the label org.opencontainers.image.version")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: image -out DIR [-version V] OS/ARCH=BINARY…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	var binaries []binary
	for _, arg := range flag.Args() {
		platform, path, _ := strings.Cut(arg, "=")
		os, arch, ok := strings.Cut(platform, "/")
		if !ok || path == "" {
			fail(fmt.Errorf("%q is not OS/ARCH=BINARY", arg))
		}
		binaries = append(binaries, binary{os, arch, path})
	}
	if err := write(*out, *version, binaries); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "image:", err)
	os.Exit(1)
}
