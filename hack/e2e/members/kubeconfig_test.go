// SPDX-License-Identifier: Apache-2.0

package members_test

import (
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// kubectl runs kubectl with one context of a kubeconfig.
func kubectl(t testing.TB, kubeconfig, context string, args ...string) program.Result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program.Binary("kubectl"), append([]string{"--kubeconfig", kubeconfig, "--context", context}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	return program.Execute(t, cmd)
}

// exportKubeconfig runs sa kubeconfig with --out, and returns the path and the content of the file.
func exportKubeconfig(t testing.TB, args ...string) (string, *clientcmdapi.Config) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	run(t, append([]string{"sa", "kubeconfig", "default", "--out", path}, args...)...).OK(t)
	config, err := clientcmd.LoadFromFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, config
}

const whoami = "jsonpath={.status.userInfo.username}"

// TestMemberKubeconfigHasTheMembersEndpoints also checks that kubectl authenticates as the ServiceAccount.
func TestMemberKubeconfigHasTheMembersEndpoints(t *testing.T) {
	joinMembers(t)
	path, config := exportKubeconfig(t, "--members")
	if names := slices.Sorted(maps.Keys(config.Contexts)); !slices.Equal(names, []string{"east", "west"}) {
		t.Fatalf("the kubeconfig has contexts %q", names)
	}
	for name, p := range map[string]controlPlane{"east": east, "west": west} {
		cluster := config.Clusters[config.Contexts[name].Cluster]
		if cluster.Server != "https://"+p.Host || string(cluster.CertificateAuthorityData) != string(p.CAData) {
			t.Errorf("%s is at %s", name, cluster.Server)
		}
		if got := kubectl(t, path, name, "auth", "whoami", "-o", whoami).OK(t); got != robot {
			t.Errorf("%s: kubectl is %q", name, got)
		}
	}
	_, single := exportKubeconfig(t, "--member", "east", "--context-name", "mine")
	if single.CurrentContext != "mine" || single.Clusters["east"] == nil {
		t.Errorf("the kubeconfig for one member is %v", single)
	}
}

// TestViaHubUsesTheServiceAccountOfTheHub checks that the token is the hub's, because the hub rejects tokens of members.
func TestViaHubUsesTheServiceAccountOfTheHub(t *testing.T) {
	joinMembers(t)
	args := []string{"sa", "kubeconfig", "default", "--member", "east", "--via-hub"}
	rejected := run(t, args...)
	rejected.Expect(t, 1, `User "`+robot+`" cannot create resource "clusters/proxy"`, "hint: serviceaccount default/default of the control plane needs")
	if rejected.Stdout != "" {
		t.Errorf("printed %q", rejected.Stdout)
	}
	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "default"}
	hub.grant(t, "proxy-for-robot", subject, proxyRule())
	path, config := exportKubeconfig(t, "--members", "--via-hub")
	for name, p := range map[string]controlPlane{"east": east, "west": west} {
		cluster := config.Clusters[config.Contexts[name].Cluster]
		if want := "https://" + hub.Host + "/apis/cluster.karmada.io/v1alpha1/clusters/" + name + "/proxy"; cluster.Server != want {
			t.Errorf("%s is at %s", name, cluster.Server)
		}
		hub.expectUser(t, config.AuthInfos[config.Contexts[name].AuthInfo].Token, robot)
		if got := kubectl(t, path, name, "auth", "whoami", "-o", whoami).OK(t); got != robot {
			t.Errorf("%s: kubectl is %q", name, got)
		}
		p.grant(t, "read-for-robot", subject, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}})
		ca := kubectl(t, path, name, "get", "configmap", "kube-root-ca.crt", "-o", `jsonpath={.data.ca\.crt}`).OK(t)
		if strings.TrimSpace(ca) != strings.TrimSpace(string(p.CAData)) {
			t.Errorf("%s: kubectl does not read from the member", name)
		}
	}
}

