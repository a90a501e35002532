// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// keptSecret is the Secret in which these tests keep a credential.
const keptSecret = "kept"

// ensure runs sa ensure for robot with its shortest lifetime, and returns its document.
func (h *hub) ensure(t testing.TB, namespace string, more ...string) (item ensuredToken) {
	t.Helper()
	args := append([]string{"sa", "ensure", robot, "-n", namespace, "--duration", "10m", "--to-secret", namespace + "/" + keptSecret, "-o", "json"}, more...)
	var document struct{ Items []ensuredToken }
	if err := json.Unmarshal([]byte(run(t, "joinctl", h.Kubeconfig, args...).OK(t)), &document); err != nil || len(document.Items) != 1 {
		t.Fatalf("%v: %+v", err, document)
	}
	return document.Items[0]
}

type ensuredToken struct {
	Created bool
	Status  string
	Expires time.Time
}

func (h *hub) kept(ctx context.Context, namespace string) (*corev1.Secret, error) {
	return h.client.CoreV1().Secrets(namespace).Get(ctx, keptSecret, metav1.GetOptions{})
}

// read reads the published token and uses it, again and again, until ctx ends. It returns how often, and all tokens.
func (h *hub) read(ctx context.Context, namespace string) (reads int, tokens map[string]bool, err error) {
	tokens = map[string]bool{}
	for ctx.Err() == nil {
		secret, err := h.kept(context.WithoutCancel(ctx), namespace)
		if err != nil {
			return reads, tokens, fmt.Errorf("after %d reads: %w", reads, err)
		}
		tok := string(secret.Data["token"])
		who, err := h.whoami(context.WithoutCancel(ctx), tok)
		if err != nil || who != "system:serviceaccount:"+namespace+":"+robot {
			return reads, tokens, fmt.Errorf("after %d reads: the token is of %q: %w", reads, who, err)
		}
		reads, tokens[tok] = reads+1, true
	}
	return reads, tokens, nil
}

func TestAConsumerIsNeverRefusedWhileItsTokenIsRenewed(t *testing.T) {
	t.Parallel()
	const runs = 6
	h := uncappedHub
	ns := h.namespace(t)
	if first := h.ensure(t, ns); !first.Created || first.Status != "created" {
		t.Fatalf("ensured %+v", first)
	}
	before, err := h.kept(t.Context(), ns)
	if err != nil {
		t.Fatal(err)
	}
	if again := h.ensure(t, ns); again.Created || again.Status != "unchanged" {
		t.Errorf("ensured again %+v", again)
	}
	if after, err := h.kept(t.Context(), ns); err != nil || after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the Secret was written although nothing changes: %v", err)
	}

	ctx, stop := context.WithCancel(t.Context())
	type result struct {
		reads  int
		tokens map[string]bool
		err    error
	}
	done := make(chan result, 1)
	go func() {
		reads, tokens, err := h.read(ctx, ns)
		done <- result{reads, tokens, err}
	}()
	for range runs {
		time.Sleep(2100 * time.Millisecond) // both clocks count in seconds
		if renewed := h.ensure(t, ns, "--min-left", "9m59s"); !renewed.Created || renewed.Status != "updated" {
			t.Errorf("ensured %+v", renewed)
		}
	}
	time.Sleep(time.Second)
	stop()
	got := <-done
	if got.err != nil || len(got.tokens) != runs+1 {
		t.Errorf("a reader saw %d tokens in %d reads, want %d: %v", len(got.tokens), got.reads, runs+1, got.err)
	}
	t.Logf("%d reads of %d tokens", got.reads, len(got.tokens))
	for tok := range got.tokens { // the old ones stay valid until they expire
		h.expectRobot(t, ns, tok)
	}
}

