// SPDX-License-Identifier: Apache-2.0

package controlplane_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	kubeadm "k8s.io/kubernetes/cmd/kubeadm/app/apis/kubeadm"
	"k8s.io/kubernetes/cmd/kubeadm/app/discovery/token"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const secret = "0123456789abcdef"

func TestControlPlanesSideBySide(t *testing.T) {
	type result struct {
		cp  *controlplane.ControlPlane
		err error
	}
	program, disabledResult := binary(t), make(chan result, 1)
	started := time.Now()
	go func() {
		cp, err := controlplane.StartProcess(program, "--joinable", "--anonymous-auth=false", "--bootstrap-auth=false", "--signer=false", "--cleaner=false")
		disabledResult <- result{cp, err}
	}()
	kubeconfig := filepath.Join(t.TempDir(), "admin.kubeconfig")
	enabled := controlplane.Start(t, program, "--kubeconfig", kubeconfig, "--joinable", "--karmada", "--max-token-expiration=1h")
	disabled := <-disabledResult
	if disabled.err != nil {
		t.Fatal(disabled.err)
	}
	t.Cleanup(func() { _ = disabled.cp.Stop() })
	if elapsed := time.Since(started); elapsed > 30*time.Second {
		t.Errorf("starting two control planes took %v", elapsed)
	}
	if enabled.Host == disabled.cp.Host {
		t.Errorf("two control planes share %s", enabled.Host)
	}
	if enabled.Kubeconfig != kubeconfig {
		t.Errorf("kubeconfig is at %s", enabled.Kubeconfig)
	}
	t.Run("all enabled", func(t *testing.T) { testAllEnabled(t, enabled) })
	t.Run("all disabled", func(t *testing.T) { testAllDisabled(t, disabled.cp) })
	t.Run("stop removes all files", func(t *testing.T) {
		stopped := make(chan error, 1)
		go func() { stopped <- disabled.cp.Stop() }()
		if err := errors.Join(enabled.Stop(), <-stopped); err != nil {
			t.Error(err)
		}
	})
}

func TestStartErrorHasTheCause(t *testing.T) {
	cp, err := controlplane.StartProcess(binary(t), "--max-token-expiration=1m")
	if err == nil {
		t.Fatal("started", cp.Stop())
	}
	if !strings.Contains(err.Error(), "must be between 1 hour and") {
		t.Error(err)
	}
}

