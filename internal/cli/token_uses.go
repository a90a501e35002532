// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/inputfile"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/token"
)

func newTokenUses(env *Env, s *session.Session) *cobra.Command {
	var (
		uses   action.TokenUses
		file   string
		format output.Format
	)
	cmd := &cobra.Command{
		Use:   "uses --audit-log FILE [REF… | -]",
		Short: "Show who used which bootstrap token, by kube-apiserver's audit log",
		Long: `Show who used which bootstrap token: out of audit logs of kube-apiserver, and without a request to any server. Each request
that was made with a token counts: how many, the first and the last, from which address, and the certificate signing requests
that it created. A REF is a token ID, a whole token, the name of its Secret, or secret/NAME; without one, all tokens that were
used are shown.

A log has one Event of audit.k8s.io per line, and can be compressed with gzip. It is read line by line, so that it can have any
size: "zcat -f audit*.log* | joinctl token uses --audit-log -" reads all rotated ones. Lines that are no event, and a log that
ends inside a line, are reported and skipped.

An audit policy has to record the requests: see "Who used a token" in docs/operations.md. Joiners read cluster-info without a
credential, and a refused token has no user: neither is a use. FROM is the address of the connection, which can be that of a
load balancer; -o json adds the addresses and the user agents that clients claim.`,
		Example: `  joinctl token uses --audit-log /var/log/kubernetes/audit.log
  joinctl token uses --audit-log audit.log --audit-log audit-2026-11-25.log.gz 07401b
  joinctl token uses --audit-log - -o wide
  joinctl token uses --audit-log audit.log -o jsonpath='{range .items[*]}{.id} {.last}{"\n"}{end}'`,
		Annotations: map[string]string{selectsNothing: "true"},
		Args: func(_ *cobra.Command, args []string) (err error) {
			if fromStdin(args, file) && slices.Contains(uses.Logs, stdin) {
				return errors.New("standard input is read once: for an audit log, or for references")
			}
			uses.IDs, err = parseTokenIDs(env, args, file)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := uses.Run(cmd.Context())
			return finish(errors.Join(printUses(env, s, &format, found, err), err), nil, nil)
		},
	}
	addOutput(cmd, &format)
	cmd.Flags().StringArrayVar(&uses.Logs, "audit-log", nil, "file with an audit log of kube-apiserver, text or gzip, or - for standard input (repeatable)")
	cmd.Flags().StringVar(&file, "token-file", "", "file with one REF per line, or - for standard input")
	_ = cmd.MarkFlagRequired("audit-log")
	uses.Open = func(log string) (io.ReadCloser, error) {
		if log == stdin {
			return io.NopCloser(env.In), nil
		}
		return inputfile.Open(env.stop, log)
	}
	return cmd
}

// parseTokenIDs reads references to tokens, none for none. No error repeats a word.
func parseTokenIDs(env *Env, args []string, file string) ([]string, error) {
	words, err := readArgs(env, args, file)
	if err != nil {
		return nil, err
	}
	var ids []string
	for i, word := range words {
		ref, err := token.ParseRef(word)
		if err == nil && ref.ID() == "" {
			err = token.ErrBadRef
		}
		if err != nil {
			return nil, fmt.Errorf("token %d of %d: %w", i+1, len(words), err)
		}
		if !slices.Contains(ids, ref.ID()) {
			ids = append(ids, ref.ID())
		}
	}
	return ids, nil
}

// printUses prints the uses, and says what was skipped and which tokens were not used.
func printUses(env *Env, s *session.Session, format *output.Format, found action.AuditedTokens, readErr error) error {
	list := output.List[tokenUsesItem]{Kind: "TokenUsesList"}
	for _, uses := range found.Uses {
		list.Items = append(list.Items, newTokenUsesItem(uses))
	}
	err := output.Print(env.Out, format, list, tokenUsesView())
	for _, skipped := range found.Skipped {
		s.Terminal.Warn("skipped in the audit log %s: %s", inputName(skipped.Log), skippedText(skipped.Skipped))
	}
	switch {
	case readErr != nil:
	case len(found.Unused) > 0:
		s.Terminal.Info("not used, by these logs: %s", failure.Quoted(found.Unused))
	case len(list.Items) == 0:
		s.Terminal.Info("no uses of bootstrap tokens in these logs; an audit policy has to record them: see \"Who used a token\" in docs/operations.md")
	}
	return err
}

