// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/story"
)

// Every secret of a kubeconfig is opaque: no pattern recognizes it.
const (
	leakToken    = "opaque_token+of/an=operator"
	leakPassword = "correct-horse_battery.staple"
	leakProxy    = "proxy%2Fpassphrase-of-nobody"
	leakServer   = "server!passphrase~of.nobody"
	leakKey      = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
)

// leakUser is a user with all credentials.
func leakUser(name string) string {
	key := "-----BEGIN PRIVATE KEY-----\n" + leakKey + "\n-----END PRIVATE KEY-----\n"
	return fmt.Sprintf("{name: %s, user: {token: %q, username: admin, password: %q, client-key-data: %s}}",
		name, leakToken, leakPassword, base64.StdEncoding.EncodeToString([]byte(key)))
}

func TestNoCommandShowsACredentialOfTheKubeconfig(t *testing.T) {
	t.Parallel()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", fmt.Sprintf(`299 - "seen %s"`, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":%q}`,
			"no rights for "+r.Header.Get("Authorization")+" "+strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")+" "+user+" "+password)
	}))
	t.Cleanup(echo.Close)
	address := strings.TrimPrefix(echo.URL, "http://")
	cluster := func(server, proxy string) string {
		return fmt.Sprintf("{name: c, cluster: {server: %q, proxy-url: %q}}", server, proxy)
	}
	good := "http://u:" + leakServer + "@" + address
	token := fmt.Sprintf("{name: u, user: {token: %q}}", leakToken)
	basic := fmt.Sprintf("{name: u, user: {username: admin, password: %q}}", leakPassword)
	for name, lists := range map[string][2]string{
		"server with a password, token":      {cluster(good, ""), token},
		"server with a password, basic":      {cluster(good, ""), basic},
		"server with a password, nobody":     {cluster(good, ""), "{name: u, user: {}}"},
		"no server there":                    {cluster("https://u:"+leakServer+"@127.0.0.1:1", ""), token},
		"proxy with a password":              {cluster("https://cp.test", "http://u:"+leakProxy+"@"+address), token},
		"no proxy there":                     {cluster("https://cp.test", "http://u:"+leakProxy+"@127.0.0.1:1"), token},
		"bad escape in the server":           {cluster("https://u:"+leakServer+"%zz@h", ""), token},
		"bad escape in the proxy":            {cluster(good, "http://u:"+leakProxy+"%ss@h"), token},
		"a proxy that client-go cannot use":  {cluster(good, "ftp://u:"+leakProxy+"@h"), token},
		"a server without a scheme":          {cluster("u:"+leakServer+"@"+address+"/path", ""), token},
		"two users of one name":              {cluster(good, ""), leakUser("u") + ", " + leakUser("u")},
		"two clusters of one name":           {cluster(good, "") + ", " + cluster(good, ""), leakUser("u")},
		"two methods to authenticate":        {cluster(good, ""), leakUser("u")},
		"data that is no base64":             {cluster(good, ""), fmt.Sprintf("{name: u, user: {client-key-data: %q}}", leakToken)},
		"a token that is a list":             {cluster(good, ""), fmt.Sprintf("{name: u, user: {token: [%q]}}", leakToken)},
		"YAML that ends early":               {cluster(good, ""), fmt.Sprintf("{name: u, user: {token: %q, ", leakToken)},
		"a plugin that fails":                {cluster(good, ""), fmt.Sprintf("{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: /does/not/exist, interactiveMode: Never, args: [%q], env: [{name: CLIENT_SECRET, value: %q}]}}}", "--client-secret="+leakToken, leakPassword)},
		"an auth provider that is not there": {cluster(good, ""), fmt.Sprintf("{name: u, user: {auth-provider: {name: gcp, config: {access-token: %q}}}}", leakToken)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "kubeconfig")
			content := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [%s]\nusers: [%s]\n", lists[0], lists[1])
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{
				"contexts -o json", "contexts --check -o yaml", "token list -o json", "token create --print-register-command",
				"token command abcdef", "token delete abcdef --yes", "doctor -o json", "setup --dry-run=server",
				"ca-hash --cluster-info -o json", "sa token robot", "sa kubeconfig robot --allow-insecure", "sa credential robot",
			} {
				for _, logs := range []string{"--v=6", "--v=10"} { // client-go logs other things from 8 on
					wantNoCredential(t, append(strings.Fields(command), "--kubeconfig", file, "--request-timeout", "5s", logs))
				}
			}
		})
	}
}

// wantNoCredential runs joinctl and searches its output for credentials in every form.
func wantNoCredential(t *testing.T, args []string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "joinctl", args...)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	for _, secret := range []string{leakToken, leakPassword, leakProxy, strings.ReplaceAll(leakProxy, "%2F", "/"), leakServer, leakKey} {
		if form := story.Leak(out.String(), secret); form != "" {
			t.Errorf("joinctl %s shows %s as %s:\n%s", strings.Join(args, " "), secret, form, out.String())
		}
	}
}
