// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestATokenDiesWithWhatItIsBoundTo(t *testing.T) {
	t.Parallel()
	h := capped
	ns := h.namespace(t)
	h.pod(t, ns, "p")
	h.secret(t, ns, "s")
	if _, err := h.client.CoreV1().Nodes().Create(t.Context(), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: ns}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	now := int64(0)
	deleteNow := metav1.DeleteOptions{GracePeriodSeconds: &now}
	for kind, test := range map[string]struct {
		name   string
		remove func() error
	}{
		"pod":    {"p", func() error { return h.client.CoreV1().Pods(ns).Delete(t.Context(), "p", deleteNow) }},
		"Secret": {"s", func() error { return h.client.CoreV1().Secrets(ns).Delete(t.Context(), "s", deleteNow) }},
		"NODE":   {ns, func() error { return h.client.CoreV1().Nodes().Delete(t.Context(), ns, deleteNow) }},
	} {
		t.Run(kind, func(t *testing.T) {
			tok := run(t, "joinctl", h.Kubeconfig, "sa", "token", robot, "-n", ns, "--bound-object-kind", kind, "--bound-object-name", test.name).OK(t)
			h.is(t, ns, tok)
			if err := test.remove(); err != nil {
				t.Fatal(err)
			}
			h.dies(t, tok)
		})
	}
}

func TestAServerThatGrantsLessIsToldOf(t *testing.T) {
	t.Parallel()
	ns := capped.namespace(t)
	mint := func(more ...string) program.Outcome {
		return run(t, "joinctl", capped.Kubeconfig, append([]string{"sa", "token", robot, "-n", ns, "--duration", "24h"}, more...)...)
	}
	out := mint()
	out.Wants(t, 0, "expires in 1h, at ", "warning: 24h was asked for, and 1h granted", "shortened to 3600 seconds")
	capped.is(t, ns, out.OK(t))
	for _, refused := range []program.Outcome{mint("--min-granted", "12h"), mint("--min-granted", "12h", "-o", "yaml"), mint("--min-granted", "12h", "--revocable")} {
		refused.Wants(t, 4, "for 1h only, less than --min-granted 12h")
		if refused.Stdout != "" {
			t.Errorf("printed %q", refused.Stdout)
		}
	}
	for _, refused := range []program.Outcome{mint("--warnings-as-errors"), mint("--warnings-as-errors", "--revocable")} {
		refused.Wants(t, 1, "shortened to 3600 seconds")
		if refused.Stdout != "" {
			t.Errorf("printed %q", refused.Stdout)
		}
	}
	if n := capped.bindings(t, ns); n != 0 {
		t.Errorf("%d Secrets are left over", n)
	}
}

func TestWhatTheServerRefusesSaysWhatToCheck(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	h.account(t, ns, "other")
	h.pod(t, ns, "p")
	h.secret(t, ns, "s")
	mint := func(args ...string) program.Outcome {
		return run(t, "joinctl", h.Kubeconfig, append([]string{"sa", "token", "-n", ns}, args...)...)
	}
	mint("nobody").Wants(t, 1, `serviceaccounts "nobody" not found`, "hint: kubectl get serviceaccounts -n "+ns)
	mint(robot, "--bound-object-kind", "pod", "--bound-object-name", "x").Wants(t, 1, `pods "x" not found`, "hint: a Pod has to be in the ServiceAccount's namespace")
	mint("other", "--bound-object-kind", "pod", "--bound-object-name", "p").Wants(t, 1, "different serviceaccount", "hint: a token can only be bound to a Pod that runs as")
	mint(robot, "--bound-object-kind", "secret", "--bound-object-name", "s", "--bound-object-uid", "u").Wants(t, 1, "UID", "leave --bound-object-uid out")
	mint(robot, "--as", "nobody").Wants(t, 1, "forbidden", "hint: this needs the verb create on serviceaccounts/token")
	mint(robot, "-n", "nowhere").Wants(t, 1, "not found")
}

// TestTheYearThatAServerGrantsForAnHourIsAvoided: kubectl shows what would have been.
func TestTheYearThatAServerGrantsForAnHourIsAvoided(t *testing.T) {
	t.Parallel()
	ns := free.namespace(t)
	free.pod(t, ns, "p")
	args := []string{"token", robot, "-n", ns, "--duration", "3607s", "--bound-object-kind", "Pod", "--bound-object-name", "p"}
	theirs := run(t, "kubectl", free.Kubeconfig, append([]string{"create"}, args...)...).OK(t)
	if life := lifetime(t, theirs); life < 300*24*time.Hour {
		t.Errorf("kubectl's token lives for %s: the server has changed", life)
	}
	run(t, "joinctl", free.Kubeconfig, "sa", "token", robot, "-n", ns, "--duration", "3607s").Wants(t, 0, "expires in 1h")
	got := run(t, "joinctl", free.Kubeconfig, append([]string{"sa"}, args...)...)
	got.Wants(t, 0, "asking for a second more", "expires in 1h")
	if life := lifetime(t, got.OK(t)); life != 3608*time.Second {
		t.Errorf("it lives for %s", life)
	}
}

