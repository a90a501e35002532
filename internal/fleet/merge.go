// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/joinctl/joinctl/internal/kube"
)

// distinct returns a target for every context that is named exactly, and one for all others with the same endpoint and the
// same credential. names are sorted, and so are the targets.
func distinct(k *kube.Kubeconfig, s Selection, names []string) []Target {
	type identity struct {
		endpoint   kube.EndpointKey
		credential string
	}
	groups := groupsOf(k, sets.New(s.Contexts...), names)
	count := map[kube.EndpointKey]int{}
	for _, g := range groups {
		count[g.endpoint]++
	}
	first := map[identity]*group{}
	var targets []Target
	for _, name := range slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return cmp.Compare(groups[a].rank, groups[b].rank) }) {
		g := groups[name]
		if g.known && count[g.endpoint] > 1 { // else the credential does not matter
			same := identity{g.endpoint, k.CredentialKey(name)}
			used := first[same]
			if used != nil && !g.exact {
				used.duplicates = append(used.duplicates, name)
				continue
			}
			first[same] = cmp.Or(used, g)
		}
		targets = append(targets, Target{Context: name, kubeconfig: k, group: g})
	}
	for _, target := range targets {
		slices.Sort(target.group.duplicates)
	}
	return sorted(targets)
}

// groupsOf returns a group for each context. All contexts of one endpoint have the same shard, whatever the current context
// is: that of the first one by name, or of the first one that is named exactly.
func groupsOf(k *kube.Kubeconfig, exact sets.Set[string], names []string) map[string]*group {
	groups := make(map[string]*group, len(names))
	shardNames := map[kube.EndpointKey]string{}
	for _, name := range names {
		g := &group{exact: exact.Has(name), rank: rank(k, exact, name), shardName: name}
		g.endpoint, g.known = k.EndpointKey(name)
		groups[name] = g
		if first := shardNames[g.endpoint]; g.known && (first == "" || g.exact && !exact.Has(first)) {
			shardNames[g.endpoint] = name
		}
	}
	for _, g := range groups {
		if g.known {
			g.shardName = shardNames[g.endpoint]
		}
	}
	return groups
}

// rank says which of several contexts to prefer, the lowest first: those named exactly, the current context, those with a
// credential, the others.
func rank(k *kube.Kubeconfig, exact sets.Set[string], name string) int {
	switch {
	case exact.Has(name):
		return 0
	case name == k.CurrentContext():
		return 1
	case k.HasCredential(name):
		return 2
	}
	return 3
}

func sorted(targets []Target) []Target {
	slices.SortFunc(targets, func(a, b Target) int { return cmp.Compare(a.Context, b.Context) })
	return targets
}

// Unproved returns the targets that perhaps reach the same control plane as another one: they have the same endpoint and
// another credential, and at least one of them is not named exactly.
func Unproved(targets []Target) []Target {
	count, inexact := map[kube.EndpointKey]int{}, map[kube.EndpointKey]bool{}
	for _, target := range targets {
		if g := target.group; g != nil && g.known {
			count[g.endpoint]++
			inexact[g.endpoint] = inexact[g.endpoint] || !g.exact
		}
	}
	var out []Target
	for _, target := range targets {
		if g := target.group; g != nil && g.known && count[g.endpoint] > 1 && inexact[g.endpoint] {
			out = append(out, target)
		}
	}
	return out
}

// Merge returns the targets of a Select of many contexts, sorted, with one target for all that have the same endpoint and the
// same proof. proofs says which control plane a target's context was seen to reach. A context without a proof stays a target,
// and so does one that is named exactly.
func Merge(targets []Target, proofs map[string]string) []Target {
	type identity struct {
		endpoint kube.EndpointKey
		proof    string
	}
	first := map[identity]*group{}
	var out []Target
	for _, target := range slices.SortedFunc(slices.Values(targets), byRank) {
		proof := proofs[target.Context]
		if proof == "" {
			out = append(out, target)
			continue
		}
		g := *target.group // the caller's targets do not change
		same := identity{g.endpoint, proof}
		if used := first[same]; used != nil && !g.exact {
			used.duplicates = append(append(used.duplicates, target.Context), g.duplicates...)
			continue
		}
		g.duplicates = slices.Clone(g.duplicates)
		target.group = &g
		if first[same] == nil {
			first[same] = &g
		}
		out = append(out, target)
	}
	for _, used := range first {
		slices.Sort(used.duplicates)
	}
	return sorted(out)
}

func byRank(a, b Target) int {
	return cmp.Or(cmp.Compare(a.group.rank, b.group.rank), cmp.Compare(a.Context, b.Context))
}