// testAllEnabled checks a control plane with every controller and every kind of authentication enabled.
func testAllEnabled(t *testing.T, cp *controlplane.ControlPlane) {
	ctx, config, client := t.Context(), clientConfig(t, cp), newClient(t, clientConfig(t, cp))
	createToken(t, client, "abcdef", time.Now().Add(time.Hour))
	createToken(t, client, "aaaaaa", time.Now().Add(-time.Hour))

	t.Run("cluster-info is public and signed", func(t *testing.T) {
		anonymous := newClient(t, rest.AnonymousClientConfig(config))
		eventually(t, func() error {
			cm, err := anonymous.CoreV1().ConfigMaps("kube-public").Get(ctx, "cluster-info", metav1.GetOptions{})
			if err == nil && cm.Data["jws-kubeconfig-abcdef"] == "" {
				err = errors.New("no signature")
			}
			return err
		})
	})
	t.Run("kubeadm's discovery succeeds", func(t *testing.T) {
		_, err := token.RetrieveValidatedConfigInfo(nil, &kubeadm.Discovery{BootstrapToken: &kubeadm.BootstrapTokenDiscovery{
			Token: "abcdef." + secret, APIServerEndpoint: cp.Host, UnsafeSkipCAVerification: true,
		}}, 5*time.Second)
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("bootstrap token authenticates", func(t *testing.T) {
		eventually(t, func() error {
			user, err := whoAmI(ctx, newClient(t, withToken(config, "abcdef")))
			if err == nil && user != "system:bootstrap:abcdef" {
				err = fmt.Errorf("authenticated as %q", user)
			}
			return err
		})
	})
	t.Run("expired token is deleted", func(t *testing.T) {
		eventually(t, func() error {
			_, err := client.CoreV1().Secrets("kube-system").Get(ctx, "bootstrap-token-aaaaaa", metav1.GetOptions{})
			if err == nil {
				return errors.New("the token still exists")
			}
			if !apierrors.IsNotFound(err) {
				return err
			}
			return nil
		})
	})
	t.Run("tokens of a new ServiceAccount have the maximum lifetime", func(t *testing.T) {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "fresh"}}
		if _, err := client.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		day, hour := int64(24*60*60), int64(60*60)
		eventually(t, func() error {
			tr := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &day}}
			tr, err := client.CoreV1().ServiceAccounts("fresh").CreateToken(ctx, "default", tr, metav1.CreateOptions{})
			if err == nil && *tr.Spec.ExpirationSeconds != hour {
				err = fmt.Errorf("token lives %d s", *tr.Spec.ExpirationSeconds)
			}
			return err
		})
	})
	t.Run("approved CSR gets a certificate", func(t *testing.T) {
		csr := &certificatesv1.CertificateSigningRequest{
			ObjectMeta: metav1.ObjectMeta{Name: "member"},
			Spec: certificatesv1.CertificateSigningRequestSpec{
				Request: certificateRequest(t), SignerName: certificatesv1.KubeAPIServerClientSignerName,
				Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth},
			},
		}
		csrs := client.CertificatesV1().CertificateSigningRequests()
		csr, err := csrs.Create(ctx, csr, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		csr.Status.Conditions = []certificatesv1.CertificateSigningRequestCondition{{Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Test"}}
		if _, err := csrs.UpdateApproval(ctx, csr.Name, csr, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() error {
			csr, err := csrs.Get(ctx, csr.Name, metav1.GetOptions{})
			if err == nil && len(csr.Status.Certificate) == 0 {
				err = errors.New("no certificate")
			}
			return err
		})
	})
	t.Run("discovery lists the Karmada API", func(t *testing.T) {
		if _, err := client.Discovery().ServerResourcesForGroupVersion("cluster.karmada.io/v1alpha1"); err != nil {
			t.Error(err)
		}
	})
}

// testAllDisabled checks a control plane without signer, cleaner, anonymous and bootstrap authentication.
func testAllDisabled(t *testing.T, cp *controlplane.ControlPlane) {
	ctx, config, client := t.Context(), clientConfig(t, cp), newClient(t, clientConfig(t, cp))
	createToken(t, client, "abcdef", time.Now().Add(time.Hour))
	createToken(t, client, "aaaaaa", time.Now().Add(-time.Hour))

	_, err := newClient(t, rest.AnonymousClientConfig(config)).CoreV1().ConfigMaps("kube-public").Get(ctx, "cluster-info", metav1.GetOptions{})
	if !apierrors.IsUnauthorized(err) {
		t.Errorf("anonymous request: %v", err)
	}
	// The signer, the cleaner and the authenticator of the other control plane need less time.
	time.Sleep(time.Second)
	if _, err := whoAmI(ctx, newClient(t, withToken(config, "abcdef"))); !apierrors.IsUnauthorized(err) {
		t.Errorf("bootstrap token: %v", err)
	}
	cm, err := client.CoreV1().ConfigMaps("kube-public").Get(ctx, "cluster-info", metav1.GetOptions{})
	if err != nil {
		t.Error(err)
	} else if len(cm.Data) != 1 {
		t.Errorf("cluster-info is signed: %v", cm.Data)
	}
	if _, err := client.CoreV1().Secrets("kube-system").Get(ctx, "bootstrap-token-aaaaaa", metav1.GetOptions{}); err != nil {
		t.Errorf("expired token: %v", err)
	}
}
