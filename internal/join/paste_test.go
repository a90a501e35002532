// SPDX-License-Identifier: Apache-2.0

package join

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/token"
)

const pastedToken = "abcdef.0123456789abcdef"

func TestPasteKnowsEveryWayToJoin(t *testing.T) {
	t.Parallel()
	rest := " cp.example.com:6443 --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA
	for line, joiner := range map[string]Joiner{
		"karmadactl register" + rest:                            Karmada,
		"kubectl karmada register" + rest:                       Karmada,
		"kubectl-karmada register" + rest:                       Karmada,
		"sudo karmadactl register" + rest:                       Karmada,
		"$ sudo -E /usr/local/bin/karmadactl register" + rest:   Karmada,
		"# kubeadm join" + rest:                                 Kubeadm,
		"KUBECONFIG=/etc/k sudo -n A=b ./kubeadm join" + rest:   Kubeadm,
		"kubeadm join --v=5" + rest + " --node_name n -v 3":     Kubeadm,
		"kubeadm join --control-plane" + rest + " --dry-run=1":  Kubeadm,
		"karmadactl register -n ns" + rest + " --cluster-name=": Karmada,
	} {
		a, err := Paste(strings.Fields(line))
		if err != nil || len(a.Faults) > 0 || a.Missing() != nil {
			t.Errorf("%s: %v, %v, %v", line, err, a.Faults, a.Missing())
			continue
		}
		if a.Joiner != joiner || a.Endpoint.HostPort() != "cp.example.com:6443" || a.Token.Reveal() != pastedToken || !reflect.DeepEqual(a.Pins, []Pin{pinA}) {
			t.Errorf("%s: parsed as %q", line, a.Args())
		}
	}
}

func TestPasteNamesWhatIsNotChecked(t *testing.T) {
	t.Parallel()
	line := "karmadactl register -n ns a:1 --cluster-name=m --enable-cert-rotation --cluster_region eu --token " + pastedToken
	a, err := Paste(strings.Fields(line))
	want := []string{"--namespace", "--enable-cert-rotation", "--cluster-region"}
	if err != nil || !reflect.DeepEqual(a.NotChecked, want) {
		t.Errorf("got %q, %v", a.NotChecked, err)
	}
}

func TestPasteKeepsWhatTheJoinerWillRefuse(t *testing.T) {
	t.Parallel()
	for line, faults := range map[string]int{
		"kubeadm join a:1 --token bad --discovery-token-ca-cert-hash " + pinA:                                              1,
		"kubeadm join a:1 --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA + ",md5:1":                   1,
		"kubeadm join a:1 --token " + pastedToken + " --discovery-token-ca-cert-hash SHA256:" + pinA[len(pinType):]:        0,
		"kubeadm join a --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA:                                1,
		"karmadactl register a --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA:                         0,
		"karmadactl register [::1] --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA:                     0,
		"karmadactl register https://a:1 --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA:               1,
		"kubeadm join a:1 --token " + pastedToken + " --discovery-token-unsafe-skip-ca-verification=" + pastedToken:        1,
		"kubeadm join a:1 --discovery-token " + pastedToken + " --tls-bootstrap-token fedcba.0123456789abcdef":             0,
		"kubeadm join a:1 --discovery-token " + pastedToken + " --tls-bootstrap-token fedcba":                              1,
		"kubeadm join a:1 --discovery-token " + pastedToken + " --tls-bootstrap-token=" + pastedToken:                      0,
		"karmadactl register a --cluster-name Member_1 --token " + pastedToken + " --discovery-token-ca-cert-hash " + pinA: 1,
		"kubeadm join a: --token x --discovery-token-ca-cert-hash y --discovery-token-unsafe-skip-ca-verification=yes":     4,
	} {
		a, err := Paste(strings.Fields(line))
		if err != nil || len(a.Faults) != faults {
			t.Errorf("%s: %v, %v", line, err, a.Faults)
		}
		for _, fault := range a.Faults {
			if strings.Contains(fault.Error(), "0123456789abcdef") {
				t.Errorf("%s: a fault repeats the token: %v", line, fault)
			}
		}
	}
}

