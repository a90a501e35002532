// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

// TokenEnsure hands out a token that is valid long enough for each of some clusters: the one that exists, else a new one. It
// can keep the tokens where their consumers read them.
type TokenEnsure struct {
	TokenCreate               // how a new token is created; its Token, SkipExisting and Force do not count
	MinTTL      time.Duration // a token that is valid for less is not handed out
	As          Form
	Publish     Publication // for a single cluster
}

// ensuring is a control plane of which everything is known that its tokens need.
type ensuring struct {
	prepared
	target       fleet.Target
	listed       map[string][]candidate // by cluster
	forbidden    error                  // why this client may not list tokens, so that the destinations tell which exist; nil: it may
	destinations map[string]Destination // by cluster; empty: the tokens are only returned
}

// Run returns a token for every cluster and delivers them. The result is complete also where the error says that they could
// not be delivered; the error alone says that nothing was attempted.
func (a *TokenEnsure) Run(ctx context.Context) (*CreatedTokens, error) {
	a.Join.Wanted = a.As.needsDiscovery()
	destinations, err := a.openFiles(ctx)
	if err != nil {
		return nil, err
	}
	hubs, err := session.EachOpen(ctx, a.Session, 0, func(ctx context.Context, target fleet.Target, c *kube.Client) (*ensuring, error) {
		hub := &ensuring{target: target, destinations: destinations}
		err := a.prepareHub(ctx, hub, c)
		if err != nil {
			c.Close()
		}
		return hub, err
	})
	if err != nil {
		return nil, err
	}
	out := &CreatedTokens{Failures: a.Session.NewFailures()}
	if len(a.Clusters) > 1 {
		out.Failures = a.Session.GroupedFailures()
	}
	if err := hubs[0].Err; err != nil {
		out.Failures.Add(hubs[0].Key, err)
	} else {
		defer hubs[0].Value.client.Close()
		a.ensureAll(ctx, hubs[0].Value, out)
	}
	if err := a.Deliver(out); err != nil {
		undone, undoErr := a.rollback.UndoAll(ctx, a.Session)
		return out, undelivered(err, "printed", undone, undoErr)
	}
	return out, nil
}

// ensureAll ensures the tokens of all clusters, as many at once as targets otherwise.
func (a *TokenEnsure) ensureAll(ctx context.Context, hub *ensuring, out *CreatedTokens) {
	if !a.Publish.Secret.IsZero() {
		secret, closing, err := a.Publish.OpenSecret(ctx, a.Session, hub.target, hub.client)
		if err != nil {
			out.Failures.Add(hub.target, err)
			return
		}
		defer closing()
		hub.destinations = map[string]Destination{a.Clusters[0]: secret}
	}
	if err := a.checkMemory(hub); err != nil {
		out.Failures.Add(hub.target, err)
		return
	}
	runner := session.Runner[string](a.Session, len(a.Clusters), a.Join.Wait)
	runner.Name = func(cluster string) string { return cluster }
	results := fleet.Each(ctx, runner, a.Clusters, func(_ context.Context, cluster string, mayStart fleet.Ready) (issued, error) {
		ctx, err := mayStart()
		if err != nil {
			return issued{}, err
		}
		return a.ensure(ctx, hub, cluster)
	})
	a.Session.ReportWarnings(hub.target, hub.client)
	for _, result := range results {
		if err := result.Err; err != nil {
			key := tokenKey{hub.target, result.Key}
			out.Failures.AddCluster(hub.target, result.Key, a.rollback.Explain(key, err))
			continue
		}
		out.Failures.Done++
		out.Tokens = append(out.Tokens, result.Value.CreatedToken)
		if finding := result.Value.finding; finding != nil {
			out.Findings = append(out.Findings, finding)
		}
	}
}

// openFiles opens the files of the clusters. Every error is a *failure.ConfigError.
func (a *TokenEnsure) openFiles(ctx context.Context) (map[string]Destination, error) {
	files := map[string]Destination{}
	switch {
	case a.OutDir != "":
		if a.DryRun == None {
			if err := makeOutDir(a.OutDir); err != nil {
				return nil, err
			}
		}
		for _, cluster := range a.Clusters {
			path := filepath.Join(a.OutDir, cluster+a.As.extension())
			file, err := openFile(ctx, a.Session, "--out-dir", path, a.Publish.Adopt, ownsTokenFile)
			if err != nil {
				return nil, err
			}
			files[cluster] = file
		}
	case a.Publish.File != "":
		file, err := a.Publish.OpenFile(ctx, a.Session, ownsTokenFile)
		if err != nil {
			return nil, err
		}
		files[a.Clusters[0]] = file
	}
	return files, nil
}