func TestATokenOfAServiceAccountThatWasCreatedAgainIsRenewed(t *testing.T) {
	t.Parallel()
	h := uncappedHub
	ns := h.namespace(t)
	h.ensure(t, ns)
	if err := h.client.CoreV1().ServiceAccounts(ns).Delete(t.Context(), robot, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	h.createServiceAccount(t, ns, robot)
	secret, err := h.kept(t.Context(), ns)
	if err != nil {
		t.Fatal(err)
	}
	h.expectRejected(t, string(secret.Data["token"]))
	if renewed := h.ensure(t, ns); !renewed.Created {
		t.Errorf("ensured %+v", renewed)
	}
	if secret, err = h.kept(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	h.expectRobot(t, ns, string(secret.Data["token"]))
}

func TestEnsureFindsOutWhatCannotBeWrittenBeforeATokenExists(t *testing.T) {
	t.Parallel()
	ns := cappedHub.namespace(t)
	run(t, "joinctl", cappedHub.Kubeconfig, "sa", "ensure", robot, "-n", ns, "--duration", "10m", "--to-secret", "nowhere/kept").
		Expect(t, 1, `namespaces "nowhere" not found`, "nothing was created")
	if _, err := cappedHub.client.CoreV1().Secrets(ns).Create(t.Context(), &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: keptSecret}, Data: map[string][]byte{"token": []byte("of somebody else")},
	}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	run(t, "joinctl", cappedHub.Kubeconfig, "sa", "ensure", robot, "-n", ns, "--duration", "10m", "--to-secret", ns+"/kept").
		Expect(t, 1, "joinctl did not make it", "--adopt")
}

func TestAServerThatGrantsLessDoesNotRenewInEveryRun(t *testing.T) {
	t.Parallel()
	ns := cappedHub.namespace(t)
	first := run(t, "joinctl", cappedHub.Kubeconfig, "sa", "ensure", robot, "-n", ns, "--duration", "24h", "--to-secret", ns+"/kept")
	first.Expect(t, 0, "24h was asked for, and 1h granted")
	run(t, "joinctl", cappedHub.Kubeconfig, "sa", "ensure", robot, "-n", ns, "--duration", "24h", "--to-secret", ns+"/kept").Expect(t, 0, "is kept")
}

// An argoCDConfig has all fields of Argo CD's ClusterConfig and TLSClientConfig that a bearer token can go with, in their order
// (argo-cd pkg/apis/application/v1alpha1/types.go, v3.5). That package is not imported: it needs modules that the Go module
// proxy does not serve.
type argoCDConfig struct {
	BearerToken     string `json:"bearerToken,omitempty"`
	TLSClientConfig struct {
		Insecure   bool   `json:"insecure"`
		ServerName string `json:"serverName,omitempty"`
		CertData   []byte `json:"certData,omitempty"`
		KeyData    []byte `json:"keyData,omitempty"`
		CAData     []byte `json:"caData,omitempty"`
	} `json:"tlsClientConfig"`
	DisableCompression bool   `json:"disableCompression,omitempty"`
	ProxyURL           string `json:"proxyUrl,omitempty"`
}

// TestKubectlAndArgoCDsClientAcceptWhatIsPublished uses the kubeconfig with kubectl, and the cluster Secret with client-go in
// the way that Argo CD documents.
func TestKubectlAndArgoCDsClientAcceptWhatIsPublished(t *testing.T) {
	t.Parallel()
	h := uncappedHub
	ns := h.namespace(t)
	h.ensure(t, ns, "--as", "kubeconfig")
	secret, err := h.kept(t.Context(), ns)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, secret.Data["kubeconfig"], 0o600); err != nil {
		t.Fatal(err)
	}
	want := "system:serviceaccount:" + ns + ":" + robot
	if got := run(t, "kubectl", file, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}").OK(t); got != want {
		t.Errorf("kubectl is %q", got)
	}

	h.ensure(t, ns, "--as", "argocd-cluster")
	if secret, err = h.kept(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	var config argoCDConfig
	strict := json.NewDecoder(bytes.NewReader(secret.Data["config"]))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&config); err != nil || secret.Labels["argocd.argoproj.io/secret-type"] != "cluster" || len(secret.Data["name"]) == 0 {
		t.Fatalf("%v: %v", err, secret.Labels)
	}
	if again, err := json.Marshal(config); err != nil || !bytes.Equal(again, secret.Data["config"]) { // Go ignores the case of keys
		t.Errorf("Argo CD would write the config with other keys: %v", err)
	}
	who, err := whoIs(t.Context(), &rest.Config{
		Host: string(secret.Data["server"]), BearerToken: config.BearerToken,
		TLSClientConfig: rest.TLSClientConfig{Insecure: config.TLSClientConfig.Insecure, CAData: config.TLSClientConfig.CAData},
	})
	if err != nil || who != want {
		t.Errorf("Argo CD is %q: %v", who, err)
	}
}
