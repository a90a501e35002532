// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

// createTokens creates tokens, prints them, and reports them.
func createTokens(ctx context.Context, env *Env, s *session.Session, format *output.Format, create *action.TokenCreate, manyClusters bool) error {
	dryRun := create.DryRun != action.None
	if create.Token.IsZero() && !dryRun && create.OutDir == "" {
		if err := env.checkStdout(); err != nil {
			return err
		}
	}
	create.Deliver = func(created *action.CreatedTokens) error {
		list := output.List[tokenItem]{Kind: "TokenList", Failures: failureItems(s, created.Failures)}
		for _, one := range created.Tokens {
			if !one.Existed || one.Written {
				list.Items = append(list.Items, createdItem(one, dryRun))
			}
		}
		return printCredentials(env, s, format, list, credentialShape{
			commands: create.Join.Wanted, manyClusters: manyClusters, inFiles: create.OutDir != "", dryRun: dryRun,
		})
	}
	created, err := create.Run(ctx)
	if created == nil {
		return err
	}
	if err == nil {
		newTokenReport(s, create, created).write(manyClusters)
		if create.Once && len(created.Tokens) == 1 {
			err = deleteAfterUse(ctx, s, create, created.Tokens[0])
		}
		return finish(err, created.Findings, created.Failures)
	}
	return finish(err, nil, created.Failures)
}

// A credentialShape says what decides how new credentials are printed, besides the format.
type credentialShape struct {
	commands     bool // join commands are printed, which name their clusters themselves
	manyClusters bool
	inFiles      bool
	dryRun       bool // there are no credentials
}

// printCredentials prints tokens or join commands: by default nothing else, but for the context or the cluster where there
// can be several. Credentials that are in files are named by those.
func printCredentials(env *Env, s *session.Session, format *output.Format, list output.List[tokenItem], shape credentialShape) error {
	view := withPlace(s, credentialView(shape.commands), tokenItem.place)
	if shape.manyClusters {
		view.Columns = slices.Insert(view.Columns, 0, forColumn())
	}
	switch {
	case !format.IsDefault():
		return output.Print(env.Out, format, list, view)
	case shape.dryRun:
		return nil
	case s.Many() || shape.manyClusters && !shape.commands && !shape.inFiles:
		view.Columns = view.Columns[:2]
		return output.Print(env.Out, format, list, view)
	}
	var out strings.Builder
	for _, item := range list.Items {
		out.WriteString(cmp.Or(item.File, item.Command, item.Token) + "\n")
	}
	_, err := io.WriteString(env.Out, out.String())
	return err
}

// credentialView shows new tokens in a table: the credential, and what is worth knowing about it.
func credentialView(commands bool) output.View[tokenItem] {
	credential := output.Column[tokenItem]{Title: "Token", Cell: func(i tokenItem) string { return cmp.Or(i.Token, i.ID) }}
	if commands {
		credential = output.Column[tokenItem]{Title: "Command", Cell: func(i tokenItem) string { return cmp.Or(i.Command, i.ID) }}
	}
	return createdView(credential)
}

// planTokens shows what would be created: for people on stderr, or as the manifest of the Secret, of a v1 List for many
// clusters.
func planTokens(env *Env, s *session.Session, format *output.Format, create *action.TokenCreate, manyClusters bool) error {
	secrets, err := create.Plan()
	if err != nil {
		return err
	}
	report := newTokenReport(s, create, &action.CreatedTokens{})
	if !format.Structured() {
		return report.plan(secrets)
	}
	report.warnNotAsked()
	list := &corev1.List{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "List"}}
	for _, secret := range secrets {
		report.warnNeverExpires(tokenID(secret), create.Spec)
		list.Items = append(list.Items, runtime.RawExtension{Object: secret})
	}
	if !manyClusters {
		return output.Object(env.Out, format, secrets[0])
	}
	return output.Object(env.Out, format, list)
}
