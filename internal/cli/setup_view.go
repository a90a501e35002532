// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
)

// A changeItem is one object that setup made, or would make.
type changeItem struct {
	Context   string `json:"context"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Status    string `json:"status"`
	Purpose   string `json:"purpose"`
}

// show tells the plans, and reports whether there is anything to do.
func (s *setup) show(plans []fleet.Result[planned]) bool {
	count := 0
	for _, result := range plans {
		plan := result.Value.plan
		if plan == nil || result.Err != nil {
			continue
		}
		if len(plan.Changes) == 0 {
			s.env.say("%s: nothing to do, all that joiners need is allowed", described(result.Target))
			continue
		}
		count += len(plan.Changes)
		powers := map[string]bool{}
		for _, change := range plan.Changes {
			verb := "create"
			if change.Exists() {
				verb = "change"
			}
			s.env.say("%s: to %s: %s: %s", described(result.Target), verb, controlplane.Describe(change.Object), change.Purpose)
			if change.Power != "" && !powers[change.Power] {
				powers[change.Power] = true
				s.env.warn("THIS IS VERY POWERFUL: %s", change.Power)
			}
			if c, err := s.conn.client(result.Target); err == nil && kube.Kind(change.Object) == "ConfigMap" {
				s.caveat(result.Target, c)
			}
		}
	}
	return count > 0
}

// caveat warns of an address that others are unlikely to reach.
func (s *setup) caveat(target fleet.Target, c *kube.Client) {
	endpoint, err := controlplane.EndpointOf(c, s.endpoint)
	caveat := endpoint.Caveat()
	if target.Context == kube.InCluster && s.endpoint.IsZero() {
		caveat = "the address inside this cluster"
	}
	if err == nil && caveat != "" {
		s.env.warn("%s: %s is %s; another one is named with --endpoint HOST:PORT", described(target), endpoint.HostPort(), caveat)
	}
}

// report prints what was done, and what was not.
func (s *setup) report(results []fleet.Result[planned]) error {
	missed, problems := s.conn.shortfall(), []error(nil)
	made := output.List[changeItem]{Kind: "SetupChangeList"}
	for _, result := range results {
		p := result.Value
		if result.Err != nil {
			missed.add(result.Target, result.Err)
		} else {
			missed.done++
			problems = append(problems, p.problem)
		}
		if p.plan == nil || result.Err != nil && !p.done {
			continue
		}
		for _, change := range p.plan.Changes {
			made.Items = append(made.Items, changeItem{
				Context: result.Target.Context, Kind: kube.Kind(change.Object), Namespace: change.Object.GetNamespace(), Name: change.Object.GetName(),
				Status: s.status(change), Purpose: change.Purpose,
			})
		}
		if p.done && len(p.plan.Changes) > 0 {
			s.env.say("%s: set up; the bootstrap signer, the token cleaner and Karmada's approver cannot be started from here: joinctl doctor%s tells whether they work", described(result.Target), s.conn.flags(result.Target))
		}
	}
	made.Failures = missed.document()
	return errors.Join(append(problems, s.print(made), missed.orNil())...)
}

func (s *setup) status(change controlplane.Change) string {
	status := "created"
	if change.Exists() {
		status = "configured"
	}
	return status + map[dryRun]string{dryRunClient: " (dry run)", dryRunServer: " (server dry run)"}[s.dry]
}

// print writes a line for each object by default, as kubectl apply does.
func (s *setup) print(made output.List[changeItem]) error {
	name := func(i changeItem) string { return strings.ToLower(i.Kind) + "/" + i.Name }
	view := located(s.conn, output.View[changeItem]{
		Name: name,
		Columns: []output.Column[changeItem]{
			{Title: "Kind", Cell: func(i changeItem) string { return i.Kind }},
			{Title: "Namespace", Cell: func(i changeItem) string { return first(i.Namespace, "<none>") }},
			{Title: "Name", Cell: func(i changeItem) string { return i.Name }},
			{Title: "Status", Cell: func(i changeItem) string { return i.Status }},
			{Title: "Purpose", Wide: true, Cell: func(i changeItem) string { return i.Purpose }},
		},
	}, func(i changeItem) (context, called string) { return i.Context, name(i) })
	if !s.format.IsDefault() {
		return output.Print(s.env.Out, &s.format, made, view)
	}
	for _, item := range made.Items {
		if _, err := fmt.Fprintf(s.env.Out, "%s %s\n", view.Name(item), item.Status); err != nil {
			return err
		}
	}
	return nil
}
