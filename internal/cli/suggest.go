// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/fleet"
)

// suggest returns a hint with up to three known contexts that look like the one asked for, the nearest first; "" if none
// does.
func suggest(unknown *fleet.UnknownContextError) string {
	if parts := strings.Split(unknown.Name, ","); len(parts) > 1 && unknown.Pattern == "" && containsAll(unknown.Known, parts) {
		return "repeat the flag to name several: --context " + strings.Join(parts, " --context ")
	}
	var quoted []string
	for _, name := range similarNames(unknown.Name, unknown.Known) {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return didYouMean(quoted)
}

// didYouMean asks for up to three of the names, the nearest first; "" without one.
func didYouMean(similar []string) string {
	const most = 3
	if len(similar) == 0 {
		return ""
	}
	return fmt.Sprintf("did you mean %s?", strings.Join(similar[:min(len(similar), most)], " or "))
}

func containsAll(names, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(name string) bool { return !slices.Contains(names, name) })
}

// similarNames returns the known names that cobra would suggest for a command, and then those that contain the wanted
// name.
func similarNames(wanted string, known []string) (similar []string) {
	if wanted == "" {
		return nil
	}
	// cobra takes the first word of Use for the name, so a space must not end it.
	toUse, fromUse := strings.NewReplacer(" ", "\x00"), strings.NewReplacer("\x00", " ")
	commands := &cobra.Command{}
	for _, name := range known {
		commands.AddCommand(&cobra.Command{Use: toUse.Replace(name), Run: func(*cobra.Command, []string) {}})
	}
	for distance := range min((len(wanted)+1)/3, 2) + 1 { // two errors in a short name make it another name
		commands.SuggestionsMinimumDistance = distance
		for _, name := range commands.SuggestionsFor(toUse.Replace(wanted)) {
			if name = fromUse.Replace(name); !slices.Contains(similar, name) {
				similar = append(similar, name)
			}
		}
	}
	for _, name := range known {
		if strings.Contains(strings.ToLower(name), strings.ToLower(wanted)) && !slices.Contains(similar, name) {
			similar = append(similar, name)
		}
	}
	return similar
}
