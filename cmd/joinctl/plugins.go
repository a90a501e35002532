// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// pluginFlush is how long the end of the run waits for the last words of plugins.
const pluginFlush = 100 * time.Millisecond

// silencePlugins keeps credential plugins off the prompt of a shell that asks for completions: their stderr is discarded, and
// they have no terminal.
func silencePlugins() {
	if null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0); err == nil {
		os.Stderr = null
	}
	leaveTerminal()
}

// adoptPlugins makes sure that the credential plugins, which client-go starts, end with this program, and do not keep its
// stderr open after that. It returns the function to call at the end. client-go gives a plugin os.Stderr: where that is no
// terminal, which a plugin may look for, it becomes a pipe of this program.
func adoptPlugins() (end func()) {
	stderr := os.Stderr
	if term.IsTerminal(int(stderr.Fd())) {
		return endChildren
	}
	read, write, err := os.Pipe()
	if err != nil { // no more files: the plugin could not start either
		return endChildren
	}
	os.Stderr = write
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(stderr, read)
		_, _ = io.Copy(io.Discard, read) // nobody reads stderr: a plugin must not block for that
	}()
	return func() {
		endChildren()
		_ = write.Close()
		select {
		case <-done:
		case <-time.After(pluginFlush): // a process that a plugin left behind has the pipe
		}
	}
}
