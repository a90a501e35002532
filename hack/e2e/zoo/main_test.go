// SPDX-License-Identifier: Apache-2.0

// Package zoo_test runs joinctl on what the installers of control planes leave: it has to find nothing wrong there.
package zoo_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/joinctl/joinctl/hack/e2e/aggregated"
	"github.com/joinctl/joinctl/hack/e2e/controlplane"
	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// shared is the control plane of all fixtures but the lab. One fixture after the other is there.
var shared *plane

func TestMain(m *testing.M) {
	program.Main(func(start program.StartFunc) (int, error) {
		address, err := externalAddress()
		if err != nil {
			return 1, err
		}
		cp, client, err := start("--name", "zoo", "--extra-san", address, "--agent-approver")
		if err != nil {
			return 1, err
		}
		shared = &plane{ControlPlane: cp, client: client, address: address}
		return m.Run(), nil
	})
}

// A plane is a control plane on which fixtures are created.
type plane struct {
	*controlplane.ControlPlane
	client  kubernetes.Interface
	address string // of this machine

	// Set by create.
	endpoint string // that other machines reach
	secret   string // of all tokens of the fixture, and of no other: the server remembers the groups of a token for ten seconds
}

// externalAddress returns an IPv4 address of this machine that is not a loopback address.
func externalAddress() (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, address := range addresses {
		if ip, ok := address.(*net.IPNet); ok && ip.IP.IsGlobalUnicast() && ip.IP.To4() != nil {
			return ip.IP.String(), nil
		}
	}
	return "", fmt.Errorf("this machine has no address but loopback addresses: %v", addresses)
}

// create creates the objects of a fixture, file by file, and deletes them when the test ends. It returns the stand-in behind
// the APIService, if the fixture has one.
func (p *plane) create(t *testing.T, fixture string) *aggregated.Server {
	t.Helper()
	p.endpoint = relay.Forward(t, net.JoinHostPort(p.address, "0"), p.Host).Addr
	p.secret = strings.ToLower(rand.Text())[:16]
	behind := aggregated.Start(t, p.ControlPlane)
	values := strings.NewReplacer(
		"$CA", base64.StdEncoding.EncodeToString(p.CAData), "$ENDPOINT", p.endpoint, "$LOOPBACK", p.Host,
		"$AGGREGATED_CA", base64.StdEncoding.EncodeToString(behind.CA), "$AGGREGATED_PORT", behind.Port,
		"$SECRET", p.secret, "$EXPIRES", time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339),
	)
	files, err := filepath.Glob(filepath.Join("testdata", fixture, "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files in testdata/%s (%v)", fixture, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		objects := p.fillUIDs(t, values.Replace(string(content)))
		p.kubectl(t, objects, "apply", "-f", "-")
		hasAPI := strings.Contains(objects, "kind: APIService")
		t.Cleanup(func() {
			p.kubectl(t, withoutNamespaces(objects), "delete", "--ignore-not-found", "--wait=false", "-f", "-")
			if hasAPI {
				p.waitForAPI(t, false)
			}
		})
		if hasAPI {
			p.waitForAPI(t, true)
		}
	}
	return behind
}

// withoutNamespaces leaves the Namespaces out. There is no namespace controller, without which a deleted one never goes.
func withoutNamespaces(objects string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(objects, "\n---\n"), func(document string) bool {
		return strings.Contains(document, "\nkind: Namespace\n")
	}), "\n---\n")
}

// fillUIDs replaces $UID_ID by the UID of a token.
func (p *plane) fillUIDs(t *testing.T, objects string) string {
	return regexp.MustCompile(`\$UID_[a-z0-9]{6}`).ReplaceAllStringFunc(objects, func(name string) string {
		secret, err := p.client.CoreV1().Secrets(metav1.NamespaceSystem).Get(t.Context(), "bootstrap-token-"+strings.TrimPrefix(name, "$UID_"), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return string(secret.UID)
	})
}

// kubectl runs kubectl with objects on standard input.
func (p *plane) kubectl(t *testing.T, objects string, args ...string) {
	t.Helper()
	cmd := exec.Command(program.Binary("kubectl"), append([]string{"--kubeconfig", p.Kubeconfig}, args...)...)
	cmd.Env = []string{"HOME=" + filepath.Dir(p.Kubeconfig)}
	cmd.Stdin = strings.NewReader(objects)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("kubectl %s: %v\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
}

// waitForAPI waits until the aggregator serves Karmada's API, or does not.
func (p *plane) waitForAPI(t *testing.T, served bool) {
	t.Helper()
	program.Eventually(t, 20*time.Second, func() error {
		_, err := p.client.Discovery().ServerResourcesForGroupVersion("cluster.karmada.io/v1alpha1")
		if (err == nil) == served {
			return nil
		}
		return fmt.Errorf("Karmada's API is served: %t (%w)", err == nil, err)
	})
}

// joinctl runs joinctl with the administrator's kubeconfig.
func (p *plane) joinctl(t *testing.T, args ...string) program.Result {
	t.Helper()
	return program.Run(t, p.Kubeconfig, args...)
}