func TestPasteRefusesWhatIsNoJoinCommand(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "sudo", "karmadactl", "kubeadm reset", "register a:1", "kubectl get nodes", "kubeadm register a:1",
		"kubeadm join a:1 b:2", "kubeadm join a:1 --token", "kubeadm join a:1 --cluster-name x", "karmadactl register a:1 --cri-socket x",
		"kubeadm join a:1 --" + pastedToken, "kubeadm join a:1 " + pastedToken, "kubeadm join a:1 -x y",
	} {
		a, err := Paste(strings.Fields(line))
		if err == nil {
			t.Errorf("%s: parsed as %q", line, a.Args())
		} else if strings.Contains(err.Error(), "0123456789abcdef") {
			t.Errorf("%s: the error repeats the token: %v", line, err)
		}
	}
}

func TestMissingIsWhatTheJoinerNeeds(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"kubeadm join --token " + pastedToken:     "ENDPOINT",
		"kubeadm join a:1":                        "--token",
		"kubeadm join a:1 --token " + pastedToken: "--discovery-token-ca-cert-hash",
		"kubeadm join a:1 --token " + pastedToken + " --discovery-token-unsafe-skip-ca-verification=false": "--discovery-token-ca-cert-hash",
		"kubeadm join a:1 --token bad --discovery-token-unsafe-skip-ca-verification":                       "",
	} {
		a, err := Paste(strings.Fields(line))
		missing := a.Missing()
		if err != nil || (missing == nil) != (want == "") || missing != nil && !strings.Contains(missing.Error(), want) {
			t.Errorf("%s: %v, %v, want %q", line, err, missing, want)
		}
	}
}

// Each token is used where kubeadm uses it (cmd/kubeadm/app/cmd/join.go): --token fills what is not set, in any order.
func TestEachTokenOfACommandIsForItsPurpose(t *testing.T) {
	t.Parallel()
	const general, discovery, bearer = "aaaaaa.0123456789abcdef", "bbbbbb.0123456789abcdef", "cccccc.0123456789abcdef"
	for args, want := range map[string]struct{ token, bearer string }{
		"--token " + general:                                                  {general, general},
		"--token bad":                                                         {"", ""},
		"--discovery-token " + discovery:                                      {discovery, discovery},
		"--tls-bootstrap-token " + bearer:                                     {"", bearer},
		"--token " + general + " --discovery-token " + discovery:              {discovery, general},
		"--discovery-token " + discovery + " --token " + general:              {discovery, general},
		"--token " + general + " --tls-bootstrap-token " + bearer:             {general, bearer},
		"--tls-bootstrap-token " + bearer + " --token " + general:             {general, bearer},
		"--token " + general + " --discovery-token bad":                       {"", general},
		"--token " + general + " --token " + bearer:                           {bearer, bearer},
		"--discovery-token=" + discovery + " --tls-bootstrap-token " + bearer: {discovery, bearer},
	} {
		a, err := Paste(strings.Fields("kubeadm join a:1 " + args))
		if err != nil || revealed(a.Token) != want.token || revealed(a.Bearer()) != want.bearer {
			t.Errorf("%s: got %q and %q, %v", args, a.Token.Reveal(), a.Bearer().Reveal(), err)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if shown := fmt.Sprintf(verb, a); strings.Contains(shown, "0123456789abcdef") {
				t.Errorf("%s: formatted with %s it shows a token", args, verb)
			}
		}
	}
	if tok := (&Attempt{Command: Command{Token: mustToken(t, general)}}).Bearer(); tok.Reveal() != general {
		t.Errorf("a command with one token authenticates with %q", tok.Reveal())
	}
}

func revealed(tok token.Token) string {
	if tok.IsZero() {
		return ""
	}
	return tok.Reveal()
}

func mustToken(t *testing.T, text string) token.Token {
	t.Helper()
	tok, err := token.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// People paste commands from old documents, and with the flags of klog.
func TestFlagsOfOtherReleasesAreNamedAndNotChecked(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"karmadactl register --ca-cert-path /etc/karmada/pki/ca.crt a:1 --feature-gates=A=true --logtostderr": {"--ca-cert-path", "--feature-gates", "--logtostderr"},
		"kubeadm join --experimental-control-plane a:1 --ignore-checks-errors all --feature-gates A=true":     {"--experimental-control-plane", "--ignore-checks-errors", "--feature-gates"},
		"kubeadm join a:1 -k /k --experimental-patches /p --skip-preflight-checks --log_file /f --skip-headers": {
			"--experimental-kustomize", "--experimental-patches", "--skip-preflight-checks", "--log-file", "--skip-headers",
		},
	} {
		a, err := Paste(strings.Fields(line))
		if err != nil || a.Endpoint.HostPort() != "a:1" || !slices.Equal(a.NotChecked, want) {
			t.Errorf("%s: not checked are %q, %v", line, a.NotChecked, err)
		}
	}
}
