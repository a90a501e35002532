// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
)

// chooseJoiner ends every message about a joiner that no flag names.
const chooseJoiner = "--joiner chooses"

// reportJoiners says for which joiner tokens are if no flag names it: a line for kubeadm join, and a warning if the server did not say
// what it is. Nothing is said of a Karmada control plane, which is the default.
func (r *tokenReport) reportJoiners(manyClusters bool) {
	inferred, unknown := map[string]bool{}, map[string]bool{}
	for _, one := range r.new {
		switch place := session.Describe(one.Target); {
		case one.Joiner.Joiner == "":
		case !one.Joiner.Asked:
			unknown[place] = true
		case one.Joiner.Joiner != join.Default():
			inferred[place] = true
		}
	}
	subject := func(places map[string]bool) string {
		switch {
		case r.session.Many():
			return fmt.Sprintf("the tokens in %s are", failure.Few(slices.Sorted(maps.Keys(places))))
		case manyClusters:
			return "each token is"
		}
		return "the token is"
	}
	if len(inferred) > 0 {
		r.Info("%s %s, since the server does not have Karmada's API; %s", subject(inferred), forJoiner(join.Kubeadm), chooseJoiner)
	}
	if len(unknown) > 0 {
		r.Warn("%s %s, and the server was not asked, or does not say, whether it has Karmada's API; %s", subject(unknown), forJoiner(join.Default()), chooseJoiner)
	}
}

// forJoiner names a joiner and the group of its tokens.
func forJoiner(joiner join.Joiner) string {
	return fmt.Sprintf("for %s (group %s)", joiner.Description().Program(), joiner.Group())
}

// warnNotAsked warns of a group that a client dry run took without asking the server.
func (r *tokenReport) warnNotAsked() {
	if r.create.InferJoiner {
		r.Warn("the token is %s, since a client dry run asks no server; %s", forJoiner(join.Default()), chooseJoiner)
	}
}
