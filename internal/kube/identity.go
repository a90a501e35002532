// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/joinctl/joinctl/internal/failure"
)

// Where a server publishes the issuer of its ServiceAccount tokens, and the keys that verify them
// (k8s.io/kubernetes/pkg/serviceaccount/openidmetadata.go).
const (
	issuerPath = "/.well-known/openid-configuration"
	keysPath   = "/openid/v1/jwks"
)

// Identity returns what tells a control plane from every other one: the UID of the namespace kube-system, or a hash of the
// issuer and the keys of ServiceAccount tokens where this user may not read that namespace. Two answers that are equal come
// from the same control plane, whatever the address. The error is the API's own.
func (c *Client) Identity(ctx context.Context) (string, error) {
	namespace := &metav1.PartialObjectMetadata{}
	err := doJSON(ctx, c.restClient.Get().AbsPath("/api/v1/namespaces", metav1.NamespaceSystem).SetHeader("Accept", metadataOfOne), namespace)
	if err == nil {
		err = verifyKind(namespace.TypeMeta, "PartialObjectMetadata", "Namespace")
	}
	if err == nil && namespace.Name != metav1.NamespaceSystem {
		err = unexpected("the answer is the namespace %q", namespace.Name)
	}
	if err == nil && namespace.UID != "" {
		return "namespace " + string(namespace.UID), nil
	}
	if failure.ReasonOf(err) == failure.Forbidden {
		return c.issuer(ctx)
	}
	return "", fmt.Errorf("read namespace %s: %w", metav1.NamespaceSystem, cmp.Or(err, errors.New("it has no UID")))
}

// issuer returns a hash of the issuer and the keys of ServiceAccount tokens. The error is the API's own.
func (c *Client) issuer(ctx context.Context) (string, error) {
	var (
		metadata struct {
			Issuer string `json:"issuer"`
		}
		keys struct {
			Keys []json.RawMessage `json:"keys"`
		}
	)
	if err := doJSON(ctx, c.restClient.Get().AbsPath(issuerPath).SetHeader("Accept", runtime.ContentTypeJSON), &metadata); err != nil {
		return "", fmt.Errorf("read the issuer: %w", err)
	}
	if err := doJSON(ctx, c.restClient.Get().AbsPath(keysPath).SetHeader("Accept", "application/jwk-set+json"), &keys); err != nil {
		return "", fmt.Errorf("read the issuer's keys: %w", err)
	}
	if metadata.Issuer == "" || len(keys.Keys) == 0 {
		return "", errors.New("the server names no issuer or no keys")
	}
	sum, err := hash([]any{metadata.Issuer, keys.Keys})
	if err != nil {
		return "", fmt.Errorf("hash the issuer's keys: %w", err)
	}
	return "issuer " + sum, nil
}
