// SPDX-License-Identifier: Apache-2.0

package zoo_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/joinctl/joinctl/hack/e2e/aggregated"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// TestTheAggregatorTellsWhetherTheAggregatedServerRuns runs the commands that depend on karmada-aggregated-apiserver while it
// runs behind the real aggregator, and while it does not.
func TestTheAggregatorTellsWhetherTheAggregatedServerRuns(t *testing.T) {
	p := shared
	behind := p.create(t, "karmada-init")
	t.Run("it runs", func(t *testing.T) { p.testRunning(t, behind) })
	behind.Stop()
	p.waitForUnavailable(t)
	t.Run("it does not run", p.testStopped)
}

// check runs joinctl check for karmadactl register with token zoo000.
func (p *plane) check(t *testing.T) program.Result {
	t.Helper()
	return p.joinctl(t, "check", "-o", "json", p.endpoint, "--token", "zoo000."+p.secret, "--discovery-token-ca-cert-hash", p.pin(t))
}

func (p *plane) testRunning(t *testing.T, behind *aggregated.Server) {
	p.joinctl(t, "doctor").Expect(t, 0, "no problems found")
	p.joinctl(t, "doctor", "--probe").Expect(t, 0, "no problems found")
	p.check(t).Expect(t, 0)
	command := p.joinctl(t, "token", "create", "--print-register-command", "--endpoint", p.endpoint).OK(t)
	words := strings.Fields(command)
	if !strings.HasPrefix(command, "karmadactl register "+p.endpoint+" --token ") {
		t.Fatalf("create prints %q", command)
	}
	p.joinctl(t, "token", "delete", words[slices.Index(words, "--token")+1][:6]).OK(t)
	if out := p.joinctl(t, "contexts", "--check", "-o", "json"); out.Code != 0 || out.Document(t).Items[0]["karmada"] != true {
		t.Errorf("contexts --check exits %d: %s", out.Code, out.Stdout)
	}
	// The aggregator names the users by its client certificate.
	if !slices.ContainsFunc(behind.Requests(), func(r aggregated.Request) bool {
		return r.User == "system:bootstrap:zoo000" && slices.Contains(r.Groups, "system:bootstrappers:karmada:default-cluster-token")
	}) {
		t.Errorf("the aggregated server does not see the bootstrap token: %v", behind.Requests())
	}
	out := p.joinctl(t, "sa", "token", "deployer", "--member", "m1")
	out.Expect(t, 1, `"deployer" not found`, "hint: in member m1, with its own kubeconfig", "kubectl get serviceaccounts -n default")
}

func (p *plane) testStopped(t *testing.T) {
	const condition = "the aggregated API server behind APIService v1alpha1.cluster.karmada.io does not answer: "
	out := p.joinctl(t, "doctor", "-o", "json")
	out.Expect(t, 4)
	expectFinding(t, out, "aggregated-api", condition, "(FailedDiscoveryCheck)")
	out = p.joinctl(t, "doctor", "--probe", "-o", "json")
	out.Expect(t, 4)
	expectFinding(t, out, "aggregated-api", condition)
	expectFinding(t, out, "probe-karmada-api", "the server does not answer for cluster.karmada.io/v1alpha1 (503)")
	out = p.check(t)
	out.Expect(t, 4)
	var failed []any
	for _, step := range out.Document(t).Items {
		if step["status"] == "failed" {
			failed = append(failed, step["name"])
		}
	}
	if !slices.Equal(failed, []any{"karmada-api"}) {
		t.Errorf("check fails at %v", failed)
	}
	before := p.secrets(t)
	p.joinctl(t, "token", "create", "--print-register-command", "--endpoint", p.endpoint).Expect(t, 1, condition, "joinctl doctor", "--no-verify")
	if after := p.secrets(t); after != before {
		t.Errorf("%d Secrets, before %d", after, before)
	}
	p.joinctl(t, "contexts", "--check").Expect(t, 1, condition, "joinctl doctor says why")
	out = p.joinctl(t, "sa", "token", "deployer", "--member", "m1")
	out.Expect(t, 1, "hint: karmada-aggregated-apiserver of the control plane does not answer: joinctl doctor says why")
	if strings.Contains(out.Stderr, "is the API server running") {
		t.Errorf("stderr is %s", out.Stderr)
	}
}

// expectFinding fails the test unless doctor reports an error of a check with these texts.
func expectFinding(t *testing.T, out program.Result, check string, texts ...string) {
	t.Helper()
	for _, item := range out.Document(t).Items {
		if item["check"] != check || item["severity"] != "error" {
			continue
		}
		for _, text := range texts {
			if evidence := item["evidence"].(string); !strings.Contains(evidence, text) {
				t.Errorf("%s lacks %q: %s", check, text, evidence)
			}
		}
		return
	}
	t.Errorf("no error of %s in %s", check, out.Stdout)
}

// secrets returns the number of Secrets in kube-system.
func (p *plane) secrets(t *testing.T) int {
	t.Helper()
	list, err := p.client.CoreV1().Secrets(metav1.NamespaceSystem).List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

// waitForUnavailable waits until the APIService says that the aggregated server does not answer. A change of the APIService
// makes the aggregator look at once.
func (p *plane) waitForUnavailable(t *testing.T) {
	t.Helper()
	rest, path := p.client.Discovery().RESTClient(), "/apis/apiregistration.k8s.io/v1/apiservices/v1alpha1.cluster.karmada.io"
	touch := []byte(`{"metadata":{"annotations":{"look":"again"}}}`)
	if err := rest.Patch(types.MergePatchType).AbsPath(path).Body(touch).Do(t.Context()).Error(); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, 40*time.Second, func() error {
		content, err := rest.Get().AbsPath(path).Do(t.Context()).Raw()
		if err == nil && !strings.Contains(string(content), "FailedDiscoveryCheck") {
			err = errors.New("the APIService is available")
		}
		return err
	})
}
