// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/token"
)

const otherGroup = "system:bootstrappers:others"

// putEachKind stores a token of each kind: aaaaaa is for m1 and expires in an hour, bbbbbb in ten hours, cccccc never, dddddd is
// expired, eeeeee is malformed with an expiry that the server cannot read, ffffff is of another program and never expires, gggggg
// is unusable.
func putEachKind(t *testing.T, server *apitest.Server) {
	t.Helper()
	in := func(d time.Duration, spec token.Spec) token.Spec {
		spec.Expires = time.Now().Add(d).Truncate(time.Second)
		return spec
	}
	full := func(id string) string { return strings.Repeat(id, 6) + ".0123456789abcdef" }
	put(t, server, in(time.Hour, joining("m1")), full("a"))
	put(t, server, in(10*time.Hour, token.Spec{Usages: []string{token.Authentication}, Groups: []string{otherGroup}}), full("b"))
	put(t, server, joining("m2"), full("c"))
	put(t, server, in(-time.Hour, joining("m3")), full("d"))
	malformed := token.Encode(parse(t, full("e")), joining(""))
	malformed.Data["expiration"] = []byte("soon")
	server.Put(malformed)
	foreign := token.Encode(parse(t, full("f")), token.Spec{})
	foreign.Data["usage-controller-join"] = []byte("true")
	server.Put(foreign)
	put(t, server, token.Spec{Usages: []string{token.Authentication}, Groups: []string{"system:masters"}}, full("g"))
}

// initials returns the first letters of the IDs of tokens.
func initials(tokens []ListedToken) string {
	out := ""
	for _, one := range tokens {
		out += token.Ref{Name: one.Secret.Name}.String()[:1]
	}
	return out
}

func TestAListShowsTheTokensThatMatchAllItsFilters(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PutCluster("m1", false)
	putEachKind(t, server)
	for name, test := range map[string]struct {
		filter TokenFilter
		want   string
	}{
		"none":                  {TokenFilter{}, "abcdefg"},
		"expired":               {TokenFilter{Expired: true}, "d"},
		"active":                {TokenFilter{Active: true}, "abc"},
		"never expires":         {TokenFilter{NeverExpires: true}, "cfg"},
		"soon":                  {TokenFilter{ExpiringWithin: 2 * time.Hour}, "a"},
		"soon, a longer time":   {TokenFilter{ExpiringWithin: 24 * time.Hour}, "ab"},
		"a usage":               {TokenFilter{Usages: []string{token.Signing}}, "acde"},
		"two usages":            {TokenFilter{Usages: []string{token.Signing, token.Authentication}}, "acde"},
		"a group":               {TokenFilter{Groups: []string{otherGroup}}, "b"},
		"a group that is wrong": {TokenFilter{Groups: []string{"system:masters"}}, "g"},
		"two groups":            {TokenFilter{Groups: []string{otherGroup, "system:masters"}}, ""},
		"pending":               {TokenFilter{Pending: true}, "cd"},
		"pending and active":    {TokenFilter{Pending: true, Active: true}, "c"},
		"several":               {TokenFilter{Active: true, NeverExpires: true, Usages: []string{token.Authentication}}, "c"},
	} {
		list, err := (&TokenList{Session: adminHub(t, server), Filter: test.filter}).Run(t.Context())
		check(t, err)
		if got := initials(list.Shown); got != test.want {
			t.Errorf("%s: shows %q, want %q", name, got, test.want)
		}
	}
}

// Another clock than the server's would show other tokens.
func TestFiltersGoByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Clock(9*time.Hour + 30*time.Minute)
	putEachKind(t, server)
	for want, filter := range map[string]TokenFilter{"ad": {Expired: true}, "b": {ExpiringWithin: time.Hour}} {
		s, _ := newSession(t, servers{"a": server})
		list, err := (&TokenList{Session: s, Filter: filter}).Run(t.Context())
		check(t, err)
		if got := initials(list.Shown); got != want {
			t.Errorf("shows %q, want %q", got, want)
		}
	}
}

// An empty list would mean that all clusters have joined.
func TestPendingTokensAreAFailureWhereItIsNotKnownWhichClustersHaveJoined(t *testing.T) {
	t.Parallel()
	forbidden := apitest.New(t, apitest.Karmada)
	forbidden.On(http.MethodGet, clustersPath, apitest.Refuse(adminForbidden("clusters")))
	for name, test := range map[string]struct {
		server *apitest.Server
		reason failure.Reason
	}{
		"no Karmada":               {apitest.New(t), failure.Unsupported},
		"who may not list members": {forbidden, failure.Forbidden},
	} {
		put(t, test.server, joining("m1"), firstToken)
		list, err := (&TokenList{Session: adminHub(t, test.server), Filter: TokenFilter{Pending: true}}).Run(t.Context())
		check(t, err)
		if len(list.Shown) > 0 || len(list.Failures.All()) != 1 {
			t.Errorf("%s: shows %q, %v", name, initials(list.Shown), list.Failures.Errors())
			continue
		}
		wantError(t, list.Failures.All()[0].Err, test.reason, "cannot tell which clusters are pending")
	}
}

func TestFiltersSendNoRequest(t *testing.T) {
	t.Parallel()
	plain, filtered := apitest.New(t), apitest.New(t)
	for server, list := range map[*apitest.Server]*TokenList{
		plain:    {},
		filtered: {Filter: TokenFilter{Active: true, NeverExpires: true, Usages: []string{token.Signing}}, FailOn: []TokenRule{{name: ruleExpired}}},
	} {
		putEachKind(t, server)
		list.Session, _ = newSession(t, servers{"a": server})
		_, err := list.Run(t.Context())
		check(t, err)
	}
	if !slices.Equal(plain.Requests(), filtered.Requests()) {
		t.Errorf("sent %q, and with filters %q", plain.Requests(), filtered.Requests())
	}
}
