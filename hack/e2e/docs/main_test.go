// SPDX-License-Identifier: Apache-2.0

// Package docs_test runs the transcripts of the documents against real control planes.
package docs_test

import (
	"flag"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// The control planes of the transcripts, which are contexts of the kubeconfig: hub, the current one, is set up for joins; lab
// is as karmada-operator leaves it, without cluster-info, and deletes no expired tokens.
var (
	hub, lab *controlplane.ControlPlane
	address  string // of this machine, not a loopback address
)

var update = flag.Bool("update", false, "write the outputs that differ into the documents")

func TestMain(m *testing.M) {
	flag.Parse()
	program.Main(func(start program.StartFunc) (int, error) {
		var err error
		if address, err = externalAddress(); err != nil {
			return 1, err
		}
		if hub, _, err = start("--name", "hub", "--karmada", "--joinable", "--agent-approver", "--extra-san", address); err != nil {
			return 1, err
		}
		if lab, _, err = start("--name", "lab", "--karmada", "--cleaner=false", "--extra-san", address); err != nil {
			return 1, err
		}
		return m.Run(), nil
	})
}

// externalAddress returns a non-loopback IPv4 address of this machine. It returns an error if there is none.
func externalAddress() (string, error) {
	addresses, err := net.InterfaceAddrs()
	for _, address := range addresses {
		if ip, ok := address.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
			return ip.IP.String(), err
		}
	}
	return "", &net.AddrError{Err: "this machine has no address but loopback addresses"}
}

// An environment is what the commands of all pages share.
type environment struct {
	kubeconfig string
	names      map[string]string // address in the documents -> address of a control plane
	reset      string            // script that makes the control planes as they were
}

// prepare makes the control planes reachable at an address that is not a loopback address, and writes the kubeconfig.
func prepare(t *testing.T) *environment {
	t.Helper()
	config, err := (&clientcmd.ClientConfigLoadingRules{Precedence: []string{hub.Kubeconfig, lab.Kubeconfig}}).Load()
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{filepath.Join(t.TempDir(), "config"), map[string]string{}, ""}
	for name, cp := range map[string]*controlplane.ControlPlane{"hub": hub, "lab": lab} {
		addr := relay.Forward(t, net.JoinHostPort(address, "0"), cp.Host).Addr
		config.Clusters[name].Server = "https://" + addr
		e.names[name+".example.org:6443"] = addr
	}
	e.names["/home/operator/.kube/config"] = e.kubeconfig
	if err := clientcmd.WriteToFile(*config, e.kubeconfig); err != nil {
		t.Fatal(err)
	}
	clusterInfo := e.must(t, "kubectl get configmap cluster-info -n kube-public -o yaml | grep -v -e resourceVersion -e jws-kubeconfig")
	clusterInfo = strings.ReplaceAll(clusterInfo, hub.Host, e.names["hub.example.org:6443"])
	e.reset = `for context in hub lab; do
kubectl --context $context delete secrets -n kube-system --field-selector type=bootstrap.kubernetes.io/token
done
kubectl delete clusters.cluster.karmada.io --all
kubectl delete certificatesigningrequests --all
kubectl apply -f - <<'EOF'
` + clusterInfo + `EOF
joinctl setup --yes
`
	return e
}

// run runs a script with bash in a directory, and returns stdout and stderr as a terminal shows them, and the exit code.
func (e *environment) run(t *testing.T, dir, script string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "KUBECONFIG=" + e.kubeconfig, "TZ=UTC", "LC_ALL=C.UTF-8"}
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// must runs a script that stops at the first failure, and fails the test then.
func (e *environment) must(t *testing.T, script string) string {
	t.Helper()
	out, code := e.run(t, t.TempDir(), "set -e -o pipefail\n"+script)
	if code != 0 {
		t.Fatalf("%s: exit code %d\n%s", script, code, out)
	}
	return out
}
