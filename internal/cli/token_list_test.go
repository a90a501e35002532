// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// putToken stores a token that expires after a time, or never.
func putToken(t *testing.T, server *apitest.Server, full, cluster string, ttl time.Duration) {
	t.Helper()
	tok, err := token.Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	spec := token.Spec{Usages: []string{token.Signing, token.Authentication}, For: cluster}
	if ttl != 0 {
		spec.Expires = time.Now().Add(ttl).Truncate(time.Second)
	}
	server.Put(token.Encode(tok, spec))
}

func TestAListThatAFilterEmptiesNamesTheFilter(t *testing.T) {
	server := apitest.New(t)
	putToken(t, server, knownToken, "m1", time.Hour)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	for args, want := range map[string]string{
		"--expired":                "joinctl: no bootstrap tokens that match --expired in context hub\n",
		"--for m2,m3 -l a=b":       "joinctl: no bootstrap tokens that match --for m2,m3 --selector a=b in context hub\n",
		"--never-expires":          "joinctl: no bootstrap tokens that match --never-expires in context hub\n",
		"--expiring-within 30m":    "joinctl: no bootstrap tokens that match --expiring-within 30m0s in context hub\n",
		"--active --group a:b":     "joinctl: no bootstrap tokens that match --active --group a:b in context hub\n",
		"--active --usage signing": "",
	} {
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "", append([]string{"token", "list", "--kubeconfig", kubeconfig}, strings.Fields(args)...)...)
		if code != ExitOK || stderr != want || (stdout.Len() == 0) != (want != "") {
			t.Errorf("%s exits %d: %s%s", args, code, stdout.String(), stderr)
		}
	}
}

func TestAListIsSortedByAField(t *testing.T) {
	server := apitest.New(t)
	for i, id := range []string{"bbbbbb", "cccccc", "aaaaaa"} {
		putToken(t, server, id+".0123456789abcdef", map[string]string{"aaaaaa": "m2", "cccccc": "m1"}[id], time.Duration(i+1)*time.Hour)
	}
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	for key, want := range map[string]string{"": "bca", ".id": "abc", ".for": "cab", "{.expires}": "bca", ".ttlSeconds": "bca"} {
		args := []string{"token", "list", "--kubeconfig", kubeconfig, "-o", `jsonpath={range .items[*]}{.id}{"\n"}{end}`}
		if key != "" {
			args = append(args, "--sort-by", key)
		}
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "", args...)
		got := ""
		for id := range strings.FieldsSeq(stdout.String()) {
			got += id[:1]
		}
		if code != ExitOK || got != want {
			t.Errorf("--sort-by %s exits %d: %s%s", key, code, got, stderr)
		}
	}
	code, stderr := adminRun(t, io.Discard, "", "token", "list", "--kubeconfig", kubeconfig, "--sort-by", ".expiry")
	if code != ExitUsage || !strings.Contains(stderr, "no item has the field .expiry: use one of .context, .id, ") {
		t.Errorf("a field that does not exist: exit %d: %s", code, stderr)
	}
}

func TestAnAuditPrintsTheListAndThenItsFindings(t *testing.T) {
	server := apitest.New(t)
	putToken(t, server, knownToken, "", 0)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server, "down": apitest.Down(t)})
	for _, test := range []struct {
		args, finding string
		code          int
	}{
		{"--context hub --fail-on expired", "", ExitOK},
		{"--context hub --fail-on never-expires", "joinctl: error: context hub: 1 valid token without an expiry: abcdef\n", ExitProblem},
		{"--context hub --fail-on never-expires --expired", "joinctl: error: context hub: 1 valid token without an expiry: abcdef\n", ExitProblem},
		{"--all-contexts --fail-on never-expires", "joinctl: error: context hub: 1 valid token without an expiry: abcdef\n", ExitPartial},
	} {
		for _, format := range []string{"table", "json", "prometheus"} {
			var stdout bytes.Buffer
			code, stderr := adminRun(t, &stdout, "", append([]string{"token", "list", "--kubeconfig", kubeconfig, "-o", format}, strings.Fields(test.args)...)...)
			if code != test.code || !strings.Contains(stderr, test.finding) || strings.Contains(stdout.String(), "abcdef") == strings.Contains(test.args, "--expired") {
				t.Errorf("%s -o %s exits %d: %s%s", test.args, format, code, stdout.String(), stderr)
			}
		}
	}
}

