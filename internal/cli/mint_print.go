// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// print writes the credentials: by default nothing but the token or the command, with its context or its cluster where
// there could be several and it does not say so itself. Where they are in files it writes the names of those.
func (m *mint) print(format *output.Format, made output.List[tokenItem], commands bool) error {
	view := located(m.conn, mintView(commands), tokenItem.at)
	if m.to.many() {
		view.Columns = slices.Insert(view.Columns, 0, forColumn())
	}
	switch {
	case !format.IsDefault():
		return output.Print(m.env.Out, format, made, view)
	case (m.conn.many() || m.to.many() && !commands && m.dir == "") && m.dry == dryRunNone:
		view.Columns = view.Columns[:2]
		return output.Print(m.env.Out, format, made, view)
	}
	var out strings.Builder
	for _, item := range made.Items {
		if m.dry == dryRunNone {
			out.WriteString(first(item.File, item.Command, item.Token) + "\n")
		}
	}
	_, err := m.env.Out.Write([]byte(out.String()))
	return err
}

// mintView is how new tokens look in a table: the credential, and what is worth knowing about it.
func mintView(commands bool) output.View[tokenItem] {
	view := tokenView()
	credential := output.Column[tokenItem]{Title: "Token", Cell: func(i tokenItem) string { return first(i.Token, i.ID) }}
	if commands {
		credential = output.Column[tokenItem]{Title: "Command", Cell: func(i tokenItem) string { return first(i.Command, i.ID) }}
	}
	view.Columns = append([]output.Column[tokenItem]{credential}, view.Columns[1:6]...)
	return view
}

// shortfall returns what counts failures: many are told by their reasons.
func (m *mint) shortfall() *shortfall {
	if m.to.many() {
		return &shortfall{conn: m.conn}
	}
	return m.conn.shortfall()
}

// plan shows what would be created: for people on stderr, or as the manifest of the Secret, of a list of them for many
// clusters. It asks no server, so the expiry counts from this machine's clock.
func (m *mint) plan(format *output.Format) error {
	names, err := m.to.orNobody(m.env)
	if err != nil {
		return err
	}
	spec := m.spec
	if m.ttl > 0 {
		spec.Expires = m.env.Now().Add(m.ttl).UTC().Truncate(time.Second)
	}
	if format.Structured() {
		return m.manifest(format, names, spec)
	}
	targets, err := m.conn.targets()
	if err != nil {
		return err
	}
	id, description := first(m.given.ID, "with a random ID"), spec.Description
	if m.to.any() {
		description = first(description, "for NAME")
	}
	for _, target := range targets {
		if m.to.any() {
			m.env.say("would create %s in %s, one for each of %s; each %s", counted(len(names), "token"), described(target), strings.Join(briefly(names), ", "), m.expiry(spec))
		} else {
			m.env.say("would create token %s in %s; it %s", id, described(target), m.expiry(spec))
		}
		m.env.say("would give it usages %s, groups %s, description %q", list(spec.Usages), list(spec.Groups), description)
		if m.offer.prints() {
			m.env.say("would check cluster-info at %s first, and print a command for %s", first(m.offer.endpoint.HostPort(), "the context's server"), m.offer.joiner)
		}
	}
	m.env.say("nothing was created (client dry run); -o yaml prints the Secret")
	m.warnForever(id, spec)
	return nil
}

// manifest prints the Secrets for GitOps.
func (m *mint) manifest(format *output.Format, names []string, spec token.Spec) error {
	list := &corev1.List{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "List"}}
	taken := map[string]bool{"": true}
	for _, name := range names {
		tok := m.given
		for taken[tok.ID] {
			var err error
			if tok, err = token.Generate(m.env.Rand); err != nil {
				return err
			}
		}
		taken[tok.ID] = true
		m.warnForever(tok.ID, spec)
		list.Items = append(list.Items, runtime.RawExtension{Object: token.Encode(tok, addressed(spec, name))})
	}
	if !m.to.many() {
		return output.Object(m.env.Out, format, list.Items[0].Object)
	}
	return output.Object(m.env.Out, format, list)
}
