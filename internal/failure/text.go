// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Quoted lists names in quotes for a message: at most five of them, and how many more there are.
func Quoted(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return Few(quoted)
}

// Few lists texts for a message: at most five of them, and how many more there are.
func Few(texts []string) string {
	const most = 5
	if len(texts) > most {
		texts = append(slices.Clone(texts[:most]), fmt.Sprintf("%d more", len(texts)-most))
	}
	return strings.Join(texts, ", ")
}

// Count says how many there are of a thing that has a regular plural: "1 token", "2 tokens".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// Duration shows a duration in a message by its two largest units, so that 23h59m is not 23h; up to two days in hours.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	units := []struct {
		name string
		size time.Duration
	}{{"y", 365 * day}, {"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	for i, unit := range units {
		if d < unit.size || unit.size == day && d < 2*day {
			continue
		}
		out := fmt.Sprintf("%d%s", d/unit.size, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				out += fmt.Sprintf("%d%s", rest, units[i+1].name)
			}
		}
		return out
	}
	return "0s"
}

// Skew says by how much this machine's clock is ahead of the server's clock, or behind it.
func Skew(ahead time.Duration) string {
	if ahead < 0 {
		return fmt.Sprintf("this machine's clock is %s behind the server's", Duration(-ahead.Round(time.Second)))
	}
	return fmt.Sprintf("this machine's clock is %s ahead of the server's", Duration(ahead.Round(time.Second)))
}
