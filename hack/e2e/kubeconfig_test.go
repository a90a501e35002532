// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/relay"
)

// TestEveryKubeconfigVariantGivesAWorkingCommand covers kubeconfigs for which kubeadm or karmadactl prints a wrong command.
func TestEveryKubeconfigVariantGivesAWorkingCommand(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	_, port, err := net.SplitHostPort(h.Host)
	if err != nil {
		t.Fatal(err)
	}
	v6 := ""
	if l, err := net.Listen("tcp", "[::1]:0"); err == nil {
		l.Close()
		v6 = relay.Forward(t, "[::1]:0", h.Host).Addr
	}
	caFile := filepath.Join(h.Dir, "ca.crt")
	variants := []struct {
		name     string
		change   func(*clientcmdapi.Config, *clientcmdapi.Cluster)
		endpoint string
	}{
		{"trailing slash", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.Server += "/" }, h.Host},
		{"HTTPS in capitals", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.Server = "HTTPS://" + h.Host }, h.Host},
		{"DNS name in capitals", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.Server = "https://LOCALHOST:" + port }, "localhost:" + port},
		{"IPv6", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.Server = "https://" + v6 }, "'" + v6 + "'"},
		{"unnamed cluster and the cluster of the context", func(config *clientcmdapi.Config, _ *clientcmdapi.Cluster) {
			config.Clusters[""] = &clientcmdapi.Cluster{Server: "https://192.0.2.1:6443", CertificateAuthorityData: unrelatedCA(t)}
		}, h.Host},
		{"CA bundle", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.CertificateAuthorityData = append(bytes.Clone(c.CertificateAuthorityData), unrelatedCA(t)...)
		}, h.Host},
		{"CA file", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.CertificateAuthorityData, c.CertificateAuthority = nil, caFile
		}, h.Host},
		{"empty CA data and a CA file", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.CertificateAuthorityData, c.CertificateAuthority = []byte{}, caFile
		}, h.Host},
		{"tls-server-name not needed for the address", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.TLSServerName = "localhost" }, h.Host},
		{"proxy-url", func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) { c.ProxyURL = startProxy(t) }, h.Host},
	}
	for _, variant := range variants {
		if variant.name == "IPv6" && v6 == "" {
			t.Log("skip IPv6: this machine has no IPv6 loopback, only unit tests cover it")
			continue
		}
		t.Run(variant.name, func(t *testing.T) {
			out := program.Run(t, h.editedKubeconfig(t, variant.change), "token", "create", "--print-join-command")
			line := out.OK(t)
			if !strings.HasPrefix(line, "kubeadm join "+variant.endpoint+" ") {
				t.Errorf("printed %q", line)
			}
			if n := strings.Count(line, "sha256:"); n != 1 {
				t.Errorf("%d pins, want one: the CA in cluster-info", n)
			}
			if err := kubeadmDiscovers(t, line); err != nil {
				t.Errorf("kubeadm's discovery rejects the command: %v", err)
			}
		})
	}
	t.Run("reachable only through a proxy", func(t *testing.T) {
		kubeconfig := h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.ProxyURL, c.Server, c.TLSServerName = startProxyTo(t, h.Host), "https://hub.invalid:6443", "localhost"
		})
		h.requireRefused(t, kubeconfig, 1, []string{"hub.invalid:6443 cannot be reached from this machine", "--no-verify"})
		line := program.Run(t, kubeconfig, "token", "create", "--print-join-command", "--no-verify").OK(t)
		if !strings.HasPrefix(line, "kubeadm join hub.invalid:6443 ") {
			t.Errorf("printed %q", line)
		}
		program.Run(t, kubeconfig, "token", "create", "--print-join-command", "--endpoint", h.Host).OK(t)
	})
	t.Run("tls-server-name needed for the address", func(t *testing.T) {
		other := relay.Forward(t, "127.0.0.2:0", h.Host).Addr
		kubeconfig := h.editedKubeconfig(t, func(_ *clientcmdapi.Config, c *clientcmdapi.Cluster) {
			c.Server, c.TLSServerName = "https://"+other, "localhost"
		})
		program.Run(t, kubeconfig, "token", "create").OK(t)
		h.requireRefused(t, kubeconfig, 1, []string{"127.0.0.2", "hint: joiners verify the name"})
		program.Run(t, kubeconfig, "token", "create", "--print-register-command", "--endpoint", h.Host).OK(t)
	})
}

func TestKubeconfigInSeveralFilesWithARelativeCAPath(t *testing.T) {
	t.Parallel()
	h := acquireHub(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.crt"), h.CAData, 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(h.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cluster := config.Clusters["hub"]
	cluster.CertificateAuthorityData, cluster.CertificateAuthority = nil, "ca.crt"
	parts := map[string]clientcmdapi.Config{
		"clusters": {Clusters: config.Clusters},
		"users":    {AuthInfos: config.AuthInfos},
		"contexts": {Contexts: config.Contexts, CurrentContext: config.CurrentContext},
	}
	for name, part := range parts {
		if err := clientcmd.WriteToFile(part, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	list := strings.Join([]string{dir + "/missing", dir + "/contexts", dir + "/clusters", dir + "/users"}, ":")
	if err := kubeadmDiscovers(t, program.Run(t, list, "token", "create", "--print-register-command").OK(t)); err != nil {
		t.Error(err)
	}
}

// unrelatedCA returns the PEM certificate of a new certificate authority.
func unrelatedCA(t testing.TB) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return encodeCertificate(der)
}

// encodeCertificate encodes a DER certificate as PEM.
func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// startPlainHTTP starts an HTTP server without TLS and returns its address.
func startPlainHTTP(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// startProxy starts an HTTP proxy and returns its URL.
func startProxy(t testing.TB) string { return startProxyTo(t, "") }

// startProxyTo starts an HTTP proxy that connects every client to one address, and returns its URL. With "" it connects
// to the requested address.
func startProxyTo(t testing.TB, to string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := to
		if target == "" {
			target = r.Host
		}
		out, err := net.Dial("tcp", target)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		in, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = in.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		relay.Pipe(in, out)
	}))
	t.Cleanup(server.Close)
	return server.URL
}
