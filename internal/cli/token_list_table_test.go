// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/token"
)

// shownOn runs a command with a terminal of so many columns as its stdout, 0 for none.
func shownOn(t *testing.T, columns int, noColor bool, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &Env{
		In: strings.NewReader(""), Out: &out, Err: &errs, Now: time.Now, Rand: rand.Reader,
		OutTTY: columns > 0, OutWidth: func() int { return columns }, NoColor: noColor,
	}
	Main(t.Context(), env, args)
	return out.String(), errs.String()
}

// putTableTokens stores tokens of every status and with descriptions in several scripts. None has a time in which the test runs.
func putTableTokens(t *testing.T, server *apitest.Server) {
	t.Helper()
	both := []string{token.Signing, token.Authentication}
	for full, spec := range map[string]token.Spec{
		"aaaaaa.0123456789abcdef": {Usages: both, For: "member1", Description: "生产环境的集群，位于法兰克福，由平台团队负责维护和升级"},
		"bbbbbb.0123456789abcdef": {Usages: both, Description: "🚀 launch 🇩🇪 and a description that is longer than a terminal has columns, or most terminals"},
		"cccccc.0123456789abcdef": {Usages: both[1:], For: "member-of-frankfurt"},
		"dddddd.0123456789abcdef": {Usages: both, Expires: time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC), Description: "old"},
		"eeeeee.0123456789abcdef": {},
	} {
		tok, err := token.Parse(full)
		if err != nil {
			t.Fatal(err)
		}
		secret := token.Encode(tok, spec)
		secret.CreationTimestamp = metav1.NewTime(time.Now().Add(-time.Hour))
		server.Put(secret)
	}
}

func TestATokenListFitsIntoTheTerminal(t *testing.T) {
	server := apitest.New(t)
	server.PublishClusterInfo()
	putTableTokens(t, server)
	server.Sign("aaaaaa.0123456789abcdef")
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	for columns, want := range map[int][]string{
		100: {
			"TOKEN    STATUS                TTL         EXPIRES                FOR                   DESCRIPTION",
			"dddddd   expired               <expired>   2020-01-02T03:04:05Z   <none>                old",
			"aaaaaa   ok                    <forever>   <never>                member1               生产环境的…",
			"bbbbbb   ok (not signed)       <forever>   <never>                <none>                🚀 launch …",
			"cccccc   ok                    <forever>   <never>                member-of-frankfurt   <none>",
			"eeeeee   unusable (no usage)   <forever>   <never>                <none>                <none>",
		},
		120: {
			"TOKEN    STATUS                TTL         EXPIRES                FOR                   DESCRIPTION",
			"dddddd   expired               <expired>   2020-01-02T03:04:05Z   <none>                old",
			"aaaaaa   ok                    <forever>   <never>                member1               生产环境的集群，位于法兰克福，…",
			"bbbbbb   ok (not signed)       <forever>   <never>                <none>                🚀 launch 🇩🇪 and a description …",
			"cccccc   ok                    <forever>   <never>                member-of-frankfurt   <none>",
			"eeeeee   unusable (no usage)   <forever>   <never>                <none>                <none>",
		},
	} {
		got, stderr := shownOn(t, columns, true, "token", "list", "--kubeconfig", kubeconfig)
		if want := strings.Join(want, "\n") + "\n"; got != want || stderr != "" {
			t.Errorf("%d columns: got\n%s%swant\n%s", columns, got, stderr, want)
		}
		for line := range strings.Lines(got) {
			if width := output.Width(strings.TrimSuffix(line, "\n")); width > columns {
				t.Errorf("%d columns: a line takes %d: %s", columns, width, line)
			}
		}
	}
}

func TestATokenListInAPipeOrBehindLongContextNamesIsNotCutInItsNames(t *testing.T) {
	const arn = "arn:aws:eks:eu-central-1:123456789012:cluster/prod-payments-01"
	server := apitest.New(t)
	putTableTokens(t, server)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{arn: server})
	piped, _ := shownOn(t, 0, false, "token", "list", "--all-contexts", "--kubeconfig", kubeconfig)
	if strings.ContainsAny(piped, "\x1b…") || !strings.Contains(piped, "or most terminals") || !strings.Contains(piped, "维护和升级") {
		t.Errorf("a pipe gets\n%s", piped)
	}
	for _, columns := range []int{60, 80, 120} {
		shown, _ := shownOn(t, columns, true, "token", "list", "--all-contexts", "--kubeconfig", kubeconfig)
		lines := strings.Split(strings.TrimSuffix(shown, "\n"), "\n")
		for i, line := range lines {
			if i > 0 && !strings.HasPrefix(line, arn+"   ") || i == 4 && !strings.Contains(line, "member-of-frankfurt") {
				t.Errorf("%d columns: %q", columns, line)
			}
		}
		if len(lines) != 6 || !strings.Contains(lines[3], "🚀 launch …") {
			t.Errorf("%d columns: got\n%s", columns, shown)
		}
	}
}

