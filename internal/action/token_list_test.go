// SPDX-License-Identifier: Apache-2.0

package action

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/token"
)

func TestTokensAreListedBySelector(t *testing.T) {
	t.Parallel()
	const path = "GET " + secretsPath + "?fieldSelector=type=bootstrap.kubernetes.io/token"
	for name, test := range map[string]struct {
		clusters []string
		selector string
		request  string
		ids      []string
	}{
		"all":                     {nil, "", path + "\nGET " + secretsPath + "?fieldSelector=type!=bootstrap.kubernetes.io/token", []string{"abcdef", "bbbbbb", "cccccc"}},
		"clusters":                {[]string{"m1", "m2"}, "", path + "&labelSelector=joinctl.io/for in (m1,m2)", []string{"abcdef", "bbbbbb"}},
		"labels":                  {nil, "joinctl.io/for=m1", path + "&labelSelector=joinctl.io/for=m1", []string{"abcdef"}},
		"labels, one cluster":     {[]string{"m2"}, "app.kubernetes.io/managed-by=joinctl", path + "&labelSelector=app.kubernetes.io/managed-by=joinctl,joinctl.io/for in (m2)", []string{"bbbbbb"}},
		"a cluster that has none": {[]string{"m9"}, "", path + "&labelSelector=joinctl.io/for in (m9)", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			put(t, server, joining("m1"), firstToken)
			put(t, server, joining("m2"), secondToken)
			put(t, server, joining(""), "cccccc.0123456789abcdef")
			s, _ := newSession(t, servers{"a": server})
			a := TokenList{Session: s, Clusters: test.clusters, Selector: test.selector}
			list, err := a.Run(t.Context())
			check(t, err)
			wantFailures(t, list.Failures, 1)
			var ids []string
			for _, one := range list.Shown {
				ids = append(ids, one.Token.ID)
			}
			wantRequests(t, server, strings.Split(test.request, "\n")...)
			if !slices.Equal(ids, test.ids) {
				t.Errorf("listed %q", ids)
			}
		})
	}
}

func TestAListShowsEveryTokenWithItsHealthByTheClockOfItsServer(t *testing.T) {
	t.Parallel()
	all := servers{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.Down(t)}
	all["b"].Clock(2 * time.Hour)
	soon := joining("")
	soon.Expires = time.Now().Add(time.Hour)
	put(t, all["a"], soon, firstToken)
	put(t, all["b"], soon, firstToken)
	malformed := token.Encode(parse(t, secondToken), joining(""))
	malformed.Data["token-secret"] = []byte("short")
	all["a"].Put(malformed)
	s, _ := newSession(t, all)
	a := TokenList{Session: s}
	list, err := a.Run(t.Context())
	check(t, err)
	found := list.Shown
	wantError(t, wantFailures(t, list.Failures, 2, "c")[0].Err, failure.Unreachable)
	var got []string
	for _, one := range found {
		got = append(got, one.Target.Context+" "+one.Secret.Name+" "+string(one.Health.Status))
	}
	if want := []string{"a " + firstName + " ok", "a " + secondName + " malformed", "b " + firstName + " expired"}; !slices.Equal(got, want) {
		t.Errorf("listed %q", got)
	}
	if found[0].Token.Reveal() != firstToken || !found[1].Token.IsZero() || found[1].Spec.Groups == nil || found[2].Now.Sub(found[0].Now) < time.Hour {
		t.Errorf("listed %+v", found)
	}
	s, _ = newSession(t, all, inContext("missing"))
	a.Session = s
	_, err = a.Run(t.Context())
	wantError(t, err, failure.Invalid)
}
