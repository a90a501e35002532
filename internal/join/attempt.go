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

// An Attempt is a join command that somebody is about to run, with its mistakes. It can be formatted with any verb: apart
// from the Command it holds names of flags, and no values.
type Attempt struct {
	Command                           // the values that could be parsed; the field of a bad value is empty
	SkipCA     bool                   // --discovery-token-unsafe-skip-ca-verification: the joiner accepts any CA
	Faults     []error                // the bad values, which the joiner will refuse too
	NotChecked []string               // flags that do not concern the control plane, in their order on the command line
	given      []string               // the flags that are set, with good or bad values
	tokens     map[string]token.Token // by flag; zero for a bad value
}

// SetEndpoint sets the endpoint. It adds the joiner's default port to an endpoint without a port.
func (a *Attempt) SetEndpoint(s string) {
	a.given = append(a.given, "ENDPOINT")
	endpoint, err := ParseEndpoint(s)
	if port := a.Joiner.Description().DefaultPort; err != nil && port != "" {
		if host, hostErr := ParseEndpoint(net.JoinHostPort(strings.Trim(s, "[]"), port)); hostErr == nil {
			endpoint, err = host, nil
		}
	}
	a.Endpoint = endpoint
	a.fault("ENDPOINT", err)
}

// Set sets a flag, which is written with its dashes. It reports whether the joiner has that flag.
func (a *Attempt) Set(flag, value string) bool {
	joiner := a.Joiner.Description()
	switch {
	case joiner.takesToken(flag):
		a.setToken(flag, value)
	case flag == flagPin:
		a.addPins(value)
	case flag == flagClusterName && joiner.ClusterName != nil:
		a.setClusterName(joiner, value)
	case flag == flagSkipCA:
		skip, err := strconv.ParseBool(value)
		a.SkipCA = skip
		a.fault(flag, err)
	default:
		return a.setOther(joiner, flag, value)
	}
	a.given = append(a.given, flag)
	return true
}

// setOther sets a flag that does not concern the control plane.
func (a *Attempt) setOther(joiner Description, flag, value string) bool {
	if _, known := joiner.flag(flag); !known {
		return false
	}
	a.NotChecked = append(a.NotChecked, flag)
	if flag == flagCertificateKey {
		_ = a.CertificateKey.UnmarshalText([]byte(value)) // the joiner refuses a bad key; the control plane never sees it
	}
	return true
}

func (a *Attempt) addPins(value string) {
	for one := range strings.SplitSeq(value, ",") {
		pin, err := ParsePin(lowerType(one))
		a.fault(flagPin, err)
		if err == nil {
			a.Pins = append(a.Pins, pin)
		}
	}
}

// setToken sets the token of a flag. The last value of a flag counts, and --token only where the joiner has no flag of its
// own that is set (cmd/kubeadm/app/cmd/join.go).
func (a *Attempt) setToken(flag, value string) {
	tok, err := token.Parse(value)
	a.fault(flag, err)
	if a.tokens == nil {
		a.tokens = map[string]token.Token{}
	}
	a.tokens[flag] = tok
	a.Token = a.tokenOf(a.Joiner.Description().TokenFlags, token.Token{})
}

// Bearer returns the token with which the joiner authenticates. It is the Token, with which the joiner verifies cluster-info,
// unless the command names two.
func (a Attempt) Bearer() token.Token {
	return a.tokenOf(append([]string{flagToken}, a.Joiner.Description().BearerFlags...), a.Token)
}

// tokenOf returns the token of the last one of some flags that is set, else another one.
func (a Attempt) tokenOf(flags []string, other token.Token) token.Token {
	for _, flag := range slices.Backward(flags) {
		if tok, ok := a.tokens[flag]; ok {
			return tok
		}
	}
	return other
}

// setClusterName sets the name of the member. With an empty name the joiner takes its default
// (karmada pkg/karmadactl/register/register.go).
func (a *Attempt) setClusterName(joiner Description, value string) {
	var err error
	if a.ClusterName = ""; value != "" {
		a.ClusterName, err = joiner.ClusterName(value)
	}
	a.fault(flagClusterName, err)
}

func (a *Attempt) fault(what string, err error) {
	if err == nil {
		return
	}
	if _, bad := errors.AsType[*strconv.NumError](err); bad {
		err = errors.New("it must be true or false") // the original error repeats the value
	}
	a.Faults = append(a.Faults, fmt.Errorf("%s: %w", what, err))
}

// Missing returns an error that names all that a join needs and the command does not have: an endpoint, a token, a pin. The
// joiner refuses such a command as misused, and tries nothing.
func (a *Attempt) Missing() error {
	has := func(flags ...string) bool {
		return slices.ContainsFunc(flags, func(flag string) bool { return slices.Contains(a.given, flag) })
	}
	var missing []string
	if !has("ENDPOINT") {
		missing = append(missing, "an ENDPOINT (the HOST:PORT of the control plane)")
	}
	if !has(a.Joiner.Description().TokenFlags...) {
		missing = append(missing, flagToken)
	}
	if !has(flagPin) && !a.SkipCA {
		missing = append(missing, fmt.Sprintf("%s (or %s)", flagPin, flagSkipCA))
	}
	if len(missing) == 0 {
		return nil
	}
	return fmt.Errorf("a join needs %s", strings.Join(missing, " and "))
}

// lowerType returns a pin with its type in lower case: the joiners accept either case (cmd/kubeadm/app/util/pubkeypin).
func lowerType(pin string) string {
	if kind, digits, ok := strings.Cut(pin, ":"); ok {
		return strings.ToLower(kind) + ":" + digits
	}
	return pin
}
