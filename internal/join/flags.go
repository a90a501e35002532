// SPDX-License-Identifier: Apache-2.0

package join

import "strings"

// Further flags of the joiners that say how the control plane is trusted.
const (
	flagSkipCA         = "--discovery-token-unsafe-skip-ca-verification"
	flagDiscoveryToken = "--discovery-token"     // kubeadm, in place of --token
	flagBootstrapToken = "--tls-bootstrap-token" // the same
)

// A Flag is one that a joiner has and that says nothing of the control plane.
type Flag struct {
	Name      string // without dashes
	Shorthand string // one letter, or none
	Switch    bool   // it takes no value, except after an equals sign
}

// OtherFlags returns the flags of a joiner besides those of Args and the one that skips the verification of the CA
// (karmada pkg/karmadactl/register/register.go; cmd/kubeadm/app/cmd/join.go).
func (j Joiner) OtherFlags() []Flag {
	if j == Kubeadm {
		return append(flags("apiserver-advertise-address apiserver-bind-port certificate-key config cri-socket discovery-file "+
			"ignore-preflight-errors node-name patches rootfs skip-phases v vmodule", false),
			flags("control-plane dry-run", true)...)
	}
	all := append(flags("cert-expiration-seconds cluster-namespace cluster-provider cluster-region cluster-zones "+
		"context discovery-timeout karmada-agent-image karmada-agent-replicas karmada-context kubeconfig namespace "+
		"proxy-server-address v vmodule", false),
		flags("dry-run enable-cert-rotation", true)...)
	for i := range all {
		if all[i].Name == "namespace" {
			all[i].Shorthand = "n"
		}
	}
	return all
}

func flags(names string, isSwitch bool) []Flag {
	var out []Flag
	for name := range strings.FieldsSeq(names) {
		flag := Flag{Name: name, Switch: isSwitch}
		if len(name) == 1 {
			flag.Shorthand = name
		}
		out = append(out, flag)
	}
	return out
}

// other returns the flag that a word, with its dashes, stands for.
func (j Joiner) other(word string) (Flag, bool) {
	for _, flag := range j.OtherFlags() {
		if word == "--"+flag.Name || flag.Shorthand != "" && word == "-"+flag.Shorthand {
			return flag, true
		}
	}
	return Flag{}, false
}