func TestTheWideListAndTheDocumentShowUses(t *testing.T) {
	server := apitest.New(t)
	putToken(t, server, knownToken, "", time.Hour)
	putToken(t, server, "bbbbbb.0123456789abcdef", "", 2*time.Hour)
	server.Put(&certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: "one", CreationTimestamp: metav1.NewTime(time.Now().Add(-5 * time.Minute))},
		Spec:       certificatesv1.CertificateSigningRequestSpec{Username: "system:bootstrap:abcdef"},
	})
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	var table, document bytes.Buffer
	adminRun(t, &table, "", "token", "list", "--kubeconfig", kubeconfig, "-o", "wide")
	if rows := strings.Split(table.String(), "\n"); !strings.Contains(rows[0], "USED") || !strings.Contains(rows[1], "1, 5m") || !strings.Contains(rows[1], " ago ") || strings.Contains(rows[2], "ago") {
		t.Errorf("the table is\n%s", &table)
	}
	adminRun(t, &document, "", "token", "list", "--kubeconfig", kubeconfig, "-o", "json")
	var got struct{ Items []tokenItem }
	if err := json.Unmarshal(document.Bytes(), &got); err != nil || len(got.Items) != 2 {
		t.Fatalf("%v: %s", err, &document)
	}
	if used := got.Items[0].Used; used == nil || used.Count != 1 || used.Pending != 1 || used.Last == "" || got.Items[1].Used == nil || got.Items[1].Used.Count != 0 {
		t.Errorf("the document is %s", &document)
	}
}

// A watcher is the stdout of a watch: after the first write it changes something, and after the second it interrupts.
type watcher struct {
	bytes.Buffer
	steps []func()
}

func (w *watcher) Write(p []byte) (int, error) {
	if len(p) > 0 && len(w.steps) > 0 {
		w.steps[0]()
		w.steps = w.steps[1:]
	}
	return w.Buffer.Write(p)
}

func TestAWatchPrintsRowsAndDocumentsWithoutSecretsUntilInterrupted(t *testing.T) {
	for _, format := range []string{"table", "json"} {
		server := apitest.New(t)
		putToken(t, server, knownToken, "m1", time.Hour)
		ctx, interrupt := context.WithCancel(t.Context())
		var errs bytes.Buffer
		out := &watcher{steps: []func(){func() { putToken(t, server, "bbbbbb."+knownSecret, "m2", time.Hour) }, interrupt}}
		env := &Env{In: strings.NewReader(""), Out: out, Err: &errs, Now: time.Now, Rand: rand.Reader}
		kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
		code := Main(ctx, env, []string{"token", "list", "--watch", "--kubeconfig", kubeconfig, "-o", format, "--timeout", "1m"})
		interrupt()
		stdout := out.String()
		if code != ExitInterrupted || errs.Len() > 0 {
			t.Errorf("-o %s exits %d: %s", format, code, &errs)
		}
		if strings.Contains(stdout, knownSecret) || !strings.Contains(stdout, "abcdef") || !strings.Contains(stdout, "bbbbbb") {
			t.Errorf("-o %s prints %s", format, stdout)
		}
		switch format {
		case "table":
			lines := strings.Split(stdout, "\n")
			if len(lines) != 4 || !strings.HasPrefix(lines[0], "EVENT   TOKEN") || !strings.HasPrefix(lines[2], "ADDED   bbbbbb") {
				t.Errorf("prints\n%s", stdout)
			}
		case "json":
			decoder := json.NewDecoder(strings.NewReader(stdout))
			for _, want := range []string{"abcdef", "bbbbbb"} {
				var list struct {
					Kind  string
					Items []tokenItem
				}
				if err := decoder.Decode(&list); err != nil || list.Kind != "TokenList" || len(list.Items) != 1 || list.Items[0].ID != want || list.Items[0].Event != "ADDED" {
					t.Errorf("%v: %+v", err, list)
				}
			}
		}
	}
}

func TestAWatchSaysWhichTargetsFailAndWhichAnswerAgain(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"table": "", "json": `"reason": "Unreachable"`} {
		var stdout, stderr bytes.Buffer
		env := &Env{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Now: time.Now}
		l := &tokenListing{env: env, list: action.TokenList{Session: newSession(env)}}
		if err := l.format.UnmarshalText([]byte(format)); err != nil {
			t.Fatal(err)
		}
		failures := l.list.Session.NewFailures()
		failures.Add(fleet.Target{Context: "a"}, &failure.Error{Reason: failure.Unreachable, Err: errors.New("no route to host")})
		err := l.printChanges(output.NewStream(&stdout, &l.format, tokenView()), action.TokenChanges{Failures: failures, Recovered: []fleet.Target{{Context: "b"}}})
		const told = "joinctl: warning: context \"a\": no route to host; joinctl asks again\njoinctl: context b answers again\n"
		if err != nil || stderr.String() != told || !strings.Contains(stdout.String(), want) || (stdout.Len() == 0) != (want == "") {
			t.Errorf("-o %s: %v, stdout %q, stderr %q", format, err, &stdout, &stderr)
		}
	}
}

func TestAWatchContradictsWhatEndsWithOneList(t *testing.T) {
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": apitest.Down(t)})
	for _, args := range [][]string{{"-o", "prometheus"}, {"--fail-on", "expired"}} {
		if code, stderr := adminRun(t, io.Discard, "", append([]string{"token", "list", "-w", "--kubeconfig", kubeconfig}, args...)...); code != ExitUsage {
			t.Errorf("%q exits %d: %s", args, code, stderr)
		}
	}
}