// prepareHub finds out what all tokens on a control plane need.
func (a *TokenEnsure) prepareHub(ctx context.Context, hub *ensuring, c *kube.Client) (err error) {
	hub.listed, err = a.list(ctx, c)
	if failure.ReasonOf(err) == failure.Forbidden {
		hub.forbidden, err = err, nil
	}
	if err != nil {
		return fmt.Errorf("look for tokens that exist: %w", err)
	}
	if hub.prepared, err = a.prepare(ctx, hub.target, c); err != nil {
		return err
	}
	if !a.As.needsSignature() {
		return nil
	}
	return a.Join.checkMembers(ctx, a.Session, hub.target, c, a.Clusters...)
}

// checkMemory fails if nothing would tell a later run which token exists, so that every run would create one.
func (a *TokenEnsure) checkMemory(hub *ensuring) error {
	if hub.forbidden == nil || !a.Publish.Secret.IsZero() || len(hub.destinations) > 0 && a.As.isDocument() {
		return nil
	}
	return &failure.Error{
		Err: fmt.Errorf("look for tokens that exist: %w", hub.forbidden),
		Hint: "a user who may only create tokens has to keep them with --to-secret, or in a file with --as " + string(AsKubeconfig) +
			": that tells later which token exists",
	}
}

// rounds is how often a destination is read again because somebody else has changed it.
const rounds = 5

// ensure returns the token for one cluster, and keeps it where its consumer reads it. A token that was created in vain is
// deleted again.
func (a *TokenEnsure) ensure(ctx context.Context, hub *ensuring, cluster string) (issued, error) {
	one := &ensuredToken{TokenEnsure: a, hub: hub, cluster: cluster, key: tokenKey{hub.target, cluster}, to: hub.destinations[cluster], known: hub.listed[cluster]}
	var (
		out issued
		err error
	)
	for round := range rounds {
		if round > 0 {
			if err = one.reread(ctx); err != nil {
				break
			}
		}
		if out, err = one.try(ctx); failure.ReasonOf(err) != failure.Conflict {
			break
		}
	}
	switch {
	case err == nil && (out.Token == one.minted.token || one.minted.token.IsZero()):
		return out, nil
	case failure.ReasonOf(err) == failure.Unknown && !one.minted.token.IsZero():
		a.rollback.Forget(one.key)
		return issued{}, &failure.Error{
			Err:  fmt.Errorf("%w; token %s was created for it and stays", err, one.minted.token.ID),
			Hint: "run the same command again: it uses the token that exists",
		}
	}
	undone, undoErr := a.rollback.Undo(ctx, one.key)
	if err != nil && undone {
		err = fmt.Errorf("%w; token %s was created for it and was deleted again", err, one.minted.token.ID)
	}
	return out, errors.Join(err, undoErr)
}

// content returns what is published for a token, under the key of the Secret.
func (a *TokenEnsure) content(hub *ensuring, one CreatedToken, cluster string) (publish.Content, []byte, error) {
	value, err := a.As.encode(hub.found, one, cluster)
	if err != nil {
		return publish.Content{}, nil, err
	}
	annotations := map[string]string{forAnnotation: cluster, idAnnotation: one.Token.ID, expiresAnnotation: expiresText(one.Spec)}
	kept := value
	if a.Publish.Secret.IsZero() {
		kept = append(slices.Clip(kept), '\n')
		if a.As.isDocument() {
			kept = value
		}
	}
	return publish.Content{Data: map[string][]byte{a.dataKey(): kept}, Annotations: annotations}, value, nil
}

// dataKey returns the key of the Secret's data.
func (a *TokenEnsure) dataKey() string {
	if key := a.Publish.Secret.Key; key != "" {
		return key
	}
	return a.As.key()
}

func expiresText(spec token.Spec) string {
	if spec.Expires.IsZero() {
		return neverExpires
	}
	return spec.Expires.UTC().Format(time.RFC3339)
}
