// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	bootstrapapi "k8s.io/cluster-bootstrap/token/api"
	"k8s.io/klog/v2"

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
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("list bootstrap tokens: %w", err)
	}
	now, err := c.ServerTime(ctx)
	return found, now, err
}

// DeleteSecret deletes the very Secret that Get or List returned; dryRun only asks the server whether it would. A later
// Secret with the same name is a Conflict and stays. It sends nothing once ctx has ended, and lets a request in flight
// finish. It resolves a lost answer by reading the Secret; the reason is Unknown if that fails.
func DeleteSecret(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool) error {
	return remove(ctx, c, Ref{secret.Name}, metav1.DeleteOptions{DryRun: serverDryRun(dryRun), Preconditions: &metav1.Preconditions{UID: &secret.UID}})
}

// DeleteByName deletes a token like DeleteSecret, for callers that may not read Secrets. A name without a token ID is
// Invalid: it may be the name of another Secret.
func DeleteByName(ctx context.Context, c *kube.Client, ref Ref, dryRun bool) error {
	if ref.ID() == "" {
		return &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("delete bootstrap token %s: the name holds no token ID", ref)}
	}
	return remove(ctx, c, ref, metav1.DeleteOptions{DryRun: serverDryRun(dryRun)})
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

// Create stores the Secret of a token and returns it as stored; dryRun only asks the server whether it would. A token
// ID that exists is a Conflict, and the existing token stays as it is. It sends nothing once ctx has ended, and lets a
// request in flight finish. It resolves a lost answer by reading the Secret; the reason is Unknown if that fails.
func Create(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool) (*corev1.Secret, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	created, err := c.Secrets(metav1.NamespaceSystem).Create(ctx, secret, metav1.CreateOptions{DryRun: serverDryRun(dryRun)})
	switch {
	case err == nil:
		return created, nil
	case dryRun || !failure.IsLost(err):
		return nil, fmt.Errorf("create secret %s: %w", secret.Name, err)
	}
	klog.V(4).InfoS("the answer was lost: reading the secret to see whether it exists", "name", secret.Name, "err", err)
	return resolveCreate(ctx, c, secret, err)
}

// resolveCreate reads the Secret, three times within a second, to learn whether a request with a lost answer created it.
func resolveCreate(ctx context.Context, c *kube.Client, sent *corev1.Secret, createErr error) (*corev1.Secret, error) {
	for _, pause := range []time.Duration{0, 300 * time.Millisecond, 700 * time.Millisecond} {
		time.Sleep(pause)
		found, err := c.Secrets(metav1.NamespaceSystem).Get(ctx, sent.Name, metav1.GetOptions{})
		switch {
		case err == nil && sameContent(found, sent):
			return found, nil
		case err == nil:
			return nil, &failure.Error{Reason: failure.Conflict, Err: fmt.Errorf("create secret %s: another secret with this name exists", sent.Name)}
		case !apierrors.IsNotFound(err):
			return nil, &failure.Error{Reason: failure.Unknown, Err: fmt.Errorf(
				"create secret %s: the answer was lost (%w), and the secret cannot be read to see whether it exists: %w", sent.Name, createErr, err)}
		}
	}
	return nil, fmt.Errorf("create secret %s: it does not exist: %w", sent.Name, createErr)
}

// sameContent reports whether a stored Secret is the one that was sent: another token has another token secret.
func sameContent(found, sent *corev1.Secret) bool {
	return found.Type == sent.Type && maps.EqualFunc(found.Data, sent.Data, func(a, b []byte) bool { return string(a) == string(b) })
}

func serverDryRun(on bool) []string {
	if !on {
		return nil
	}
	return []string{metav1.DryRunAll}
}

// CreateRandom creates a token that generate returns, such as one by Generate. It generates another one, up to five
// times, while the token ID exists. It returns the token and its Secret as stored; its errors are those of generate and
// Create.
func CreateRandom(ctx context.Context, c *kube.Client, generate func() (Token, error), spec Spec, dryRun bool) (Token, *corev1.Secret, error) {
	for range 5 {
		tok, err := generate()
		if err != nil {
			return Token{}, nil, err
		}
		created, err := Create(ctx, c, Encode(tok, spec), dryRun)
		if !apierrors.IsAlreadyExists(err) {
			return tok, created, err
		}
		klog.V(4).InfoS("the token ID exists: generating another token", "id", tok.ID)
	}
	return Token{}, nil, errors.New("five random token IDs in a row exist already: the source of randomness is broken")
}
