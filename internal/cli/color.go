// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// A colorMode says when tables have colours.
type colorMode string

// The modes.
const (
	colorAuto   colorMode = "auto" // if stdout is a terminal and NO_COLOR is not set
	colorAlways colorMode = "always"
	colorNever  colorMode = "never"
)

// registerColor adds --color.
func registerColor(flags *pflag.FlagSet, env *Env) {
	env.color = colorAuto
	modes := []colorMode{colorAuto, colorAlways, colorNever}
	group := newFlagGroup(runGroup)
	choiceVar(group, &env.color, "color", "when to print tables in colours: auto (on a terminal), always or never", modes...)
	addFlagGroup(flags, group)
}

// hasColor decides whether stdout has colours.
func (env *Env) hasColor() bool {
	return env.color == colorAlways || env.color == colorAuto && env.OutTTY && !env.NoColor
}

// healthTone returns the tone of a bootstrap token that the server treats so.
func healthTone(i tokenItem) output.Tone {
	switch token.Status(i.Status) {
	case token.OK:
		if i.isUnsigned() {
			return output.Doubtful
		}
		return output.Good
	case token.Expired:
		return output.Doubtful
	case token.Unusable, token.Malformed:
		return output.Bad
	}
	return output.Neutral
}

// stepTone returns the tone of a step of check.
func stepTone(i stepItem) output.Tone {
	return map[discovery.Status]output.Tone{
		discovery.OK: output.Good, discovery.Warning: output.Doubtful, discovery.Unknown: output.Doubtful, discovery.Failed: output.Bad,
	}[discovery.Status(i.Status)]
}

// findingTone returns the tone of a finding of doctor.
func findingTone(i findingItem) output.Tone { return severityTone(controlplane.Severity(i.Severity)) }

func severityTone(s controlplane.Severity) output.Tone {
	return map[controlplane.Severity]output.Tone{
		controlplane.Info: output.Good, controlplane.Warning: output.Doubtful, controlplane.Error: output.Bad,
	}[s]
}

// answerTone returns the tone of a context's answer to --check.
func answerTone(i contextItem) output.Tone {
	switch {
	case i.Refusal != "":
		return output.Bad
	case i.Reachable == nil:
		return output.Doubtful
	case *i.Reachable:
		return output.Good
	}
	return output.Bad
}
