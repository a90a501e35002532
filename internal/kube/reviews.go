// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Where the server serves the reviews and certificate signing requests.
const (
	authenticationPath = "/apis/" + authenticationv1.GroupName + "/v1"
	authorizationPath  = "/apis/" + authorizationv1.GroupName + "/v1"
	certificatesPath   = "/apis/" + certificatesv1.GroupName + "/v1"
)

// An Access is a verb on a resource, as RBAC grants it.
type Access struct {
	Verb        string
	Group       string // API group, "" for the core group
	Resource    string
	Subresource string
	Namespace   string // empty: all namespaces, or a cluster-scoped resource
	Name        string // empty: any name
}

// String returns the access in the form of the API's error messages: get configmaps/cluster-info in kube-public.
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

// A Subject is a user with groups.
type Subject struct {
	User   string
	Groups []string
}

// Allowed asks the server whether a subject has an access. It needs the right to create
// subjectaccessreviews.authorization.k8s.io. The error is the API's own.
func (c *Client) Allowed(ctx context.Context, subject Subject, access Access) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: subject.User, Groups: subject.Groups, ResourceAttributes: access.attributes(),
	}}
	err := c.review(ctx, authorizationPath, "subjectaccessreviews", review)
	return review.Status.Allowed, err
}

// MayI asks the server whether this client has an access. Every authenticated user may ask. The error is the API's own.
func (c *Client) MayI(ctx context.Context, access Access) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: access.attributes()}}
	err := c.review(ctx, authorizationPath, "selfsubjectaccessreviews", review)
	return review.Status.Allowed, err
}

// ReviewToken asks the server whether it accepts a token for any of the audiences; no audience means the server's own.
// A token that is not accepted is not an error. The error is the API's own.
func (c *Client) ReviewToken(ctx context.Context, token string, audiences []string) (authenticationv1.TokenReviewStatus, error) {
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: audiences}}
	err := c.review(ctx, authenticationPath, "tokenreviews", review)
	return review.Status, err
}

// WhoAmI asks the server which user this client authenticates as. The error is the API's own.
func (c *Client) WhoAmI(ctx context.Context) (authenticationv1.UserInfo, error) {
	review := &authenticationv1.SelfSubjectReview{}
	err := c.review(ctx, authenticationPath, "selfsubjectreviews", review)
	return review.Status.UserInfo, err
}

// review creates a review, and replaces it with the server's answer.
func (c *Client) review(ctx context.Context, path, resource string, review runtime.Object) error {
	return do(ctx, c.restClient.Post().AbsPath(path, resource).Body(review), review)
}
