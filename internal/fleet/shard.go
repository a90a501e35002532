// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// A Shard is one of several parts of a selection, of about equal size. Together they contain every target exactly once.
// The zero Shard is the whole selection.
type Shard struct {
	Index uint64 // from 0 to Of-1
	Of    uint64
}

// UnmarshalText reads INDEX/OF.
func (s *Shard) UnmarshalText(text []byte) error {
	var parsed Shard
	if _, err := fmt.Sscanf(string(text), "%d/%d", &parsed.Index, &parsed.Of); err != nil || parsed.String() != string(text) || parsed.Index >= parsed.Of {
		return errors.New("must be I/N: part I of N, counted from 0, such as 0/4")
	}
	*s = parsed
	return nil
}

// MarshalText returns the text that UnmarshalText reads, and "" for the whole.
func (s Shard) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns INDEX/OF, and "" for the whole.
func (s Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// contains reports whether a context is in the shard. The answer depends on the name alone and must never change:
// different versions of joinctl may run the shards of one job.
func (s Shard) contains(context string) bool {
	if s.Of == 0 {
		return true
	}
	sum := sha256.Sum256([]byte(context))
	return binary.BigEndian.Uint64(sum[:])%s.Of == s.Index
}
