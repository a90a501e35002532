// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"strings"
	"testing"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
)

const requestsPath = "/apis/certificates.k8s.io/v1/certificatesigningrequests"

func putRequest(server *apitest.Server, name, user string) {
	server.Put(&certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       certificatesv1.CertificateSigningRequestSpec{Username: user, SignerName: certificatesv1.KubeAPIServerClientKubeletSignerName},
	})
}

func TestAListTellsWhoUsedATokenWhereTheCallerMayKnow(t *testing.T) {
	t.Parallel()
	fill := func(server *apitest.Server) *apitest.Server {
		put(t, server, joining(""), firstToken, secondToken)
		putRequest(server, "one", "system:bootstrap:abcdef")
		putRequest(server, "two", "system:bootstrap:abcdef")
		putRequest(server, "other", "system:node:abcdef")
		return server
	}
	refused := func(refusal apitest.Fault) *apitest.Server {
		server := fill(apitest.New(t))
		server.On(http.MethodGet, requestsPath, refusal)
		return server
	}
	for name, test := range map[string]struct {
		server *apitest.Server
		known  bool
		warned string
	}{
		"a reader":                {fill(apitest.New(t)), true, ""},
		"who may not list them":   {refused(apitest.Refuse(adminForbidden("certificatesigningrequests"))), false, ""},
		"a server without answer": {refused(apitest.LoseRequest()), false, "cannot tell who used the tokens"},
	} {
		s, stderr := newSession(t, servers{"a": test.server})
		list, err := (&TokenList{Session: s, Uses: true}).Run(t.Context())
		check(t, err)
		wantFailures(t, list.Failures, 1)
		if len(list.Shown) != 2 || (list.Shown[0].Uses != nil) != test.known {
			t.Errorf("%s: shown %+v", name, list.Shown)
			continue
		}
		if (stderr.String() == "") != (test.warned == "") || !strings.Contains(stderr.String(), test.warned) {
			t.Errorf("%s: stderr %q", name, stderr)
		}
		if test.known && (list.Shown[0].Uses.Count != 2 || list.Shown[0].Uses.Pending != 2 || list.Shown[0].Uses.Last.IsZero() || list.Shown[1].Uses.Count != 0) {
			t.Errorf("%s: %+v, %+v", name, list.Shown[0].Uses, list.Shown[1].Uses)
		}
	}
}

func TestAListAsksForUsesOnlyIfItShowsThemAndThereIsAToken(t *testing.T) {
	t.Parallel()
	full, empty := apitest.New(t), apitest.New(t)
	put(t, full, joining(""), firstToken)
	for _, test := range []struct {
		server *apitest.Server
		uses   bool
		want   int
	}{{full, false, 0}, {empty, true, 0}, {full, true, 1}} {
		s, _ := newSession(t, servers{"a": test.server})
		_, err := (&TokenList{Session: s, Uses: test.uses}).Run(t.Context())
		check(t, err)
		if got := strings.Count(strings.Join(test.server.Requests(), "\n"), requestsPath); got != test.want {
			t.Errorf("%d requests for uses, want %d: %q", got, test.want, test.server.Requests())
		}
	}
}
