// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// Get reads the Secret of a token. A Secret that is not of a bootstrap token's type is Invalid.
func Get(ctx context.Context, c *kube.Client, ref Ref) (*corev1.Secret, error) {
	secret, err := c.Secrets(metav1.NamespaceSystem).Get(ctx, ref.Name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("read bootstrap token %s: %w", ref, err)
	}
	if secret.Type != bootstrapapi.SecretTypeBootstrapToken {
		return nil, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("secret %s is of type %q, not %s",
			ref.Name, secret.Type, bootstrapapi.SecretTypeBootstrapToken)}
	}
	return secret, nil
}

// List reads the Secrets of all bootstrap tokens that match a label selector. It returns them with the server's time.
func List(ctx context.Context, c *kube.Client, selector string) ([]corev1.Secret, time.Time, error) {
	found, err := c.Secrets(metav1.NamespaceSystem).All(ctx, metav1.ListOptions{
		FieldSelector: "type=" + string(bootstrapapi.SecretTypeBootstrapToken),
		LabelSelector: selector,
	})
	if err == nil {
		err = onlyTokens(found)
	}
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("list bootstrap tokens: %w", err)
	}
	now, err := c.ServerTime(ctx)
	return found, now, err
}

// onlyTokens returns an error if a list has a Secret of another type, so that the server ignored the field selector.
func onlyTokens(secrets []corev1.Secret) error {
	for i := range secrets {
		if kind := secrets[i].Type; kind != bootstrapapi.SecretTypeBootstrapToken {
			return failure.UnexpectedAnswer{Err: fmt.Errorf("the list has secret %s of type %q, which was not asked for", secrets[i].Name, kind)}
		}
	}
	return nil
}

// DeleteSecret deletes the very Secret that Get or List returned; dryRun only asks the server whether it would. A later
// Secret with the same name is a Conflict and stays. It sends nothing once ctx has ended, and lets a request in flight
// finish. It resolves a lost answer by reading the Secret; the reason is Unknown if that fails.
func DeleteSecret(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool) error {
	return remove(ctx, c, Ref{secret.Name}, metav1.DeleteOptions{DryRun: kube.DryRunOption(dryRun), Preconditions: &metav1.Preconditions{UID: &secret.UID}})
}

// DeleteByName deletes a token like DeleteSecret, for callers that may not read Secrets. A name without a token ID is
// Invalid: it may be the name of another Secret.
func DeleteByName(ctx context.Context, c *kube.Client, ref Ref, dryRun bool) error {
	if ref.ID() == "" {
		return &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("delete bootstrap token %s: the name holds no token ID", ref)}
	}
	return remove(ctx, c, ref, metav1.DeleteOptions{DryRun: kube.DryRunOption(dryRun)})
}

func remove(ctx context.Context, c *kube.Client, ref Ref, opts metav1.DeleteOptions) error {
	if err := c.Secrets(metav1.NamespaceSystem).DeleteAndConfirm(ctx, ref.Name, opts); err != nil {
		return fmt.Errorf("delete bootstrap token %s: %w", ref, err)
	}
	return nil
}

// Rollback deletes the very Secret that Create returned. A missing Secret is no error; a later one with the same name is
// a Conflict and stays. It works after ctx is cancelled, and resolves a lost answer like DeleteSecret.
func Rollback(ctx context.Context, c *kube.Client, created *corev1.Secret) error {
	err := DeleteSecret(context.WithoutCancel(ctx), c, created, false)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
