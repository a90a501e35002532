// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/publish"
)

// addPublication adds the flags that say where a credential is kept for its consumer.
func addPublication(cmd *cobra.Command, p *action.Publication) {
	flags := newFlagGroup(publicationGroup)
	flags.TextVar(&p.Secret, "to-secret", publish.SecretRef{}, "keep the credential in this Secret: `NAMESPACE/NAME[:KEY]`; it is written only on change")
	flags.StringVar(&p.Context, "to-context", "", "with --to-secret: context of the cluster with the Secret (default: the control plane itself)")
	flags.StringVar(&p.File, "to-file", "", "file to keep the credential in, readable by its owner only; it is written only on change")
	flags.BoolVar(&p.Adopt, "adopt", false, "also change a Secret or a file that joinctl did not make")
	addFlagGroup(cmd.Flags(), flags)
	cmd.MarkFlagsMutuallyExclusive("to-secret", "to-file")
	preRun(cmd, func() error {
		if p.Context == "" {
			return nil
		}
		if p.Secret.IsZero() {
			return errors.New("--to-context goes with --to-secret")
		}
		for _, name := range oneServerFlags() {
			if cmd.Flags().Changed(name) {
				return fmt.Errorf("--%s is about one server or one identity, and does not go with --to-context, which names another cluster", name)
			}
		}
		return nil
	})
}

// A publishedChange is where a credential is published, in a document.
type publishedChange struct {
	Secret string         `json:"secret,omitempty"` // NAMESPACE/NAME; absent: it is published in a file
	File   string         `json:"file,omitempty"`   // path; absent: it is published in a Secret
	Change publish.Change `json:"change"`           // created, updated or unchanged; in a dry run: what would be done
	Keys   []string       `json:"keys,omitempty"`   // of the Secret's data that changed
}

// newPublishedChange returns nil for a credential that is not published.
func newPublishedChange(change *action.PublishedChange) *publishedChange {
	if change == nil {
		return nil
	}
	return &publishedChange{change.Secret, change.File, change.Change, change.Keys}
}

// place returns the name of the Secret or of the file.
func (p *publishedChange) place() string {
	if p.Secret != "" {
		return "secret " + p.Secret
	}
	return p.File
}
