// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// recorded reports whether a Secret is the one that was updated, with the annotations that were sent.
func recorded(found, sent *corev1.Secret) bool {
	return found.UID == sent.UID && maps.Equal(found.Annotations, sent.Annotations)
}

// readDrawn reads the Secret of a name that was drawn at random and exists. It returns the error that says so, unless the
// Secret is the one that was sent.
func readDrawn(ctx context.Context, secrets kube.Secrets, account Account, name string, existsErr error) (*corev1.Secret, error) {
	found, err := secrets.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, existsErr
	case err != nil:
		return nil, &failure.Error{
			Reason: failure.Unknown,
			Err:    fmt.Errorf("%w, and cannot be read to see whether this request created it: %w", existsErr, err),
			Hint:   revokeHint(account, name),
		}
	}
	secret := newRevocationSecret(found)
	unused := secret.Expires.IsZero() && len(found.Data) == 0
	if found.Labels[revocationLabel] != revocationLabelValue || secret.Account != account || !unused {
		return nil, existsErr
	}
	return found, nil
}

// mayExist is the error of a Secret whose creation was lost and that could not be deleted.
func mayExist(account Account, name string, err, deleteErr error) error {
	text := "and the secret cannot be deleted"
	if apierrors.IsNotFound(deleteErr) {
		text = "and the secret may still be created"
	}
	return &failure.Error{
		Reason: failure.Unknown,
		Err:    fmt.Errorf("create secret %s/%s: the answer was lost (%w), %s: %w", account.Namespace, name, err, text, deleteErr),
		Hint:   revokeHint(account, name),
	}
}

func revokeHint(account Account, name string) string {
	return fmt.Sprintf("no token is bound to it; if it exists, delete it with: joinctl sa revoke %s -n %s", name, account.Namespace)
}
