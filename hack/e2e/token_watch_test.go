// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

// A growingOutput is the stdout of a program that runs.
type growingOutput struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (g *growingOutput) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.out.Write(p)
}

func (g *growingOutput) String() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.out.String()
}

// events returns the event, the ID and the status of every token in a stream of documents.
func events(t *testing.T, documents string) (found []string) {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(documents))
	for decoder.More() {
		var doc program.Document
		if err := decoder.Decode(&doc); err != nil {
			return found // the last one is not complete yet
		}
		for _, item := range doc.Items {
			found = append(found, fmt.Sprintf("%v %v %v", item["event"], item["id"], item["status"]))
		}
	}
	return found
}

// TestWatchSeesTokensAppearExpireAndGo runs on a control plane without a token cleaner, where an expired token stays. No object
// changes when it expires.
func TestWatchSeesTokensAppearExpireAndGo(t *testing.T) {
	t.Parallel()
	cp := controlplane.Start(t, program.Binary("controlplane"), "--joinable", "--name", "hub", "--cleaner=false")
	client, err := cp.Clientset()
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{cp, client}
	h.createTokenSecret(t, "bootstrap-token-first0", tokenData("first0", time.Hour))
	documents, table := &growingOutput{}, &growingOutput{}
	var stops []func() int
	for out, args := range map[*growingOutput][]string{documents: {"-o", "json"}, table: {}} {
		cmd := program.Command(t, h.Kubeconfig, append([]string{"token", "list", "--watch"}, args...)...)
		var stderr growingOutput
		cmd.Stdout, cmd.Stderr = out, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stops = append(stops, func() int {
			_ = cmd.Process.Signal(os.Interrupt)
			_ = cmd.Wait()
			if stderr.String() != "" {
				t.Errorf("stderr: %s", stderr.String())
			}
			return cmd.ProcessState.ExitCode()
		})
	}
	wait := func(want string) {
		t.Helper()
		program.Eventually(t, 30*time.Second, func() error {
			if got := events(t, documents.String()); !slices.Contains(got, want) {
				return fmt.Errorf("no %s in %q", want, got)
			}
			return nil
		})
	}
	wait("ADDED first0 ok")
	h.createTokenSecret(t, "bootstrap-token-second", tokenData("second", 6*time.Second))
	wait("ADDED second ok")
	wait("MODIFIED second expired")
	if err := client.CoreV1().Secrets(metav1.NamespaceSystem).Delete(t.Context(), "bootstrap-token-first0", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	wait("DELETED first0 ok")
	program.Eventually(t, 10*time.Second, func() error {
		if !strings.Contains(table.String(), "DELETED") {
			return errors.New("the table does not show that a token is deleted")
		}
		return nil
	})
	for _, stop := range stops {
		if code := stop(); code != 130 {
			t.Errorf("an interrupted watch exits %d", code)
		}
	}
	if got := events(t, documents.String()); len(got) != 4 {
		t.Errorf("the events are %q", got)
	}
	if strings.Contains(documents.String()+table.String(), "0123456789abcdef") {
		t.Error("a watch shows the secret of a token")
	}
}

// tokenData is the content of a token that can join.
func tokenData(id string, ttl time.Duration) map[string]string {
	return map[string]string{
		"token-id": id, "token-secret": "0123456789abcdef", "usage-bootstrap-authentication": "true", "usage-bootstrap-signing": "true",
		"expiration": time.Now().Add(ttl).UTC().Format(time.RFC3339), "auth-extra-groups": "system:bootstrappers:karmada:default-cluster-token",
	}
}

func TestFailOnJudgesTokensByTheServersClock(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	h.createTokenSecret(t, "bootstrap-token-finite", tokenData("finite", time.Hour))
	program.Run(t, h.Kubeconfig, "token", "list", "--fail-on", "expired,never-expires,malformed,none-valid,expiring=10m").Expect(t, 0)
	h.createTokenSecret(t, "bootstrap-token-broken", map[string]string{"token-id": "broken", "token-secret": "short"})
	out := program.Run(t, h.Kubeconfig, "token", "list", "--active", "--fail-on", "expiring=2h,malformed", "-o", "name")
	out.Expect(t, 4, "error: context hub: 1 valid token with at most 2h left: finite\n", "error: context hub: 1 malformed token: broken\n")
	if out.Stdout != "secret/bootstrap-token-finite\n" {
		t.Errorf("stdout is %q", out.Stdout)
	}
}
