// SPDX-License-Identifier: Apache-2.0

package join

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/token"
)

const (
	secret = "hjkmnpqrstuvwxyz"
	key    = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
	pinA   = "sha256:" + digits
	pinB   = "sha256:" + key
)

// command returns a join command.
func command(t testing.TB, joiner Joiner, certificateKey string, pins ...Pin) Command {
	t.Helper()
	tok, err := token.Parse("abcdef." + secret)
	if err != nil {
		t.Fatal(err)
	}
	c := Command{Joiner: joiner, Endpoint: Endpoint{"cp.example.com", 6443}, Token: tok, Pins: pins}
	if certificateKey != "" {
		if err := c.CertificateKey.UnmarshalText([]byte(certificateKey)); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func named(c Command, name ClusterName) Command {
	c.ClusterName = name
	return c
}

func TestArgsAreInTheJoinersOwnForm(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Command{
		"karmadactl register cp.example.com:6443 --token abcdef." + secret: command(t, Karmada, ""),
		"karmadactl register cp.example.com:6443 --token abcdef." + secret +
			" --discovery-token-ca-cert-hash " + pinA: command(t, Karmada, "", pinA),
		"karmadactl register cp.example.com:6443 --token abcdef." + secret +
			" --discovery-token-ca-cert-hash " + pinA + "," + pinB: command(t, Karmada, "", pinA, pinB),
		"karmadactl register cp.example.com:6443 --token abcdef." + secret +
			" --discovery-token-ca-cert-hash " + pinA + " --cluster-name member1": named(command(t, Karmada, "", pinA), "member1"),
		"kubeadm join cp.example.com:6443 --token abcdef." + secret +
			" --discovery-token-ca-cert-hash " + pinA: command(t, Kubeadm, "", pinA),
		"kubeadm join cp.example.com:6443 --token abcdef." + secret +
			" --discovery-token-ca-cert-hash " + pinA + " --discovery-token-ca-cert-hash " + pinB +
			" --control-plane --certificate-key " + key: command(t, Kubeadm, key, pinA, pinB),
	} {
		if got := c.Args(); !reflect.DeepEqual(got, strings.Fields(want)) {
			t.Errorf("got  %q\nwant %q", got, strings.Fields(want))
		}
		if got := c.Line(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestLineQuotesWhatAShellWouldTakeForAPattern(t *testing.T) {
	t.Parallel()
	c := command(t, Karmada, "")
	c.Endpoint = Endpoint{"2001:db8::1", 6443}
	if got, want := c.Line(), "karmadactl register '[2001:db8::1]:6443' --token abcdef."+secret; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestPasteReadsTheFlagsInAnyOrderAndForm(t *testing.T) {
	t.Parallel()
	want := command(t, Kubeadm, key, pinA, pinB)
	for _, flags := range []string{
		"--token=abcdef." + secret + " --discovery-token-ca-cert-hash=" + pinA + "," + pinB + " --control-plane --certificate-key=" + key,
		"--certificate-key " + key + " --discovery-token-ca-cert-hash " + pinA + " --control-plane --discovery-token-ca-cert-hash " +
			"sha256:" + strings.ToUpper(key) + " --token abcdef." + secret,
	} {
		got, err := Paste(append([]string{"kubeadm", "join", "CP.example.com:6443"}, strings.Fields(flags)...))
		if err != nil || len(got.Faults) > 0 || !reflect.DeepEqual(got.Command, want) {
			t.Errorf("%s: parsed as %q, %v", flags, got.Args(), err)
		}
	}
}

// Each of these holds the token, in most of them where it does not belong.
func TestPasteNeverEchoesAWordOfItsInput(t *testing.T) {
	t.Parallel()
	const tok = "abcdef." + secret
	for _, line := range []string{
		"",
		tok,
		"kubeadm join",
		"kubeadm join " + tok,
		"kubeadm " + tok + " cp.example.com:6443",
		tok + " join cp.example.com:6443",
		"karmadactl join cp.example.com:6443 --token " + tok,
		"kubeadm register cp.example.com:6443 --token " + tok,
		"/usr/bin/kubeadm join cp.example.com:6443 --token " + tok,
		"kubeadm join https://cp.example.com:6443 --token " + tok,
		"kubeadm join cp.example.com:6443",
		"kubeadm join cp.example.com:6443 --token",
		"kubeadm join cp.example.com:6443 --token " + tok + "x",
		"kubeadm join cp.example.com:6443 --token --token " + tok,
		"kubeadm join cp.example.com:6443 " + tok + " --token",
		"kubeadm join cp.example.com:6443 --token " + tok + " --" + tok + " x",
		"kubeadm join cp.example.com:6443 --token " + tok + " --discovery-token-ca-cert-hash " + tok,
		"kubeadm join cp.example.com:6443 --token " + tok + " --discovery-token-ca-cert-hash " + pinA + "," + tok,
		"kubeadm join cp.example.com:6443 --token " + tok + " --discovery-token-ca-cert-hash",
		"kubeadm join cp.example.com:6443 --token " + tok + " --control-plane",
		"kubeadm join cp.example.com:6443 --token " + tok + " --certificate-key " + key,
		"kubeadm join cp.example.com:6443 --token " + tok + " --control-plane --certificate-key " + key + "00",
		"kubeadm join cp.example.com:6443 --token " + tok + " --control-plane --certificate-key " + tok,
		"kubeadm join cp.example.com:6443 --tokens " + tok,
	} {
		args := strings.Fields(line)
		a, err := Paste(args)
		all := errors.Join(append(a.Faults, err, a.Missing())...)
		if all == nil {
			t.Errorf("%s: parsed as %v", line, a.Args())
			continue
		}
		for _, hidden := range []string{secret, key, digits, "example", "/usr/bin"} {
			if strings.Contains(all.Error(), hidden) {
				t.Errorf("%s: the error says %s: %v", line, hidden, all)
			}
		}
	}
}

// karmadactl register has no such flag: a command with it cannot work.
func TestPasteRefusesACertificateKeyForKarmada(t *testing.T) {
	t.Parallel()
	line := "karmadactl register cp.example.com:6443 --token abcdef." + secret + " --control-plane --certificate-key " + key
	if c, err := Paste(strings.Fields(line)); err == nil {
		t.Errorf("parsed as %q", c.Args())
	}
}
