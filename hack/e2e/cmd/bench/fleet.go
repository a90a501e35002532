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
	fleetPlanes = 3
	fleetSize   = 1000  // targets of the fan-out
	splitSize   = 100   // of those, how many the tools for one cluster are run on; and clusters that are about to join one
	hugeSize    = 10000 // contexts of the kubeconfig that is hardly used
	listTokens  = "GET " + secrets + "?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken&limit=500"
)

// runFleet measures many control planes at once.
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

// fleetGroups prepares what is measured on many control planes. Each target many control planes has a TLS server name of its own: client-go
// shares one connection between identical TLS configurations, which no real fleet has.
func fleetGroups(bin, work string) (groups []group, stop func() error, err error) {
	var sans []string
	for i := range fleetSize/fleetPlanes + 1 {
		sans = append(sans, fleetName(i))
	}
	var planes []*controlplane.ControlPlane
	stop = func() (err error) {
		for _, cp := range planes {
			err = errors.Join(err, cp.Stop())
		}
		return err
	}
	for range fleetPlanes {
		cp, err := controlplane.StartMain(filepath.Join(bin, "controlplane"), "--joinable", "--karmada", "--extra-san", strings.Join(sans, ","))
		if err != nil {
			return nil, stop, err
		}
		planes = append(planes, cp)
	}
	whole, split, err := fleetConfigs(work, planes)
	if err != nil {
		return nil, stop, err
	}
	huge := filepath.Join(work, "huge")
	if err := hugeConfig(huge, planes[0]); err != nil {
		return nil, stop, err
	}
	xargs := func(program string, words ...string) *program {
		line := fmt.Sprintf("ls %s | xargs -P16 -I{} %s --kubeconfig %s/{} %s >/dev/null", split, filepath.Join(bin, program), split, strings.Join(words, " "))
		return shell("xargs -P16 "+program, line)
	}
	ours := func(kubeconfig string, words ...string) *program {
		return tool([]string{"KUBECONFIG=" + kubeconfig}, bin, "joinctl", words...)
	}
	names, err := joining(work)
	if err != nil {
		return nil, stop, err
	}
	hub := planes[0].Kubeconfig
	return []group{
		{fmt.Sprintf("token list, %d targets", fleetSize), []*program{
			ours(whole, "token", "list", "--all-contexts", "-o", "name"), tool(nil, bin, "barefleet", "-kubeconfig", whole, listTokens),
		}},
		{fmt.Sprintf("token list, %d targets", splitSize), []*program{
			ours(whole, "token", "list", "--contexts", "c00*", "-o", "name"), xargs("kubeadm", "token", "list"),
			xargs("kubectl", "get", "secrets", "-n", "kube-system", "-o", "name"),
		}},
		{fmt.Sprintf("contexts, %d in the kubeconfig", hugeSize), []*program{
			ours(huge, "contexts", "--all-contexts"), tool([]string{"KUBECONFIG=" + huge}, bin, "kubectl", "config", "get-contexts"),
		}},
		{fmt.Sprintf("token list --shard 0/100 of %d", hugeSize), []*program{
			tolerant(ours(huge, "token", "list", "--all-contexts", "--shard", "0/100", "-o", "name")),
			tool([]string{"KUBECONFIG=" + huge}, bin, "kubectl", "config", "get-contexts"),
		}},
		// The last, since it leaves tokens behind; without signatures, which would soon outgrow cluster-info.
		{fmt.Sprintf("a token for each of %d clusters", splitSize), []*program{
			ours(hub, "token", "create", "--for-file", names, "--usages", "authentication"),
			shell("xargs -P16 kubeadm", fmt.Sprintf("xargs -P16 -I{} %s --kubeconfig %s token create --usages authentication --description {} < %s >/dev/null", filepath.Join(bin, "kubeadm"), hub, names)),
		}},
	}, stop, nil
}

// joining writes the names of clusters that are about to join.
func joining(work string) (path string, err error) {
	var names strings.Builder
	for i := range splitSize {
		fmt.Fprintf(&names, "member-%d\n", i)
	}
	path = filepath.Join(work, "names")
	return path, os.WriteFile(path, []byte(names.String()), 0o600)
}

func fleetName(i int) string { return fmt.Sprintf("n%03d.fleet.test", i) }

// tolerant makes a run that fails on some targets count too.
func tolerant(p *program) *program {
	return &program{name: p.name, env: p.env, args: func(round int) []string {
		return append([]string{"sh", "-c", `"$@" 2>/dev/null || true`, "sh"}, p.args(round)...)
	}}
}

func shell(name, line string) *program {
	return &program{name: name, args: func(int) []string { return []string{"sh", "-c", line} }}
}

// fleetConfigs writes one kubeconfig with all targets, and a folder with one file for each of the first.
func fleetConfigs(work string, planes []*controlplane.ControlPlane) (whole, split string, err error) {
	whole, split = filepath.Join(work, "fleet"), filepath.Join(work, "split")
	if err := os.Mkdir(split, 0o700); err != nil {
		return "", "", err
	}
	all := clientcmdapi.NewConfig()
	for i := range fleetSize {
		name := fmt.Sprintf("c%04d", i)
		admin, err := planes[i%len(planes)].ClientConfig()
		if err != nil {
			return "", "", err
		}
		one := clientcmdapi.NewConfig()
		one.CurrentContext = name
		one.Clusters[name] = &clientcmdapi.Cluster{Server: admin.Host, CertificateAuthorityData: admin.CAData, TLSServerName: fleetName(i / len(planes))}
		one.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: admin.CertData, ClientKeyData: admin.KeyData}
		one.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
		all.Clusters[name], all.AuthInfos[name], all.Contexts[name] = one.Clusters[name], one.AuthInfos[name], one.Contexts[name]
		if i < splitSize {
			if err := clientcmd.WriteToFile(*one, filepath.Join(split, name)); err != nil {
				return "", "", err
			}
		}
	}
	return whole, split, clientcmd.WriteToFile(*all, whole)
}

// hugeConfig writes a kubeconfig with servers, authorities and users by the thousand, none of which exist.
func hugeConfig(path string, cp *controlplane.ControlPlane) error {
	config := clientcmdapi.NewConfig()
	for i := range hugeSize {
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
