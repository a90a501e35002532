// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"

	"github.com/spf13/cobra"
)

// A profile is what --profile captures of the program itself, as kubectl does.
type profile struct {
	kind profileKind
	path string
}

type profileKind string

const (
	profileNone  profileKind = "none"
	profileCPU   profileKind = "cpu"
	profileTrace profileKind = "trace"
)

// profiled gives a command --profile and --profile-output.
func profiled(cmd *cobra.Command, p *profile) {
	p.kind = profileNone
	kinds := choiceValue[profileKind]{&p.kind, []profileKind{profileNone, profileCPU, "heap", "goroutine", "threadcreate", "block", "mutex", profileTrace}}
	cmd.Flags().Var(kinds, "profile", "capture how joinctl itself runs: "+kinds.list())
	cmd.Flags().StringVar(&p.path, "profile-output", "profile.pprof", "file to write the profile to")
	body := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		stop, err := p.start()
		if err != nil {
			return fmt.Errorf("--profile %s: %w", p.kind, err)
		}
		return errors.Join(body(cmd, args), stop())
	}
}

// start begins the profile and returns what ends and writes it.
func (p *profile) start() (stop func() error, err error) {
	if p.kind == profileNone {
		return func() error { return nil }, nil
	}
	file, err := os.OpenFile(p.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	switch p.kind {
	case profileCPU:
		return func() error { pprof.StopCPUProfile(); return file.Close() }, pprof.StartCPUProfile(file)
	case profileTrace:
		return func() error { trace.Stop(); return file.Close() }, trace.Start(file)
	case "block":
		runtime.SetBlockProfileRate(1)
	case "mutex":
		runtime.SetMutexProfileFraction(1)
	}
	return func() error {
		return errors.Join(pprof.Lookup(string(p.kind)).WriteTo(file, 0), file.Close())
	}, nil
}
