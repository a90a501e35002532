// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// idToken returns an ID token that expires at a time.
func idToken(user string, expires time.Time) string {
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(fmt.Appendf(nil, `{"sub":%q,"exp":%d}`, user, expires.Unix())) + ".c2ln"
}

// An issuer is an identity provider that accepts each refresh token once and returns the next one.
type issuer struct {
	url   string
	fresh string

	mu        sync.Mutex
	refreshes []string
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{fresh: idToken("alice", time.Now().Add(time.Hour))}
	i.url = serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			answer(w, http.StatusOK, map[string]string{"token_endpoint": i.url + "/token"})
			return
		}
		i.mu.Lock()
		defer i.mu.Unlock()
		i.refreshes = append(i.refreshes, r.FormValue("refresh_token"))
		if r.FormValue("refresh_token") != fmt.Sprintf("refresh-%d", len(i.refreshes)) {
			answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
			return
		}
		answer(w, http.StatusOK, map[string]string{
			"access_token": "a", "token_type": "bearer", "id_token": i.fresh, "refresh_token": fmt.Sprintf("refresh-%d", len(i.refreshes)+1),
		})
	}).URL
	return i
}

// bearers returns the URL of a server that records the credentials it gets.
func bearers(t *testing.T) (cluster string, seen func() string) {
	t.Helper()
	var (
		mu  sync.Mutex
		all []string
	)
	server, _ := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { // client-go sends no credential over plain HTTP
		mu.Lock()
		defer mu.Unlock()
		all = append(all, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		answer(w, http.StatusOK, map[string]string{"gitVersion": "v1.37.2"})
	})
	return server.URL, func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(all, " ")
	}
}

// oidcUser returns a user of a kubeconfig.
func oidcUser(name, issuer, token, refresh string) string {
	return fmt.Sprintf("- {name: %s, user: {auth-provider: {name: oidc, config: {idp-issuer-url: %q, client-id: kubernetes, id-token: %q, refresh-token: %q}}}}\n",
		name, issuer, token, refresh)
}

// oidcKubeconfig returns a kubeconfig with a context for each user of one server.
func oidcKubeconfig(t *testing.T, server, users string, names ...string) string {
	t.Helper()
	contexts := ""
	for _, name := range names {
		contexts += fmt.Sprintf("- {name: %s, context: {cluster: c, user: %s}}\n", name, name)
	}
	return writeFile(t, t.TempDir(), "config", fmt.Sprintf(
		"apiVersion: v1\nkind: Config\ncurrent-context: alice\nclusters:\n- {name: c, cluster: {server: %q, insecure-skip-tls-verify: true}}\ncontexts:\n%susers:\n%s- {name: other, user: {token: kept}}\n",
		server, contexts, users))
}

func askAs(t *testing.T, kubeconfig *Kubeconfig, context string) error {
	t.Helper()
	config, err := kubeconfig.Config(context)
	if err != nil {
		return err
	}
	if err := Login(t.Context(), config); err != nil {
		return err
	}
	client, err := New(config, "joinctl/test", time.Now)
	if err != nil {
		return err
	}
	_, err = client.Version(t.Context())
	return err
}

