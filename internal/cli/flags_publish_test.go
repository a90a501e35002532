// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/action"
)

func TestFlagsAboutAPublicationThatContradictEachOtherAreRefused(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--to-secret ns/name:key --to-context c":      "",
		"--to-file f --adopt":                         "",
		"--to-secret ns/name --to-file f":             "none of the others can be",
		"--to-context c":                              "--to-context goes with --to-secret",
		"--to-context c --to-secret a/b --token t":    "--token is about one server or one identity",
		"--to-secret name":                            "must be NAMESPACE/NAME",
		"--to-context c --to-secret a/b --server s:1": "--server is about one server or one identity",
	} {
		var p action.Publication
		cmd := &cobra.Command{Use: "x", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error { return nil }}
		cmd.Flags().String(clientcmd.FlagBearerToken, "", "")
		cmd.Flags().String(clientcmd.FlagAPIServer, "", "")
		addPublication(cmd, &p)
		cmd.SetArgs(strings.Fields(args))
		err := cmd.Execute()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}
