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

func TestTokenIsRejectedAfterItsBoundObjectIsDeleted(t *testing.T) {
	t.Parallel()
	h := cappedHub
	ns := h.namespace(t)
	h.createPod(t, ns, "p")
	h.createSecret(t, ns, "s")
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
			h.expectRobot(t, ns, tok)
			if err := test.remove(); err != nil {
				t.Fatal(err)
			}
			h.expectRejected(t, tok)
		})
	}
}

func TestShortenedTokenLifetimeIsReported(t *testing.T) {
	t.Parallel()
	ns := cappedHub.namespace(t)
	requestToken := func(more ...string) program.Result {
		return run(t, "joinctl", cappedHub.Kubeconfig, append([]string{"sa", "token", robot, "-n", ns, "--duration", "24h"}, more...)...)
	}
	out := requestToken()
	out.Expect(t, 0, "expires in 1h, at ", "warning: 24h was asked for, and 1h granted", "shortened to 3600 seconds")
	cappedHub.expectRobot(t, ns, out.OK(t))
	for _, refused := range []program.Result{requestToken("--min-granted", "12h"), requestToken("--min-granted", "12h", "-o", "yaml"), requestToken("--min-granted", "12h", "--revocable")} {
		refused.Expect(t, 4, "for 1h only, less than --min-granted 12h")
		if refused.Stdout != "" {
			t.Errorf("printed %q", refused.Stdout)
		}
	}
	for _, refused := range []program.Result{requestToken("--warnings-as-errors"), requestToken("--warnings-as-errors", "--revocable")} {
		refused.Expect(t, 1, "shortened to 3600 seconds")
		if refused.Stdout != "" {
			t.Errorf("printed %q", refused.Stdout)
		}
	}
	if n := cappedHub.countRevocationSecrets(t, ns); n != 0 {
		t.Errorf("%d Secrets remain", n)
	}
}

func TestRejectedTokenRequestsHaveHints(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	h.createServiceAccount(t, ns, "other")
	h.createPod(t, ns, "p")
	h.createSecret(t, ns, "s")
	requestToken := func(args ...string) program.Result {
		return run(t, "joinctl", h.Kubeconfig, append([]string{"sa", "token", "-n", ns}, args...)...)
	}
	requestToken("nobody").Expect(t, 1, `serviceaccounts "nobody" not found`, "hint: kubectl get serviceaccounts -n "+ns)
	requestToken(robot, "--bound-object-kind", "pod", "--bound-object-name", "x").Expect(t, 1, `pods "x" not found`, "hint: a Pod has to be in the ServiceAccount's namespace")
	requestToken("other", "--bound-object-kind", "pod", "--bound-object-name", "p").Expect(t, 1, "different serviceaccount", "hint: a token can only be bound to a Pod that runs as")
	requestToken(robot, "--bound-object-kind", "secret", "--bound-object-name", "s", "--bound-object-uid", "u").Expect(t, 1, "UID", "leave --bound-object-uid out")
	requestToken(robot, "--as", "nobody").Expect(t, 1, "forbidden", "hint: this needs the verb create on serviceaccounts/token")
	requestToken(robot, "-n", "nowhere").Expect(t, 1, "not found")
}

// TestTokenExtensionToOneYearIsAvoided checks with kubectl that the server still extends such tokens.
func TestTokenExtensionToOneYearIsAvoided(t *testing.T) {
	t.Parallel()
	ns := uncappedHub.namespace(t)
	uncappedHub.createPod(t, ns, "p")
	args := []string{"token", robot, "-n", ns, "--duration", "3607s", "--bound-object-kind", "Pod", "--bound-object-name", "p"}
	fromKubectl := run(t, "kubectl", uncappedHub.Kubeconfig, append([]string{"create"}, args...)...).OK(t)
	if life := lifetime(t, fromKubectl); life < 300*24*time.Hour {
		t.Errorf("kubectl's token is valid for %s: the server no longer extends it", life)
	}
	run(t, "joinctl", uncappedHub.Kubeconfig, "sa", "token", robot, "-n", ns, "--duration", "3607s").Expect(t, 0, "expires in 1h")
	got := run(t, "joinctl", uncappedHub.Kubeconfig, append([]string{"sa"}, args...)...)
	got.Expect(t, 0, "requesting a second more", "expires in 1h")
	if life := lifetime(t, got.OK(t)); life != 3608*time.Second {
		t.Errorf("the token is valid for %s", life)
	}
}

// lifetime returns the lifetime of a JWT.
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

