// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
)

// authorization is where the API group of the questions about rights is served.
const authorization = "/apis/authorization.k8s.io/v1"

// An Access is one thing that somebody may do or not.
type Access struct {
	Verb        string
	Group       string // API group, "" for the core
	Resource    string
	Subresource string
	Namespace   string // empty: in all of them, or there is none
	Name        string // empty: whatever its name
}

// String returns the access as error messages of the API have it: get configmaps/cluster-info in kube-public.
func (a Access) String() string {
	out := a.Verb + " " + a.Resource
	if a.Group != "" {
		out += "." + a.Group
	}
	out += strings.TrimSuffix("/"+a.Subresource, "/") + strings.TrimSuffix("/"+a.Name, "/")
	if a.Namespace != "" {
		out += " in " + a.Namespace
	}
	return out
}

func (a Access) attributes() *authorizationv1.ResourceAttributes {
	return &authorizationv1.ResourceAttributes{
		Verb: a.Verb, Group: a.Group, Resource: a.Resource, Subresource: a.Subresource, Namespace: a.Namespace, Name: a.Name,
	}
}

// A Subject is whom a question about rights is about.
type Subject struct {
	User   string
	Groups []string
}

// Allowed asks the server whether somebody else may do something. It needs the right to create
// subjectaccessreviews.authorization.k8s.io. The error is the API's own.
func (c *Client) Allowed(ctx context.Context, who Subject, access Access) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: who.User, Groups: who.Groups, ResourceAttributes: access.attributes(),
	}}
	out := &authorizationv1.SubjectAccessReview{}
	err := c.core.Post().AbsPath(authorization, "subjectaccessreviews").Body(review).Do(ctx).Into(out)
	return out.Status.Allowed, err
}

// MayI asks the server whether this client may do something. Everybody who is authenticated may ask. The error is the
// API's own.
func (c *Client) MayI(ctx context.Context, access Access) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: access.attributes()}}
	out := &authorizationv1.SelfSubjectAccessReview{}
	err := c.core.Post().AbsPath(authorization, "selfsubjectaccessreviews").Body(review).Do(ctx).Into(out)
	return out.Status.Allowed, err
}
