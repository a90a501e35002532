// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

// expiredAt is when the expired tokens of these tests expired.
var expiredAt = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)

// putTokens stores an expired token, one that never expires, a malformed one and an expired one of kubeadm.
func putTokens(t *testing.T, server *apitest.Server) {
	t.Helper()
	for id, change := range map[string]func(*corev1.Secret){
		"expire": func(s *corev1.Secret) { s.Data["expiration"] = []byte(expiredAt.Format(time.RFC3339)) },
		"never0": func(*corev1.Secret) {},
		"broken": func(s *corev1.Secret) { delete(s.Data, "token-secret") },
		"upload": func(s *corev1.Secret) {
			s.Data = map[string][]byte{
				"token-id": s.Data["token-id"], "token-secret": s.Data["token-secret"], "expiration": []byte(expiredAt.Format(time.RFC3339)),
				"description": []byte("Proxy for managing TTL for the kubeadm-certs secret"),
			}
		},
	} {
		tok, err := token.Parse(id + ".0123456789abcdef")
		if err != nil {
			t.Fatal(err)
		}
		secret := token.Encode(tok, token.Spec{Usages: []string{token.Signing, token.Authentication}})
		change(secret)
		server.Put(secret)
	}
}

// runOn runs a command on control planes, with an answer if somebody can give one.
func runOn(t *testing.T, servers map[string]*apitest.Server, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &Env{In: strings.NewReader(stdin), Out: &out, Err: &errs, Now: time.Now, Rand: rand.Reader}
	code = Main(t.Context(), env, append(args, "--kubeconfig", apitest.Kubeconfig(t, servers)))
	return code, out.String(), errs.String()
}

const leftUpload = "joinctl: left in context hub: token upload, other (of kubeadm init --upload-certs: secret kubeadm-certs goes when it goes)\n"

func TestPruneSaysWhatItDoes(t *testing.T) {
	for name, test := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
		left           int
	}{
		"asked": {nil, ExitFailed, "", leftUpload + "joinctl: to be deleted in context hub: token expire, expired at 2020-01-02T03:04:05Z\n" +
			"joinctl: without a terminal to ask on, this needs --yes\njoinctl: error: aborted: not confirmed\n", 4},
		"--yes":   {[]string{"--yes"}, ExitOK, "bootstrap token \"expire\" deleted\n", leftUpload, 3},
		"dry run": {[]string{"--dry-run"}, ExitOK, "bootstrap token \"expire\" deleted (dry run)\n", leftUpload, 4},
		"more": {
			[]string{"--yes", "--malformed", "--never-expires"},
			ExitOK,
			"bootstrap token \"broken\" deleted\nbootstrap token \"expire\" deleted\nbootstrap token \"never0\" deleted\n", leftUpload, 1,
		},
		"as names": {[]string{"--yes", "-o", "name"}, ExitOK, "secret/bootstrap-token-expire\n", leftUpload, 3},
		"nothing": {
			[]string{"--grace", "876000h"},
			ExitOK, "",
			"joinctl: nothing to prune in context hub: no tokens are expired for 100y\n", 4,
		},
		"nothing of many kinds": {
			[]string{"--grace", "876000h", "--unusable", "--malformed", "--never-expires", "--older-than", "48h", "-o", "name"},
			ExitOK, "",
			"joinctl: nothing to prune in context hub: no tokens are expired for 100y or malformed or unusable or without an expiration, and 2d old\n", 4,
		},
	} {
		server := apitest.New(t)
		putTokens(t, server)
		code, stdout, stderr := runOn(t, map[string]*apitest.Server{"hub": server}, "", append([]string{"token", "prune"}, test.args...)...)
		if code != test.code || stdout != test.stdout || stderr != test.stderr || len(server.Secrets("kube-system")) != test.left {
			t.Errorf("%s: exits %d with %d left:\n%s%s", name, code, len(server.Secrets("kube-system")), stdout, stderr)
		}
	}
}

