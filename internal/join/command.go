// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/token"
)

// Flags of the two joiners, as they spell them.
const (
	flagToken          = "--token"
	flagPin            = "--discovery-token-ca-cert-hash"
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

// Parse reads back what Args returned. It knows only the flags that Args prints. No error contains a word of args.
func Parse(args []string) (Command, error) {
	c := Command{Joiner: Karmada}
	switch {
	case len(args) < 3:
		return Command{}, errors.New("a join command is karmadactl register ENDPOINT … or kubeadm join ENDPOINT …")
	case slices.Equal(args[:2], Kubeadm.argv()):
		c.Joiner = Kubeadm
	case !slices.Equal(args[:2], Karmada.argv()):
		return Command{}, errors.New("a join command begins with karmadactl register or kubeadm join")
	}
	var err error
	if c.Endpoint, err = ParseEndpoint(args[2]); err != nil {
		return Command{}, err
	}
	controlPlane := false
	for rest := args[3:]; len(rest) > 0; {
		flag, value, inline := strings.Cut(rest[0], "=")
		rest = rest[1:]
		if flag == flagControlPlane {
			controlPlane = true
			continue
		}
		if !inline {
			if len(rest) == 0 {
				return Command{}, errors.New("the last flag of the join command has no value")
			}
			value, rest = rest[0], rest[1:]
		}
		if err := c.set(flag, value); err != nil {
			return Command{}, err
		}
	}
	if c.Token.IsZero() {
		return Command{}, errors.New("the join command has no " + flagToken)
	}
	if controlPlane == c.CertificateKey.IsZero() {
		return Command{}, fmt.Errorf("%s and %s go together", flagControlPlane, flagCertificateKey)
	}
	if controlPlane && c.Joiner != Kubeadm {
		return Command{}, fmt.Errorf("%s is for kubeadm", flagControlPlane)
	}
	return c, nil
}

func (c *Command) set(flag, value string) (err error) {
	switch flag {
	case flagToken:
		c.Token, err = token.Parse(value)
	case flagPin:
		for one := range strings.SplitSeq(value, ",") {
			var pin Pin
			if pin, err = ParsePin(one); err != nil {
				break
			}
			c.Pins = append(c.Pins, pin)
		}
	case flagCertificateKey:
		err = c.CertificateKey.Set(value)
	default:
		err = errors.New("the join command has a flag that is not known here")
	}
	return err
}