// lifetime reads how long a JWT lives.
func lifetime(t testing.TB, jwt string) time.Duration {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(jwt, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims struct{ Iat, Exp int64 }
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return time.Duration(claims.Exp-claims.Iat) * time.Second
}

func TestARevocableTokenIsListedAndRevoked(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	mint := run(t, "joinctl", h.Kubeconfig, "sa", "token", robot, "-n", ns, "--revocable", "--audience", "https://kubernetes.default.svc.cluster.local")
	mint.Wants(t, 0, "revoke it with: joinctl sa revoke robot-token-")
	h.is(t, ns, mint.OK(t))
	names := run(t, "joinctl", h.Kubeconfig, "sa", "list", "-n", ns, "-o", "jsonpath={.items[*].name} {.items[*].serviceAccount} {.items[*].ttlSeconds}").OK(t)
	var name string
	if fields := strings.Fields(names); len(fields) != 3 || fields[1] != robot || fields[2] < "3500" {
		t.Fatalf("listed %q", names)
	} else {
		name = fields[0]
	}
	h.secret(t, ns, "mine")
	run(t, "joinctl", h.Kubeconfig, "sa", "revoke", "mine", "nothing", name, "-n", ns).Wants(t, 3, "secret "+ns+"/mine is not of a revocable token", `"nothing" not found`, "about 10 seconds more")
	h.dies(t, mint.OK(t))
	if n := h.bindings(t, ns); n != 0 {
		t.Errorf("%d Secrets are left", n)
	}
	if _, err := h.client.CoreV1().Secrets(ns).Get(t.Context(), "mine", metav1.GetOptions{}); err != nil {
		t.Errorf("another Secret is gone: %v", err)
	}
}

func TestTheSecretOfATokenThatIsNotHandedOverIsTakenBack(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	run(t, "joinctl", h.Kubeconfig, "sa", "token", "nobody", "-n", ns, "--revocable").Wants(t, 1, "not found")
	for _, args := range [][]string{{"sa", "token", robot}, {"sa", "token", robot, "-o", "json"}, {"sa", "kubeconfig", robot}} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		cmd := command(t, "joinctl", h.Kubeconfig, append(args, "--revocable", "-n", ns)...)
		cmd.Stdout = writer
		program.Execute(t, cmd).Wants(t, 1, "broken pipe")
		writer.Close()
	}
	if n := h.bindings(t, ns); n != 0 {
		t.Errorf("%d Secrets are left over", n)
	}
}

func TestOnlySecretsOfExpiredTokensAreRemovedAndNotWithoutAYes(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	for range 2 {
		run(t, "joinctl", h.Kubeconfig, "sa", "token", robot, "-n", ns, "--revocable").OK(t)
	}
	found, err := h.client.CoreV1().Secrets(ns).List(t.Context(), metav1.ListOptions{LabelSelector: "joinctl.io/binds"})
	if err != nil {
		t.Fatal(err)
	}
	found.Items[0].Annotations["joinctl.io/expires"] = "2020-01-01T00:00:00Z"
	if _, err := h.client.CoreV1().Secrets(ns).Update(t.Context(), &found.Items[0], metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	run(t, "joinctl", h.Kubeconfig, "sa", "revoke", "--expired", "-n", ns).Wants(t, 1, "to be removed in context hub: "+ns+"/"+found.Items[0].Name)
	if n := h.bindings(t, ns); n != 2 {
		t.Errorf("%d Secrets are left", n)
	}
	run(t, "joinctl", h.Kubeconfig, "sa", "revoke", "--expired", "-n", ns, "--yes").OK(t)
	if _, err := h.client.CoreV1().Secrets(ns).Get(t.Context(), found.Items[1].Name, metav1.GetOptions{}); err != nil || h.bindings(t, ns) != 1 {
		t.Errorf("the wrong one is gone: %v", err)
	}
}

func TestAnInspectionAsksTheServerOneWayOrTheOther(t *testing.T) {
	t.Parallel()
	h, ns := capped, capped.namespace(t)
	tok := run(t, "joinctl", h.Kubeconfig, "sa", "token", robot, "-n", ns).OK(t)
	parts := strings.Split(tok, ".")
	forged := parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	inspect := func(token string, more ...string) program.Outcome {
		cmd := command(t, "joinctl", h.Kubeconfig, append([]string{"sa", "inspect", "-", "-o", "jsonpath={.items[*].verified} {.items[*].review.by} {.items[*].subject}"}, more...)...)
		cmd.Stdin = strings.NewReader(token + "\n")
		return program.Execute(t, cmd)
	}
	who := " system:serviceaccount:" + ns + ":" + robot
	for _, test := range []struct {
		out  program.Outcome
		code int
		want string
	}{
		{inspect(tok), 0, "false " + who},
		{inspect(tok, "--review"), 0, "true TokenReview" + who},
		{inspect(tok, "--review", "--as", "nobody"), 0, "true SelfSubjectReview" + who},
		{inspect(forged, "--review"), 4, "false TokenReview" + who},
		{inspect(forged, "--review", "--as", "nobody"), 4, "false SelfSubjectReview" + who},
	} {
		test.out.Wants(t, test.code)
		if test.out.Stdout != test.want {
			t.Errorf("printed %q, not %q", test.out.Stdout, test.want)
		}
	}
	inspect("abcdef.0123456789abcdef", "--review").Wants(t, 4, "does not accept the token")
}
