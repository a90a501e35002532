// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

func newSetup(env *Env, s *session.Session) *cobra.Command {
	var (
		setup  = action.Setup{Session: s}
		yes    bool
		format output.Format
	)
	cmd := &cobra.Command{
		Use:        "setup",
		SuggestFor: []string{"init", "install"},
		Short:      "Set up a Karmada control plane for joins with bootstrap tokens",
		Long: `Set up a Karmada control plane for joins with bootstrap tokens: publish cluster-info with an address and the kubeconfig's
CA, and grant the rights that karmadactl register needs. Rights that exist already, through whatever role, stay as they are;
the others are granted under the names that Karmada's installers use. joinctl shows its plan and asks before it changes
anything. A dry run on the server comes first; if a change fails, the earlier ones are rolled back.

A join also needs parts that setup cannot start: the bootstrap signer and the token cleaner of kube-controller-manager, the
approver of karmada-controller-manager, and anonymous and bootstrap token authentication of kube-apiserver. joinctl doctor
shows whether they work.`,
		Example: `  joinctl setup --endpoint karmada.example.org:5443
  joinctl setup --context hub --endpoint karmada.example.org:5443 --yes
  joinctl setup --endpoint karmada.example.org:5443 --dry-run=client -o yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if setup.DryRun == action.Client && format.Structured() {
				return printManifests(env, &format, &setup)
			}
			shown := false
			setup.Confirm = func(plans []action.SetupPlan) bool {
				showPlans(s, plans)
				shown = true
				return yes || s.Terminal.Confirm("make these changes?")
			}
			result, err := setup.Run(cmd.Context())
			if err != nil {
				return err
			}
			if !shown { // a dry run, or there are no changes
				showPlans(s, result.Plans)
			}
			return finish(printChanges(env, s, &format, setup.DryRun, result), result.Findings, result.Failures)
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	flags.TextVar(&setup.Endpoint, "endpoint", join.Endpoint{}, "address `HOST:PORT` of the control plane for joiners (default: the one in cluster-info, else the kubeconfig's server)")
	flags.BoolVar(&setup.Force, "force", false, "overwrite an existing cluster-info that differs")
	flags.BoolVarP(&yes, "yes", "y", false, "do not ask before the changes")
	addDryRun(cmd, &setup.DryRun)
	return cmd
}

// showPlans shows the changes on each target, each danger once.
func showPlans(s *session.Session, plans []action.SetupPlan) {
	for _, plan := range plans {
		target := session.Describe(plan.Target)
		if len(plan.Changes) == 0 {
			s.Terminal.Info("%s: nothing to do, joiners have all rights that they need", target)
		}
		warned := map[string]bool{"": true}
		for _, change := range plan.Changes {
			verb := "create"
			if change.Exists() {
				verb = "change"
			}
			s.Terminal.Info("%s: to %s: %s: %s", target, verb, controlplane.Describe(change.Object), change.Purpose)
			if !warned[change.Power] {
				warned[change.Power] = true
				s.Terminal.Warn("THIS IS VERY POWERFUL: %s", change.Power)
			}
		}
		if plan.EndpointWarning != "" {
			s.Terminal.Warn("%s: %s", target, plan.EndpointWarning)
		}
	}
}

// A changeItem is an object that setup created or changed, or would in a dry run, in a document.
type changeItem struct {
	Context   string `json:"context"`             // context of the kubeconfig
	Kind      string `json:"kind"`                // of the object
	Namespace string `json:"namespace,omitempty"` // of the object; absent: it has none
	Name      string `json:"name"`                // of the object
	Status    string `json:"status"`              // created or configured, or what a dry run would do
	Purpose   string `json:"purpose"`             // what a join needs it for
}

func (i changeItem) place() place {
	return place{context: i.Context, name: strings.ToLower(i.Kind) + "/" + i.Name}
}

// printChanges prints a line for each object by default, as kubectl apply does.
func printChanges(env *Env, s *session.Session, format *output.Format, dryRun action.DryRun, result *action.SetupResult) error {
	list := output.List[changeItem]{Kind: "SetupChangeList", Failures: failureItems(s, result.Failures)}
	for _, plan := range result.Plans {
		for _, change := range plan.Changes {
			status := "created"
			if change.Exists() {
				status = "configured"
			}
			list.Items = append(list.Items, changeItem{
				Context: plan.Target.Context, Kind: kube.Kind(change.Object),
				Namespace: change.Object.GetNamespace(), Name: change.Object.GetName(),
				Status: status + dryRun.Suffix(), Purpose: change.Purpose,
			})
		}
		if dryRun == action.None && len(plan.Changes) > 0 {
			s.Terminal.Info("%s: set up; the bootstrap signer, the token cleaner and Karmada's approver cannot be started from here: joinctl doctor%s shows whether they work",
				session.Describe(plan.Target), s.Arguments(plan.Target))
		}
	}
	view := withPlace(s, changeView(), changeItem.place)
	return printLines(env, s, format, list, view, func(i changeItem) string { return view.Name(i) + " " + i.Status })
}

func changeView() output.View[changeItem] {
	return output.View[changeItem]{
		Name: func(i changeItem) string { return i.place().name },
		Columns: []output.Column[changeItem]{
			{Title: "Kind", Cell: func(i changeItem) string { return i.Kind }},
			{Title: "Namespace", Cell: func(i changeItem) string { return cmp.Or(i.Namespace, none) }},
			{Title: "Name", Cell: func(i changeItem) string { return i.Name }},
			{Title: "Status", Cell: func(i changeItem) string { return i.Status }},
			{Title: "Purpose", Wide: true, Cell: func(i changeItem) string { return i.Purpose }},
		},
	}
}

// printManifests prints all objects of a joinable control plane as a v1 List, for kubectl apply.
func printManifests(env *Env, format *output.Format, setup *action.Setup) error {
	objects, err := setup.Manifests()
	if err != nil {
		return err
	}
	all := &unstructured.UnstructuredList{}
	all.SetGroupVersionKind(metav1.SchemeGroupVersion.WithKind("List"))
	all.SetAPIVersion("v1")
	for _, object := range objects {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			return fmt.Errorf("convert %s: %w", controlplane.Describe(object), err)
		}
		all.Items = append(all.Items, unstructured.Unstructured{Object: content})
	}
	return output.Object(env.Out, format, all)
}
