// SPDX-License-Identifier: Apache-2.0

package join

import (
	"slices"
	"strings"
)

// Flags of the joiners that concern the control plane.
const (
	flagToken          = "--token"
	flagPin            = "--discovery-token-ca-cert-hash"
	flagSkipCA         = "--discovery-token-unsafe-skip-ca-verification"
	flagClusterName    = "--cluster-name"
	flagControlPlane   = "--control-plane"
	flagCertificateKey = "--certificate-key"
)

// A Flag is a flag of a joiner that does not concern the control plane.
type Flag struct {
	Name      string // without dashes
	Shorthand string // one letter, or empty
	Switch    bool   // it takes no value, except after an equals sign
}

// OtherFlags returns the flags of a joiner that do not concern the control plane.
func (j Joiner) OtherFlags() []Flag { return j.Description().Flags }

// flags returns the flags of some names, separated by spaces. A name of one letter is also the shorthand.
func flags(names string, isSwitch bool) []Flag {
	var out []Flag
	for name := range strings.FieldsSeq(names) {
		flag := Flag{Name: name, Switch: isSwitch}
		if len(name) == 1 {
			flag.Shorthand = name
		}
		out = append(out, flag)
	}
	return out
}

// LoggingFlags returns the flags of klog, which all joiners have (k8s.io/klog/v2, InitFlags; karmadactl's has one more).
func LoggingFlags() []Flag {
	return slices.Concat(
		flags("alsologtostderrthreshold log-backtrace-at log-dir log-file log-file-max-size log-flush-frequency stderrthreshold v vmodule", false),
		flags("add-dir-header alsologtostderr legacy-stderr-threshold-behavior logtostderr one-output skip-headers skip-log-headers", true),
	)
}

// flag returns the flag that a word with its dashes names.
func (d Description) flag(word string) (Flag, bool) {
	for _, flag := range d.Flags {
		if word == "--"+flag.Name || flag.Shorthand != "" && word == "-"+flag.Shorthand {
			return flag, true
		}
	}
	return Flag{}, false
}

// isSwitch reports whether a flag, with its dashes, takes no value.
func (d Description) isSwitch(flag string) bool {
	known, _ := d.flag(flag)
	return flag == flagSkipCA || known.Switch
}

// takesToken reports whether the value of a flag, with its dashes, is the token.
func (d Description) takesToken(flag string) bool {
	return slices.Contains(d.TokenFlags, flag) || slices.Contains(d.BearerFlags, flag)
}
