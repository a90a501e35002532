// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
)

// showProgress returns what keeps one line on a terminal up to date, and takes it away in the end.
func showProgress(env *Env) func(fleet.Progress) {
	const toStart, clearRest = "\r", "\x1b[K"
	return func(p fleet.Progress) {
		line := ""
		if !p.Over {
			line = fmt.Sprintf("joinctl: %d done, %d failed, %d left", p.Done-p.Failed, p.Failed, p.Left)
			if p.Slowest != "" {
				line += fmt.Sprintf("; %s takes %s", shorten(output.Plain(p.Slowest)), p.For.Truncate(time.Second))
			}
		}
		_, _ = io.WriteString(env.Err, toStart+line+clearRest)
	}
}

// shorten keeps a name from breaking the line.
func shorten(name string) string {
	const most = 30
	if runes := []rune(name); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return name
}
