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

// kubectl runs kubectl with a kubeconfig's context.
func kubectl(t testing.TB, kubeconfig, context string, args ...string) program.Outcome {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program.Binary("kubectl"), append([]string{"--kubeconfig", kubeconfig, "--context", context}, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	return program.Execute(t, cmd)
}

// written runs sa kubeconfig into a file, and returns its path and content.
func written(t testing.TB, args ...string) (string, *clientcmdapi.Config) {
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

// TestAKubeconfigOfMembersPointsAtTheMembersThemselves, and kubectl is there who it says.
func TestAKubeconfigOfMembersPointsAtTheMembersThemselves(t *testing.T) {
	join(t)
	path, config := written(t, "--members")
	if names := slices.Sorted(maps.Keys(config.Contexts)); !slices.Equal(names, []string{"east", "west"}) {
		t.Fatalf("it has contexts %q", names)
	}
	for name, p := range map[string]plane{"east": east, "west": west} {
		cluster := config.Clusters[config.Contexts[name].Cluster]
		if cluster.Server != "https://"+p.Host || string(cluster.CertificateAuthorityData) != string(p.CAData) {
			t.Errorf("%s is at %s", name, cluster.Server)
		}
		if got := kubectl(t, path, name, "auth", "whoami", "-o", whoami).OK(t); got != robot {
			t.Errorf("%s: kubectl is %q", name, got)
		}
	}
	_, single := written(t, "--member", "east", "--context-name", "mine")
	if single.CurrentContext != "mine" || single.Clusters["east"] == nil {
		t.Errorf("of one member it is %v", single)
	}
}

// TestThroughTheHubItIsTheHubsServiceAccountThatCounts: a member's own token means nothing to the hub.
func TestThroughTheHubItIsTheHubsServiceAccountThatCounts(t *testing.T) {
	join(t)
	args := []string{"sa", "kubeconfig", "default", "--member", "east", "--via-hub"}
	refused := run(t, args...)
	refused.Wants(t, 1, `User "`+robot+`" cannot create resource "clusters/proxy"`, "hint: serviceaccount default/default of the control plane needs")
	if refused.Stdout != "" {
		t.Errorf("printed %q", refused.Stdout)
	}
	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "default"}
	hub.allow(t, "proxy-for-robot", subject, proxyRule())
	path, config := written(t, "--members", "--via-hub")
	for name, p := range map[string]plane{"east": east, "west": west} {
		cluster := config.Clusters[config.Contexts[name].Cluster]
		if want := "https://" + hub.Host + "/apis/cluster.karmada.io/v1alpha1/clusters/" + name + "/proxy"; cluster.Server != want {
			t.Errorf("%s is at %s", name, cluster.Server)
		}
		hub.is(t, config.AuthInfos[config.Contexts[name].AuthInfo].Token, robot)
		if got := kubectl(t, path, name, "auth", "whoami", "-o", whoami).OK(t); got != robot {
			t.Errorf("%s: kubectl is %q", name, got)
		}
		p.allow(t, "read-for-robot", subject, rbacv1.PolicyRule{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}})
		ca := kubectl(t, path, name, "get", "configmap", "kube-root-ca.crt", "-o", `jsonpath={.data.ca\.crt}`).OK(t)
		if strings.TrimSpace(ca) != strings.TrimSpace(string(p.CAData)) {
			t.Errorf("%s: what kubectl reads is not the member's", name)
		}
	}
}

// TestAMemberWithoutATrustedAddressIsNotHandedOver.
func TestAMemberWithoutATrustedAddressIsNotHandedOver(t *testing.T) {
	spec := standIn.Spec(t, east.ControlPlane)
	spec["insecureSkipTLSVerification"] = true
	standIn.Set(t, "insecure", nil, spec)
	args := []string{"sa", "kubeconfig", "default", "--member", "insecure"}
	run(t, args...).Wants(t, 2, "the control plane does not verify member insecure", "hint: correct insecureSkipTLSVerification")
	path, config := written(t, "--member", "insecure", "--allow-insecure")
	if cluster := config.Clusters["insecure"]; !cluster.InsecureSkipTLSVerify || len(cluster.CertificateAuthorityData) > 0 {
		t.Errorf("it is %v", cluster)
	}
	if got := kubectl(t, path, config.CurrentContext, "auth", "whoami", "-o", whoami).OK(t); got != robot {
		t.Errorf("kubectl is %q", got)
	}
	delete(spec, "apiEndpoint")
	standIn.Set(t, "homeless", nil, spec)
	run(t, "sa", "kubeconfig", "default", "--member", "homeless").Wants(t, 1, "has no spec.apiEndpoint to point at", "hint: --via-hub")
	standIn.Join(t, "whole", nil, east.ControlPlane)
	nowhere := run(t, "sa", "kubeconfig", "default", "--member", "whole", "-n", "nowhere")
	nowhere.Wants(t, 1, "from ConfigMap nowhere/kube-root-ca.crt: ", "not found", "hint: every namespace of a cluster has one")
	if strings.Contains(nowhere.Stderr, "the verb get") {
		t.Errorf("what is not there is taken for a right that is missing: %s", nowhere.Stderr)
	}
	other := standIn.Spec(t, east.ControlPlane)
	other["apiEndpoint"] = "https://" + relay.Forward(t, "127.0.0.2:0", east.Host).Addr
	standIn.Set(t, "other-name", nil, other)
	run(t, "sa", "kubeconfig", "default", "--member", "other-name").Wants(t, 1, "the control plane cannot reach member other-name", "127.0.0.2")
}

// TestAMemberOutOfReachFromHereIsHandedOverUntried: the control plane reaches it, this machine need not.
func TestAMemberOutOfReachFromHereIsHandedOverUntried(t *testing.T) {
	const fromTheHub = 2 // for the certificate authority, and for the token
	spec := standIn.Spec(t, east.ControlPlane)
	spec["apiEndpoint"] = "https://" + accepting(t, fromTheHub, east.Host)
	standIn.Set(t, "far", nil, spec)
	out := run(t, "sa", "kubeconfig", "default", "--member", "far")
	out.Wants(t, 0, "cannot be reached from this machine, so that the kubeconfig for member far was not tried")
	config, err := clientcmd.Load([]byte(out.Stdout))
	if err != nil {
		t.Fatal(err)
	}
	east.is(t, config.AuthInfos[config.Contexts[config.CurrentContext].AuthInfo].Token, robot)
}

// accepting passes so many connections on to an address, and then nobody is there.
func accepting(t testing.TB, count int, to string) string {
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

// TestAKubeconfigThatCallsJoinctlMintsInTheMember, keeps the token, and refuses who talks to another server.
func TestAKubeconfigThatCallsJoinctlMintsInTheMember(t *testing.T) {
	join(t)
	path, config := written(t, "--member", "east", "--embed", "exec")
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
	kubectl(t, elsewhere, config.CurrentContext, "auth", "whoami").Wants(t, 1, "the caller talks to another server than member east")

	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "default", Name: "default"}
	hub.allow(t, "proxy-for-plugin", subject, proxyRule())
	path, config = written(t, "--member", "west", "--embed", "exec", "--via-hub")
	if args := strings.Join(config.AuthInfos[config.CurrentContext].Exec.Args, " "); strings.Contains(args, "--member") {
		t.Errorf("the token is to be minted on the hub, and the arguments are %q", args)
	}
	if got := kubectl(t, path, config.CurrentContext, "auth", "whoami", "-o", whoami).OK(t); got != robot {
		t.Errorf("through the hub kubectl is %q", got)
	}
}
