// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/session"
)

const storageDriver = "storage-driver-"

// addRemovedFlags adds the flags of cadvisor that kubectl create token had and has no longer: old scripts run, with a warning. pflag
// would print it on stdout.
func addRemovedFlags(cmd *cobra.Command, s *session.Session) {
	removed := pflag.NewFlagSet("removed", pflag.ContinueOnError)
	removed.Duration(storageDriver+"buffer-duration", time.Minute, "")
	removed.Bool(storageDriver+"secure", false, "")
	for _, name := range []string{"db", "host", "password", "table", "user"} {
		removed.String(storageDriver+name, "", "")
	}
	removed.VisitAll(func(f *pflag.Flag) {
		f.Hidden, f.Usage = true, "no effect: kubectl has removed it"
		cmd.Flags().AddFlag(f)
	})
	preRun(cmd, func() error {
		var typed []string
		removed.VisitAll(func(f *pflag.Flag) {
			if f.Changed {
				typed = append(typed, "--"+f.Name)
			}
		})
		if len(typed) > 0 {
			s.Terminal.Warn("deprecated and without effect, since kubectl has removed them: %s", strings.Join(typed, ", "))
		}
		return nil
	})
}
