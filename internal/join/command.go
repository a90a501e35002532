// SPDX-License-Identifier: Apache-2.0

package join

import (
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/token"
)

// A Command is a join command. It holds a credential: print it only where the operator asked for one.
type Command struct {
	Joiner         Joiner
	Endpoint       Endpoint
	Token          token.Token
	Pins           []Pin
	ClusterName    ClusterName    // empty: the joiner takes its default; only for a joiner that takes one
	CertificateKey CertificateKey // not zero: the node joins as a control plane node; only for a joiner that takes one
}

// Args returns the words of the command, the name of the program first, with flags in the form that the joiner prints.
func (c Command) Args() []string {
	joiner := c.Joiner.Description()
	args := append(slices.Clone(joiner.Command), c.Endpoint.HostPort(), flagToken, c.Token.Reveal())
	pins := make([]string, len(c.Pins))
	for i, pin := range c.Pins {
		pins[i] = string(pin)
	}
	if joiner.PinList && len(pins) > 0 {
		pins = []string{strings.Join(pins, ",")}
	}
	for _, pin := range pins {
		args = append(args, flagPin, pin)
	}
	if c.ClusterName != "" {
		args = append(args, flagClusterName, string(c.ClusterName))
	}
	if !c.CertificateKey.IsZero() {
		args = append(args, flagControlPlane, flagCertificateKey, c.CertificateKey.Reveal())
	}
	return args
}

// Line returns the command as one line for a POSIX shell.
func (c Command) Line() string {
	args := c.Args()
	for i, arg := range args {
		args[i] = Quote(arg)
	}
	return strings.Join(args, " ")
}

// Quote makes a POSIX shell read s as one word. It quotes brackets too, which some shells expand as patterns.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@=+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
