// SPDX-License-Identifier: Apache-2.0

package token

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	bootstraputil "k8s.io/cluster-bootstrap/token/util"
)

// AuditedUses are the requests that were made with one bootstrap token, by audit logs. A request counts when it is answered.
type AuditedUses struct {
	ID          string
	Count       int
	Refused     int       // of these: answered with an error, such as Forbidden
	First, Last time.Time // when a request reached the server

	From                Tally // addresses of the connections
	ForwardedFor        Tally // addresses in the headers X-Forwarded-For and X-Real-Ip: a client can claim any
	UserAgents          Tally // a client can claim any
	Requests            Tally // verb and resource, or verb and path
	CertificateRequests Tally // names of the CertificateSigningRequests that were created; "" for a name that is not recorded
}

// A Tally counts how often texts occur: up to 50 different ones, and all others together.
type Tally struct {
	Others int
	counts map[string]int
}

// A Counted is a text, and how often it occurs.
type Counted struct {
	Text  string
	Count int
}

// add counts a text once. It cuts a long one, since clients choose some.
func (t *Tally) add(text string) {
	const different, longest = 50, 253 // 253: the name of an object
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	if t.counts[text] == 0 && len(t.counts) == different {
		t.Others++
		return
	}
	t.counts[text]++
}

// Sorted returns the texts, the most frequent first.
func (t *Tally) Sorted() []Counted {
	out := make([]Counted, 0, len(t.counts))
	for _, text := range slices.Sorted(maps.Keys(t.counts)) {
		out = append(out, Counted{text, t.counts[text]})
	}
	slices.SortStableFunc(out, func(a, b Counted) int { return cmp.Compare(b.Count, a.Count) })
	return out
}

// Uses returns the uses of each token that was used, the last used first.
func (l *AuditLog) Uses() []AuditedUses {
	out := make([]AuditedUses, 0, len(l.uses))
	for _, uses := range l.uses {
		out = append(out, *uses)
	}
	slices.SortFunc(out, func(a, b AuditedUses) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.ID, b.ID)) })
	return out
}

// count adds one event, if it is the end of a request that was made with a token. A request has an event at each of its
// stages; an administrator who impersonates the user of a token is another user.
func (l *AuditLog) count(event auditEvent) {
	id, ok := strings.CutPrefix(event.User.Username, bootstrapapi.BootstrapUserPrefix)
	ended := event.Stage == "ResponseComplete" || event.Stage == "Panic"
	if !ok || !ended || !bootstraputil.IsValidBootstrapTokenID(id) || len(l.IDs) > 0 && !slices.Contains(l.IDs, id) {
		return
	}
	if l.uses == nil {
		l.uses = map[string]*AuditedUses{}
	}
	uses := l.uses[id]
	if uses == nil {
		uses = &AuditedUses{ID: id, First: event.RequestReceived}
		l.uses[id] = uses
	}
	uses.add(event)
}

func (u *AuditedUses) add(event auditEvent) {
	u.Count++
	if event.RequestReceived.Before(u.First) {
		u.First = event.RequestReceived
	}
	if event.RequestReceived.After(u.Last) {
		u.Last = event.RequestReceived
	}
	if event.ResponseStatus.Code >= http.StatusBadRequest || event.Stage == "Panic" {
		u.Refused++
	}
	if last := len(event.SourceIPs) - 1; last >= 0 {
		u.From.add(event.SourceIPs[last])
		for _, claimed := range event.SourceIPs[:last] {
			u.ForwardedFor.add(claimed)
		}
	}
	if event.UserAgent != "" {
		u.UserAgents.add(event.UserAgent)
	}
	u.Requests.add(event.Verb + " " + event.object())
	if event.createsCertificateRequest() {
		u.CertificateRequests.add(cmp.Or(event.ObjectRef.Name, event.ResponseObject.Metadata.Name))
	}
}

// object returns the resource of a request, or its path.
func (e *auditEvent) object() string {
	path, _, _ := strings.Cut(e.RequestURI, "?")
	resource := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		resource += "/" + e.ObjectRef.Subresource
	}
	return cmp.Or(resource, path)
}

func (e *auditEvent) createsCertificateRequest() bool {
	return e.Verb == "create" && e.object() == "certificatesigningrequests" && e.ResponseStatus.Code == http.StatusCreated
}
