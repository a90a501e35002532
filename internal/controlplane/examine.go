// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"fmt"
	"strings"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// bootstrapAuth is the check that needs a probe.
const bootstrapAuth = "bootstrap-auth"

// probeTells is the fix for a check that needs a probe.
const probeTells = "--probe tells"

// forbiddenFix is the fix for a check that this client may not do.
const forbiddenFix = "get this right, or use another identity: this was not judged"

// aggregatedFix is the fix for an aggregated API server that does not answer.
const aggregatedFix = "start karmada-aggregated-apiserver, and make its Service in the host cluster reach it: " +
	"kubectl get apiservices shows what the control plane sees, and the logs of its Pods the rest"

// An examination is one run of Examine.
type examination struct {
	c         *kube.Client
	joiner    join.Description
	info      *discovery.ClusterInfo // nil: a joiner cannot use it
	invalidCA bool                   // no CA in info is valid now
	approval  *Grant                 // by which requests are approved, if its rights were checked and none is missing
	tokensFor map[string][]string    // the valid tokens, by the cluster that they are for
	findings  []Finding
}

// Examine checks whether clusters can join a control plane, and reports everything else that is wrong with it. It changes
// nothing. A check that this client may not do is a finding; it returns an error if a request fails for another reason.
// Without a joiner it examines only what every control plane has.
func Examine(ctx context.Context, c *kube.Client, joiner join.Joiner) ([]Finding, error) {
	e := &examination{c: c, joiner: joiner.Description(), tokensFor: map[string][]string{}}
	if joiner == "" {
		e.reportNoJoiner()
	}
	for _, check := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"identity", e.identity},
		{"kind", e.kind},
		{"cluster-info", e.clusterInfo},
		{"anonymous-auth", e.anonymous},
		{"cluster-info-server", e.server},
		{"access", e.grants},
		{"tokens", e.tokens},
		{"token-joined", e.joined},
		{"certificate-requests", e.certificates},
		{"groups", e.groups},
		{"clock", e.clock},
	} {
		if joiner == "" && !needsNoJoiner(check.name) {
			continue
		}
		if err := check.run(ctx); err != nil {
			if failure.ReasonOf(err) != failure.Forbidden {
				return e.findings, err
			}
			e.report(check.name, Warning, forbiddenFix, "%v", err)
		}
	}
	return e.findings, nil
}

// Unprobed returns the finding for a check without a probe.
func Unprobed() Finding {
	return Finding{
		Check: bootstrapAuth, Severity: Info, Fix: probeTells,
		Evidence: "unknown: whether kube-apiserver accepts bootstrap tokens shows only when one is used",
	}
}

// report adds a finding; evidence is a format string.
func (e *examination) report(check string, severity Severity, fix, evidence string, args ...any) {
	e.findings = append(e.findings, Finding{Check: check, Severity: severity, Evidence: fmt.Sprintf(evidence, args...), Fix: fix})
}

// identity reports the user, and which rights of an operator it has.
func (e *examination) identity(ctx context.Context) error {
	me, err := e.c.WhoAmI(ctx)
	if failure.ReasonOf(err) == failure.NotFound { // before Kubernetes 1.28
		me.Username, err = "unknown to an old server", nil
	}
	if err != nil {
		return fmt.Errorf("ask who you are: %w", err)
	}
	var may, mayNot []string
	for _, access := range requiredRights() {
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
		may = []string{"none of the things that an operator needs"}
	}
	text := fmt.Sprintf("you are %s, in groups %s; you may %s", me.Username, strings.Join(me.Groups, ","), strings.Join(may, ", "))
	if len(mayNot) > 0 {
		text += "; you may not " + strings.Join(mayNot, ", nor ")
	}
	e.report("identity", Info, "", "%s", text)
	return nil
}

// requiredRights are the rights that an operator of bootstrap tokens needs.
func requiredRights() []kube.Access {
	secrets := func(verb string) kube.Access {
		return kube.Access{Verb: verb, Resource: "secrets", Namespace: "kube-system"}
	}
	return []kube.Access{secrets("create"), secrets("list"), secrets("delete")}
}

// kind checks that the control plane is one for the joiner.
func (e *examination) kind(ctx context.Context) error {
	group := e.joiner.APIGroup
	served, err := e.c.Serves(ctx, group.GroupVersion())
	switch {
	case kube.IsAggregatedDown(err) && group.Served:
		e.report("aggregated-api", Error, aggregatedFix, "no cluster can join, and no member is reached: %v", err)
	case err != nil && !kube.IsAggregatedDown(err):
		return fmt.Errorf("look for API group %s: %w", group.Name, err)
	}
	if mismatch := group.Check(served); mismatch != "" {
		e.report("kind", Warning, group.Fix, "%s", mismatch)
	} else {
		e.report("kind", Info, "", "judged for %s; --joiner names another program", e.joiner.Program())
	}
	return nil
}

// grants checks the rights of everybody who takes part in a join. The names of objects differ between installers, so they
// are only evidence.
func (e *examination) grants(ctx context.Context) error {
	grants := Grants(e.joiner.Joiner)
	for _, grant := range grants {
		missing, err := grant.Missing(ctx, e.c)
		if err != nil {
			return err
		}
		if len(missing) == 0 {
			if grant.Name == join.GrantCSRApproval {
				e.approval = &grant
			}
			continue
		}
		e.report(grant.Name, grant.severity(), e.joiner.SetUp.Rights, "%s%s", grant.lacks(missing), e.missingObjects(ctx, grant))
	}
	return e.powers(ctx, grants)
}

// powers reports holders of dangerous rights who have all other rights too.
func (e *examination) powers(ctx context.Context, grants []Grant) error {
	for _, grant := range grants {
		if grant.Power == "" {
			continue
		}
		all, err := e.c.Allowed(ctx, grant.subject(), everything())
		if err != nil {
			return err
		}
		if all {
			e.report(grant.Name+"-power", Info, e.joiner.SetUp.Command+" grants fewer rights if it creates the role; keep tokens short-lived",
				"%s may do everything, and whoever holds a token of the joiners' group becomes it where requests are approved automatically", grant)
		}
	}
	return nil
}

// missingObjects names the objects of a grant that do not exist.
func (e *examination) missingObjects(ctx context.Context, grant Grant) string {
	var missing []string
	for _, object := range grant.Objects {
		if err := e.c.Read(ctx, object); failure.ReasonOf(err) == failure.NotFound {
			missing = append(missing, Describe(object))
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return "; there is no " + strings.Join(missing, ", no ")
}

// clock compares this machine's clock with the server's.
func (e *examination) clock(context.Context) error {
	if skew := e.c.Skew(); skew != 0 {
		e.report("clock", Warning, "correct the wrong clock: it makes tokens and certificates seem expired, or not valid yet",
			"%s", failure.Skew(skew))
	}
	return nil
}
