// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/joinctl/joinctl/internal/token"
)

// defaultPort is where karmadactl goes if its endpoint has no port: that of https.
const defaultPort = "443"

// An Attempt is a join command as someone is about to run it, right or wrong. It can be formatted with any verb: what
// is not a Command in it holds names of flags, and never a value.
type Attempt struct {
	Command             // what could be read of it; a bad value leaves its field empty
	SkipCA     bool     // --discovery-token-unsafe-skip-ca-verification: the joiner takes any CA
	Faults     []error  // what is wrong with values, so that the joiner will refuse them too
	NotChecked []string // flags that say nothing of the control plane, in the order in which they were given
	given      []string // flags whose value was taken, good or bad
}

// SetEndpoint takes the endpoint as the joiner does: karmadactl adds the port of https where there is none
// (karmada pkg/karmadactl/register/register.go).
func (a *Attempt) SetEndpoint(s string) {
	a.given = append(a.given, "ENDPOINT")
	endpoint, err := ParseEndpoint(s)
	if err != nil && a.Joiner == Karmada {
		if host, hostErr := ParseEndpoint(net.JoinHostPort(strings.Trim(s, "[]"), defaultPort)); hostErr == nil {
			endpoint, err = host, nil
		}
	}
	a.Endpoint = endpoint
	a.fault("ENDPOINT", err)
}

// Set takes one flag, spelt with its dashes. It reports whether the joiner has that flag.
func (a *Attempt) Set(flag, value string) bool {
	switch flag {
	case flagDiscoveryToken, flagBootstrapToken:
		if a.Joiner != Kubeadm {
			return false
		}
		a.setToken(flag, value)
	case flagToken:
		a.setToken(flag, value)
	case flagPin:
		for one := range strings.SplitSeq(value, ",") {
			pin, err := ParsePin(lowerType(one))
			a.fault(flag, err)
			if err == nil {
				a.Pins = append(a.Pins, pin)
			}
		}
	case flagClusterName:
		if a.Joiner != Karmada {
			return false
		}
		a.setClusterName(value)
	case flagSkipCA:
		skip, err := strconv.ParseBool(value)
		a.SkipCA = skip
		a.fault(flag, err)
	default:
		if _, known := a.Joiner.other(flag); !known {
			return false
		}
		a.NotChecked = append(a.NotChecked, flag)
		if flag == flagCertificateKey {
			_ = a.CertificateKey.Set(value) // a bad one is for kubeadm to refuse: it says nothing of the control plane
		}
		return true
	}
	a.given = append(a.given, flag)
	return true
}

// setToken takes a token. kubeadm can have one for discovery and another one to authenticate with: that is a fault here,
// since nobody prints such a command.
func (a *Attempt) setToken(flag, value string) {
	tok, err := token.Parse(value)
	if err == nil && !a.Token.IsZero() && a.Token != tok {
		err = errors.New("there are two tokens, and only joins with one are replayed")
	}
	a.Token = tok
	a.fault(flag, err)
}

// setClusterName takes the name of the member. An empty one stands for that of the member's kubeconfig
// (karmada pkg/karmadactl/register/register.go).
func (a *Attempt) setClusterName(value string) {
	var err error
	if a.ClusterName = ""; value != "" {
		a.ClusterName, err = ParseClusterName(value)
	}
	a.fault(flagClusterName, err)
}

func (a *Attempt) fault(what string, err error) {
	if err == nil {
		return
	}
	if _, bad := errors.AsType[*strconv.NumError](err); bad {
		err = errors.New("it is true or false") // the original repeats the value
	}
	a.Faults = append(a.Faults, fmt.Errorf("%s: %w", what, err))
}

// Missing says what the joiner cannot do without, or nil: it refuses such a command as misused, without trying.
func (a *Attempt) Missing() error {
	has := func(flags ...string) bool {
		return slices.ContainsFunc(flags, func(flag string) bool { return slices.Contains(a.given, flag) })
	}
	switch {
	case !has("ENDPOINT"):
		return errors.New("a join needs an ENDPOINT: the HOST:PORT of the control plane")
	case !has(flagToken) && !has(flagDiscoveryToken):
		return fmt.Errorf("a join needs %s", flagToken)
	case !has(flagPin) && !a.SkipCA:
		return fmt.Errorf("a join needs %s, or %s", flagPin, flagSkipCA)
	}
	return nil
}

// lowerType lets the type of a pin be of either case, as the joiners do (cmd/kubeadm/app/util/pubkeypin).
func lowerType(pin string) string {
	if kind, digits, ok := strings.Cut(pin, ":"); ok {
		return strings.ToLower(kind) + ":" + digits
	}
	return pin
}