func TestDeleteExpiredIsPrune(t *testing.T) {
	server := apitest.New(t)
	putTokens(t, server)
	hub := map[string]*apitest.Server{"hub": server}
	code, stdout, stderr := runOn(t, hub, "", "token", "delete", "--expired", "--yes", "-o", "json")
	var document struct {
		Kind  string
		Items []deletedItem
	}
	if err := json.Unmarshal([]byte(stdout), &document); err != nil || code != ExitOK {
		t.Fatalf("exits %d: %v\n%s%s", code, err, stdout, stderr)
	}
	want := deletedItem{Context: "hub", ID: "expire", Name: "bootstrap-token-expire", Status: "deleted", Reason: "expired at 2020-01-02T03:04:05Z"}
	if document.Kind != "TokenDeletionList" || len(document.Items) != 1 || document.Items[0] != want {
		t.Errorf("got %+v", document)
	}
	if code, _, stderr := runOn(t, hub, "", "token", "delete", "--expired", "--yes"); code != ExitOK || !strings.Contains(stderr, "nothing to prune in context hub") {
		t.Errorf("the second exits %d: %s", code, stderr)
	}
	for _, args := range [][]string{{"abcdef"}, {"-"}, {"--for", "m1"}, {"--token-file", "-"}, {"--everywhere"}} {
		code, _, stderr := runOn(t, hub, "", append([]string{"token", "delete", "--expired"}, args...)...)
		if code != ExitUsage || !strings.Contains(stderr, "--expired goes without") {
			t.Errorf("%q exits %d: %s", args, code, stderr)
		}
	}
}

func TestPruneOfManyControlPlanesCountsThemAndKeepsTheFailures(t *testing.T) {
	all := map[string]*apitest.Server{"a": apitest.New(t), "b": apitest.New(t), "c": apitest.Down(t)}
	code, _, stderr := runOn(t, all, "", "token", "prune", "--all-contexts", "--yes")
	if code != ExitPartial || !strings.Contains(stderr, "joinctl: nothing to prune in 2 contexts: no tokens are expired\n") || !strings.Contains(stderr, "Unreachable, 1 of 3 (\"c\")") {
		t.Errorf("exits %d: %s", code, stderr)
	}
	putTokens(t, all["b"])
	code, stdout, stderr := runOn(t, all, "", "token", "prune", "--all-contexts", "--yes")
	if code != ExitPartial || stdout != "bootstrap token \"b/expire\" deleted\n" || strings.Contains(stderr, "nothing to prune") {
		t.Errorf("exits %d: %s%s", code, stdout, stderr)
	}
	for _, name := range []string{"a", "b"} {
		delete(all, name)
	}
	if code, _, stderr := runOn(t, all, "", "token", "prune", "--yes"); code != ExitFailed || strings.Contains(stderr, "nothing to prune") {
		t.Errorf("exits %d: %s", code, stderr)
	}
}

// A CronJob runs token list -o name | token delete - --yes.
func TestAnEmptyListIsNothingToDoAndNoMistake(t *testing.T) {
	file := fileWith(t, "\n")
	for name, test := range map[string]struct {
		args           []string
		stdin          string
		code           int
		stdout, stderr string
	}{
		"token delete":              {[]string{"token", "delete", "-", "--yes"}, "", ExitOK, "", "joinctl: nothing to delete: standard input is empty\n"},
		"without --yes":             {[]string{"token", "delete", "-"}, " \n\n", ExitOK, "", "joinctl: nothing to delete: standard input is empty\n"},
		"an empty file":             {[]string{"token", "delete", "--token-file", file}, "", ExitOK, "", "joinctl: nothing to delete: " + file + " is empty\n"},
		"sa revoke":                 {[]string{"sa", "revoke", "-", "-n", "ci"}, "", ExitOK, "", "joinctl: nothing to revoke: standard input is empty\n"},
		"with a word":               {[]string{"token", "delete", "zzzzzz", "-", "--ignore-not-found"}, "", ExitOK, "", ""},
		"as a document":             {[]string{"token", "delete", "-", "-o", "jsonpath={.kind} {.items} {.failures}"}, "", ExitOK, "TokenDeletionList [] []", "joinctl: nothing to delete: standard input is empty\n"},
		"no word":                   {[]string{"token", "delete"}, "", ExitUsage, "", "no token is named"},
		"no word to revoke":         {[]string{"sa", "revoke"}, "", ExitUsage, "", "name the Secrets"},
		"the input is read already": {[]string{"token", "delete", "-", "-"}, "zzzzzz", ExitUsage, "", "standard input is named twice"},
		"a file that is missing":    {[]string{"token", "delete", "--token-file", file + "-"}, "", ExitUsage, "", "no such file"},
		"one token is needed":       {[]string{"token", "command", "-"}, "", ExitUsage, "", "standard input is empty"},
		"no selection is empty":     {[]string{"token", "list", "--contexts-file", "-"}, "", ExitUsage, "", "standard input is empty"},
	} {
		server := apitest.New(t)
		code, stdout, stderr := runOn(t, map[string]*apitest.Server{"hub": server}, test.stdin, test.args...)
		exact := test.code != ExitOK || stderr == test.stderr
		if code != test.code || stdout != test.stdout || !exact || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%s: exits %d:\n%s%s", name, code, stdout, stderr)
		}
	}
}

