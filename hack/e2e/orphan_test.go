// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// TestFailedCreateLeavesNoOrphanedToken makes create fail in many ways and expects no token Secret afterwards.
func TestFailedCreateLeavesNoOrphanedToken(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	shell := func(redirect string, args ...string) *exec.Cmd {
		cmd := program.Command(t, h.Kubeconfig)
		line := program.Binary("joinctl") + " token create " + strings.Join(args, " ") + redirect
		cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", line}
		return cmd
	}
	failures := []struct {
		name string
		cmd  *exec.Cmd
	}{
		{"stdout closed", shell(" >&-")},
		{"stdout closed, with --print-register-command", shell(" >&-", "--print-register-command")},
		{"disk full", shell(" >/dev/full")},
		{"stdout closed, for several clusters", shell(" >&-", "--for", "a,b,c")},
		{"disk full, for several clusters", shell(" >/dev/full", "--for", "a,b,c", "--print-register-command")},
		{"output directory cannot be created", shell("", "--for", "a,b,c", "--out-dir", "/proc/nowhere")},
		{"template with a missing field, for several clusters", program.Command(t, h.Kubeconfig, "token", "create", "--for", "a,b,c", "-o", "go-template={{index .items 7}}")},
		{"template with a missing field", program.Command(t, h.Kubeconfig, "token", "create", "-o", "go-template={{index .items 7}}")},
		{"jsonpath with a missing field", program.Command(t, h.Kubeconfig, "token", "create", "-o", "jsonpath={.items[7].id}")},
		{"forbidden", program.Command(t, h.Kubeconfig, "token", "create", "--as", "nobody")},
		{"wrong name in the certificate", program.Command(t, h.Kubeconfig, "token", "create", "--tls-server-name", "other")},
		{"unknown context", program.Command(t, h.Kubeconfig, "token", "create", "--context", "other")},
		{"bad usage", program.Command(t, h.Kubeconfig, "token", "create", "--usages", "bar")},
		{"server dry run", program.Command(t, h.Kubeconfig, "token", "create", "--dry-run=server")},
		{"plain http server", program.Command(t, h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.Server = "https://" + startPlainHTTP(t) }), "token", "create")},
	}
	for _, failure := range failures {
		out := program.Execute(t, failure.cmd)
		if out.Code == 0 && failure.name != "server dry run" {
			t.Errorf("%s: create succeeded: %s", failure.name, out.Stdout)
		}
		if out.Elapsed > 2*time.Second {
			t.Errorf("%s: create took %s", failure.name, out.Elapsed)
		}
		if remaining := h.tokens(t); len(remaining) != 0 {
			t.Errorf("%s: %d tokens remain\n%s", failure.name, len(remaining), out.Stderr)
		}
	}
}

// TestClosedPipeDeletesTheToken writes to a pipe after its reader was closed.
func TestClosedPipeDeletesTheToken(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	for _, flag := range []string{"--description=x", "--print-register-command"} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		read.Close()
		cmd := program.Command(t, h.Kubeconfig, "token", "create", flag)
		cmd.Stdout = write
		out := program.Execute(t, cmd)
		write.Close()
		out.Expect(t, 1, "broken pipe", "could not be printed, and was deleted again")
		if remaining := h.tokens(t); len(remaining) != 0 {
			t.Errorf("%d tokens remain", len(remaining))
		}
	}
}

// TestFailedRollbackNamesTheToken uses an identity with the create right only.
func TestFailedRollbackNamesTheToken(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	h.grantSecretVerbs(t, "create-only", "create")
	cmd := program.Command(t, h.Kubeconfig, "token", "create", "--as", "create-only", "-o", "go-template={{index .items 7}}")
	out := program.Execute(t, cmd)
	id := strings.TrimPrefix(h.tokens(t)[0].Name, "bootstrap-token-")
	out.Expect(t, 1, "token "+id+" still exists in context hub", "hint: remove it with: joinctl token delete "+id)
}

// TestCreateNeedsOnlyTheCreateRight checks that create does not read Secrets before it writes one.
func TestCreateNeedsOnlyTheCreateRight(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	h.grantSecretVerbs(t, "creator", "create")
	program.Run(t, h.Kubeconfig, "token", "create", "--as", "creator").OK(t)
	program.Run(t, h.Kubeconfig, "token", "create", "--as", "creator", "--print-register-command").OK(t)
}

// TestSignalsLeaveNoUnprintedToken stops create a hundred times, each time after a random delay.
func TestSignalsLeaveNoUnprintedToken(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	printed, interrupted := map[string]bool{}, 0
	for i := range 100 {
		signal := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE, syscall.SIGHUP}[i%4]
		args := []string{"token", "create"}
		if i%2 == 1 {
			args = append(args, "--print-register-command")
		}
		out := program.RunAndSignal(t, program.Command(t, h.Kubeconfig, args...), signal, time.Duration(rand.IntN(30_000))*time.Microsecond)
		if out.Code == 130 {
			interrupted++
		}
		for _, found := range regexp.MustCompile(`([a-z0-9]{6})\.[a-z0-9]{16}`).FindAllStringSubmatch(out.Stdout, -1) {
			printed[found[1]] = true
		}
	}
	stored := h.tokens(t)
	for _, secret := range stored {
		if id := strings.TrimPrefix(secret.Name, "bootstrap-token-"); !printed[id] {
			t.Errorf("token %s exists and was never printed", id)
		}
	}
	if len(stored) != len(printed) {
		t.Errorf("%d tokens exist, %d were printed", len(stored), len(printed))
	}
	if interrupted == 0 || len(printed) == 0 {
		t.Errorf("%d runs were interrupted, %d printed: choose other delays", interrupted, len(printed))
	}
	t.Logf("%d printed, %d interrupted", len(printed), interrupted)
}

// grantSecretVerbs gives a user only these verbs on Secrets in kube-system, and waits until the authorizer knows.
func (h *hub) grantSecretVerbs(t testing.TB, user string, verbs ...string) {
	t.Helper()
	name := "e2e-" + user
	roles, bindings := h.client.RbacV1().Roles(metav1.NamespaceSystem), h.client.RbacV1().RoleBindings(metav1.NamespaceSystem)
	_, err1 := roles.Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: verbs}},
	}, metav1.CreateOptions{})
	_, err2 := bindings.Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
	}, metav1.CreateOptions{})
	for _, err := range []error{err1, err2} {
		if err != nil {
			t.Fatal(err)
		}
	}
	program.Eventually(t, 5*time.Second, func() error { // the authorizer sees the binding after a delay
		out := program.Run(t, h.Kubeconfig, "token", "create", "--as", user, "--dry-run=server")
		if out.Code != 0 {
			return fmt.Errorf("%s", out.Stderr)
		}
		return nil
	})
}
