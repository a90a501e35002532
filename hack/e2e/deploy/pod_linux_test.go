// SPDX-License-Identifier: Apache-2.0

package deploy_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// inPod runs joinctl as a container does: in a root with nothing but the binary and the files of the ServiceAccount, as a user
// that is not root, and without HOME.
func inPod(t *testing.T, account string, args ...string) program.Result {
	t.Helper()
	root := t.TempDir()
	token, err := admin.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	must(t, err)
	binary, err := os.ReadFile(program.Binary("joinctl"))
	must(t, err)
	for path, content := range map[string][]byte{
		"joinctl": binary,
		"var/run/secrets/kubernetes.io/serviceaccount/token":     []byte(token.Status.Token),
		"var/run/secrets/kubernetes.io/serviceaccount/ca.crt":    cp.CAData,
		"var/run/secrets/kubernetes.io/serviceaccount/namespace": []byte(namespace),
	} {
		path = filepath.Join(root, path)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, content, 0o755))
	}
	host, port, err := net.SplitHostPort(cp.Host)
	must(t, err)
	cmd := exec.CommandContext(t.Context(), "/joinctl", args...)
	cmd.Dir, cmd.Env = "/", []string{"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port}
	const nobody = 65532
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	} else { // only root of a user namespace may change the root
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}}
	}
	return program.Execute(t, cmd)
}

func TestJoinctlInAPodUsesItsServiceAccount(t *testing.T) {
	t.Parallel()
	tok := inPod(t, "joinctl-ensure", "token", "create", "--for", "pod")
	tok.Expect(t, 0, "in this Pod's cluster")
	id, _, _ := strings.Cut(tok.OK(t), ".")
	if found := inPod(t, "joinctl-audit", "token", "list", "-o", `jsonpath={.items[?(@.for=="pod")].id} {.items[0].context}`).OK(t); found != id+" in-cluster" {
		t.Errorf("joinctl-audit lists %q", found)
	}
	inPod(t, "joinctl-audit", "token", "create").Expect(t, 1, `User "system:serviceaccount:joinctl:joinctl-audit" cannot create resource`)
	inPod(t, "joinctl-prune", "token", "delete", id).OK(t)
	contexts := inPod(t, "joinctl-audit", "contexts")
	contexts.Expect(t, 0)
	if !strings.Contains(contexts.Stdout, "in-cluster") {
		t.Errorf("the contexts are %s", contexts.Stdout)
	}
}
