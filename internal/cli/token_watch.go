// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"slices"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

// runWatch prints the list, and then every token that changes.
func (l *tokenListing) runWatch(ctx context.Context) error {
	view := tokenView()
	view.Columns = slices.Insert(view.Columns, 0, output.Column[tokenItem]{Title: "Event", Cell: func(i tokenItem) string { return i.Event }})
	stream := output.NewStream(l.env.Out, &l.format, withPlace(l.list.Session, view, tokenItem.place))
	watch := action.TokenWatch{List: &l.list, Report: func(changes action.TokenChanges) error { return l.printChanges(stream, changes) }}
	failures, err := watch.Run(ctx)
	return finish(err, nil, failures)
}

// printChanges prints the tokens that changed, and says which targets fail, and which answer again.
func (l *tokenListing) printChanges(stream *output.Stream[tokenItem], changes action.TokenChanges) error {
	s := l.list.Session
	for _, err := range changes.Failures.Errors() {
		s.Terminal.Warn("%v; joinctl asks again", err)
	}
	for _, target := range changes.Recovered {
		s.Terminal.Info("%s answers again", session.Describe(target))
	}
	list := output.List[tokenItem]{Kind: "TokenList", Items: l.changedItems(changes.Tokens), Failures: failureItems(s, changes.Failures)}
	if len(list.Items) == 0 && len(list.Failures) == 0 {
		return nil
	}
	if err := output.Sort(list.Items, l.sortBy); err != nil {
		return err
	}
	return stream.Print(list)
}

// changedItems returns tokens that changed, in their order: that of the targets, deleted ones first, and then as in a list.
func (l *tokenListing) changedItems(changes []action.TokenChange) []tokenItem {
	items := make([]tokenItem, len(changes))
	for i, change := range changes {
		items[i] = listedItem(change.ListedToken, l.showSecrets)
		items[i].Event = string(change.Event)
	}
	return items
}
