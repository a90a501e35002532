// SPDX-License-Identifier: Apache-2.0

// Package join answers what a member cluster runs to join: the command as a value that can be printed and read back,
// with the joiner it is for, the endpoint it goes to and the CA pins it trusts.
package join

import (
	"errors"
	"slices"
)

// A Joiner is the program that joins a cluster. It has the methods of a flag value.
type Joiner string

// The joiners.
const (
	Karmada Joiner = "karmada" // karmadactl register: a member cluster joins a Karmada control plane
	Kubeadm Joiner = "kubeadm" // kubeadm join: a node joins a cluster
)

// Group returns the extra group that the joiner's bootstrap permissions are bound to by the usual installers.
func (j Joiner) Group() string {
	if j == Kubeadm {
		return "system:bootstrappers:kubeadm:default-node-token"
	}
	return "system:bootstrappers:karmada:default-cluster-token"
}

// argv returns the words that the joiner's command begins with.
func (j Joiner) argv() []string {
	if j == Kubeadm {
		return []string{"kubeadm", "join"}
	}
	return []string{"karmadactl", "register"}
}

// Set implements a flag value.
func (j *Joiner) Set(s string) error {
	if !slices.Contains([]Joiner{Karmada, Kubeadm}, Joiner(s)) {
		return errors.New("a joiner is karmada or kubeadm")
	}
	*j = Joiner(s)
	return nil
}

// String implements a flag value.
func (j *Joiner) String() string { return string(*j) }

// Type implements a flag value.
func (j *Joiner) Type() string { return "joiner" }
