// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
)

// RequestToken asks for a token of a ServiceAccount: a POST to its subresource token. The server grants it even where
// dryRun is set, so that there is no such option. The error is the API's own.
func (c *Client) RequestToken(ctx context.Context, namespace, name string, request *authenticationv1.TokenRequest) (*authenticationv1.TokenRequest, error) {
	out := &authenticationv1.TokenRequest{}
	err := c.core.Post().Namespace(namespace).Resource("serviceaccounts").Name(name).SubResource("token").Body(request).Do(ctx).Into(out)
	return out, err
}

// ServiceAccounts returns the names of the ServiceAccounts of a namespace. The error is the API's own.
func (c *Client) ServiceAccounts(ctx context.Context, namespace string) ([]string, error) {
	found := &corev1.ServiceAccountList{}
	err := c.core.Get().Namespace(namespace).Resource("serviceaccounts").Do(ctx).Into(found)
	names := make([]string, 0, len(found.Items))
	for _, account := range found.Items {
		names = append(names, account.Name)
	}
	return names, err
}