func TestRevocableTokenIsListedAndRevoked(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	requestToken := run(t, "joinctl", h.Kubeconfig, "sa", "token", robot, "-n", ns, "--revocable", "--audience", "https://kubernetes.default.svc.cluster.local")
	requestToken.Expect(t, 0, "revoke it with: joinctl sa revoke robot-token-")
	h.expectRobot(t, ns, requestToken.OK(t))
	names := run(t, "joinctl", h.Kubeconfig, "sa", "list", "-n", ns, "-o", "jsonpath={.items[*].name} {.items[*].serviceAccount} {.items[*].ttlSeconds}").OK(t)
	var name string
	if fields := strings.Fields(names); len(fields) != 3 || fields[1] != robot || fields[2] < "3500" {
		t.Fatalf("listed %q", names)
	} else {
		name = fields[0]
	}
	h.createSecret(t, ns, "mine")
	run(t, "joinctl", h.Kubeconfig, "sa", "revoke", "mine", "nothing", name, "-n", ns).Expect(t, 3, "secret "+ns+"/mine is not of a revocable token", "token nothing not found", "about 10 seconds more")
	h.expectRejected(t, requestToken.OK(t))
	if n := h.countRevocationSecrets(t, ns); n != 0 {
		t.Errorf("%d Secrets remain", n)
	}
	if _, err := h.client.CoreV1().Secrets(ns).Get(t.Context(), "mine", metav1.GetOptions{}); err != nil {
		t.Errorf("another Secret was deleted: %v", err)
	}
}

func TestRevocationSecretIsDeletedIfTheTokenIsNotPrinted(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	run(t, "joinctl", h.Kubeconfig, "sa", "token", "nobody", "-n", ns, "--revocable").Expect(t, 1, "not found")
	for _, args := range [][]string{{"sa", "token", robot}, {"sa", "token", robot, "-o", "json"}, {"sa", "kubeconfig", robot}} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		cmd := command(t, "joinctl", h.Kubeconfig, append(args, "--revocable", "-n", ns)...)
		cmd.Stdout = writer
		program.Execute(t, cmd).Expect(t, 1, "broken pipe")
		writer.Close()
	}
	if n := h.countRevocationSecrets(t, ns); n != 0 {
		t.Errorf("%d Secrets remain", n)
	}
}

func TestRevokeExpiredDeletesOnlyExpiredTokensAndOnlyIfConfirmed(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
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
	run(t, "joinctl", h.Kubeconfig, "sa", "revoke", "--expired", "-n", ns).Expect(t, 1, "to be removed in context hub: "+ns+"/"+found.Items[0].Name)
	if n := h.countRevocationSecrets(t, ns); n != 2 {
		t.Errorf("%d Secrets remain", n)
	}
	run(t, "joinctl", h.Kubeconfig, "sa", "revoke", "--expired", "-n", ns, "--yes").OK(t)
	if _, err := h.client.CoreV1().Secrets(ns).Get(t.Context(), found.Items[1].Name, metav1.GetOptions{}); err != nil || h.countRevocationSecrets(t, ns) != 1 {
		t.Errorf("the wrong Secret was deleted: %v", err)
	}
}

func TestInspectReviewUsesTokenReviewOrSelfSubjectReview(t *testing.T) {
	t.Parallel()
	h, ns := cappedHub, cappedHub.namespace(t)
	tok := run(t, "joinctl", h.Kubeconfig, "sa", "token", robot, "-n", ns).OK(t)
	parts := strings.Split(tok, ".")
	forged := parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	inspect := func(token string, more ...string) program.Result {
		cmd := command(t, "joinctl", h.Kubeconfig, append([]string{"sa", "inspect", "-", "-o", "jsonpath={.items[*].verified} {.items[*].review.by} {.items[*].subject}"}, more...)...)
		cmd.Stdin = strings.NewReader(token + "\n")
		return program.Execute(t, cmd)
	}
	who := " system:serviceaccount:" + ns + ":" + robot
	for _, test := range []struct {
		out  program.Result
		code int
		want string
	}{
		{inspect(tok), 0, "false " + who},
		{inspect(tok, "--review"), 0, "true TokenReview" + who},
		{inspect(tok, "--review", "--as", "nobody"), 0, "true SelfSubjectReview" + who},
		{inspect(forged, "--review"), 4, "false TokenReview" + who},
		{inspect(forged, "--review", "--as", "nobody"), 4, "false SelfSubjectReview" + who},
	} {
		test.out.Expect(t, test.code)
		if test.out.Stdout != test.want {
			t.Errorf("printed %q, not %q", test.out.Stdout, test.want)
		}
	}
	inspect("abcdef.0123456789abcdef", "--review").Expect(t, 4, "does not accept the token")
}
