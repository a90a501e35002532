// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// bootstrapAuth is the check of what only a probe can tell.
const bootstrapAuth = "bootstrap-auth"

// notJudged is the remedy where this client may not look.
const notJudged = "get this right granted, or look as somebody else: this was not judged"

// An examination is what is known of a control plane so far.
type examination struct {
	c        *kube.Client
	joiner   join.Joiner
	info     *discovery.ClusterInfo // nil: there is none that a joiner can use
	karmada  bool
	findings []Finding
}

// Examine judges whether clusters can join a control plane, and what else is wrong with it. It changes nothing. What
// this client may not look at is a finding; an error means that the server could not be asked.
func Examine(ctx context.Context, c *kube.Client, joiner join.Joiner) ([]Finding, error) {
	e := &examination{c: c, joiner: joiner}
	for _, look := range []struct {
		check string
		at    func(context.Context) error
	}{
		{"identity", e.identity},
		{"kind", e.kind},
		{"cluster-info", e.clusterInfo},
		{"anonymous-auth", e.anonymous},
		{"cluster-info-server", e.server},
		{"access", e.grants},
		{"tokens", e.tokens},
		{"groups", e.groups},
		{"clock", e.clock},
	} {
		if err := look.at(ctx); err != nil {
			if failure.ReasonOf(err) != failure.Forbidden {
				return e.findings, err
			}
			e.report(look.check, Warning, notJudged, "%v", err)
		}
	}
	return e.findings, nil
}

// Unprobed is what cannot be told without a token.
func Unprobed() Finding {
	return Finding{
		Check: bootstrapAuth, Severity: Info, Remedy: "--probe tells",
		Evidence: "unknown: whether kube-apiserver accepts bootstrap tokens shows only where one is used",
	}
}

// report adds a finding; evidence is a format.
func (e *examination) report(check string, severity Severity, remedy, evidence string, args ...any) {
	e.findings = append(e.findings, Finding{Check: check, Severity: severity, Evidence: fmt.Sprintf(evidence, args...), Remedy: remedy})
}

// identity says who is asking, and what of an operator's work that identity may do.
func (e *examination) identity(ctx context.Context) error {
	me, err := e.c.WhoAmI(ctx)
	if failure.ReasonOf(err) == failure.NotFound { // before Kubernetes 1.28
		me.Username, err = "unknown to an old server", nil
	}
	if err != nil {
		return fmt.Errorf("ask who you are: %w", err)
	}
	var may, mayNot []string
	for _, access := range duties() {
		allowed, err := e.c.MayI(ctx, access)
		if err != nil {
			return fmt.Errorf("ask whether you may %s: %w", access, err)
		}
		if allowed {
			may = append(may, access.String())
		} else {
			mayNot = append(mayNot, access.String())
		}
	}
	if len(may) == 0 {
		may = []string{"nothing of an operator's work"}
	}
	text := fmt.Sprintf("you are %s, in groups %s; you may %s", me.Username, strings.Join(me.Groups, ","), strings.Join(may, ", "))
	if len(mayNot) > 0 {
		text += "; you may not " + strings.Join(mayNot, ", nor ")
	}
	e.report("identity", Info, "", "%s", text)
	return nil
}

// duties are what an operator of bootstrap tokens does.
func duties() []kube.Access {
	secrets := func(verb string) kube.Access {
		return kube.Access{Verb: verb, Resource: "secrets", Namespace: "kube-system"}
	}
	return []kube.Access{secrets("create"), secrets("list"), secrets("delete")}
}

// kind compares the control plane to the joiner.
func (e *examination) kind(ctx context.Context) (err error) {
	if e.karmada, err = e.c.Serves(ctx, kube.KarmadaGroup); err != nil {
		return fmt.Errorf("look for API group %s: %w", kube.KarmadaGroup, err)
	}
	switch {
	case e.joiner == join.Karmada && !e.karmada:
		e.report("kind", Warning, "is this the context of the host or of a member? For nodes, say --joiner kubeadm",
			"no API group %s: this is no Karmada control plane", kube.KarmadaGroup)
	case e.joiner == join.Kubeadm && e.karmada:
		e.report("kind", Warning, "members join with karmadactl register: leave --joiner out",
			"it has API group %s: this is a Karmada control plane, which no node joins", kube.KarmadaGroup)
	}
	return nil
}

// grants asks what everybody who takes part in a join may do. Names of objects differ between installers, so that they
// are no more than evidence.
func (e *examination) grants(ctx context.Context) error {
	for _, grant := range Grants(e.joiner) {
		missing, err := grant.Missing(ctx, e.c)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			continue
		}
		var may []string
		for _, access := range missing {
			may = append(may, access.String())
		}
		remedy := "joinctl setup allows it"
		if e.joiner == join.Kubeadm {
			remedy = "kubeadm init phase bootstrap-token and phase upload-config allow it"
		}
		e.report(grant.Name, grant.Lack, remedy, "%s may not %s, so this fails: %s%s",
			grant.Called, some(may), grant.Purpose, e.objects(ctx, grant))
	}
	if e.joiner == join.Kubeadm {
		return nil
	}
	all, err := e.c.Allowed(ctx, kube.Subject{User: generator, Groups: []string{agents}}, kube.Access{Verb: "*", Group: "*", Resource: "*"})
	if err == nil && all {
		e.report("agent-rbac-power", Info, "joinctl setup gives it less where it is not there yet; keep tokens short-lived",
			"user %s may do everything, and whoever holds a token of the joiners' group becomes it where requests are approved automatically", generator)
	}
	return err
}

// objects tells which of a grant's usual objects are not there.
func (e *examination) objects(ctx context.Context, grant Grant) string {
	if e.joiner != join.Karmada {
		return ""
	}
	var absent []string
	for _, object := range grant.Objects {
		if err := e.c.Read(ctx, object); failure.ReasonOf(err) == failure.NotFound {
			absent = append(absent, Describe(object))
		}
	}
	if len(absent) == 0 {
		return ""
	}
	return "; there is no " + strings.Join(absent, ", no ")
}

// clock compares this machine's clock to the server's.
func (e *examination) clock(context.Context) error {
	if skew := e.c.Skew(); skew != 0 {
		e.report("clock", Warning, "correct the clock that is wrong: tokens and certificates seem expired, or not valid yet, where it is",
			"this machine's clock is %s off the server's", skew.Round(time.Second))
	}
	return nil
}
