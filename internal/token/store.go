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

// List reads the Secrets of all bootstrap tokens that a label selector selects, and returns them with the server's time.
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

// Delete deletes a token. dryRun has the server only check whether it would. A name without a token ID in it is
// looked at first, so that nothing but a bootstrap token is ever deleted.
func Delete(ctx context.Context, c *kube.Client, ref Ref, dryRun bool) error {
	opts := metav1.DeleteOptions{DryRun: serverDryRun(dryRun)}
	if ref.ID() == "" {
		secret, err := Get(ctx, c, ref)
		if err != nil {
			return err
		}
		opts.Preconditions = &metav1.Preconditions{UID: &secret.UID}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	err := c.Secrets(metav1.NamespaceSystem).Delete(ctx, ref.Name, opts)
	if err != nil && !dryRun && failure.IsLost(err) {
		err = resolveDelete(ctx, c, ref, err)
	}
	if err != nil {
		return fmt.Errorf("delete bootstrap token %s: %w", ref, err)
	}
	return nil
}

// resolveDelete asks the server whether a deletion whose answer was lost took place; nil says so.
func resolveDelete(ctx context.Context, c *kube.Client, ref Ref, lost error) error {
	switch _, err := Get(ctx, c, ref); {
	case err == nil:
		return lost
	case apierrors.IsNotFound(err):
		return nil
	default:
		return &failure.Error{Reason: failure.Unknown, Err: fmt.Errorf("the answer was lost (%w), and whether it is gone cannot be told: %w", lost, err)}
	}
}

// Rollback deletes the very Secret that Create made, and no later one of its name. It works under a cancelled
// context too.
func Rollback(ctx context.Context, c *kube.Client, made *corev1.Secret) error {
	return c.Secrets(metav1.NamespaceSystem).Undo(ctx, made)
}

// Create makes a token known to the cluster and returns the Secret as stored. A token that exists is a Conflict and
// stays as it is. The request, once sent, is not cancelled with the context. Where its answer is lost the server is
// asked what became of it; where that is refused the error has the reason Unknown.
func Create(ctx context.Context, c *kube.Client, secret *corev1.Secret, dryRun bool) (*corev1.Secret, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	made, err := c.Secrets(metav1.NamespaceSystem).Create(ctx, secret, metav1.CreateOptions{DryRun: serverDryRun(dryRun)})
	switch {
	case err == nil:
		return made, nil
	case dryRun || !failure.IsLost(err):
		return nil, fmt.Errorf("create secret %s: %w", secret.Name, err)
	}
	klog.V(4).InfoS("the answer was lost: asking whether the secret exists", "name", secret.Name, "because", err)
	return resolve(ctx, c, secret, err)
}

// resolve asks the server, three times within a second, whether a write whose answer was lost took place.
func resolve(ctx context.Context, c *kube.Client, want *corev1.Secret, lost error) (*corev1.Secret, error) {
	for _, pause := range []time.Duration{0, 300 * time.Millisecond, 700 * time.Millisecond} {
		time.Sleep(pause)
		found, err := c.Secrets(metav1.NamespaceSystem).Get(ctx, want.Name, metav1.GetOptions{})
		switch {
		case err == nil && same(found, want):
			return found, nil
		case err == nil:
			return nil, &failure.Error{Reason: failure.Conflict, Err: fmt.Errorf("create secret %s: another one of that name exists", want.Name)}
		case !apierrors.IsNotFound(err):
			return nil, &failure.Error{Reason: failure.Unknown, Err: fmt.Errorf(
				"create secret %s: the answer was lost (%w), and whether it exists cannot be told: %w", want.Name, lost, err)}
		}
	}
	return nil, fmt.Errorf("create secret %s: it does not exist: %w", want.Name, lost)
}

// same reports whether a stored Secret is the one that was sent: its token secret and expiry tell.
func same(found, want *corev1.Secret) bool {
	return found.Type == want.Type && maps.EqualFunc(found.Data, want.Data, func(a, b []byte) bool { return string(a) == string(b) })
}

func serverDryRun(on bool) []string {
	if !on {
		return nil
	}
	return []string{metav1.DryRunAll}
}

// CreateRandom creates a token with a random ID. An ID that is taken is drawn again, a few times.
func CreateRandom(ctx context.Context, c *kube.Client, next func() (Token, error), spec Spec, dryRun bool) (Token, *corev1.Secret, error) {
	for range 5 {
		tok, err := next()
		if err != nil {
			return Token{}, nil, err
		}
		made, err := Create(ctx, c, Encode(tok, spec), dryRun)
		if !apierrors.IsAlreadyExists(err) {
			return tok, made, err
		}
		klog.V(4).InfoS("this token ID is taken: drawing another", "id", tok.ID)
	}
	return Token{}, nil, errors.New("five random token IDs in a row are taken: the source of randomness is broken")
}
