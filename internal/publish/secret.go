// SPDX-License-Identifier: Apache-2.0

// Package publish keeps a credential valid where its consumer reads it: in the Secret of a cluster.
package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

// The label of the Secrets that joinctl may change: it made them, or somebody adopted them.
const (
	managerLabel = "app.kubernetes.io/managed-by"
	manager      = "joinctl"
)

// A SecretRef names a Secret, and a key of its data for a content that has one value: NAMESPACE/NAME[:KEY].
type SecretRef struct{ Namespace, Name, Key string }

// UnmarshalText parses NAMESPACE/NAME[:KEY].
func (r *SecretRef) UnmarshalText(text []byte) error {
	name, key, hasKey := strings.Cut(string(text), ":")
	namespace, name, _ := strings.Cut(name, "/")
	switch {
	case len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0:
		return errors.New("must be NAMESPACE/NAME or NAMESPACE/NAME:KEY of a Secret")
	case hasKey && len(validation.IsConfigMapKey(key)) > 0:
		return errors.New("the KEY of NAMESPACE/NAME:KEY must consist of letters, digits, dots, - and _")
	}
	*r = SecretRef{namespace, name, key}
	return nil
}

// MarshalText returns NAMESPACE/NAME[:KEY], and nothing for the zero SecretRef.
func (r SecretRef) MarshalText() ([]byte, error) {
	if r.IsZero() {
		return nil, nil
	}
	text := r.String()
	if r.Key != "" {
		text += ":" + r.Key
	}
	return []byte(text), nil
}

// IsZero reports whether r names no Secret.
func (r SecretRef) IsZero() bool { return r.Name == "" }

// String returns NAMESPACE/NAME.
func (r SecretRef) String() string { return r.Namespace + "/" + r.Name }

// A Content is what a Secret is to contain. Other keys of the Secret stay as they are.
type Content struct {
	Type        corev1.SecretType // "" is Opaque; only a new Secret gets it
	Data        map[string][]byte
	Labels      map[string]string
	Annotations map[string]string
}

// A Change is what a write does, or would do in a dry run, to a Secret.
type Change string

// What a write does.
const (
	Unchanged Change = "unchanged"
	Created   Change = "created"
	Updated   Change = "updated"
)

// A Secret is a Secret as it was read, for a later write.
type Secret struct {
	Ref   SecretRef
	found *corev1.Secret // nil: it does not exist
}

// Read reads a Secret. A missing one is no error. The error is the API's own.
func Read(ctx context.Context, c *kube.Client, ref SecretRef) (Secret, error) {
	found, err := c.Secrets(ref.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return Secret{Ref: ref}, nil
	case err != nil:
		return Secret{}, fmt.Errorf("read secret %s: %w", ref, err)
	}
	return Secret{ref, found}, nil
}

// Exists reports whether the Secret exists.
func (s Secret) Exists() bool { return s.found != nil }

// Value returns the value of a key, nil if there is none.
func (s Secret) Value(key string) []byte {
	if s.found == nil {
		return nil
	}
	return s.found.Data[key]
}

// Annotation returns the value of an annotation, "" if there is none.
func (s Secret) Annotation(key string) string {
	if s.found == nil {
		return ""
	}
	return s.found.Annotations[key]
}

// Check returns why joinctl must not write a Secret: it exists without joinctl's label, so it belongs to somebody else. The
// reason is Conflict.
func (s Secret) Check(adopt bool) error {
	if s.found == nil || adopt || s.found.Labels[managerLabel] == manager {
		return nil
	}
	return &failure.Error{
		Reason: failure.Conflict,
		Err:    fmt.Errorf("secret %s exists, and joinctl did not make it", s.Ref),
		Hint:   "--adopt lets joinctl change it; --dry-run shows what would change",
	}
}

// Diff returns what Write would do, and the keys of the data that would change.
func (s Secret) Diff(content Content) (Change, []string) {
	want := s.with(content)
	if s.found == nil {
		return Created, slices.Sorted(maps.Keys(content.Data))
	}
	var keys []string
	for key, value := range content.Data {
		if old, ok := s.found.Data[key]; !ok || !bytes.Equal(old, value) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	if len(keys) == 0 && maps.Equal(want.Labels, s.found.Labels) && maps.Equal(want.Annotations, s.found.Annotations) {
		return Unchanged, nil
	}
	return Updated, keys
}

// Write writes a content into the Secret that was read, and nothing if it has that content. A Secret that somebody has
// changed, created or deleted since is a Conflict: read it again. It sends nothing once ctx has ended, and lets a request in
// flight finish. It resolves a lost answer by reading the Secret: the content there is a success. The reason is Unknown if
// that read fails, or if the Secret is as it was: then it may still be written.
func (s Secret) Write(ctx context.Context, c *kube.Client, content Content, dryRun bool) (Change, error) {
	change, _ := s.Diff(content)
	if change == Unchanged {
		return change, nil
	}
	if err := ctx.Err(); err != nil {
		return change, err
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	if change == Created {
		_, err = c.Secrets(s.Ref.Namespace).Create(ctx, s.with(content), metav1.CreateOptions{DryRun: kube.DryRunOption(dryRun)})
	} else {
		_, err = c.Secrets(s.Ref.Namespace).Update(ctx, s.with(content), metav1.UpdateOptions{DryRun: kube.DryRunOption(dryRun)})
	}
	if failure.IsLost(err) && !dryRun {
		err = s.resolve(ctx, c, content, err)
	}
	if err != nil {
		return change, fmt.Errorf("write secret %s: %w", s.Ref, err)
	}
	return change, nil
}

// resolve reads the Secret to learn whether a write with a lost answer was carried out. A Secret that somebody else changed
// never gets the content from that write.
func (s Secret) resolve(ctx context.Context, c *kube.Client, content Content, writeErr error) error {
	var now Secret
	known, err := c.Resolve(ctx, func(ctx context.Context) (known bool, err error) {
		now, err = Read(ctx, c, s.Ref)
		return err == nil && now.version() != s.version(), err
	})
	switch {
	case err != nil:
		return failure.Unknownf("the answer was lost (%w), and the secret may have been written: %w", writeErr, err)
	case !known:
		return failure.Unknownf("the answer was lost, and the secret is as it was, but may still be written: %w", writeErr)
	}
	if left, _ := now.Diff(content); left == Unchanged {
		return nil
	}
	return apierrors.NewConflict(corev1.Resource("secrets"), s.Ref.Name, errors.New("somebody else changed, replaced or deleted it"))
}

// version tells a Secret from an earlier or later one with the same name; "" means that it does not exist.
func (s Secret) version() string {
	if s.found == nil {
		return ""
	}
	return string(s.found.UID) + "/" + s.found.ResourceVersion
}

// with returns the Secret with a content, and with joinctl's label.
func (s Secret) with(content Content) *corev1.Secret {
	out := &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: s.Ref.Namespace, Name: s.Ref.Name},
		Type:       content.Type,
	}
	if s.found != nil {
		out = s.found.DeepCopy()
	}
	out.Labels = merged(out.Labels, content.Labels, map[string]string{managerLabel: manager})
	out.Annotations = merged(out.Annotations, content.Annotations)
	out.Data = merged(out.Data, content.Data)
	return out
}

// merged returns maps as one: the later value of a key counts.
func merged[V any](all ...map[string]V) map[string]V {
	var out map[string]V
	for _, one := range all {
		for key, value := range one {
			if out == nil {
				out = map[string]V{}
			}
			out[key] = value
		}
	}
	return out
}
