// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/session"
)

// Each of them locks the kubeconfig to write its tokens, and client-go does not wait for that lock.
func TestUsersOfAnIdentityProviderLogInOneAfterTheOther(t *testing.T) {
	t.Parallel()
	encode := base64.RawURLEncoding.EncodeToString
	idToken := func(expires time.Time) string {
		return encode([]byte(`{"alg":"none"}`)) + "." + encode(fmt.Appendf(nil, `{"exp":%d}`, expires.Unix())) + ".c2ln"
	}
	var (
		idp  *httptest.Server
		used sync.Map
	)
	idp = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refresh := r.FormValue("refresh_token"); refresh != "" {
			if _, again := used.LoadOrStore(refresh, true); again {
				http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
				return
			}
			time.Sleep(20 * time.Millisecond) // so that users that log in at once write at once
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{
			"token_endpoint": idp.URL + "/token", "access_token": "a", "token_type": "bearer",
			"id_token": idToken(time.Now().Add(time.Hour)), "refresh_token": r.FormValue("refresh_token") + "-next",
		})
	}))
	t.Cleanup(idp.Close)
	kubeconfig := edit(t, apitest.Kubeconfig(t, serversOf(t, "a", "b", "c", "d", "e", "f", "g", "h")), func(c *clientcmdapi.Config) {
		for name := range c.AuthInfos {
			c.AuthInfos[name] = &clientcmdapi.AuthInfo{AuthProvider: &clientcmdapi.AuthProviderConfig{Name: "oidc", Config: map[string]string{
				"idp-issuer-url": idp.URL, "client-id": "kubernetes", "refresh-token": "of-" + name, "id-token": idToken(time.Now().Add(-time.Hour)),
			}}}
		}
	})
	s, _ := open(kubeconfig)
	s.Parallel, s.Selection = 16, fleet.Selection{All: true}
	results, err := session.Each(t.Context(), s, 0, whoAmI)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range results {
		if result.Err != nil {
			t.Errorf("%s: %v", result.Key.Context, result.Err)
		}
	}
	written, err := os.ReadFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"of-a-admin-next", "of-b-admin-next", "of-g-admin-next", "of-h-admin-next"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the kubeconfig lacks %q", want)
		}
	}
}
