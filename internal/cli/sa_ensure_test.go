// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
)

// robotAt returns a server with the ServiceAccount robot, and arguments that reach it.
func robotAt(t *testing.T) (server *apitest.Server, connection []string) {
	t.Helper()
	server = apitest.New(t)
	server.Put(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "robot"}})
	return server, []string{"--kubeconfig", apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})}
}

func TestSAEnsureReportsWhatItPublishedAndNeverTheToken(t *testing.T) {
	t.Parallel()
	server, connection := robotAt(t)
	for i, want := range []struct {
		args            []string
		created         bool
		status, message string
	}{
		{[]string{"--dry-run"}, true, "created", "would create a token of serviceaccount default/robot for secret default/kept in context hub: there is none yet; keys that would change: token"},
		{nil, true, "created", "created a token of serviceaccount default/robot, used it against " + server.URL},
		{nil, false, "unchanged", "the token of serviceaccount default/robot is kept: "},
	} {
		var out bytes.Buffer
		args := slices.Concat([]string{"sa", "ensure", "robot", "--duration", "1h", "--to-secret", "default/kept", "-o", "json"}, want.args, connection)
		code, stderr := adminRun(t, &out, "", args...)
		var list struct {
			Kind  string
			Items []map[string]any
		}
		if err := json.Unmarshal(out.Bytes(), &list); err != nil || code != ExitOK || list.Kind != "PublishedTokenList" || len(list.Items) != 1 {
			t.Fatalf("%d: exits %d, %v: %s%s", i, code, err, &out, stderr)
		}
		item := list.Items[0]
		if item["created"] != want.created || item["status"] != want.status || item["secret"] != "default/kept" || (item["expires"] == nil) != (want.args != nil) {
			t.Errorf("%d: %v", i, item)
		}
		if !strings.Contains(stderr, want.message) {
			t.Errorf("%d: %q, want %q", i, stderr, want.message)
		}
		for _, secret := range server.Secrets("default") {
			if tok := string(secret.Data["token"]); strings.Contains(out.String()+stderr, tok) {
				t.Errorf("%d: the token is shown: %s%s", i, &out, stderr)
			}
		}
	}
}

func TestSAEnsureRefusesFlagsThatContradictEachOther(t *testing.T) {
	t.Parallel()
	server, connection := robotAt(t)
	good := []string{"--duration", "1h", "--to-secret", "a/b"}
	for flags, want := range map[string]string{
		"--to-secret a/b":                                                 "--duration is needed",
		"--duration 1h":                                                   "say where the token is kept",
		"--duration 1h --as karmada-cluster":                              "say where the token is kept",
		"--duration 1h --as karmada-cluster --to-file f":                  "--as karmada-cluster is for a Secret",
		"--duration 1h --to-file f --all-contexts":                        "--to-file is for one token",
		"--duration 1h --to-file f --to-secret a/b":                       "--to-file and --to-secret exclude each other",
		"--duration 1h --as argocd-cluster --to-secret a/b:c":             "--to-secret takes no KEY",
		"--duration 1h --to-secret a/b --via-hub":                         "--via-hub goes with --members",
		"--duration 1h --as karmada-cluster --via-hub --member m":         "goes without --via-hub",
		"--duration 1h --to-secret a/b --min-left 1h":                     "every run would create a token",
		"--duration 1h --to-secret a/b --min-left -1s":                    "cannot be negative",
		"--duration 1h --to-secret a/b --min-granted 2h":                  "is more than --duration",
		"--duration 1h --to-context hub --as karmada-cluster --member m1": "--to-context goes with --to-secret",
	} {
		args := slices.Concat([]string{"sa", "ensure", "robot"}, strings.Fields(flags), connection)
		if code, stderr := adminRun(t, &bytes.Buffer{}, "", args...); code != ExitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%s: exits %d: %s", flags, code, stderr)
		}
	}
	if requests := server.Requests(); len(requests) != 0 {
		t.Errorf("requests %q", requests)
	}
	if code, stderr := adminRun(t, &bytes.Buffer{}, "", slices.Concat([]string{"sa", "ensure", "robot"}, good, connection)...); code != ExitOK {
		t.Errorf("exits %d: %s", code, stderr)
	}
}

func TestAsIsAFormOrTheUserToImpersonate(t *testing.T) {
	t.Parallel()
	_, connection := robotAt(t)
	for as, want := range map[string][]string{"kubeconfig": {"kubeconfig"}, "argocd-cluster": {"config", "name", "server"}, "somebody": {"token"}} {
		server, connection := robotAt(t)
		args := slices.Concat([]string{"sa", "ensure", "robot", "--duration", "1h", "--to-secret", "default/kept", "--as", as}, connection)
		if code, stderr := adminRun(t, &bytes.Buffer{}, "", args...); code != ExitOK {
			t.Fatalf("%s: exits %d: %s", as, code, stderr)
		}
		if keys := slices.Sorted(maps.Keys(server.Secrets("default")[0].Data)); !slices.Equal(keys, want) {
			t.Errorf("%s: keys %q", as, keys)
		}
	}
	args := slices.Concat([]string{"sa", "ensure", "robot", "--duration", "1h", "--to-secret", "default/kept", "--as", "token", "--as-group", "g"}, connection)
	if code, stderr := adminRun(t, &bytes.Buffer{}, "", args...); code != ExitUsage || !strings.Contains(stderr, "need --as") {
		t.Errorf("a form is taken for a user: exits %d: %s", code, stderr)
	}
}
