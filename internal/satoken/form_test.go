// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"bytes"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// reading returns how TokenIn reads data.
func reading(data map[string][]byte) func(string) []byte {
	return func(key string) []byte { return data[key] }
}

func publishedToken(t *testing.T) Token {
	t.Helper()
	tok, err := NewPublished(jwtFor(time.Unix(1000, 0), time.Unix(4600, 0)))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func TestEachFormIsWhatItsConsumerReads(t *testing.T) {
	t.Parallel()
	tok := publishedToken(t)
	for form, want := range map[Form]map[string]string{
		TokenForm:   {"token": "TOKEN"},
		KarmadaForm: {"token": "TOKEN", "caBundle": "PEM"},
		ArgoCDForm: {
			"name": "one", "server": "https://127.0.0.1:6443",
			"config": `{"bearerToken":"TOKEN","tlsClientConfig":{"insecure":false,"serverName":"kubernetes","caData":"UEVN"},"proxyUrl":"http://127.0.0.1:3128"}`,
		},
		KubeconfigForm: {"kubeconfig": `# joinctl: written by joinctl sa kubeconfig, which replaces this file without --force.
# joinctl: the token of serviceaccount ns/robot in context "one" expires at 1970-01-01T01:16:40Z.
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: UEVN
    proxy-url: http://127.0.0.1:3128
    server: https://127.0.0.1:6443
    tls-server-name: kubernetes
  name: cluster-of-one
contexts:
- context:
    cluster: cluster-of-one
    namespace: ns
    user: one
  name: one
current-context: one
kind: Config
users:
- name: one
  user:
    token: TOKEN
`},
	} {
		data, err := form.Data(testEntry("one"), tok, form.DefaultKey())
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for key, value := range data {
			got[key] = strings.ReplaceAll(string(value), tok.Reveal(), "TOKEN")
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s:\n%s\nwant:\n%s", form, got, want)
		}
		if credential := form.TokenIn(reading(data), form.DefaultKey()); credential != tok.Reveal() {
			t.Errorf("%s: the token in it is %q", form, credential)
		}
		if name, server := form.ClusterIn(reading(data)); name != want["name"] || server != want["server"] {
			t.Errorf("%s: it is for %q at %q", form, name, server)
		}
	}
}

func TestOnlyTheSecretOfArgoCDHasALabel(t *testing.T) {
	t.Parallel()
	for _, form := range Forms() {
		if labels := form.Labels(); (form == ArgoCDForm) != (labels["argocd.argoproj.io/secret-type"] == "cluster") {
			t.Errorf("%s: %v", form, labels)
		}
	}
}

func TestAServerThatIsNotVerifiedHasNoAuthority(t *testing.T) {
	t.Parallel()
	entry := testEntry("one")
	entry.Source.Cluster.InsecureSkipTLSVerify, entry.Source.Cluster.TLSServerName, entry.CA = true, "", nil
	for form, want := range map[Form]string{ArgoCDForm: `"tlsClientConfig":{"insecure":true}`, KarmadaForm: ""} {
		data, err := form.Data(entry, publishedToken(t), "")
		if err != nil || form.Check(entry) != nil {
			t.Errorf("%s: %v, %v", form, err, form.Check(entry))
		}
		if !bytes.Contains(data["config"], []byte(want)) || data["caBundle"] != nil {
			t.Errorf("%s: %s", form, data)
		}
	}
}

func TestKarmadaIsNotGivenAConnectionThatItCannotDescribe(t *testing.T) {
	t.Parallel()
	plain := testEntry("one")
	plain.Source.Cluster.TLSServerName = ""
	named, unsigned := testEntry("one"), plain
	unsigned.CA = nil
	for name, test := range map[string]struct {
		entry Entry
		good  bool
	}{"plain": {plain, true}, "TLS server name": {named, false}, "no authority": {unsigned, false}} {
		for _, form := range Forms() {
			if err := form.Check(test.entry); (err == nil) != (test.good || form != KarmadaForm) || err != nil && !failure.IsConfig(err) {
				t.Errorf("%s, %s: %v", name, form, err)
			}
		}
	}
}

func TestDataOfSomebodyElseHasNoToken(t *testing.T) {
	t.Parallel()
	for _, form := range Forms() {
		for _, content := range []string{"", "{", "{}", "current-context: a", `{"current-context":"a","contexts":[{"name":"a","context":{"user":"b"}}]}`} {
			key := form.DefaultKey()
			if form == TokenForm || form == KarmadaForm {
				content = ""
			}
			if got := form.TokenIn(func(string) []byte { return []byte(content) }, key); got != "" {
				t.Errorf("%s of %q: %q", form, content, got)
			}
		}
	}
}
