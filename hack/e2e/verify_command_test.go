// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// requireRefused runs token create --print-register-command and expects it to fail within 6 s without a new token.
func (h *hub) requireRefused(t *testing.T, kubeconfig string, code int, texts []string, args ...string) {
	t.Helper()
	before := len(h.tokens(t))
	out := program.Run(t, kubeconfig, append([]string{"token", "create", "--print-register-command"}, args...)...)
	out.Expect(t, code, texts...)
	if out.Stdout != "" {
		t.Errorf("stdout has %q", out.Stdout)
	}
	if after := len(h.tokens(t)); after != before {
		t.Errorf("%d tokens before, %d after", before, after)
	}
	if out.Elapsed > 6*time.Second {
		t.Errorf("the failure took %s", out.Elapsed)
	}
}

func TestNoCommandIsPrintedThatFailsVerification(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	ctx := t.Context()
	maps, bindings := h.client.CoreV1().ConfigMaps(metav1.NamespacePublic), h.client.RbacV1().RoleBindings(metav1.NamespacePublic)
	original, err := maps.Get(ctx, "cluster-info", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	setInfo := func(t *testing.T, kubeconfig string) {
		t.Helper()
		patch, err := json.Marshal(map[string]any{"data": map[string]string{"kubeconfig": kubeconfig}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := maps.Patch(ctx, "cluster-info", types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("role binding missing", func(t *testing.T) {
		const name = "system:karmada:bootstrap-signer-clusterinfo"
		binding, err := bindings.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := bindings.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		h.requireRefused(t, h.Kubeconfig, 1, []string{"system:anonymous", "no Role and RoleBinding in kube-public let user system:anonymous get configmap cluster-info", "joinctl setup --endpoint HOST:PORT; joinctl doctor shows what is missing"})
		binding.ResourceVersion = ""
		if _, err := bindings.Create(ctx, binding, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("another CA inside", func(t *testing.T) {
		config, err := clientcmd.Load([]byte(original.Data["kubeconfig"]))
		if err != nil {
			t.Fatal(err)
		}
		config.Clusters[""].CertificateAuthorityData = unrelatedCA(t)
		content, err := clientcmd.Write(*config)
		if err != nil {
			t.Fatal(err)
		}
		setInfo(t, string(content))
		h.requireRefused(t, h.Kubeconfig, 1, []string{"verify 127.0.0.1", "with the CA in cluster-info", "hint: cluster-info has to carry the CA"})
	})
	t.Run("two clusters inside", func(t *testing.T) {
		setInfo(t, "apiVersion: v1\nkind: Config\nclusters:\n- {name: a, cluster: {server: https://a}}\n- {name: b, cluster: {server: https://b}}\n")
		h.requireRefused(t, h.Kubeconfig, 1, []string{"2 clusters", "wants exactly one"})
	})
	t.Run("empty", func(t *testing.T) {
		setInfo(t, "")
		h.requireRefused(t, h.Kubeconfig, 1, []string{"it has no kubeconfig"})
	})
	t.Run("missing", func(t *testing.T) {
		if err := maps.Delete(ctx, "cluster-info", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		h.requireRefused(t, h.Kubeconfig, 1, []string{"not found", "karmada-operator does not: the administrator of the control plane makes it joinable with joinctl setup --endpoint HOST:PORT"})
		original.ResourceVersion = ""
		if _, err := maps.Create(ctx, original, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("certificate for other names", func(t *testing.T) {
		h.requireRefused(t, h.Kubeconfig, 1, []string{"127.0.0.2", "hint: joiners verify the name"}, "--endpoint", relay.Forward(t, "127.0.0.2:0", h.Host).Addr)
	})
	t.Run("plain http at the endpoint", func(t *testing.T) {
		h.requireRefused(t, h.Kubeconfig, 1, []string{"HTTP response to HTTPS client"}, "--endpoint", startPlainHTTP(t))
	})
	t.Run("insecure", func(t *testing.T) {
		h.requireRefused(t, h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.CertificateAuthorityData, c.InsecureSkipTLSVerify = nil, true
		}), 2, []string{"is not verified, so no CA can be taken from it"})
	})
	t.Run("http", func(t *testing.T) {
		h.requireRefused(t, h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.Server = "http://" + h.Host
		}), 2, []string{"is not https"})
	})
	t.Run("path prefix", func(t *testing.T) {
		h.requireRefused(t, h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.Server += "/k8s/clusters/c-xyz"
		}), 2, []string{"has a path", "--endpoint HOST:PORT"})
	})
	t.Run("unreachable server", func(t *testing.T) {
		h.requireRefused(t, h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.Server = "https://127.0.0.1:1"
		}), 1, []string{"connection refused"})
	})
}

func TestDisabledAnonymousAuthenticationIsReportedBeforeATokenIsCreated(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--joinable", "--anonymous-auth=false")
	client, err := cp.Clientset()
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{cp, client}
	h.requireRefused(t, h.Kubeconfig, 1, []string{"Unauthorized", "hint: joiners are anonymous at first: kube-apiserver needs --anonymous-auth", "no API group cluster.karmada.io"})
}

// TestUnreachableEndpointIsRefused expects no token, and with --no-verify a command that works where the endpoint answers.
func TestUnreachableEndpointIsRefused(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	for _, endpoint := range []string{"127.0.0.1:1", "nowhere.invalid:6443"} {
		h.requireRefused(t, h.Kubeconfig, 1, []string{
			endpoint + " cannot be reached from this machine, so no join command for it can be verified", "--no-verify",
		}, "--endpoint", endpoint)
		out := program.Run(t, h.Kubeconfig, "token", "create", "--print-register-command", "--endpoint", endpoint, "--no-verify")
		if !strings.HasPrefix(out.Stdout, "karmadactl register "+endpoint+" ") {
			t.Errorf("stdout is %q", out.Stdout)
		}
		if err := kubeadmDiscovers(t, strings.Replace(out.OK(t), endpoint, h.Host, 1)); err != nil {
			t.Errorf("kubeadm's discovery rejects the pins: %v", err)
		}
	}
}

// TestMissingRightsAreRefusedBeforeATokenIsCreated deletes the bindings that joins need, on a control plane of its own.
func TestMissingRightsAreRefusedBeforeATokenIsCreated(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--joinable", "--karmada")
	client, err := cp.Clientset()
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{cp, client}
	program.Run(t, h.Kubeconfig, "token", "create", "--print-register-command").OK(t)
	bindings := client.RbacV1().ClusterRoleBindings()
	all, err := bindings.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ role, says string }{
		{"system:node-bootstrapper", "may not create certificatesigningrequests.certificates.k8s.io"},
		{"", "may not create certificatesigningrequests.certificates.k8s.io/clusteragent"},
	} {
		for _, binding := range all.Items {
			ofJoiners := len(binding.Subjects) == 1 && binding.Subjects[0].Name == "system:bootstrappers:karmada:default-cluster-token"
			if !ofJoiners || want.role != "" && binding.RoleRef.Name != want.role {
				continue
			}
			if err := bindings.Delete(t.Context(), binding.Name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				t.Fatal(err)
			}
		}
		h.requireRefused(t, h.Kubeconfig, 1, []string{"a join would fail: ", want.says, "hint: joinctl setup", "joinctl doctor", "--no-verify"})
	}
	program.Run(t, h.Kubeconfig, "token", "create", "--print-register-command", "--no-verify").OK(t)
}

func TestMissingSignatureFailsTheCheckAndTheCommandIsPrinted(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--joinable", "--karmada", "--signer=false")
	out := program.Run(t, cp.Kubeconfig, "token", "create", "--print-register-command", "--wait", "1s")
	out.Expect(t, 4, "within 1s: cluster-info is not signed with this token", "hint: the controller bootstrapsigner")
	if !strings.HasPrefix(out.Stdout, "karmadactl register ") {
		t.Errorf("stdout is %q", out.Stdout)
	}
	if out.Elapsed < time.Second || out.Elapsed > 3*time.Second {
		t.Errorf("it waited for %s", out.Elapsed)
	}
	program.Run(t, cp.Kubeconfig, "token", "create", "--print-register-command", "--wait", "0").OK(t)
	program.Run(t, cp.Kubeconfig, "token", "create", "--print-register-command", "--no-verify").OK(t)
}
