// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"
	"slices"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// hub is the control plane that clusters join.
type hub struct {
	prepared
	existing map[string]CreatedToken // by cluster, if clusters that have a token are skipped
}

// forClusters creates a token for every cluster on the one control plane, as many at once as targets otherwise, and waits
// for all signatures together.
func (a *TokenCreate) forClusters(ctx context.Context) (*CreatedTokens, error) {
	if err := a.prepareFiles(); err != nil {
		return nil, err
	}
	hubs, err := session.EachOpen(ctx, a.Session, 0, a.prepareHub)
	if err != nil {
		return nil, err
	}
	out := &CreatedTokens{Failures: a.Session.NewFailures()}
	if len(a.Clusters) > 1 {
		out.Failures = a.Session.GroupedFailures()
	}
	target, ready := hubs[0].Key, hubs[0].Value
	if err := hubs[0].Err; err != nil {
		out.Failures.Add(target, err)
		return out, nil
	}
	defer ready.client.Close()
	runner := session.Runner[string](a.Session, len(a.Clusters), 0)
	runner.Name = func(cluster string) string { return cluster }
	results := fleet.Each(ctx, runner, a.Clusters, func(_ context.Context, cluster string, mayStart fleet.Ready) (CreatedToken, error) {
		if existing, ok := ready.existing[cluster]; ok {
			return existing, nil
		}
		ctx, err := mayStart()
		if err != nil {
			return CreatedToken{}, err
		}
		return a.create(ctx, tokenKey{target, cluster}, ready.prepared)
	})
	a.Session.ReportWarnings(target, ready.client)
	a.writeFiles(ctx, target, results)
	for _, result := range results {
		a.collect(out, tokenKey{target, result.Key}, result)
	}
	a.waitAllSigned(ctx, out, target, ready.prepared)
	return out, nil
}

// collect adds the result for a cluster: its token, or a failure.
func (a *TokenCreate) collect(out *CreatedTokens, key tokenKey, result fleet.Result[string, CreatedToken]) {
	if err := result.Err; err != nil {
		out.Failures.AddCluster(key.target, key.cluster, a.rollback.Explain(key, err))
		return
	}
	out.Failures.Done++
	out.Tokens = append(out.Tokens, result.Value)
}

// waitAllSigned waits until cluster-info is signed with all tokens that were created.
func (a *TokenCreate) waitAllSigned(ctx context.Context, out *CreatedTokens, target fleet.Target, ready prepared) {
	var toks []token.Token
	for _, created := range out.Tokens {
		if !created.Existed {
			toks = append(toks, created.Token)
		}
	}
	if ready.found == nil || a.DryRun != None || len(toks) == 0 {
		return
	}
	switch err := a.Join.waitSigned(ctx, a.Session, ready.found, toks...); {
	case err == nil:
	case failure.ReasonOf(err) == failure.Interrupted:
		out.Failures.Add(target, fmt.Errorf("wait for the signatures: %w", err))
	default:
		out.Findings = append(out.Findings, err)
	}
}

// prepareHub finds out what all tokens on a control plane need, and warns of what is likely to go wrong.
func (a *TokenCreate) prepareHub(ctx context.Context, target fleet.Target, c *kube.Client) (hub, error) {
	ready, err := a.prepare(ctx, target, c)
	var existing map[string]CreatedToken
	if err == nil {
		existing, err = a.findExisting(ctx, target, ready)
	}
	if err == nil {
		err = a.Join.checkMembers(ctx, a.Session, target, c, a.Clusters...)
	}
	if err != nil {
		c.Close()
		return hub{}, err
	}
	missing := slices.DeleteFunc(slices.Clone(a.Clusters), func(cluster string) bool { return existing[cluster].Existed })
	if len(missing) > 0 && ready.spec.Has(token.Signing) {
		a.checkSignatures(ctx, target, ready, len(missing))
	}
	return hub{ready, existing}, nil
}

// findExisting returns the tokens that clusters have and that the server accepts, by cluster.
func (a *TokenCreate) findExisting(ctx context.Context, target fleet.Target, ready prepared) (map[string]CreatedToken, error) {
	if !a.SkipExisting {
		return nil, nil
	}
	secrets, now, err := token.List(ctx, ready.client, token.SelectFor())
	if err != nil {
		return nil, fmt.Errorf("look for clusters that have a token: %w", err)
	}
	existing := map[string]CreatedToken{}
	for i := range secrets {
		tok, spec, err := token.Decode(&secrets[i])
		if err != nil || token.Evaluate(&secrets[i], now).Status != token.OK {
			continue
		}
		one := CreatedToken{Target: target, Server: ready.client.Server(), Token: tok, Spec: spec, Secret: &secrets[i], Now: now, Existed: true}
		if ready.found != nil {
			one.Command = a.Join.command(ready.found, tok, spec)
		}
		existing[spec.For] = one
	}
	return existing, nil
}

// checkSignatures warns where cluster-info may not have room for the signatures of so many more tokens.
func (a *TokenCreate) checkSignatures(ctx context.Context, target fleet.Target, ready prepared, more int) {
	signatures := more
	if ready.found != nil {
		signatures += ready.found.Signatures
	} else if info, err := discovery.Read(ctx, ready.client, a.Join.Joiner); err == nil {
		signatures += len(info.Signatures)
	}
	if signatures > discovery.ManySignatures {
		a.Session.Warn(target, fmt.Sprintf("cluster-info would hold %d signatures, which is near the 1 MiB that a ConfigMap can have: when it is full, at about %d, no further token is signed; create fewer at a time, and delete tokens that are used",
			signatures, discovery.MaxSignatures))
	}
}
