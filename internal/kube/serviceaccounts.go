// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"context"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// RequestToken requests a token of a ServiceAccount (TokenRequest). It has no dry-run option, because the server issues
// a token even for dryRun=All. The error is the API's own.
func (c *Client) RequestToken(ctx context.Context, namespace, name string, request *authenticationv1.TokenRequest) (*authenticationv1.TokenRequest, error) {
	out := &authenticationv1.TokenRequest{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	err := do(ctx, c.restClient.Post().Namespace(namespace).Resource("serviceaccounts").Name(name).SubResource("token").Body(request), out)
	return out, err
}

// ServiceAccounts returns the names of the ServiceAccounts of a namespace. The error is the API's own.
func (c *Client) ServiceAccounts(ctx context.Context, namespace string) ([]string, error) {
	ctx = withListSize(ctx)
	accounts, err := listPages(metav1.ListOptions{}, func(opts metav1.ListOptions) ([]corev1.ServiceAccount, string, error) {
		list := &corev1.ServiceAccountList{}
		err := do(ctx, c.restClient.Get().Namespace(namespace).Resource("serviceaccounts").VersionedParams(&opts, c.parameterCodec), list)
		if err == nil {
			err = verifyItems(list, namespace, "")
		}
		return list.Items, list.Continue, err
	})
	names := make([]string, 0, len(accounts))
	for _, account := range accounts {
		names = append(names, account.Name)
	}
	return names, err
}
