// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/kubectl/pkg/cmd/get"

	"github.com/joinctl/joinctl/internal/cli"
)

const contextsKubeconfig = `
apiVersion: v1
kind: Config
current-context: hub
contexts:
- {name: hub, context: {cluster: hub, user: admin, namespace: ci}}
- {name: a-hub-with-a-longer-name, context: {cluster: other, user: robot}}
- {name: again, context: {cluster: hub, user: admin}}
clusters:
- {name: hub, cluster: {server: 'https://127.0.0.1:1'}}
- {name: other, cluster: {server: 'https://127.0.0.1:2'}}
users:
- {name: admin, user: {token: t}}
- {name: robot, user: {}}
`

// TestCustomColumnsPrintWhatKubectlPrints compares tables with those of kubectl's printer on the same document.
func TestCustomColumnsPrintWhatKubectlPrints(t *testing.T) {
	t.Parallel()
	kubeconfig := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(kubeconfig, []byte(contextsKubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	contexts := func(o string, more ...string) (string, int) {
		var stdout, stderr bytes.Buffer
		env := &cli.Env{In: strings.NewReader(""), Out: &stdout, Err: &stderr, Rand: rand.Reader, Now: time.Now}
		code := cli.Main(t.Context(), env, append([]string{"contexts", "--all-contexts", "--kubeconfig", kubeconfig, "-o", o}, more...))
		return stdout.String(), code
	}
	document, code := contexts("json")
	list := &unstructured.UnstructuredList{}
	if err := json.Unmarshal([]byte(document), list); code != 0 || err != nil || len(list.Items) != 3 {
		t.Fatalf("exit %d, %v: %s", code, err, document)
	}
	for _, spec := range []string{
		"NAME:.context",
		"NAME:context,SERVER:{.server}",
		"name:{context},NAMESPACE:.namespace,DUP:.duplicateOf",
		"A:.context,B:.nope,C:.nope.deeper,D:.nope[0]",
		"A HEADER:.context",
		"X:{.context}{.server}",
		"NAME:.context,",
		"NAME",
		"A:.server.port",
		"A:.server[0]",
		"A:.server[*]",
		"A:.[*]",
		"A:..server",
		"A:.context[",
		"A:",
		":.context",
		"NAME:.context,NAME:.context",
		"A:.['context']",
		`A:."context"`,
	} {
		for _, noHeaders := range []bool{false, true} {
			var want bytes.Buffer
			printer, err := get.NewCustomColumnsPrinterFromSpec(spec, nil, noHeaders)
			if err == nil {
				err = printer.PrintObj(list, &want)
			}
			var flags []string
			if noHeaders {
				flags = append(flags, "--no-headers")
			}
			got, code := contexts("custom-columns="+spec, flags...)
			if spec == "A:" { // a column without a path is a mistake, that kubectl prints as a column of <none>
				if code != cli.ExitUsage {
					t.Errorf("%s: exit %d: %s", spec, code, got)
				}
				continue
			}
			if (code != 0) != (err != nil) || err == nil && got != want.String() {
				t.Errorf("%s, no headers %v: exit %d\n%s\nkubectl: %v\n%s", spec, noHeaders, code, got, err, &want)
			}
		}
	}
}
