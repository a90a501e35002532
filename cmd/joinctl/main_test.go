// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestASignalThatIsSentTwiceIsOneInterrupt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		interrupts := make(chan os.Signal)
		canceled, returned := false, false
		go func() {
			awaitTwo(interrupts, func() { canceled = true })
			returned = true
		}()
		for _, step := range []struct {
			after              time.Duration
			canceled, returned bool
		}{
			{0, true, false},                      // the program
			{time.Millisecond, true, false},       // its process group
			{900 * time.Millisecond, true, false}, // a supervisor that repeats it
			{100 * time.Millisecond, true, true},  // the operator
		} {
			time.Sleep(step.after)
			interrupts <- syscall.SIGTERM
			synctest.Wait()
			if canceled != step.canceled || returned != step.returned {
				t.Errorf("after %v: canceled %v, returned %v", step.after, canceled, returned)
			}
		}
	})
}
