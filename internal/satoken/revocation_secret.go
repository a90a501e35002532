// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// The label of revocation Secrets, and the annotations that describe the token.
const (
	revocationLabel      = "joinctl.io/binds"
	revocationLabelValue = "serviceaccount-token"
	accountAnnotation    = "joinctl.io/serviceaccount"
	audiencesAnnotation  = "joinctl.io/audiences"
	expiresAnnotation    = "joinctl.io/expires"
)

// A RevocationSecret is an empty Secret that one token is bound to: the server revokes the token when the Secret is
// deleted.
type RevocationSecret struct {
	Name      string
	Account   Account
	Audiences []string
	Expires   time.Time // of the issued token; zero: unknown
	Created   time.Time
	secret    *corev1.Secret
}

// IsZero reports whether s is the zero RevocationSecret.
func (s RevocationSecret) IsZero() bool { return s.secret == nil }

// BoundObject returns the Secret as the object to bind a token to.
func (s RevocationSecret) BoundObject() BoundObject {
	return BoundObject{Kind: Secret, Name: s.Name, UID: string(s.secret.UID)}
}

// CreateRevocationSecret creates the Secret for one token of a ServiceAccount, with a name from GenerateName. It sends
// nothing once ctx has ended, and lets a request in flight finish. If the answer is lost, it deletes the Secret that
// may exist; the reason is Unknown if that fails too, or if there is nothing to delete yet. If the name exists, it reads the
// Secret, which is its own if a proxy sent the request twice; the reason is Unknown if that fails.
func CreateRevocationSecret(ctx context.Context, c *kube.Client, account Account, name string) (RevocationSecret, error) {
	if err := ctx.Err(); err != nil {
		return RevocationSecret{}, err
	}
	ctx = context.WithoutCancel(ctx)
	secrets := c.Secrets(account.Namespace)
	created, err := secrets.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Name:        name,
		Labels:      map[string]string{revocationLabel: revocationLabelValue, "app.kubernetes.io/managed-by": "joinctl"},
		Annotations: map[string]string{accountAnnotation: account.Name},
	}}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		created, err = readDrawn(ctx, secrets, account, name, err)
	}
	switch {
	case err == nil && created.Labels[revocationLabel] == revocationLabelValue:
		secret := newRevocationSecret(created)
		secret.Account = account // a webhook may strip annotations
		return secret, nil
	case err == nil:
		err = failure.UnexpectedAnswer{Err: fmt.Errorf("the server stored the secret without the label %s, so that sa revoke would not find it", revocationLabel)}
		fallthrough
	case failure.IsLost(err):
		if deleteErr := secrets.Delete(ctx, name, metav1.DeleteOptions{}); deleteErr != nil {
			return RevocationSecret{}, mayExist(account, name, err, deleteErr)
		}
	}
	return RevocationSecret{}, withSecretsRight("create", account.Namespace, fmt.Errorf("create secret %s/%s to bind the token to: %w", account.Namespace, name, err))
}

// Record stores the audiences and the expiration of the issued token on the Secret, for List.
func (s RevocationSecret) Record(ctx context.Context, c *kube.Client, tok Token) (RevocationSecret, error) {
	secret := s.secret.DeepCopy()
	if secret.Annotations == nil {
		secret.Annotations = map[string]string{}
	}
	audiences, _ := json.Marshal(tok.Claims.Audiences) // strings cannot fail
	secret.Annotations[audiencesAnnotation] = string(audiences)
	secret.Annotations[expiresAnnotation] = tok.Expires().UTC().Format(time.RFC3339)
	secret.Annotations[accountAnnotation] = s.Account.Name
	stored, err := c.Secrets(secret.Namespace).Update(ctx, secret, metav1.UpdateOptions{})
	if failure.IsLost(err) || apierrors.IsConflict(err) { // a proxy that sends an update again gets a Conflict
		if found, readErr := c.Secrets(secret.Namespace).Get(ctx, secret.Name, metav1.GetOptions{}); readErr == nil && recorded(found, secret) {
			stored, err = found, nil
		}
	}
	if err != nil {
		return s, withSecretsRight("update", secret.Namespace, fmt.Errorf("record the expiration of the token on secret %s/%s: %w", secret.Namespace, secret.Name, err))
	}
	out := newRevocationSecret(stored)
	out.Account = s.Account
	return out, nil
}