func TestDeleteNamesTheRequestsThatWait(t *testing.T) {
	server := apitest.New(t)
	putTokens(t, server)
	server.Put(&certificatesv1.CertificateSigningRequest{
		TypeMeta:   metav1.TypeMeta{APIVersion: "certificates.k8s.io/v1", Kind: "CertificateSigningRequest"},
		ObjectMeta: metav1.ObjectMeta{Name: "csr-1"},
		Spec:       certificatesv1.CertificateSigningRequestSpec{Username: "system:bootstrap:never0"},
	})
	hub := map[string]*apitest.Server{"hub": server}
	const waits = "1 pending certificate request (csr-1); without the token a joiner cannot fetch its certificate\njoinctl: without a terminal to ask on, this needs --yes\n"
	for command, text := range map[string]string{
		"delete never0":         "joinctl: token never0 in context hub is in use: " + waits,
		"prune --never-expires": "joinctl: to be deleted in context hub: token never0, never expires; in use: " + waits,
	} {
		code, _, stderr := runOn(t, hub, "", append([]string{"token"}, strings.Fields(command)...)...)
		if code != ExitFailed || !strings.Contains(stderr, text) || len(server.Secrets("kube-system")) != 4 {
			t.Errorf("%s exits %d: %s", command, code, stderr)
		}
	}
	if code, _, stderr := runOn(t, hub, "", "token", "delete", "never0", "--yes"); code != ExitOK || stderr != "" {
		t.Errorf("exits %d: %s", code, stderr)
	}
}

func TestASecondDeleteEverywhereSaysWhereItLooked(t *testing.T) {
	all := map[string]*apitest.Server{"a": apitest.New(t), "b": apitest.New(t)}
	for _, server := range all {
		putTokens(t, server)
	}
	args := []string{"token", "delete", "never0", "--all-contexts", "--everywhere"}
	if code, stdout, stderr := runOn(t, all, "", args...); code != ExitOK || strings.Count(stdout, "deleted") != 2 || stderr != "" {
		t.Errorf("exits %d: %s%s", code, stdout, stderr)
	}
	want := "joinctl: token never0 not found in 2 contexts (\"a\", \"b\"): nothing to do\n"
	if code, stdout, stderr := runOn(t, all, "", args...); code != ExitOK || stdout != "" || stderr != want {
		t.Errorf("exits %d: %s%s", code, stdout, stderr)
	}
	one := map[string]*apitest.Server{"a": all["a"]}
	want = "joinctl: token never0 not found in context a: nothing to do\n"
	if code, _, stderr := runOn(t, one, "", "token", "delete", "never0", "--everywhere"); code != ExitOK || stderr != want {
		t.Errorf("exits %d: %s", code, stderr)
	}
	want = "joinctl: token robot-1 not found in 2 contexts (\"a\", \"b\"): nothing to do\n"
	if code, _, stderr := runOn(t, all, "", "sa", "revoke", "robot-1", "--all-contexts", "--everywhere"); code != ExitOK || stderr != want {
		t.Errorf("exits %d: %s", code, stderr)
	}
}
