// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/problem"
)

func newExplain(env *Env) *cobra.Command {
	var (
		problems []problem.Problem
		format   output.Format
	)
	cmd := &cobra.Command{
		Use:   "explain [CODE | NAME]…",
		Short: "Explain the code of a problem: its cause, how to see it, and the fix",
		Long: `Explain the codes in the output of joinctl: JC1… are the steps of joinctl check, JC2… the findings of joinctl doctor, and
JC3… the reasons of failures. A NAME is that of a step, a finding or a reason. Without an argument, all codes are listed. No
server is asked, and no kubeconfig is read.`,
		Example: `  joinctl explain
  joinctl explain JC107
  joinctl explain cluster-info Forbidden
  joinctl explain JC216 -o jsonpath={.items[0].remedy}`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			problems, err = findProblems(args)
			return err
		},
		ValidArgsFunction: completeProblems,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 && format.IsDefault() {
				return printExplanations(env.Out, problems)
			}
			return output.Print(env.Out, &format, problemList(problems), problemView())
		},
	}
	addOutput(cmd, &format)
	return cmd
}

// findProblems returns the problems that codes and names mean, each once; without words, all.
func findProblems(words []string) ([]problem.Problem, error) {
	if len(words) == 0 {
		return problem.All(), nil
	}
	var found []problem.Problem
	for _, word := range words {
		named := problem.Find(word)
		if len(named) == 0 {
			return nil, unknownProblem(word)
		}
		for _, p := range named {
			if !slices.Contains(found, p) {
				found = append(found, p)
			}
		}
	}
	return found, nil
}

// unknownProblem does not show a word that may be a credential.
func unknownProblem(word string) error {
	if maybeCredential(word) {
		return errors.New("no step, finding or reason has this code or name: joinctl explain lists all")
	}
	text := fmt.Sprintf("no step, finding or reason has the code or name %q", word)
	var names []string
	for _, p := range problem.All() {
		if names = append(names, p.Code); !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	if question := didYouMean(similarNames(word, names)); question != "" {
		return fmt.Errorf("%s, %s", text, question)
	}
	return errors.New(text + ": joinctl explain lists all")
}

// completeProblems completes codes, with their titles, and names.
func completeProblems(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	var words []string
	for _, p := range problem.All() {
		for _, word := range []string{p.Code, p.Name} {
			if strings.HasPrefix(strings.ToLower(word), strings.ToLower(prefix)) {
				words = append(words, cobra.CompletionWithDesc(word, p.Title))
			}
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

// printExplanations prints problems for people.
func printExplanations(out io.Writer, problems []problem.Problem) error {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = fmt.Sprintf("%s (%s)\n%s.\n\nCause:\n%s\n\nHow to see it:\n%s\n\nFix:\n%s\n\nThis page: %s\n",
			p.Code, source(p), p.Title, indent(p.Cause), indent(p.See), indent(p.Fix), p.URL())
	}
	_, err := io.WriteString(out, strings.Join(texts, "\n"))
	return err
}

// source says what reports a problem.
func source(p problem.Problem) string {
	switch p.Kind {
	case problem.Step:
		return "step " + p.Name + " of joinctl check"
	case problem.Finding:
		return "finding " + p.Name + " of joinctl doctor"
	case problem.Reason:
	}
	return "reason " + p.Name + " of failures"
}

// indent indents every line of a text by two spaces.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.ReplaceAll(text, "\n", "\n  "), "\n  \n", "\n\n")
}

// A problemItem is a problem in a document.
type problemItem struct {
	Code  string `json:"code"`   // of the problem; it never changes
	Kind  string `json:"kind"`   // step, finding or reason
	Name  string `json:"name"`   // of the step of check, the finding of doctor, or the reason of a failure
	Title string `json:"title"`  // the problem in one line
	Cause string `json:"cause"`  // what can be behind it
	See   string `json:"see"`    // how to see it
	Fix   string `json:"remedy"` // what to do about it
	URL   string `json:"url"`    // of the page about the code
}

func problemList(problems []problem.Problem) output.List[problemItem] {
	list := output.List[problemItem]{Kind: "ProblemList"}
	for _, p := range problems {
		list.Items = append(list.Items, problemItem{p.Code, string(p.Kind), p.Name, p.Title, p.Cause, p.See, p.Fix, p.URL()})
	}
	return list
}

func problemView() output.View[problemItem] {
	return output.View[problemItem]{
		Name: func(i problemItem) string { return i.Code },
		Columns: []output.Column[problemItem]{
			{Title: "Code", Cell: func(i problemItem) string { return i.Code }},
			{Title: "Kind", Cell: func(i problemItem) string { return i.Kind }},
			{Title: "Name", Cell: func(i problemItem) string { return i.Name }},
			{Title: "Title", Cell: func(i problemItem) string { return i.Title }},
			{Title: "Page", Wide: true, Cell: func(i problemItem) string { return i.URL }},
		},
	}
}