func TestColoursAreForTerminalsUnlessTheFlagSaysElse(t *testing.T) {
	server := apitest.New(t)
	putTableTokens(t, server)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
	for _, test := range []struct {
		terminal, noColor bool
		flag              string
		want              bool
	}{
		{false, false, "", false},
		{true, false, "", true},
		{true, true, "", false},
		{true, false, "--color=never", false},
		{true, true, "--color=always", true},
		{false, false, "--color=always", true},
		{false, true, "--color=auto", false},
		{true, false, "--color=auto", true},
	} {
		columns := map[bool]int{true: 100}[test.terminal]
		args := []string{"token", "list", "--kubeconfig", kubeconfig, test.flag}
		got, stderr := shownOn(t, columns, test.noColor, slices.DeleteFunc(args, func(arg string) bool { return arg == "" })...)
		if (strings.Contains(got, "\x1b[32mok\x1b[0m   ") && strings.Contains(got, "\x1b[31munusable (no usage)\x1b[0m")) != test.want || strings.Contains(got, "\x1b") != test.want || stderr != "" {
			t.Errorf("%+v: prints %q %s", test, got, stderr)
		}
		document, _ := shownOn(t, columns, test.noColor, append(slices.Clip(args[:4]), "-o", "json", "--color", "always")...)
		if strings.Contains(document, "\x1b") {
			t.Errorf("%+v: a document has colours: %q", test, document)
		}
	}
}

func TestJudgementsOfEveryKindHaveColours(t *testing.T) {
	server := apitest.New(t, apitest.Karmada)
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"a": server, "b": apitest.Down(t)})
	const red, green, end = "\x1b[31m", "\x1b[32m", "\x1b[0m"
	for line, want := range map[string][]string{
		"doctor --context a -o wide --kubeconfig " + kubeconfig:                                                     {red + "error" + end, green + "info" + end},
		"contexts --all-contexts --check --kubeconfig " + kubeconfig:                                                {green + "yes" + end, red + "no" + end},
		"check 127.0.0.1:1 --token 07401b.f395accd246ae52d --discovery-token-unsafe-skip-ca-verification --wait 0s": {green + "ok" + end, red + "failed" + end},
	} {
		got, _ := shownOn(t, 120, false, strings.Fields(line)...)
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: %q is missing in\n%s", line, text, got)
			}
		}
	}
}

func TestAListSaysWhichTokensHaveNoSignature(t *testing.T) {
	const path = "/api/v1/namespaces/kube-public/configmaps/cluster-info"
	refuse := func(err *apierrors.StatusError) func(*apitest.Server) {
		return func(server *apitest.Server) {
			server.PublishClusterInfo()
			server.On(http.MethodGet, path, apitest.Refuse(err))
		}
	}
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "cluster-info", nil)
	for name, test := range map[string]struct {
		prepare func(*apitest.Server)
		want    string // of the tokens aaaaaa, bbbbbb and cccccc
		warning string
	}{
		"one is signed": {func(server *apitest.Server) {
			server.PublishClusterInfo()
			server.Sign("aaaaaa.0123456789abcdef", "bbbbbb.fedcba9876543210") // the second one with another secret
		}, "true false <none>", ""},
		"no cluster-info":   {func(*apitest.Server) {}, "<none> <none> <none>", ""},
		"may not read":      {refuse(forbidden), "<none> <none> <none>", ""},
		"the server failed": {refuse(apierrors.NewInternalError(http.ErrAbortHandler)), "<none> <none> <none>", "cannot tell which tokens cluster-info is signed with"},
	} {
		t.Run(name, func(t *testing.T) {
			server := apitest.New(t)
			putTableTokens(t, server)
			test.prepare(server)
			kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})
			got, stderr := shownOn(t, 0, false, "token", "list", "--kubeconfig", kubeconfig, "--active", "--no-headers", "-o", "custom-columns=SIGNED:.signed")
			if strings.Join(strings.Fields(got), " ") != test.want || !strings.Contains(stderr, test.warning) || (stderr == "") != (test.warning == "") {
				t.Errorf("prints %s%s", got, stderr)
			}
		})
	}
}