func TestAnExpiredIDTokenIsRefreshedOnceAndWrittenBack(t *testing.T) {
	t.Parallel()
	idp := newIssuer(t)
	server, seen := bearers(t)
	old := idToken("alice", time.Now().Add(-time.Hour))
	path := oidcKubeconfig(t, server, oidcUser("alice", idp.url, old, "refresh-1"), "alice")
	kubeconfig := load(t, LoadOptions{Path: path})
	for range 2 {
		if err := askAs(t, kubeconfig, "alice"); err != nil {
			t.Fatal(err)
		}
	}
	if want := idp.fresh + " " + idp.fresh; seen() != want {
		t.Errorf("the server got %q, want %q", seen(), want)
	}
	if len(idp.refreshes) != 1 {
		t.Errorf("refreshed %d times", len(idp.refreshes))
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{idp.fresh, "refresh-2", "token: kept", "current-context: alice"} {
		if !strings.Contains(string(written), want) {
			t.Errorf("the kubeconfig lacks %q:\n%s", want, written)
		}
	}
	if strings.Contains(string(written), old) {
		t.Error("the kubeconfig has the old token")
	}
	if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(files) != 1 {
		t.Errorf("files are left: %s", files)
	}
}

// client-go has one provider for all users of a cluster with the same issuer and client ID.
func TestUsersOfOneIssuerKeepTheirOwnTokens(t *testing.T) {
	t.Parallel()
	server, seen := bearers(t)
	alice, bob := idToken("alice", time.Now().Add(time.Hour)), idToken("bob", time.Now().Add(time.Hour))
	users := oidcUser("alice", "https://idp.example.org", alice, "") + oidcUser("bob", "https://idp.example.org", bob, "")
	kubeconfig := load(t, LoadOptions{Path: oidcKubeconfig(t, server, users, "alice", "bob")})
	for _, name := range []string{"alice", "bob"} {
		if err := askAs(t, kubeconfig, name); err != nil {
			t.Fatal(err)
		}
	}
	if want := alice + " " + bob; seen() != want {
		t.Errorf("the server got %q, want %q", seen(), want)
	}
}

func TestAnAuthProviderWithoutACredentialIsTheReason(t *testing.T) {
	t.Parallel()
	idp := newIssuer(t)
	server, seen := bearers(t)
	expired := idToken("alice", time.Now().Add(-time.Hour))
	for name, test := range map[string]struct{ issuer, refresh, hint string }{
		"no refresh token":        {idp.url, "", "it has no refresh token"},
		"a refused refresh":       {idp.url, "used", "does not accept its refresh token"},
		"no identity provider":    {"http://" + closedPort(t), "refresh-1", ""},
		"a wrong identity server": {serve(t, http.NotFound).URL, "refresh-1", "idp-issuer-url"},
	} {
		kubeconfig := load(t, LoadOptions{Path: oidcKubeconfig(t, server, oidcUser("alice", test.issuer, expired, test.refresh), "alice")})
		config, err := kubeconfig.Config("alice")
		if err != nil {
			t.Fatal(err)
		}
		for which, err := range map[string]error{"login": Login(t.Context(), config), "request": createSecret(t, connect(t, config))} {
			var known *failure.Error
			if failure.ReasonOf(err) != failure.CredentialPlugin || !failure.IsNotSent(err) || failure.IsLost(err) || !errors.As(err, &known) {
				t.Errorf("%s, %s: got %v: %s", name, which, err, failure.ReasonOf(err))
				continue
			}
			if !strings.Contains(known.Hint, test.hint) {
				t.Errorf("%s, %s: got the hint %q, want %q", name, which, known.Hint, test.hint)
			}
		}
	}
	for sent := range strings.FieldsSeq(seen()) {
		t.Errorf("the server got %q", sent)
	}
}

func TestAnAuthProviderThatIsGoneNamesWhatReplacedIt(t *testing.T) {
	t.Parallel()
	for name, hint := range map[string]string{"gcp": "gke-gcloud-auth-plugin", "azure": "kubelogin convert-kubeconfig", "openstack": "users[].user.exec"} {
		user := fmt.Sprintf("- {name: alice, user: {auth-provider: {name: %s}}}\n", name)
		config := loadConfig(t, LoadOptions{Path: oidcKubeconfig(t, "https://127.0.0.1:1", user, "alice")}, "alice")
		_, newErr := New(config, "joinctl/test", time.Now)
		for _, err := range []error{Login(t.Context(), config), newErr} {
			var known *failure.ConfigError
			if !errors.As(err, &known) || !strings.Contains(known.Hint, hint) || !strings.Contains(known.Error(), name) {
				t.Errorf("%s: got %#v", name, err)
			}
		}
	}
}
