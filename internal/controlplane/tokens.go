// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

// SigningTime is how old a token is at least that the bootstrap signer has left without a signature: it takes some 50 ms.
const SigningTime = 5 * time.Second

const cleaningTime = 30 * time.Second // the token cleaner takes some 2 s

// wellKnown returns the tokens in public documentation: kubernetes.io (bootstrap tokens, kubeadm), kubeadm's API reference,
// karmada.io.
func wellKnown() []string {
	return []string{
		"abcdef.0123456789abcdef", "07401b.f395accd246ae52d", "9vr73a.a8uxyaju799qwdjv",
		"9a08jv.c0izixklcxtmnze7", "783bde.3f89s0fje9f38fhf", "t2jgtm.9nybj0526mjw1jbf",
	}
}

// tokenStats has references to tokens, sorted by what is wrong with them.
type tokenStats struct {
	expired, malformed, unusable, neverExpires, wellKnown []string
	others                                                []string // never expire, and are of another program
	signing, unsigned, stale                              []string // of the valid tokens that have the usage signing
}

// tokens checks all tokens, and infers from them whether the signer and the cleaner run.
func (e *examination) tokens(ctx context.Context) error {
	inventory, err := token.ReadInventory(ctx, e.c, "")
	if err != nil {
		return err
	}
	var found tokenStats
	for i := range inventory.Secrets {
		secret := &inventory.Secrets[i]
		status := inventory.Health(secret).Status
		found.add(secret, status, inventory.Now, e.info)
		if _, spec, err := token.Decode(secret); err == nil && status == token.OK && spec.For != "" {
			e.tokensFor[spec.For] = append(e.tokensFor[spec.For], token.Ref{Name: secret.Name}.String())
		}
	}
	e.controllers(found)
	for _, kind := range []struct {
		check, evidence, fix string
		severity             Severity
		tokens               []string
	}{
		{"token-sample", "from public documentation, so everybody knows them", "delete them at once: whoever knows the address can join, or do worse", Error, found.wellKnown},
		{"token-immortal", "never expire", "delete those that are no longer needed: joinctl token delete", Warning, found.neverExpires},
		{"token-immortal", "never expire, and are of another program", "k0s and OCM create such tokens: delete those that are no longer needed", Info, found.others},
		{"token-unusable", "well formed, but refused by the server", "joinctl token list shows why; delete them", Warning, found.unusable},
		{"token-malformed", "not readable as tokens", "joinctl token list shows why; delete them", Warning, found.malformed},
	} {
		if len(kind.tokens) > 0 {
			e.report(kind.check, kind.severity, kind.fix, "%s: %s", kind.evidence, failure.Few(kind.tokens))
		}
	}
	return nil
}

// add adds one token. Nothing is wrong with one of another program, or with a Secret that only has the name of a token.
func (s *tokenStats) add(secret *corev1.Secret, status token.Status, now time.Time, info *discovery.ClusterInfo) {
	if status == token.Other || secret.Type != corev1.SecretTypeBootstrapToken {
		return
	}
	ref := token.Ref{Name: secret.Name}.String()
	tok, spec, err := token.Decode(secret)
	switch status {
	case token.Expired:
		if now.Sub(spec.Expires) > cleaningTime {
			s.expired = append(s.expired, ref)
		}
		return
	case token.Malformed:
		s.malformed = append(s.malformed, ref)
		return
	case token.Unusable:
		s.unusable = append(s.unusable, ref)
		return
	}
	if err == nil && slices.Contains(wellKnown(), tok.Reveal()) {
		s.wellKnown = append(s.wellKnown, ref)
	}
	switch {
	case !spec.Expires.IsZero():
	case isOfJoiner(spec):
		s.neverExpires = append(s.neverExpires, ref)
	default:
		s.others = append(s.others, ref)
	}
	if info == nil || !spec.Has(token.Signing) || now.Sub(secret.CreationTimestamp.Time) < SigningTime {
		return
	}
	s.signing = append(s.signing, ref)
	switch info.Signature(tok) {
	case discovery.Unsigned:
		s.unsigned = append(s.unsigned, ref)
	case discovery.Mismatched:
		s.stale = append(s.stale, ref)
	}
}

// isOfJoiner reports whether a joiner that joinctl knows can join with a token, or the token has the rights of one.
func isOfJoiner(spec token.Spec) bool {
	return slices.ContainsFunc(join.Joiners(), func(joiner join.Joiner) bool {
		return slices.Contains(spec.Groups, joiner.Group()) ||
			!slices.ContainsFunc(joiner.Usages(), func(usage string) bool { return !spec.Has(usage) })
	})
}

// controllers infers from the tokens whether the bootstrap signer and the token cleaner run: the API does not tell.
func (e *examination) controllers(stats tokenStats) {
	const signerFix = "the controller bootstrapsigner of kube-controller-manager signs: it is off by default, and misses an update at times; changing a token's Secret makes it look again"
	if len(stats.unsigned) > 0 {
		e.report("signer", Error, signerFix, "cluster-info is not signed with %d of %d valid tokens: %s", len(stats.unsigned), len(stats.signing), failure.Few(stats.unsigned))
	}
	if len(stats.stale) > 0 {
		e.report("signer", Error, signerFix, "the signatures with %d of %d valid tokens are of another cluster-info or another token: %s",
			len(stats.stale), len(stats.signing), failure.Few(stats.stale))
	}
	if len(stats.signing) == 0 && e.info != nil {
		e.report("signer", Info, probeTells, "unknown: there is no valid token that shows whether the bootstrap signer runs")
	}
	if len(stats.expired) > 0 {
		e.report("cleaner", Warning, e.joiner.SetUp.Cleaner+"; until then: joinctl token delete", "expired, but not deleted: %s", failure.Few(stats.expired))
	}
}
