// SPDX-License-Identifier: Apache-2.0

package join

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
)

// Names in the rights that joiners need.
const (
	anonymous         = "system:anonymous"
	bootstrappers     = "system:bootstrappers" // the group of all bootstrap tokens
	authenticated     = "system:authenticated"
	certificatesGroup = "certificates.k8s.io"
	csrResource       = "certificatesigningrequests"
	csrSigning        = "csrsigning of kube-controller-manager"
)

// The names of the grants. They are the names of doctor's checks too, and are stable.
const (
	GrantAnonymousRead = "anonymous-read"
	GrantCSRCreation   = "csr-creation"
	GrantCSRApproval   = "csr-approval"
	GrantCSRRotation   = "csr-rotation"
	GrantAgentRBAC     = "agent-rbac"
	GrantNodeReads     = "node-reads"
)

// An Access is one request that RBAC allows or denies. It has the fields of kube.Access.
type Access struct {
	Verb        string
	Group       string // API group; empty: the core group
	Resource    string
	Subresource string
	Namespace   string // empty: all namespaces, or the resource has none
	Name        string // empty: any object
}

// A Grant is a set of rights that somebody needs so that clusters can join.
type Grant struct {
	Name     string
	Purpose  string
	User     string   // a user who needs the rights
	Groups   []string // the groups of this user
	ToGroup  bool     // the rights are granted to the first of Groups; otherwise to User
	Needs    []Access
	Optional bool   // clusters can join without it
	Power    string // why the rights are dangerous; empty: they are not
}

// Holder returns the name of the user or group to which the rights are granted.
func (g Grant) Holder() string {
	if g.ToGroup {
		return g.Groups[0]
	}
	return g.User
}

// String names the holder of the rights as messages do: group NAME or user NAME.
func (g Grant) String() string {
	if g.ToGroup {
		return "group " + g.Holder()
	}
	return "user " + g.Holder()
}

// commonGrants returns the grants of every joiner that reads cluster-info and requests a certificate. group is the group of
// its tokens, and members the group of the clusters or nodes that joined. Approvers ask the server about the subresources
// approval and rotation before they approve: agentcsrapproving of karmada-controller-manager
// (karmada pkg/controllers/certificate/approver), csrapproving of kube-controller-manager.
func commonGrants(group, approval, members, rotation string) []Grant {
	clusterInfo := Access{Verb: "get", Resource: "configmaps", Namespace: metav1.NamespacePublic, Name: bootstrapapi.ConfigMapClusterInfo}
	csr := func(verb, subresource string) Access {
		return Access{Verb: verb, Group: certificatesGroup, Resource: csrResource, Subresource: subresource}
	}
	return []Grant{{
		Name:    GrantAnonymousRead,
		Purpose: "a joiner reads cluster-info before it has a credential",
		User:    anonymous, Groups: []string{"system:unauthenticated"},
		Needs: []Access{clusterInfo},
	}, tokenGrant(Grant{
		Name:    GrantCSRCreation,
		Purpose: "a joiner requests a certificate with its token, and fetches it",
		Needs:   []Access{csr("create", ""), csr("get", "")},
	}, group), tokenGrant(Grant{
		Name:    GrantCSRApproval,
		Purpose: "the certificate request that comes with a token is approved automatically",
		Needs:   []Access{csr("create", approval)},
	}, group), {
		Name:    GrantCSRRotation,
		Purpose: "whoever has joined gets a new certificate before the old one expires",
		User:    "system:joined:000000", Groups: []string{members, authenticated}, ToGroup: true,
		Needs:    []Access{csr("create", rotation)},
		Optional: true,
	}}
}

// tokenGrant returns a grant to everybody who authenticates with a bootstrap token of a group.
func tokenGrant(g Grant, group string) Grant {
	g.User, g.Groups, g.ToGroup = "system:bootstrap:000000", []string{group, bootstrappers, authenticated}, true
	return g
}
