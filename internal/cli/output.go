// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/problem"
	"github.com/joinctl/joinctl/internal/session"
)

// addOutput gives a command -o and its companions, as kubectl has them.
func addOutput(cmd *cobra.Command, f *output.Format) {
	flags := newFlagGroup(outputGroup)
	flags.TextVarP(f, "output", "o", *f, "output `format`: "+strings.Join(f.Names(), ", "))
	flags.StringVar(&f.Template, "template", "", "template, or file with one, for -o go-template, jsonpath and their like")
	flags.BoolVar(&f.NoHeaders, "no-headers", false, "print tables without their first line")
	flags.BoolVar(&f.ShowManaged, "show-managed-fields", false, "keep managedFields of API objects that are printed")
	flags.BoolVar(&f.AllowMissingKeys, "allow-missing-template-keys", true, "print nothing for fields that a template names and the document lacks, in place of an error")
	declareChoices(flags, "output", f.Names()...)
	addFlagGroup(cmd.Flags(), flags)
	preRun(cmd, f.Check)
}

// addDryRun gives a command --dry-run; without a value it means client.
func addDryRun(cmd *cobra.Command, mode *action.DryRun) {
	cmd.Flags().TextVar(mode, "dry-run", action.None, "`mode`: none, client (show what would be done) or server (have the server check it too)")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = action.Client.String()
}

// failureItems returns failures as every document shows them.
func failureItems(s *session.Session, failures *session.Failures) []output.Failure {
	var (
		out     []output.Failure
		catalog = problem.NewCatalog()
	)
	for _, f := range failures.All() {
		reason := string(failure.ReasonOf(f.Err))
		out = append(out, output.Failure{
			Context: f.Target.Context,
			Member:  cmp.Or(f.Cluster, f.Target.Member),
			Reason:  reason,
			Code:    catalog.Code(problem.Reason, reason),
			Message: s.Terminal.Redact(f.Err.Error()),
		})
	}
	return out
}

// printLines prints a line for each item by default, as kubectl does for objects that it changes. If the items cannot be
// printed, it writes their lines to stderr: the objects are changed, and people have to know which.
func printLines[T any](env *Env, s *session.Session, format *output.Format, list output.List[T], view output.View[T], line func(T) string) error {
	err := printChanged(env, format, list, view, line)
	if err != nil {
		for _, item := range list.Items {
			s.Terminal.Info("%s", line(item))
		}
	}
	return err
}

func printChanged[T any](env *Env, format *output.Format, list output.List[T], view output.View[T], line func(T) string) error {
	if !format.IsDefault() {
		return output.Print(env.Out, format, list, view)
	}
	for _, item := range list.Items {
		if _, err := io.WriteString(env.Out, output.Plain(line(item))+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// A place is where an item of a document is, and the item's name there.
type place struct{ context, member, name string }

// withPlace makes a view show where each item is, if the options can mean many targets: CONTEXT and MEMBER come first, and
// a name is CONTEXT/NAME or CONTEXT/MEMBER/NAME.
func withPlace[T any](s *session.Session, view output.View[T], of func(T) place) output.View[T] {
	if !s.Many() {
		return view
	}
	columns := []output.Column[T]{{Title: "Context", Cell: func(item T) string { return of(item).context }}}
	if s.Members.Many() {
		columns = append(columns, output.Column[T]{Title: "Member", Cell: func(item T) string { return of(item).member }})
	}
	view.Columns = append(columns, view.Columns...)
	view.Name = func(item T) string { return qualifiedName(s, of(item)) }
	return view
}

// qualifiedName returns the name under which a command finds an item again, whatever the number of targets.
func qualifiedName(s *session.Session, at place) string {
	switch {
	case s.Members.Many():
		return at.context + "/" + at.member + "/" + at.name
	case s.Many():
		return at.context + "/" + at.name
	}
	return at.name
}

// printList prints what a command found on all targets as one document, and says so where it found nothing. findings are what it
// thinks of that.
func printList[T any](env *Env, s *session.Session, format *output.Format, kind, things string, view output.View[T], items []T, failures *session.Failures, findings ...error) error {
	switch {
	case len(items) > 0 || failures.Done == 0:
	case s.Many():
		s.Terminal.Info("no %s in %s", things, failure.Count(failures.Done, s.Noun()))
	default:
		targets, _ := s.Targets() // selected before
		s.Terminal.Info("no %s in %s", things, session.Describe(targets[0]))
	}
	list := output.List[T]{Kind: kind, Items: items, Failures: failureItems(s, failures)}
	return finish(output.Print(env.Out, format, list, view), findings, failures)
}