// TestMemberWithoutAVerifiedEndpointIsNotExported also covers --allow-insecure.
func TestMemberWithoutAVerifiedEndpointIsNotExported(t *testing.T) {
	spec := fakeKarmada.Spec(t, east.ControlPlane)
	spec["insecureSkipTLSVerification"] = true
	fakeKarmada.Set(t, "insecure", nil, spec)
	args := []string{"sa", "kubeconfig", "default", "--member", "insecure"}
	run(t, args...).Expect(t, 2, "the control plane does not verify member insecure", "hint: correct insecureSkipTLSVerification")
	path, config := exportKubeconfig(t, "--member", "insecure", "--allow-insecure")
	if cluster := config.Clusters["insecure"]; !cluster.InsecureSkipTLSVerify || len(cluster.CertificateAuthorityData) > 0 {
		t.Errorf("the cluster is %v", cluster)
	}
	if got := kubectl(t, path, config.CurrentContext, "auth", "whoami", "-o", whoami).OK(t); got != robot {
		t.Errorf("kubectl is %q", got)
	}
	delete(spec, "apiEndpoint")
	fakeKarmada.Set(t, "no-endpoint", nil, spec)
	run(t, "sa", "kubeconfig", "default", "--member", "no-endpoint").Expect(t, 1, "has no spec.apiEndpoint to connect to", "hint: --via-hub")
	fakeKarmada.Join(t, "complete", nil, east.ControlPlane)
	nowhere := run(t, "sa", "kubeconfig", "default", "--member", "complete", "-n", "nowhere")
	nowhere.Expect(t, 1, "from ConfigMap nowhere/kube-root-ca.crt: ", "not found", "hint: every namespace of a cluster has one")
	if strings.Contains(nowhere.Stderr, "the verb get") {
		t.Errorf("a missing ConfigMap is reported as a missing right: %s", nowhere.Stderr)
	}
	other := fakeKarmada.Spec(t, east.ControlPlane)
	other["apiEndpoint"] = "https://" + relay.Forward(t, "127.0.0.2:0", east.Host).Addr
	fakeKarmada.Set(t, "other-name", nil, other)
	run(t, "sa", "kubeconfig", "default", "--member", "other-name").Expect(t, 1, "the control plane cannot reach member other-name", "127.0.0.2")
}

// TestMemberUnreachableFromThisMachineIsExportedUnverified uses a member that only the hub can reach.
func TestMemberUnreachableFromThisMachineIsExportedUnverified(t *testing.T) {
	const requestsOfTheHub = 2 // one for the CA, one for the token
	spec := fakeKarmada.Spec(t, east.ControlPlane)
	spec["apiEndpoint"] = "https://" + forwardConnections(t, requestsOfTheHub, east.Host)
	fakeKarmada.Set(t, "far", nil, spec)
	out := run(t, "sa", "kubeconfig", "default", "--member", "far")
	out.Expect(t, 0, "cannot be reached from this machine, so the kubeconfig for member far was not checked")
	config, err := clientcmd.Load([]byte(out.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	east.expectUser(t, config.AuthInfos[config.Contexts[config.CurrentContext].AuthInfo].Token, robot)
}

// forwardConnections forwards count connections to an address and then stops listening.
func forwardConnections(t testing.TB, count int, to string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer listener.Close()
		for range count {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			out, err := (&net.Dialer{}).Dial("tcp", to)
			if err != nil {
				in.Close()
				return
			}
			relay.Pipe(in, out)
		}
	}()
	return listener.Addr().String()
}

// TestExecKubeconfigRequestsTokensFromTheMember also checks that the plugin rejects another server.
func TestExecKubeconfigRequestsTokensFromTheMember(t *testing.T) {
	joinMembers(t)
	path, config := exportKubeconfig(t, "--member", "east", "--embed", "exec")
	for range 2 {
		if got := kubectl(t, path, config.CurrentContext, "auth", "whoami", "-o", whoami).OK(t); got != robot {
			t.Errorf("kubectl is %q", got)
		}
	}
	config.Clusters["east"].Server = "https://" + west.Host
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	if err := clientcmd.WriteToFile(*config, elsewhere); err != nil {
		t.Fatal(err)
	}
	kubectl(t, elsewhere, config.CurrentContext, "auth", "whoami").Expect(t, 1, "the caller talks to another server than member east")

	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "default"}
	hub.grant(t, "proxy-for-plugin", subject, proxyRule())
	path, config = exportKubeconfig(t, "--member", "west", "--embed", "exec", "--via-hub")
	if args := strings.Join(config.AuthInfos[config.CurrentContext].Exec.Args, " "); strings.Contains(args, "--member") {
		t.Errorf("the token is requested from the hub, but the arguments are %q", args)
	}
	if got := kubectl(t, path, config.CurrentContext, "auth", "whoami", "-o", whoami).OK(t); got != robot {
		t.Errorf("via the hub kubectl is %q", got)
	}
}
