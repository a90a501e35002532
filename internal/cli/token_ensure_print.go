// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/session"
)

// ensureTokens ensures tokens, prints them, and reports them.
func ensureTokens(ctx context.Context, env *Env, s *session.Session, format *output.Format, ensure *action.TokenEnsure, manyClusters bool) error {
	if ensure.DryRun == action.None && ensure.OutDir == "" && !ensure.Publish.Any() {
		if err := env.checkStdout(); err != nil {
			return err
		}
	}
	ensure.Deliver = func(ensured *action.CreatedTokens) error {
		list := output.List[tokenItem]{Kind: "TokenList", Failures: failureItems(s, ensured.Failures)}
		for _, one := range ensured.Tokens {
			list.Items = append(list.Items, ensuredItem(one, ensure))
		}
		return printEnsured(env, format, list, manyClusters, ensure.DryRun != action.None)
	}
	ensured, err := ensure.Run(ctx)
	if ensured == nil {
		return err
	}
	if err == nil {
		reportEnsured(s, ensure, ensured)
		return finish(nil, ensured.Findings, ensured.Failures)
	}
	return finish(err, nil, ensured.Failures)
}

// ensuredItem returns a token that is handed out. One that is published is not shown, and neither is one that a dry run does
// not create.
func ensuredItem(one action.CreatedToken, ensure *action.TokenEnsure) tokenItem {
	hidden := one.Published != nil || ensure.DryRun != action.None
	item := createdItem(one, hidden)
	created := !one.Existed
	item.Created, item.Published = &created, newPublishedChange(one.Published)
	if !hidden {
		switch ensure.As {
		case action.AsToken, action.AsCommand:
		default:
			item.Content, item.Command = string(one.Content), ""
		}
	}
	return item
}

// printEnsured prints the credentials by default and nothing else, but for the clusters where there can be several. It
// prints the places of those that are published, and nothing by default in a dry run.
func printEnsured(env *Env, format *output.Format, list output.List[tokenItem], manyClusters, dryRun bool) error {
	value := output.Column[tokenItem]{Title: "Value", Cell: ensuredText}
	view := createdView(forColumn(), value)
	isDocument := func(i tokenItem) bool { return i.Content != "" }
	switch {
	case !format.IsDefault():
		return output.Print(env.Out, format, list, view)
	case dryRun:
		return nil
	case manyClusters && !slices.ContainsFunc(list.Items, isDocument):
		view.Columns = view.Columns[:2]
		return output.Print(env.Out, format, list, view)
	}
	var out strings.Builder
	for i, item := range list.Items {
		text := ensuredText(item)
		if item.Content != "" && i > 0 {
			out.WriteString("---\n")
		}
		out.WriteString(strings.TrimSuffix(text, "\n") + "\n")
	}
	_, err := io.WriteString(env.Out, out.String())
	return err
}

// ensuredText returns what is handed out: the place where it is published, the document, the command or the token.
func ensuredText(item tokenItem) string {
	if item.Published != nil {
		return item.Published.place()
	}
	return cmp.Or(item.Content, item.Command, item.Token, item.ID)
}

// reportEnsured tells people on stderr what token ensure did, one line for a token and one for its place, or sums of many.
func reportEnsured(s *session.Session, ensure *action.TokenEnsure, ensured *action.CreatedTokens) {
	report := newTokenReport(s, &ensure.TokenCreate, ensured)
	if len(ensured.Tokens) == 1 {
		reportEnsuredOne(report, ensured.Tokens[0])
		return
	}
	changes := map[publish.Change]int{}
	for _, one := range ensured.Tokens {
		if one.Published != nil {
			changes[one.Published.Change]++
		}
	}
	suffix := ensure.DryRun.Suffix()
	if len(ensured.Tokens) > 0 {
		s.Terminal.Info("%s created, %s kept%s", failure.Count(len(report.new), "token"), failure.Count(len(report.skipped), "token"), suffix)
		report.reportJoiners(true)
	}
	for _, change := range []publish.Change{publish.Created, publish.Updated, publish.Unchanged} {
		if changes[change] > 0 {
			s.Terminal.Info("%s %s%s", failure.Count(changes[change], "file"), change, suffix)
		}
	}
}

func reportEnsuredOne(r *tokenReport, one action.CreatedToken) {
	suffix := r.create.DryRun.Suffix()
	switch {
	case !one.Existed && r.create.DryRun != action.None:
		r.Info("would create a token for cluster %s in %s; it %s%s", one.Spec.For, location(one), expiry(one.Spec, one.Now), suffix)
	case !one.Existed:
		r.Info("created token %s for cluster %s in %s; it %s", one.Token.ID, one.Spec.For, location(one), expiry(one.Spec, one.Now))
		r.reportJoiners(false)
	case one.Spec.Expires.IsZero():
		r.Warn("token %s for cluster %s in %s never expires: delete it, and the next run creates one that does", one.Token.ID, one.Spec.For, location(one))
	default:
		r.Info("token %s for cluster %s in %s is valid for %s more", one.Token.ID, one.Spec.For, location(one), failure.Duration(one.Spec.Expires.Sub(one.Now)))
	}
	if published := one.Published; published != nil {
		keys := ""
		if len(published.Keys) > 0 {
			keys = ", keys " + commaList(published.Keys)
		}
		r.Info("%s: %s%s%s", published.Where, published.Change, keys, suffix)
	}
}
