// SPDX-License-Identifier: Apache-2.0

package problem

// tokenFindings returns the findings about bootstrap tokens.
func tokenFindings() []Problem {
	return []Problem{{
		Code: "JC220", Kind: Finding, Name: "token-sample",
		Title: "A token from public documentation exists",
		Cause: `
Somebody copied an example. Everybody knows this token: whoever reaches the
control plane can join, or do worse.`,
		See: `
    joinctl token list`,
		Fix: `
Delete it at once, look for clusters that nobody knows, and create a new
token:

    joinctl token delete ID
    kubectl get clusters
    joinctl token create`,
	}, {
		Code: "JC221", Kind: Finding, Name: "token-immortal",
		Title: "A token never expires",
		Cause: `
It was created with --ttl 0, or without an expiration. A token that leaks
works until somebody deletes it. Information means that the token is of
another program, such as k0s or Open Cluster Management.`,
		See: `
    joinctl token list`,
		Fix: `
Delete it, or let it expire:

    joinctl token delete ID
    joinctl token extend ID --ttl 24h --allow-shorten`,
	}, {
		Code: "JC222", Kind: Finding, Name: "token-joined",
		Title: "A token is valid although its cluster has joined",
		Cause: `
Information: the cluster for which the token was created is Ready. Nobody
needs the token any more.`,
		See: `
    joinctl token list
    kubectl get clusters`,
		Fix: `
Delete it. --once has joinctl wait for the join and delete the token:

    joinctl token delete --for NAME
    joinctl token create --for NAME --once --print-register-command`,
	}, {
		Code: "JC223", Kind: Finding, Name: "token-unusable",
		Title: "The server refuses a token that is well formed",
		Cause: `
It has no usage, has a group that no bootstrap token can have, or is being
deleted.`,
		See: `
The reason:

    joinctl token list -o wide`,
		Fix: `
Delete it, and create a new one:

    joinctl token prune --unusable
    joinctl token create`,
	}, {
		Code: "JC224", Kind: Finding, Name: "token-malformed",
		Title: "A Secret of the type of bootstrap tokens is no token",
		Cause: `
Its ID, its secret or its expiration is missing or malformed, or its name
does not fit its ID. Most often a manifest was written by hand.`,
		See: `
The reason:

    joinctl token list -o wide`,
		Fix: `
Delete it, and create a new one. For GitOps, joinctl prints a manifest:

    joinctl token prune --malformed
    joinctl token create --dry-run=client -o yaml`,
	}}
}
