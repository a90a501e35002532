// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenExtend(env *Env, s *session.Session) *cobra.Command {
	var (
		extend   = action.TokenExtend{Session: s}
		file     string
		clusters []string
		format   output.Format
	)
	cmd := &cobra.Command{
		Use:        "extend REF… | -",
		SuggestFor: []string{"renew"},
		Short:      "Change when bootstrap tokens expire",
		Long: `Change when bootstrap tokens expire. --ttl counts from now by the server's clock, not from the old expiry. A REF is a token ID, a
whole token, the name of the Secret, or secret/NAME; CONTEXT/ before it names its context. --for names the token for a cluster.
All are tried, and each failure is reported.

Only the expiry in the Secret is changed. The change is refused by the server if somebody else changed the Secret at the same
time; joinctl then reads it and decides once more.

A token is never made to expire earlier without --allow-shorten. --max-age limits how old a token can become: the expiry is at
most that long after the creation of its Secret. A token that has expired is not extended, because the token cleaner may
delete it at any moment: rotate it. Neither is one that the server refuses, or that another program uses.`,
		Example: `  joinctl token extend 07401b --ttl 24h
  joinctl token extend --for member1 --ttl 24h --max-age 168h
  joinctl token extend hub-1/07401b hub-2/abcdef --expires 2027-01-02T15:04:05Z
  joinctl token extend 07401b --ttl 1h --allow-shorten --dry-run`,
		Args: func(_ *cobra.Command, args []string) (err error) {
			extend.Refs, err = parseTokenRefs(env, s, args, file, clusters, readArgs)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			extended, failures, err := extend.Run(cmd.Context())
			if err != nil {
				return err
			}
			if err = printExtended(env, s, &format, extend.DryRun, extended, failures); err == nil {
				reportExtended(s, extended)
			}
			return finish(err, nil, failures)
		},
	}
	addOutput(cmd, &format)
	addLifetime(cmd, &extend.Extension.TTL, &extend.Extension.Expires, 0)
	flags := cmd.Flags()
	flags.Lookup("ttl").DefValue = ""
	flags.TextVar((*maxAge)(&extend.Extension.MaxAge), "max-age", maxAge(0), "longest `duration` from the creation of a token to its expiry, 0 = any")
	flags.BoolVar(&extend.Extension.AllowShorten, "allow-shorten", false, "let a token expire earlier than before")
	flags.StringVar(&file, "token-file", "", "file with one REF per line, or - for standard input")
	listVar(flags, &clusters, "for", "name", "extend the token for this cluster (repeatable, or a list)", parseClusterNames)
	addDryRun(cmd, &extend.DryRun)
	preRun(cmd, func() error {
		if !flags.Changed("ttl") && !flags.Changed("expires") {
			return errors.New("say with --ttl or --expires how long the tokens are to be valid; with --ttl 0 they never expire")
		}
		if extend.Extension.NeverEnds() && extend.Extension.MaxAge > 0 {
			return errors.New("--ttl 0 is for a token that never expires, and --max-age for one that does")
		}
		return nil
	})
	return cmd
}

// A maxAge is the age that a token can have: 0 any, otherwise at least a second.
type maxAge time.Duration

// UnmarshalText parses a Go duration.
func (m *maxAge) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 || d > 0 && d < time.Second {
		return errors.New("must be a duration of at least a second, such as 168h, or 0 for any age")
	}
	*m = maxAge(d)
	return nil
}

// MarshalText returns the duration.
func (m maxAge) MarshalText() ([]byte, error) { return []byte(time.Duration(m).String()), nil }

// An extendedItem is a token with its old and its new expiry in a document.
type extendedItem struct {
	Context         string `json:"context"`                   // context of the kubeconfig
	ID              string `json:"id,omitempty"`              // token ID; absent: the name of the Secret has none
	Name            string `json:"name"`                      // of the Secret
	For             string `json:"for,omitempty"`             // the cluster that it was named by
	PreviousExpires string `json:"previousExpires,omitempty"` // when it expired before; absent: it did not
	Expires         string `json:"expires,omitempty"`         // when it expires; absent: it does not
	TTLSeconds      *int64 `json:"ttlSeconds,omitempty"`      // until then, by the server's clock
	Status          string `json:"status"`                    // extended, shortened or unchanged
}

func (i extendedItem) place() place { return place{context: i.Context, name: cmp.Or(i.ID, i.Name)} }

// extensionStatus says what became of a token.
func extensionStatus(one token.Extended) string {
	switch {
	case !one.IsChanged():
		return "unchanged"
	case one.IsShortened():
		return "shortened"
	}
	return "extended"
}

// printExtended prints a line for each token by default, as kubectl does.
func printExtended(env *Env, s *session.Session, format *output.Format, dryRun action.DryRun, extended []action.ExtendedToken, failures *session.Failures) error {
	list := output.List[extendedItem]{Kind: "TokenExtensionList", Failures: failureItems(s, failures)}
	for _, one := range extended {
		list.Items = append(list.Items, extendedItem{
			Context: one.Target.Context, ID: tokenID(one.Secret), Name: one.Secret.Name, For: one.Ref.Cluster,
			PreviousExpires: timestamp(one.Old), Expires: timestamp(one.New), TTLSeconds: secondsUntil(one.New, one.Now),
			Status: extensionStatus(one.Extended) + dryRun.Suffix(),
		})
	}
	never := func(at string) string { return cmp.Or(at, "<never>") }
	view := withPlace(s, output.View[extendedItem]{
		Name: func(i extendedItem) string { return "secret/" + i.Name },
		Columns: []output.Column[extendedItem]{
			{Title: "Token", Cell: func(i extendedItem) string { return cmp.Or(i.ID, i.Name) }},
			{Title: "Previously", Cell: func(i extendedItem) string { return never(i.PreviousExpires) }},
			{Title: "Expires", Cell: func(i extendedItem) string { return never(i.Expires) }},
			{Title: "TTL", Cell: func(i extendedItem) string { return ttlCell(i.TTLSeconds, "<forever>") }},
			{Title: "Status", Cell: func(i extendedItem) string { return i.Status }},
		},
	}, extendedItem.place)
	return printLines(env, s, format, list, view, func(i extendedItem) string {
		return fmt.Sprintf("bootstrap token %q %s: expires %s, was %s", qualifiedName(s, i.place()), i.Status, never(i.Expires), never(i.PreviousExpires))
	})
}

// reportExtended says on stderr what people have to know about tokens that were extended.
func reportExtended(s *session.Session, extended []action.ExtendedToken) {
	for _, one := range extended {
		name := "token " + tokenID(one.Secret)
		if one.Capped {
			s.Terminal.Info("%s in %s expires at %s and not later, because of --max-age", name, session.Describe(one.Target), timestamp(one.New))
		}
		if _, spec, _ := token.Decode(one.Secret); one.New.IsZero() {
			warnNeverExpires(s.Terminal, name, spec)
		}
	}
}
