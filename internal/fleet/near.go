// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// suggest names the contexts that could have been meant: up to three that are nearly spelt like it, else a few of all.
func suggest(wanted string, names []string) string {
	const most = 3
	slices.Sort(names)
	distances := map[string]int{}
	var near []string
	for _, name := range names {
		distance := distance(strings.ToLower(wanted), strings.ToLower(name))
		if wanted != "" && (distance <= (len(wanted)+1)/3 || strings.Contains(strings.ToLower(name), strings.ToLower(wanted))) {
			near = append(near, name)
			distances[name] = distance
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(distances[a], distances[b]) })
	if len(near) == 0 {
		return existing(names)
	}
	return fmt.Sprintf("did you mean %s?", strings.Join(quoted(near[:min(len(near), most)]), " or "))
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fmt.Sprintf("%q", name)
	}
	return out
}

// distance returns how many characters have to be added, removed or replaced to make b of a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// existing names a few contexts that could have been meant.
func existing(names []string) string {
	const most = 5
	slices.Sort(names)
	if len(names) == 0 {
		return "the kubeconfig has no contexts"
	}
	if len(names) > most {
		return fmt.Sprintf("choose one of the %d contexts with --context, such as %q", len(names), names[:most])
	}
	return fmt.Sprintf("choose one with --context: %q", names)
}
