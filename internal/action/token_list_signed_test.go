// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

func TestClusterInfoIsReadInParallelWithTheOtherSecrets(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.PublishClusterInfo()
	put(t, server, joining(""), firstToken)
	var arrived atomic.Int32
	both := make(chan struct{})
	meet := apitest.Do(func(*http.Request) {
		if arrived.Add(1) == 2 {
			close(both)
		}
		select {
		case <-both:
		case <-t.Context().Done():
		}
	})
	server.On(http.MethodGet, secretsPath, meet.Skip(1)) // the list of the tokens comes first
	server.On(http.MethodGet, clusterInfoPath, meet)
	list, err := (&TokenList{Session: adminHub(t, server), Signatures: true}).Run(t.Context()) // it would not end, one after the other
	adminCheck(t, err)
	if len(list.Shown) != 1 {
		t.Errorf("listed %+v", list.Shown)
	}
}

func TestAMissingSignatureIsAFindingOnceTheSignerHadItsTime(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.PublishClusterInfo()
	put(t, server, joining(""), firstToken, secondToken)
	server.Sign(secondToken)
	for _, age := range []time.Duration{0, time.Minute} {
		server.Clock(age)
		list, err := (&TokenList{Session: adminHub(t, server), Signatures: true}).Run(t.Context())
		adminCheck(t, err)
		first, second := list.Shown[0].Signed, list.Shown[1].Signed
		if (first != nil) != (age > 0) || first != nil && *first || second == nil || !*second {
			t.Errorf("after %s: %v, %v", age, first, second)
		}
	}
}

func TestClusterInfoIsReadOnlyForValidTokensThatSign(t *testing.T) {
	t.Parallel()
	expired, authenticates := joining(""), joining("")
	expired.Expires = time.Now().Add(-time.Hour)
	authenticates.Usages = []string{token.Authentication}
	for name, test := range map[string]struct {
		spec  token.Spec
		asked bool
		want  bool
	}{
		"a valid token":               {joining(""), true, true},
		"a valid token, not asked":    {joining(""), false, false},
		"an expired token":            {expired, true, false},
		"a token that does not sign":  {authenticates, true, false},
		"a valid token of a cluster":  {joining("m1"), true, true},
		"a token of another selector": {joining("m2"), true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := apitest.New(t)
			put(t, server, test.spec, firstToken)
			a := TokenList{Session: adminHub(t, server), Signatures: test.asked}
			if test.spec.For != "" {
				a.Clusters = []string{"m1"}
			}
			_, err := a.Run(t.Context())
			adminCheck(t, err)
			if got := slices.Contains(server.Requests(), "GET "+clusterInfoPath); got != test.want {
				t.Errorf("requests: %s", strings.Join(server.Requests(), "\n"))
			}
		})
	}
}
