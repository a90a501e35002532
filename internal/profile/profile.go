// SPDX-License-Identifier: Apache-2.0

// Package profile captures how joinctl itself runs, as kubectl does with --profile.
package profile

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
)

// A Kind is what is captured.
type Kind string

// None captures nothing.
const None Kind = "none"

const (
	cpu     Kind = "cpu"
	mutex   Kind = "mutex"
	block   Kind = "block"
	tracing Kind = "trace"
)

// Kinds returns all kinds, None first.
func Kinds() []Kind {
	return []Kind{None, cpu, "heap", "goroutine", "threadcreate", block, mutex, tracing}
}

// Start begins a profile, and returns what ends it and writes it to a file.
func Start(kind Kind, path string) (stop func() error, err error) {
	if kind == None {
		return func() error { return nil }, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write the %s profile: %w", kind, err)
	}
	switch kind {
	case cpu:
		return func() error { pprof.StopCPUProfile(); return file.Close() }, pprof.StartCPUProfile(file)
	case tracing:
		return func() error { trace.Stop(); return file.Close() }, trace.Start(file)
	case block:
		runtime.SetBlockProfileRate(1)
	case mutex:
		runtime.SetMutexProfileFraction(1)
	}
	return func() error { return errors.Join(pprof.Lookup(string(kind)).WriteTo(file, 0), file.Close()) }, nil
}
