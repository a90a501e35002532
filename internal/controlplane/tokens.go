// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

const (
	signed  = 5 * time.Second  // by then a signer has signed; it takes some 50 ms
	cleaned = 30 * time.Second // by then a cleaner has deleted what expired; it takes some 2 s
)

// samples are tokens that stand in documentation, where everybody can read them: kubernetes.io (bootstrap tokens,
// kubeadm), kubeadm's own API reference, karmada.io.
func samples() []string {
	return []string{
		"abcdef.0123456789abcdef", "07401b.f395accd246ae52d", "9vr73a.a8uxyaju799qwdjv",
		"9a08jv.c0izixklcxtmnze7", "783bde.3f89s0fje9f38fhf", "t2jgtm.9nybj0526mjw1jbf",
	}
}

// A census sorts tokens by what is wrong with them: their IDs, or what names their Secrets.
type census struct {
	expired, malformed, unusable, immortal, sample []string
	signing, unsigned, stale                       []string // of the good ones that cluster-info has to be signed with
}

// tokens judges all tokens, and by them the signer and the cleaner.
func (e *examination) tokens(ctx context.Context) error {
	secrets, now, err := token.List(ctx, e.c, "")
	if err != nil {
		return err
	}
	var found census
	for i := range secrets {
		found.add(&secrets[i], now, e.info)
	}
	e.controllers(found)
	for _, kind := range []struct {
		check, evidence, remedy string
		severity                Severity
		tokens                  []string
	}{
		{"token-sample", "known to everybody, out of documentation", "delete them at once: whoever knows the address can join, or do worse", Error, found.sample},
		{"token-immortal", "never expire", "delete what has served: joinctl token delete", Warning, found.immortal},
		{"token-unusable", "well formed, and yet refused", "joinctl token list tells why; delete them", Warning, found.unusable},
		{"token-malformed", "not readable as tokens", "joinctl token list tells why; delete them", Warning, found.malformed},
	} {
		if len(kind.tokens) > 0 {
			e.report(kind.check, kind.severity, kind.remedy, "%s: %s", kind.evidence, some(kind.tokens))
		}
	}
	return nil
}

// add sorts one token in.
func (s *census) add(secret *corev1.Secret, now time.Time, info *discovery.ClusterInfo) {
	ref := token.Ref{Name: secret.Name}.String()
	tok, spec, err := token.Decode(secret)
	switch token.Evaluate(secret, now).Status {
	case token.Expired:
		if now.Sub(spec.Expires) > cleaned {
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
	if err == nil && slices.Contains(samples(), tok.Reveal()) {
		s.sample = append(s.sample, ref)
	}
	if spec.Expires.IsZero() {
		s.immortal = append(s.immortal, ref)
	}
	if info == nil || !spec.Has(token.Signing) || now.Sub(secret.CreationTimestamp.Time) < signed {
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

// controllers judges by its work what cannot be asked: the bootstrap signer and the token cleaner.
func (e *examination) controllers(found census) {
	const touch = "the controller bootstrapsigner of kube-controller-manager signs: it is off by default, and misses an update at times; changing a token's Secret makes it look again"
	if len(found.unsigned) > 0 {
		e.report("signer", Error, touch, "cluster-info is not signed with %d of %d valid tokens: %s", len(found.unsigned), len(found.signing), some(found.unsigned))
	}
	if len(found.stale) > 0 {
		e.report("signer", Error, touch, "the signatures with %d of %d valid tokens are of another cluster-info or another token: %s",
			len(found.stale), len(found.signing), some(found.stale))
	}
	if len(found.signing) == 0 && e.info != nil {
		e.report("signer", Info, "--probe tells", "unknown: there is no valid token to judge the bootstrap signer by")
	}
	if len(found.expired) > 0 {
		remedy := "the controller tokencleaner of kube-controller-manager deletes them: it is off by default"
		if e.joiner == join.Karmada {
			remedy += ", and karmada-operator leaves it off"
		}
		e.report("cleaner", Warning, remedy+"; until then: joinctl token delete", "expired and still there: %s", some(found.expired))
	}
}

// some names a few of many.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
