// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

// register adds the flags of token list.
func (l *tokenListing) register(cmd *cobra.Command) {
	addOutput(cmd, &l.format)
	flags, filter := cmd.Flags(), &l.list.Filter
	listVar(flags, &l.list.Clusters, "for", "name", "list only tokens for this cluster (repeatable, or a list)", parseClusterNames)
	selectorVar(flags, &l.list.Selector, "list only tokens whose Secret matches this label selector")
	flags.BoolVar(&filter.Expired, "expired", false, "list only tokens with the status expired")
	flags.BoolVar(&filter.Active, "active", false, "list only tokens with the status ok")
	flags.BoolVar(&filter.NeverExpires, "never-expires", false, "list only tokens without an expiry")
	flags.Var(&value{kind: "duration", set: func(text string) error {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return errors.New("must be a duration above 0, such as 24h")
		}
		filter.ExpiringWithin = d
		return nil
	}}, "expiring-within", "list only tokens that expire within this time and have not expired yet")
	listVar(flags, &filter.Usages, "usage", "usage", "list only tokens with this usage: signing, authentication (repeatable, or a list: with each of them)", token.ParseUsages)
	listVar(flags, &filter.Groups, "group", "group", "list only tokens with this extra group (repeatable, or a list: with each of them)", parseListedGroups)
	flags.BoolVar(&filter.Pending, "pending", false, "list only tokens for clusters that have not joined this Karmada control plane")
	addSortBy[tokenItem](cmd, &l.sortBy, ".for", "context and expiry")
	flags.Var(repeatable{&value{kind: "rules", set: func(text string) error {
		rules, err := action.ParseTokenRules(strings.Split(text, ","))
		l.list.FailOn = append(l.list.FailOn, rules...)
		return err
	}}}, "fail-on", "exit with 4 if a control plane has such tokens: expired, never-expires, expiring=DURATION, malformed, none-valid (repeatable, or a list)")
	flags.BoolVarP(&l.watch, "watch", "w", false, "after the list, print the tokens that change, until interrupted")
	flags.BoolVar(&l.showSecrets, "show-secrets", false, "show whole tokens, not only their IDs, in every format")
	for _, pair := range [][]string{
		{"expired", "active"},
		{"expired", "never-expires"},
		{"expired", "expiring-within"},
		{"never-expires", "expiring-within"},
		{"watch", "fail-on"},
	} {
		cmd.MarkFlagsMutuallyExclusive(pair...)
	}
	preRun(cmd, l.check)
}

func (l *tokenListing) check() error {
	if l.watch && l.format.IsMetrics() {
		return errors.New("-o prometheus prints the metrics once, and goes without --watch")
	}
	return nil
}

// parseListedGroups checks groups to look for. One that the server refuses can be in a list, and nothing else.
func parseListedGroups(groups []string) ([]string, error) {
	for _, group := range groups {
		if group == "" || strings.Trim(group, " ") != group {
			return nil, errors.New("must be the name of a group, such as " + join.Karmada.Group())
		}
	}
	return groups, nil
}

// filterText says which tokens a list is limited to, for a list without any; "" for all.
func (l *tokenListing) filterText() string {
	filter := l.list.Filter
	within := ""
	if filter.ExpiringWithin > 0 {
		within = filter.ExpiringWithin.String()
	}
	var given []string
	for _, one := range []struct {
		flag  string
		given bool
		value string
	}{
		{"for", false, strings.Join(l.list.Clusters, ",")},
		{"selector", false, l.list.Selector},
		{"expired", filter.Expired, ""},
		{"active", filter.Active, ""},
		{"never-expires", filter.NeverExpires, ""},
		{"expiring-within", false, within},
		{"usage", false, strings.Join(filter.Usages, ",")},
		{"group", false, strings.Join(filter.Groups, ",")},
		{"pending", filter.Pending, ""},
	} {
		switch {
		case one.value != "":
			given = append(given, "--"+one.flag+" "+join.Quote(one.value))
		case one.given:
			given = append(given, "--"+one.flag)
		}
	}
	if len(given) == 0 {
		return ""
	}
	return " that match " + strings.Join(given, " ")
}
