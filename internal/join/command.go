// SPDX-License-Identifier: Apache-2.0

package join

import (
	"strings"

	"github.com/joinctl/joinctl/internal/token"
)

// Flags of the two joiners, as they spell them.
const (
	flagToken          = "--token"
	flagPin            = "--discovery-token-ca-cert-hash"
	flagClusterName    = "--cluster-name"
	flagControlPlane   = "--control-plane"
	flagCertificateKey = "--certificate-key"
)

// A Command is what a member cluster runs to join a control plane. It holds a credential: print it only where the
// operator asked for one.
type Command struct {
	Joiner         Joiner
	Endpoint       Endpoint
	Token          token.Token
	Pins           []Pin
	ClusterName    ClusterName    // karmadactl only; empty: it takes that of the member's kubeconfig
	CertificateKey CertificateKey // kubeadm only; not zero: the node joins as a control plane
}

// Args returns the command's words, the program's name first, in the joiner's own flag form: karmadactl takes the
// pins in one flag, kubeadm each in its own.
func (c Command) Args() []string {
	args := append(c.Joiner.argv(), c.Endpoint.HostPort(), flagToken, c.Token.Reveal())
	pins := make([]string, len(c.Pins))
	for i, pin := range c.Pins {
		pins[i] = string(pin)
	}
	if c.Joiner == Karmada && len(pins) > 0 {
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

// Quote makes a POSIX shell read s as one word. Brackets are quoted for the sake of shells that take them for patterns.
func Quote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@=+") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
