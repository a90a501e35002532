// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/hack/e2e/controlplane"
)

const (
	fleetControlPlanes = 3
	fleetSize          = 1000  // targets of the fan-out
	splitSize          = 100   // targets for tools that handle one cluster, and clusters that join one hub
	largeSize          = 10000 // contexts of the large kubeconfig
	listTokens         = "GET " + secrets + "?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken&limit=500"
)

// runFleet measures commands on many targets.
func runFleet(bin string, rounds int) (err error) {
	work, err := os.MkdirTemp("", "joinctl-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	groups, stop, err := fleetGroups(bin, work)
	defer func() { err = errors.Join(err, stop()) }()
	for _, group := range groups {
		if err := group.measure(rounds, filepath.Join(bin, "peak")); err != nil {
			return err
		}
	}
	return err
}

// fleetGroups starts control planes and returns the programs to compare on many targets. Each target has its own TLS server
// name, because client-go shares one connection between identical TLS configurations, unlike the targets of a real fleet.
func fleetGroups(bin, work string) (groups []group, stop func() error, err error) {
	var sans []string
	for i := range fleetSize/fleetControlPlanes + 1 {
		sans = append(sans, serverName(i))
	}
	var controlPlanes []*controlplane.ControlPlane
	stop = func() (err error) {
		for _, cp := range controlPlanes {
			err = errors.Join(err, cp.Stop())
		}
		return err
	}
	for range fleetControlPlanes {
		cp, err := controlplane.StartProcess(filepath.Join(bin, "controlplane"), "--joinable", "--karmada", "--extra-san", strings.Join(sans, ","))
		if err != nil {
			return nil, stop, err
		}
		controlPlanes = append(controlPlanes, cp)
	}
	all, split, err := writeFleetConfigs(work, controlPlanes)
	if err != nil {
		return nil, stop, err
	}
	large := filepath.Join(work, "large")
	if err := writeLargeConfig(large, controlPlanes[0]); err != nil {
		return nil, stop, err
	}
	xargs := func(program string, words ...string) *program {
		line := fmt.Sprintf("ls %s | xargs -P16 -I{} %s --kubeconfig %s/{} %s >/dev/null", split, filepath.Join(bin, program), split, strings.Join(words, " "))
		return shell("xargs -P16 "+program, line)
	}
	ours := func(kubeconfig string, words ...string) *program {
		return tool([]string{"KUBECONFIG=" + kubeconfig}, bin, "joinctl", words...)
	}
	names, err := writeMemberNames(work)
	if err != nil {
		return nil, stop, err
	}
	hub := controlPlanes[0].Kubeconfig
	return []group{
		{fmt.Sprintf("token list, %d targets", fleetSize), []*program{
			ours(all, "token", "list", "--all-contexts", "-o", "name"), tool(nil, bin, "barefleet", "-kubeconfig", all, listTokens),
		}},
		{fmt.Sprintf("token list, %d targets", splitSize), []*program{
			ours(all, "token", "list", "--contexts", "c00*", "-o", "name"), xargs("kubeadm", "token", "list"),
			xargs("kubectl", "get", "secrets", "-n", "kube-system", "-o", "name"),
		}},
		{fmt.Sprintf("contexts, %d in the kubeconfig", largeSize), []*program{
			ours(large, "contexts", "--all-contexts"), tool([]string{"KUBECONFIG=" + large}, bin, "kubectl", "config", "get-contexts"),
		}},
		{fmt.Sprintf("token list --shard 0/100 of %d", largeSize), []*program{
			ignoreFailures(ours(large, "token", "list", "--all-contexts", "--shard", "0/100", "-o", "name")),
			tool([]string{"KUBECONFIG=" + large}, bin, "kubectl", "config", "get-contexts"),
		}},
		// This group is last because it does not delete its tokens. They are not for signing, because their signatures would
		// make cluster-info too large.
		{fmt.Sprintf("a token for each of %d clusters", splitSize), []*program{
			ours(hub, "token", "create", "--for-file", names, "--usages", "authentication"),
			shell("xargs -P16 kubeadm", fmt.Sprintf("xargs -P16 -I{} %s --kubeconfig %s token create --usages authentication --description {} < %s >/dev/null", filepath.Join(bin, "kubeadm"), hub, names)),
		}},
	}, stop, nil
}

// writeMemberNames writes the names of clusters to a file.
func writeMemberNames(work string) (path string, err error) {
	var names strings.Builder
	for i := range splitSize {
		fmt.Fprintf(&names, "member-%d\n", i)
	}
	path = filepath.Join(work, "names")
	return path, os.WriteFile(path, []byte(names.String()), 0o600)
}

func serverName(i int) string { return fmt.Sprintf("n%03d.fleet.test", i) }

// ignoreFailures also counts runs that fail on some targets.
func ignoreFailures(p *program) *program {
	return &program{name: p.name, env: p.env, args: func(round int) []string {
		return append([]string{"sh", "-c", `"$@" 2>/dev/null || true`, "sh"}, p.args(round)...)
	}}
}

func shell(name, line string) *program {
	return &program{name: name, args: func(int) []string { return []string{"sh", "-c", line} }}
}

// writeFleetConfigs writes one kubeconfig with all targets, and a folder with a kubeconfig for each of the first splitSize.
func writeFleetConfigs(work string, controlPlanes []*controlplane.ControlPlane) (all, split string, err error) {
	all, split = filepath.Join(work, "fleet"), filepath.Join(work, "split")
	if err := os.Mkdir(split, 0o700); err != nil {
		return "", "", err
	}
	merged := clientcmdapi.NewConfig()
	for i := range fleetSize {
		name := fmt.Sprintf("c%04d", i)
		admin, err := controlPlanes[i%len(controlPlanes)].ClientConfig()
		if err != nil {
			return "", "", err
		}
		one := clientcmdapi.NewConfig()
		one.CurrentContext = name
		one.Clusters[name] = &clientcmdapi.Cluster{Server: admin.Host, CertificateAuthorityData: admin.CAData, TLSServerName: serverName(i / len(controlPlanes))}
		one.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: admin.CertData, ClientKeyData: admin.KeyData}
		one.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
		merged.Clusters[name], merged.AuthInfos[name], merged.Contexts[name] = one.Clusters[name], one.AuthInfos[name], one.Contexts[name]
		if i < splitSize {
			if err := clientcmd.WriteToFile(*one, filepath.Join(split, name)); err != nil {
				return "", "", err
			}
		}
	}
	return all, split, clientcmd.WriteToFile(*merged, all)
}

// writeLargeConfig writes a kubeconfig with thousands of servers, CAs and users that do not exist.
func writeLargeConfig(path string, cp *controlplane.ControlPlane) error {
	config := clientcmdapi.NewConfig()
	for i := range largeSize {
		name := fmt.Sprintf("c%05d", i)
		config.Clusters[name] = &clientcmdapi.Cluster{
			Server:                   fmt.Sprintf("https://127.%d.%d.1:1", i/200+1, i%200+1),
			CertificateAuthorityData: slices.Concat(cp.CAData, fmt.Appendf(nil, "%d\n", i)),
		}
		config.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: "token-of-" + name}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	}
	return clientcmd.WriteToFile(*config, path)
}
