// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"fmt"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/session"
)

// A Publication says where an action keeps a credential for its consumer: in a Secret, or in a file. The zero Publication
// means neither.
type Publication struct {
	Secret  publish.SecretRef // zero: none
	Context string            // of the kubeconfig, of the cluster with the Secret; "": the cluster that the action is about
	File    string            // "": none
	Adopt   bool              // also change a Secret or a file that joinctl did not make
}

// Any reports whether the credential is kept anywhere.
func (p *Publication) Any() bool { return !p.Secret.IsZero() || p.File != "" }

// A Destination is a Secret or a file with a published credential, as it was read.
type Destination interface {
	fmt.Stringer // what people call it, such as secret ns/name in context hub

	// Read reads the Destination again. It fails if the Destination belongs to somebody else.
	Read(ctx context.Context) error
	// Value returns what is published under a key of the data; a file has one value. nil: nothing.
	Value(key string) []byte
	// Annotation returns an annotation of the Secret, "" if there is none. A file has none.
	Annotation(key string) string
	// Check fails where Write would fail with a content that differs, and writes nothing: the namespace does not exist, a
	// right is missing, or the file cannot be written.
	Check(ctx context.Context, content publish.Content) error
	// Write writes a content if it differs, and says what it changed, or would change in a dry run. The reason of an error
	// is Conflict if the Destination changed since it was read, and Unknown if the content may be there all the same.
	Write(ctx context.Context, content publish.Content, dryRun DryRun) (PublishedChange, error)
}

// A PublishedChange is what was done to a Destination, or would be done in a dry run.
type PublishedChange struct {
	Where  string // what people call the Destination
	Secret string // NAMESPACE/NAME; "": it is a file
	File   string // "": it is a Secret
	Change publish.Change
	Keys   []string // of the data that changed; a file has none
}

// OpenFile returns the file of the Publication as it is now. It fails if the file cannot be written, if this run reads it,
// or if it belongs to somebody else: isOwn recognizes the content that joinctl writes. Every error is a
// *failure.ConfigError.
func (p *Publication) OpenFile(ctx context.Context, s *session.Session, isOwn func(content []byte) bool) (Destination, error) {
	return openFile(ctx, s, "--to-file", p.File, p.Adopt, isOwn)
}

// OpenSecret returns the Secret of the Publication as it is now, in the cluster of Context, else in the target, which the
// client own is for. It fails if the Secret belongs to somebody else. The caller calls closing at the end.
func (p *Publication) OpenSecret(ctx context.Context, s *session.Session, target fleet.Target, own *kube.Client) (d Destination, closing func(), err error) {
	at := &secretDestination{adopt: p.Adopt, client: own, where: session.Describe(target), secret: publish.Secret{Ref: p.Secret}}
	closing = func() {}
	if p.Context != "" {
		other, client, err := s.OpenContext(ctx, p.Context)
		if err != nil {
			return nil, closing, fmt.Errorf("--to-context: %w", err)
		}
		at.client, at.where, closing = client, session.Describe(other), client.Close
	}
	if err := at.Read(ctx); err != nil {
		closing()
		return nil, func() {}, err
	}
	return at, closing, nil
}
