// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const secrets = "/api/v1/namespaces/kube-system/secrets"

// singleGroups returns the programs to compare on one control plane.
func singleGroups(bin, work string, cp *controlplane.ControlPlane) ([]group, error) {
	if err := writeCredentials(work, cp); err != nil {
		return nil, err
	}
	env := []string{"KUBECONFIG=" + cp.Kubeconfig}
	ours := func(args ...string) *program { return tool(env, bin, "joinctl", args...) }
	bare := func(requests ...string) *program {
		return tool(nil, bin, "baretls", append([]string{"-server", "https://" + cp.Host, "-credentials", work}, requests...)...)
	}
	createToken := bare()
	baseArgs := createToken.args
	createToken.args = func(round int) []string {
		return append(baseArgs(round), "GET /version", "POST "+secrets+" "+writeManifest(work, round))
	}
	return []group{
		{"token list", []*program{
			ours("token", "list"), tool(env, bin, "kubeadm", "token", "list"),
			bare("GET " + secrets + "?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken&limit=500"),
		}},
		{"token create", []*program{ours("token", "create"), tool(env, bin, "kubeadm", "token", "create"), createToken}},
		{"token create with the printed command", []*program{
			ours("token", "create", "--print-join-command"), tool(env, bin, "kubeadm", "token", "create", "--print-join-command"),
		}},
		{"sa token", []*program{ours("sa", "token", "default"), tool(env, bin, "kubectl", "create", "token", "default")}},
		{"sa credential, from the cache", []*program{ours("sa", "credential", "default", "--cache-dir", filepath.Join(work, "cache"))}},
		{"token generate", []*program{ours("token", "generate"), tool(env, bin, "kubeadm", "token", "generate")}},
		{"version", []*program{ours("version"), tool(env, bin, "kubeadm", "version")}},
		{"help", []*program{ours("--help"), tool(env, bin, "kubeadm", "--help")}},
	}, nil
}

func tool(env []string, bin, name string, args ...string) *program {
	words := append([]string{filepath.Join(bin, name)}, args...)
	return &program{name: name, env: env, args: func(int) []string { return slices.Clip(words) }}
}

// writeCredentials writes the administrator's credentials to files.
func writeCredentials(dir string, cp *controlplane.ControlPlane) error {
	config, err := clientcmd.BuildConfigFromFlags("", cp.Kubeconfig)
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{"ca.crt": config.CAData, "client.crt": config.CertData, "client.key": config.KeyData} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// writeManifest writes the Secret of a token with an ID for this round, and returns the path of the file.
func writeManifest(dir string, round int) string {
	id := fmt.Sprintf("bench%c", 'a'+round%26)
	if round >= 26 {
		id = fmt.Sprintf("ben%03d", round)
	}
	content, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": "bootstrap.kubernetes.io/token",
		"metadata":   map[string]string{"name": "bootstrap-token-" + id},
		"stringData": map[string]string{"token-id": id, "token-secret": "0123456789abcdef", "usage-bootstrap-signing": "true"},
	})
	path := filepath.Join(dir, id)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		panic(err)
	}
	return path
}
