// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/token"
)

// putDescribed stores a token that never expires, with a description.
func putDescribed(t *testing.T, server *apitest.Server, full, description string) {
	t.Helper()
	tok, err := token.Parse(full)
	if err != nil {
		t.Fatal(err)
	}
	server.Put(token.Encode(tok, token.Spec{Usages: []string{token.Signing, token.Authentication}, Description: description}))
}

func TestObjectsOfTheControlPlaneAreCompleted(t *testing.T) {
	hub, spoke := apitest.New(t, apitest.Karmada), apitest.New(t)
	hub.PutCluster("member1", true)
	hub.PutCluster("member2", false)
	for _, server := range []*apitest.Server{hub, spoke} {
		putToken(t, server, knownToken, "m1", 90*time.Minute+30*time.Second)
	}
	putToken(t, hub, "eeeeee.0123456789abcdef", "m2", -time.Hour)
	putToken(t, spoke, "ffffff.0123456789abcdef", "", 90*time.Minute+30*time.Second)
	putDescribed(t, hub, "dddddd.0123456789abcdef", "like "+knownToken+"\x1b[2J\nred")
	broken := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "bootstrap-token-broken"}, Type: "bootstrap.kubernetes.io/token"}
	hub.Put(broken,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "ci"}}, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "default"}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "robot"}},
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "default"}})
	spoke.Put(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "other"}})
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": hub, "spoke": spoke})
	hubTokens := []string{
		"eeeeee\thub · expired · for m2",
		"abcdef\thub · 1h30m left · for m1",
		"broken\thub · malformed",
		"dddddd\thub · never expires · like <hidden> [2J red",
	}
	contexts := []string{"hub/\t" + hub.URL + " · current", "spoke/\t" + spoke.URL}
	if code, stderr := adminRun(t, io.Discard, "", "sa", "token", "robot", "-n", "ci", "--revocable", "--duration", "7230s", "--kubeconfig", kubeconfig); code != ExitOK {
		t.Fatal(stderr)
	}
	revocable := hub.Secrets("ci")[0].Name
	for text, want := range map[string][]string{
		"token delete ":                                append(slices.Clone(hubTokens), inOrder),
		"token command ":                               append(slices.Clone(hubTokens), inOrder),
		"token delete a":                               {hubTokens[1], inOrder},
		"token delete abcdef ":                         {hubTokens[0], hubTokens[2], hubTokens[3], inOrder},
		"token rotate abcdef ":                         {inOrder}, // it takes one
		"token delete --for m1 ":                       {inOrder}, // it takes no more
		"token delete --context spoke f":               {"ffffff\tspoke · 1h30m left", inOrder},
		"token delete --all-contexts ab":               {inOrder}, // two have it: hub/abcdef and spoke/abcdef
		"token delete --all-contexts f":                {"ffffff\tspoke · 1h30m left", inOrder},
		"token delete --all-contexts spoke/":           {"spoke/abcdef\tspoke · 1h30m left · for m1", "spoke/ffffff\tspoke · 1h30m left", inOrder},
		"token delete spoke/f":                         {"spoke/ffffff\tspoke · 1h30m left", inOrder},
		"token delete spo":                             {contexts[1], inOrderOpen},
		"token delete " + knownToken:                   {inOrder},
		"token list --for ":                            {"m2\thub · expired", "m1\thub · 1h30m left", inOrder},
		"token list --for m2,":                         {"m2,m1\thub · 1h30m left", inOrder},
		"sa token ":                                    {"default", inOrder},
		"sa token -n ci ":                              {"robot", inOrder},
		"sa token robot ":                              {inOrder},
		"sa list -n ":                                  {"ci", "default", inOrder},
		"sa list --namespace=c":                        {"ci", inOrder},
		"sa ensure robot --to-secret ":                 {"ci/", "default/", inOrderOpen},
		"token ensure --to-context spoke --to-secret ": {"other/", inOrderOpen},
		"sa list --member ":                            {"member1", "member2", inOrder},
		"sa list --member member1,":                    {"member1,member2", inOrder},
		"sa revoke -n ci ":                             {revocable + "\thub · 2h left · serviceaccount robot", "sa/robot\tall tokens of this ServiceAccount", inOrder},
		"sa revoke -n ci hub/sa/":                      {"hub/sa/robot\tall tokens of this ServiceAccount", inOrder},
		"sa revoke ":                                   {inOrder},
		"token list --contexts-file - --for m":         {inOrder}, // nobody waits for standard input
	} {
		got := completed(t, append([]string{"--kubeconfig", kubeconfig}, line(text)...)...)
		if strings.Contains(strings.Join(got, ""), "0123456789abcdef") {
			t.Errorf("%s<TAB> shows a secret: %q", text, got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s<TAB>: got %q, want %q", text, got, want)
		}
	}
}

