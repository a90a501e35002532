// SPDX-License-Identifier: Apache-2.0

// Package join describes the programs that join clusters, and holds a join command as a value that is printed and parsed:
// with its endpoint, its token and its CA pins. All differences between joiners are in their Descriptions: a further joiner
// needs a file like karmada.go and a line in descriptions.
package join

import (
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strings"

	certificatesv1 "k8s.io/api/certificates/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/token"
)

// A Joiner names a program that joins clusters, as --joiner does. The zero Joiner is none.
type Joiner string

// descriptions returns the descriptions of all joiners, the default one first.
func descriptions() []Description { return []Description{karmada(), kubeadm()} }

// Default returns the joiner that is meant if none is named.
func Default() Joiner { return descriptions()[0].Joiner }

// Joiners returns all joiners, the default one first.
func Joiners() []Joiner {
	var all []Joiner
	for _, d := range descriptions() {
		all = append(all, d.Joiner)
	}
	return all
}

// Description returns the description of a joiner. Without a joiner, it is that of the default joiner.
func (j Joiner) Description() Description {
	all := descriptions()
	for _, d := range all {
		if d.Joiner == j {
			return d
		}
	}
	return all[0]
}

// Group returns the extra group to which the usual installers bind the rights of the joiner's tokens.
func (j Joiner) Group() string { return j.Description().Group }

// Usages returns the usages that a token of the joiner needs.
func (j Joiner) Usages() []string { return j.Description().Usages }

// NeedsSignature reports whether cluster-info has to be signed with the token.
func (j Joiner) NeedsSignature() bool { return slices.Contains(j.Usages(), token.Signing) }

// TakesClusterName reports whether the joiner has the flag --cluster-name.
func (j Joiner) TakesClusterName() bool { return j.Description().ClusterName != nil }

// TakesCertificateKey reports whether the joiner has the flag --certificate-key.
func (j Joiner) TakesCertificateKey() bool {
	_, ok := j.Description().flag(flagCertificateKey)
	return ok
}

// String returns the name of the joiner, "" for none.
func (j Joiner) String() string { return string(j) }

// MarshalText implements encoding.TextMarshaler.
func (j Joiner) MarshalText() ([]byte, error) { return []byte(j), nil }

// UnmarshalText implements encoding.TextUnmarshaler: it parses the name of a joiner.
func (j *Joiner) UnmarshalText(text []byte) error {
	var names []string
	for _, joiner := range Joiners() {
		if string(joiner) == string(text) {
			*j = joiner
			return nil
		}
		names = append(names, string(joiner))
	}
	return errors.New("must be one of: " + strings.Join(names, ", "))
}

// A Description has all differences between joiners. Other code reads it, and does not compare joiners.
type Description struct {
	Joiner Joiner

	// Its command.
	Command     []string                          // the words that it begins with
	Aliases     [][]string                        // other words for the same command
	DefaultPort string                            // of an ENDPOINT without one; empty: the joiner refuses such an ENDPOINT
	TokenFlags  []string                          // take the token; of those that are set, the last one is that with which the joiner verifies cluster-info
	BearerFlags []string                          // take another token, with which the joiner only authenticates
	PinList     bool                              // the joiner prints all pins in one flag; otherwise it repeats the flag
	ClusterName func(string) (ClusterName, error) // the rule for --cluster-name; nil: the joiner has no such flag
	Flags       []Flag                            // the other flags, which do not concern the control plane

	// Its token.
	Group  string   // the usual installers bind the rights of its tokens to this group
	Usages []string // those it needs, of token.Signing and token.Authentication

	// Its discovery of the control plane.
	ChooseCluster      func(*clientcmdapi.Config) (*clientcmdapi.Cluster, error) // of the kubeconfig in cluster-info
	InsecureWithoutPin bool                                                      // without a pin it does not verify ENDPOINT's certificate, reads cluster-info only once, and needs no CA there
	FollowsServer      bool                                                      // after discovery it continues at the server in cluster-info, not at ENDPOINT
	StaysSince         string                                                    // if it does not: the releases since which it stays at ENDPOINT; earlier ones follow the server

	// Its requests with the token: first Reads, then Request.
	Reads   []Read
	Request CertificateRequest

	// Its control plane.
	APIGroup APIGroup
	Grants   []Grant
	SetUp    SetUp
}

// A Read is an object that a joiner reads with its token. An Access without a name means any object of the resource.
type Read struct {
	Step   string // its name among the steps of a check; it is stable
	Access Access
	SetUp  string // the command that creates the object and grants the right
}

// A CertificateRequest is the first certificate signing request of a joiner.
type CertificateRequest struct {
	Subject  pkix.Name
	Signer   string
	Usages   []certificatesv1.KeyUsage
	Approval string // whoever may create this subresource gets such requests approved automatically

	// Who approves and signs it. The approver recognizes a request by the Organization of the Subject, the Usages, with or
	// without key encipherment, and this prefix of the CommonName.
	NamePrefix        string
	Approver          string // the controller, as a message names it
	SigningController string // the controller that issues the certificates of Signer
}

// An APIGroup distinguishes the control planes that a joiner can join.
type APIGroup struct {
	Name     string
	Version  string // the one that is asked for
	Step     string // the name of the step that asks for it as the member; "": the joiner does not use the group
	Served   bool   // whether the joiner needs a server with this API group, or one without
	Mismatch string // the reason why another server does not fit
	Fix      string // for a server that does not fit
}

// GroupVersion returns GROUP/VERSION.
func (g APIGroup) GroupVersion() string { return g.Name + "/" + g.Version }

// Check says why a server does not fit, "" if it fits. served says whether the server has the API group.
func (g APIGroup) Check(served bool) string {
	switch {
	case served == g.Served:
		return ""
	case served:
		return fmt.Sprintf("this server has API group %s: %s", g.Name, g.Mismatch)
	}
	return fmt.Sprintf("this server has no API group %s: %s", g.Name, g.Mismatch)
}

// A SetUp says how a control plane is set up for a joiner.
type SetUp struct {
	ConfigMap   string // in kube-system, that only its installer leaves; "": the API group tells
	Command     string // grants the group of the joiner's tokens its rights
	ClusterInfo string // fix for a control plane without cluster-info
	Rights      string // fix for missing rights
	Cleaner     string // fix for a token cleaner that does not run
}

// Program returns the words that the joiner's command begins with.
func (d Description) Program() string { return strings.Join(d.Command, " ") }
