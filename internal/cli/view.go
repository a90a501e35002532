// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// A tokenItem is a bootstrap token in a document. Fields that say nothing are left out.
type tokenItem struct {
	Context      string   `json:"context"`
	ID           string   `json:"id,omitempty"`
	Name         string   `json:"name"` // of the Secret
	Token        string   `json:"token,omitempty"`
	Expires      string   `json:"expires,omitempty"`    // RFC 3339, UTC; absent: never
	TTLSeconds   *int64   `json:"ttlSeconds,omitempty"` // what is left, by the server's clock; negative when over
	Usages       []string `json:"usages,omitempty"`
	Groups       []string `json:"groups,omitempty"`
	Description  string   `json:"description,omitempty"`
	For          string   `json:"for,omitempty"` // the cluster that is to join with it
	Status       string   `json:"status,omitempty"`
	Reason       string   `json:"reason,omitempty"`
	Endpoint     string   `json:"endpoint,omitempty"`
	CACertHashes []string `json:"caCertHashes,omitempty"`
	Command      string   `json:"command,omitempty"`
	File         string   `json:"file,omitempty"` // that has the token, or the command, in place of this document

	Age       string `json:"-"`
	BadExpiry bool   `json:"-"` // there is one, and the server cannot read it
}

// describe fills in what a Spec says, given the server's time.
func (i *tokenItem) describe(spec token.Spec, now time.Time) {
	i.Usages, i.Groups, i.Description, i.For = spec.Usages, spec.Groups, spec.Description, spec.For
	if !spec.Expires.IsZero() {
		left := int64(spec.Expires.Sub(now) / time.Second)
		i.Expires, i.TTLSeconds = spec.Expires.UTC().Format(time.RFC3339), &left
	}
}

// join fills in what a join command says.
func (i *tokenItem) join(c join.Command) {
	i.Endpoint, i.Command = c.Endpoint.HostPort(), c.Line()
	for _, pin := range c.Pins {
		i.CACertHashes = append(i.CACertHashes, string(pin))
	}
}

// tokenView is how tokens look: the peers' six columns and what the server will do with each.
func tokenView() output.View[tokenItem] {
	return output.View[tokenItem]{
		Name: func(i tokenItem) string { return "secret/" + i.Name },
		Columns: []output.Column[tokenItem]{
			{Title: "Token", Cell: func(i tokenItem) string { return first(i.Token, i.ID, i.Name) }},
			{Title: "TTL", Cell: ttlCell},
			{Title: "Expires", Cell: expiresCell},
			{Title: "Usages", Cell: func(i tokenItem) string { return list(i.Usages) }},
			{Title: "Description", Cell: func(i tokenItem) string { return first(i.Description, "<none>") }},
			{Title: "Extra Groups", Cell: func(i tokenItem) string { return list(i.Groups) }},
			{Title: "Status", Cell: func(i tokenItem) string {
				return token.Health{Status: token.Status(i.Status), Reason: i.Reason}.String()
			}},
			{Title: "For", Wide: true, Cell: forColumn().Cell},
			{Title: "Age", Wide: true, Cell: func(i tokenItem) string { return first(i.Age, "<unknown>") }},
			{Title: "Secret", Wide: true, Cell: func(i tokenItem) string { return i.Name }},
		},
	}
}

// forColumn shows which cluster a token is for.
func forColumn() output.Column[tokenItem] {
	return output.Column[tokenItem]{Title: "For", Cell: func(i tokenItem) string { return first(i.For, "<none>") }}
}

func ttlCell(i tokenItem) string {
	switch {
	case i.BadExpiry:
		return "<invalid>"
	case i.TTLSeconds == nil:
		return "<forever>"
	case *i.TTLSeconds <= 0:
		return "<expired>"
	}
	return brief(time.Duration(*i.TTLSeconds) * time.Second)
}

func expiresCell(i tokenItem) string {
	if i.BadExpiry {
		return "<invalid>"
	}
	return first(i.Expires, "<never>")
}

// brief shows a duration by its two largest units, so that 23h59m is not 23h; up to two days in hours.
func brief(d time.Duration) string {
	const day = 24 * time.Hour
	units := []struct {
		name string
		size time.Duration
	}{{"y", 365 * day}, {"d", day}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	for i, unit := range units {
		if d < unit.size || unit.size == day && d < 2*day {
			continue
		}
		out := fmt.Sprintf("%d%s", d/unit.size, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				out += fmt.Sprintf("%d%s", rest, units[i+1].name)
			}
		}
		return out
	}
	return "0s"
}

// counted says how many there are of a thing.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func list(items []string) string { return first(strings.Join(items, ","), "<none>") }

// first returns the first of its arguments that is not empty.
func first(options ...string) string {
	for _, option := range options {
		if option != "" {
			return option
		}
	}
	return ""
}