func skippedText(skipped token.Skipped) string {
	var parts []string
	if skipped.Lines > 0 {
		parts = append(parts, failure.Count(skipped.Lines, "line")+" without an event")
	}
	if skipped.Cut {
		parts = append(parts, "its end, which is cut")
	}
	return strings.Join(parts, ", and ")
}

// A tokenUsesItem has the uses of a token in a document. The lists have at most 50 entries each, the most frequent first.
type tokenUsesItem struct {
	ID                  string        `json:"id"`                            // token ID
	Name                string        `json:"name"`                          // of the Secret
	Count               int64         `json:"count"`                         // number of requests
	Refused             int64         `json:"refused"`                       // of these, answered with an error
	First               string        `json:"first,omitempty"`               // when the first one came
	Last                string        `json:"last,omitempty"`                // when the last one came
	From                []countedItem `json:"from,omitempty"`                // addresses of the connections
	ForwardedFor        []countedItem `json:"forwardedFor,omitempty"`        // claimed by clients or proxies
	UserAgents          []countedItem `json:"userAgents,omitempty"`          // claimed by clients
	Requests            []countedItem `json:"requests,omitempty"`            // verbs and resources
	CertificateRequests []countedItem `json:"certificateRequests,omitempty"` // names of the certificate signing requests that they created
}

// A countedItem is a text and how often it occurs. Others stand together in an entry without a value.
type countedItem struct {
	Value string `json:"value,omitempty"` // text; absent: this entry counts the others
	Count int64  `json:"count"`           // how often it occurs
}

func newTokenUsesItem(uses token.AuditedUses) tokenUsesItem {
	return tokenUsesItem{
		ID:                  uses.ID,
		Name:                token.RefTo(uses.ID).Name,
		Count:               int64(uses.Count),
		Refused:             int64(uses.Refused),
		First:               timestamp(uses.First),
		Last:                timestamp(uses.Last),
		From:                countedItems(uses.From),
		ForwardedFor:        countedItems(uses.ForwardedFor),
		UserAgents:          countedItems(uses.UserAgents),
		Requests:            countedItems(uses.Requests),
		CertificateRequests: countedItems(uses.CertificateRequests),
	}
}

func countedItems(tally token.Tally) []countedItem {
	var out []countedItem
	for _, one := range tally.Sorted() {
		out = append(out, countedItem{one.Text, int64(one.Count)})
	}
	if tally.Others > 0 {
		out = append(out, countedItem{Count: int64(tally.Others)})
	}
	return out
}

func tokenUsesView() output.View[tokenUsesItem] {
	return output.View[tokenUsesItem]{
		Name: func(i tokenUsesItem) string { return "secret/" + i.Name },
		Columns: []output.Column[tokenUsesItem]{
			{Title: "Token", Cell: func(i tokenUsesItem) string { return i.ID }},
			{Title: "Requests", Cell: func(i tokenUsesItem) string { return strconv.FormatInt(i.Count, 10) }},
			{Title: "First", Cell: func(i tokenUsesItem) string { return i.First }},
			{Title: "Last", Cell: func(i tokenUsesItem) string { return i.Last }},
			{Title: "From", Cell: func(i tokenUsesItem) string { return countedCell(i.From) }},
			{Title: "Certificate Requests", Cell: func(i tokenUsesItem) string { return countedCell(i.CertificateRequests) }},
			{Title: "Refused", Wide: true, Cell: func(i tokenUsesItem) string { return strconv.FormatInt(i.Refused, 10) }},
			{Title: "What", Wide: true, Cell: func(i tokenUsesItem) string { return countedCell(i.Requests) }},
			{Title: "User Agents", Wide: true, Cell: func(i tokenUsesItem) string { return countedCell(i.UserAgents) }},
		},
	}
}

// countedCell shows the three most frequent texts in a table.
func countedCell(items []countedItem) string {
	const most = 3
	var texts []string
	others := int64(0)
	for i, item := range items {
		if i < most && item.Value != "" {
			texts = append(texts, item.Value)
		} else {
			others += item.Count
		}
	}
	if others > 0 {
		texts = append(texts, fmt.Sprintf("%d more", others))
	}
	return commaList(texts)
}