// Undo deletes the very Secret that CreateRevocationSecret created, and so revokes the token. A missing Secret is no
// error. It works after ctx is cancelled, and resolves a lost answer like Revoke.
func (s RevocationSecret) Undo(ctx context.Context, c *kube.Client) error {
	if err := s.delete(context.WithoutCancel(ctx), c); err != nil {
		return fmt.Errorf("roll back %s: %w", s.Name, err)
	}
	return nil
}

// List reads all revocation Secrets of a namespace, or of all namespaces for "". It returns them with the server's time.
func List(ctx context.Context, c *kube.Client, namespace string) ([]RevocationSecret, time.Time, error) {
	secrets, err := c.Secrets(namespace).All(ctx, metav1.ListOptions{LabelSelector: revocationLabel + "=" + revocationLabelValue})
	if err != nil {
		return nil, time.Time{}, withSecretsRight("list", namespace, fmt.Errorf("list revocable tokens: %w", err))
	}
	found := make([]RevocationSecret, 0, len(secrets))
	for i := range secrets {
		found = append(found, newRevocationSecret(&secrets[i]))
	}
	now, err := c.ServerTime(ctx)
	return found, now, err
}

// GetRevocationSecret reads one revocation Secret. Any other Secret is Invalid.
func GetRevocationSecret(ctx context.Context, c *kube.Client, namespace, name string) (RevocationSecret, error) {
	secret, err := c.Secrets(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return RevocationSecret{}, withSecretsRight("get", namespace, fmt.Errorf("read secret %s/%s: %w", namespace, name, err))
	}
	if secret.Labels[revocationLabel] != revocationLabelValue {
		return RevocationSecret{}, &failure.Error{Reason: failure.Invalid, Err: fmt.Errorf("secret %s/%s is not of a revocable token and was not changed", namespace, name)}
	}
	return newRevocationSecret(secret), nil
}

// Revoke deletes the very Secret that was read, and so revokes the token. A missing Secret is no error; a later one
// with the same name is a Conflict and stays. It sends nothing once ctx has ended, and lets a request in flight finish.
// It resolves a lost answer by reading the Secret; the reason is Unknown if that fails. The server may accept the token
// for about 10 more seconds (k8s.io/kubernetes/pkg/kubeapiserver/options/authentication.go).
func (s RevocationSecret) Revoke(ctx context.Context, c *kube.Client) error {
	if err := s.delete(ctx, c); err != nil {
		return withSecretsRight("delete", s.Account.Namespace, fmt.Errorf("revoke %s/%s: %w", s.Account.Namespace, s.Name, err))
	}
	return nil
}

func (s RevocationSecret) delete(ctx context.Context, c *kube.Client) error {
	opts := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &s.secret.UID}}
	err := c.Secrets(s.Account.Namespace).DeleteAndConfirm(ctx, s.Name, opts)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// newRevocationSecret reads the annotations of a Secret. Fields with an invalid annotation stay empty.
func newRevocationSecret(secret *corev1.Secret) RevocationSecret {
	s := RevocationSecret{
		Name:    secret.Name,
		Account: Account{Namespace: secret.Namespace, Name: secret.Annotations[accountAnnotation]},
		Created: secret.CreationTimestamp.Time,
		secret:  secret,
	}
	_ = json.Unmarshal([]byte(secret.Annotations[audiencesAnnotation]), &s.Audiences)
	s.Expires, _ = time.Parse(time.RFC3339, secret.Annotations[expiresAnnotation])
	return s
}

// GenerateName returns a random name for a revocation Secret: the name of the ServiceAccount, cut to fit, "-token-" and
// ten random hex digits.
func GenerateName(random io.Reader, account Account) (string, error) {
	const maxLength = 200 // the name of a Secret has up to 253 characters
	suffix := make([]byte, 5)
	if _, err := io.ReadFull(random, suffix); err != nil {
		return "", fmt.Errorf("generate a name: %w", err)
	}
	prefix := strings.TrimRight(account.Name[:min(len(account.Name), maxLength)], ".-")
	return prefix + "-token-" + hex.EncodeToString(suffix), nil
}