func TestTokensAreCompletedWithOneRequest(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	putToken(t, server, knownToken, "m1", time.Hour)
	completed(t, "--kubeconfig", apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server}), "token", "delete", "")
	if sent := server.Requests(); len(sent) != 1 || !strings.HasPrefix(sent[0], "GET /api/v1/namespaces/kube-system/secrets") {
		t.Errorf("requests: %q", sent)
	}
}

func TestACompletionIsBoundedAndSilent(t *testing.T) {
	t.Parallel()
	slow := apitest.New(t)
	slow.On("", "", apitest.Hang(nil))
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"slow": slow, "down": apitest.Down(t)})
	for _, text := range []string{
		"token delete --context slow -v 9 ",
		"token delete --context down ",
		"token delete --context none ",
		"token delete --kubeconfig /does/not/exist ",
	} {
		words := append([]string{cobra.ShellCompRequestCmd, "--kubeconfig", kubeconfig}, line(text)...)
		start := time.Now()
		code, stdout, stderr := run(t, words...)
		if took := time.Since(start); code != ExitOK || stdout != inOrder+"\n" || stderr != "" || took > 10*completionTime { // on a busy machine
			t.Errorf("%s: exit code %d after %s, stdout %q, stderr %q", text, code, took, stdout, stderr)
		}
	}
}

func TestACompletionShowsWhatAnsweredInTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	quick, slow := apitest.New(t), apitest.New(t)
	putToken(t, quick, knownToken, "", 0)
	quick.On("", "", apitest.Do(func(*http.Request) { time.AfterFunc(time.Second, cancel) }))
	slow.On("", "", apitest.Hang(nil))
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"quick": quick, "slow": slow, "down": apitest.Down(t)})
	got := completedUntil(ctx, t, "--kubeconfig", kubeconfig, "token", "delete", "--all-contexts", "")
	if want := []string{"abcdef\tquick · never expires", inOrder}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Tests that write a plugin must not run in parallel: another process that starts meanwhile keeps it open.
func TestACompletionNeverAsksByACredentialPlugin(t *testing.T) {
	server := apitest.New(t)
	putToken(t, server, knownToken, "", 0)
	for mode, want := range map[clientcmdapi.ExecInteractiveMode]string{
		clientcmdapi.NeverExecInteractiveMode:       "called, and cannot ask",
		clientcmdapi.IfAvailableExecInteractiveMode: "called, and cannot ask",
		clientcmdapi.AlwaysExecInteractiveMode:      "",
	} {
		dir := t.TempDir()
		command, log, kubeconfig := filepath.Join(dir, "plugin"), filepath.Join(dir, "log"), filepath.Join(dir, "kubeconfig")
		script := fmt.Sprintf(`#!/bin/sh
read answer && echo "asked: $answer" >>%[1]s
case $KUBERNETES_EXEC_INFO in *'"interactive":false'*) echo "called, and cannot ask" >>%[1]s ;; *) echo "called, and can ask" >>%[1]s ;; esac
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":%[2]q}}'
`, log, apitest.AdminToken)
		config, err := clientcmd.LoadFromFile(apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server}))
		if err != nil {
			t.Fatal(err)
		}
		config.AuthInfos["hub-admin"] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: command, InteractiveMode: mode,
		}}
		if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(command, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		got := completed(t, "--kubeconfig", kubeconfig, "token", "delete", "")
		if found := got[0] == "abcdef\thub · never expires"; found != (want != "") {
			t.Errorf("%s: got %q", mode, got)
		}
		content, _ := os.ReadFile(log) // not there: the plugin was not called
		if logged := strings.TrimSpace(string(content)); logged != want {
			t.Errorf("%s: the plugin was %q", mode, logged)
		}
	}
}
