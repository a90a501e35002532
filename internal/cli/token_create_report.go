// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
	"github.com/joinctl/joinctl/internal/token"
)

// A tokenReport tells people on stderr what token create did.
type tokenReport struct {
	*terminal.Terminal
	session *session.Session
	create  *action.TokenCreate
	new     []action.CreatedToken
	skipped []string // clusters that had a token
	missing []string // clusters that have none
	hub     string   // arguments that reach the control plane which clusters join
}

func newTokenReport(s *session.Session, create *action.TokenCreate, created *action.CreatedTokens) *tokenReport {
	r := &tokenReport{Terminal: s.Terminal, session: s, create: create}
	for _, one := range created.Tokens {
		r.hub = s.Arguments(one.Target)
		if one.Existed {
			r.skipped = append(r.skipped, one.Spec.For)
		} else {
			r.new = append(r.new, one)
		}
	}
	if created.Failures != nil {
		for _, f := range created.Failures.All() {
			if f.Cluster != "" {
				r.missing = append(r.missing, f.Cluster)
			}
		}
	}
	return r
}

// write reports the tokens: each, or many in one line.
func (r *tokenReport) write(manyClusters bool) {
	r.writeSkipped()
	switch {
	case len(r.new) == 0:
	case r.session.Many():
		r.writeMany()
	case manyClusters:
		r.writeClusters()
	default:
		r.writeOne(r.new[0])
	}
	r.reportJoiners(manyClusters)
	r.writeMissing(manyClusters)
}

func (r *tokenReport) writeOne(created action.CreatedToken) {
	if r.create.DryRun == action.Server {
		r.Info("the server of %s accepts token %s; nothing was created (server dry run)", location(created), created.Token.ID)
		return
	}
	r.Info("created token %s in %s; it %s", created.Token.ID, location(created), expiry(created.Spec, created.Now))
	r.Info("revoke it with: joinctl token delete %s%s", created.Token.ID, r.session.Arguments(created.Target))
	r.warn("token "+created.Token.ID, created.Spec)
	r.writeFiles()
}

// writeMany reports one token in each of many contexts.
func (r *tokenReport) writeMany() {
	if r.create.DryRun == action.Server {
		r.Info("%s would create a token; nothing was created (server dry run)", failure.Count(len(r.new), "server"))
		return
	}
	last := r.new[len(r.new)-1]
	r.Info("created %s, one in each context; each %s", failure.Count(len(r.new), "token"), expiry(last.Spec, last.Now))
	r.Info("revoke one with: joinctl token delete CONTEXT/ID; -o name prints such names")
	r.warn("each token", last.Spec)
}

// writeClusters reports one token for each of many clusters.
func (r *tokenReport) writeClusters() {
	last := r.new[len(r.new)-1]
	if r.create.DryRun == action.Server {
		r.Info("the server of %s accepts %s; nothing was created (server dry run)", location(last), failure.Count(len(r.new), "token"))
		return
	}
	if len(r.new) == 1 {
		r.Info("created 1 token in %s, for cluster %s; it %s", location(last), last.Spec.For, expiry(last.Spec, last.Now))
	} else {
		r.Info("created %s in %s, one for each cluster; each %s", failure.Count(len(r.new), "token"), location(last), expiry(last.Spec, last.Now))
	}
	r.Info("revoke one with: joinctl token delete --for NAME%s", r.hub)
	r.warn("each token", last.Spec)
	r.writeFiles()
}

func (r *tokenReport) writeFiles() {
	if r.create.OutDir != "" {
		r.Info("the files are in %s, readable by their owner only", join.Quote(r.create.OutDir))
	}
}

func (r *tokenReport) writeSkipped() {
	if len(r.skipped) > 0 {
		r.Info("skipped, since the cluster has a token: %s; joinctl token command --for NAME%s prints its command", failure.Quoted(r.skipped), r.hub)
	}
}

// writeMissing names every cluster without a token, so that a script can try them again.
func (r *tokenReport) writeMissing(manyClusters bool) {
	if manyClusters && len(r.missing) > 0 {
		r.Info("%s without a token: %s", failure.Count(len(r.missing), "cluster"), strings.Join(r.missing, ","))
		r.Info("the same command with --skip-existing creates only the missing tokens")
	}
}

// plan says what would be created.
func (r *tokenReport) plan(secrets []*corev1.Secret) error {
	targets, err := r.session.Targets()
	if err != nil {
		return err
	}
	create, now := r.create, r.session.Now().UTC().Truncate(time.Second)
	id, description := cmp.Or(create.Token.ID, "with a random ID"), create.Spec.Description
	_, spec, err := token.Decode(secrets[0])
	if err != nil {
		return err
	}
	if len(create.Clusters) > 0 {
		description = cmp.Or(description, "for NAME")
	}
	for _, target := range targets {
		if len(create.Clusters) > 0 {
			r.Info("would create %s in %s, one for each of %s; each %s", failure.Count(len(secrets), "token"), session.Describe(target), failure.Quoted(create.Clusters), expiry(spec, now))
		} else {
			r.Info("would create token %s in %s; it %s", id, session.Describe(target), expiry(spec, now))
		}
		r.Info("would give it usages %s, groups %s, description %q", commaList(spec.Usages), commaList(spec.Groups), description)
		if create.Join.Wanted {
			r.Info("would check cluster-info at %s first, and print a command for %s", cmp.Or(create.Join.Endpoint.HostPort(), "the context's server"), create.Join.Joiner)
		}
	}
	r.warnNotAsked()
	r.Info("nothing was created (client dry run); -o yaml prints the Secret")
	r.warnNeverExpires("token "+id, spec)
	return nil
}

// location names the control plane of a token, with its address.
func location(created action.CreatedToken) string {
	return fmt.Sprintf("%s (%s)", session.Describe(created.Target), created.Server.Redacted())
}

// expiry says when a token expires, relative and absolute, given the server's time.
func expiry(spec token.Spec, now time.Time) string {
	if spec.Expires.IsZero() {
		return "never expires"
	}
	return fmt.Sprintf("expires in %s, at %s", failure.Duration(spec.Expires.Sub(now)), timestamp(spec.Expires))
}

// warn warns of a token that lives too long, or whose groups do not suit the joiner.
func (r *tokenReport) warn(name string, spec token.Spec) {
	r.warnNeverExpires(name, spec)
	if warning := r.create.Join.CheckGroups(name, spec); r.create.Join.Wanted && warning != "" {
		r.Warn("%s", warning)
	}
}

func (r *tokenReport) warnNeverExpires(name string, spec token.Spec) {
	if r.create.Lifetime().NeverEnds() {
		warnNeverExpires(r.Terminal, name, spec)
	}
}

// warnNeverExpires warns of a token that is valid until somebody deletes it.
func warnNeverExpires(t *terminal.Terminal, name string, spec token.Spec) {
	if isKarmada(spec) {
		t.Warn("%s NEVER EXPIRES: where Karmada approves joins automatically, anyone who holds it can become cluster-admin of this control plane at any time; delete it as soon as the member has joined", name)
		return
	}
	t.Warn("%s never expires: delete it as soon as the cluster has joined", name)
}

func tokenID(secret *corev1.Secret) string { return token.Ref{Name: secret.Name}.ID() }
