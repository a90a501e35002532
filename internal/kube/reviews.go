// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/client-go/rest"
)

// authentication is where the API group of the reviews is served.
const authentication = "/apis/authentication.k8s.io/v1"

// ReviewToken asks the server whether it accepts a token for any of some audiences, its own where none is named. The
// error is the API's own; that a token is not accepted is no error.
func (c *Client) ReviewToken(ctx context.Context, token string, audiences []string) (authenticationv1.TokenReviewStatus, error) {
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: audiences}}
	out := &authenticationv1.TokenReview{}
	err := c.core.Post().AbsPath(authentication, "tokenreviews").Body(review).Do(ctx).Into(out)
	return out.Status, err
}

// WhoAmI asks the server whom it takes this client for. The error is the API's own.
func (c *Client) WhoAmI(ctx context.Context) (authenticationv1.UserInfo, error) {
	out := &authenticationv1.SelfSubjectReview{}
	err := c.core.Post().AbsPath(authentication, "selfsubjectreviews").Body(&authenticationv1.SelfSubjectReview{}).Do(ctx).Into(out)
	return out.Status.UserInfo, err
}

// WithBearerToken returns a client with a bearer token in place of all other credentials, to the same server over the same
// route.
func (c *Client) WithBearerToken(token string) (*Client, error) {
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = token
	return c.derive(config)
}
