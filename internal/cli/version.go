// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/joinctl/joinctl/internal/output"
)

func newVersion(env *Env) *cobra.Command {
	var format output.Format
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of joinctl",
		Example: `  joinctl version
  joinctl version -o json`,
		Annotations: map[string]string{selectsNothing: "true"},
		Args:        noArgs,
		RunE: func(*cobra.Command, []string) error {
			if format.Structured() {
				return output.Object(env.Out, &format, &unstructured.Unstructured{Object: map[string]any{
					"apiVersion": output.APIVersion,
					"kind":       "Version",
					"version":    buildVersion(env),
					"commit":     setting("vcs.revision"),
					"goVersion":  runtime.Version(),
					"platform":   platform(),
				}})
			}
			_, err := fmt.Fprintln(env.Out, versionLine(env))
			return err
		},
	}
	addOutput(cmd, &format)
	return cmd
}

// versionLine returns the version for people.
func versionLine(env *Env) string {
	return fmt.Sprintf("joinctl %s (%s, %s)", buildVersion(env), runtime.Version(), platform())
}

// userAgent returns how joinctl names itself to servers.
func userAgent(version string) string { return "joinctl/" + version }

func platform() string { return runtime.GOOS + "/" + runtime.GOARCH }

// buildVersion returns the version of the release, of the module that go install built, or "devel".
func buildVersion(env *Env) string {
	if env.Version != "" {
		return env.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

// setting returns what the build recorded under a name, such as the commit.
func setting(name string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == name {
				return s.Value
			}
		}
	}
	return "unknown"
}
