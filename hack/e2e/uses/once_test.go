// SPDX-License-Identifier: Apache-2.0

package uses_test

import (
	"bufio"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestATokenForOnceIsDeletedAfterTheFirstJoinAndTheSecondIsReported(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--joinable", "--karmada", "--agent-approver", "--name", "hub")
	admin, err := cp.Clientset()
	if err != nil {
		t.Fatal(err)
	}
	cmd := program.Command(t, cp.Kubeconfig, "token", "create", "--once", "--once-timeout", "30s")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	tok, err := bufio.NewReader(stdout).ReadString('\n') // it is printed at once
	if err != nil {
		t.Fatal(err)
	}
	tok = strings.TrimSpace(tok)
	client := joiner(t, cp, tok)
	var both sync.WaitGroup
	for _, name := range []string{"agent-member1", "agent-member2"} {
		both.Go(func() { request(t, client, metav1.ObjectMeta{Name: name}) })
	}
	both.Wait()
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, &stderr)
	}
	if text := stderr.String(); !strings.Contains(text, "deleted token "+tok[:6]) || !strings.Contains(text, "2 certificate requests were sent with token "+tok[:6]) {
		t.Errorf("stderr is %s", text)
	}
	if _, err := admin.CoreV1().Secrets("kube-system").Get(t.Context(), "bootstrap-token-"+tok[:6], metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the token is left: %v", err)
	}
	requests, err := admin.CertificatesV1().CertificateSigningRequests().Get(t.Context(), "agent-member1", metav1.GetOptions{})
	if err != nil || len(requests.Status.Certificate) == 0 {
		t.Errorf("the first request has no certificate: %v", err)
	}
	unused := program.Run(t, cp.Kubeconfig, "token", "create", "--once", "--once-timeout", "2s")
	unused.Expect(t, 1, "token "+unused.Stdout[:6]+" was deleted unused, after 2s")
}
