// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// A Shard is one of several equal parts of a selection. Runs with all of them cover every target exactly once. It has
// the methods of a flag value; the zero Shard is the whole.
type Shard struct {
	Index uint64 // from 0 to Of-1
	Of    uint64
}

// Set implements a flag value: INDEX/OF.
func (s *Shard) Set(text string) error {
	var parsed Shard
	if _, err := fmt.Sscanf(text, "%d/%d", &parsed.Index, &parsed.Of); err != nil || parsed.String() != text || parsed.Index >= parsed.Of {
		return errors.New("it is I/N: part I of N, counted from 0, such as 0/4")
	}
	*s = parsed
	return nil
}

// String implements a flag value.
func (s *Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// Type implements a flag value.
func (s *Shard) Type() string { return "I/N" }

// has reports whether a context is in the shard. That depends on its name alone, and must stay as it is: shards of
// one job may be run by different versions.
func (s *Shard) has(context string) bool {
	if s.Of == 0 {
		return true
	}
	sum := sha256.Sum256([]byte(context))
	return binary.BigEndian.Uint64(sum[:])%s.Of == s.Index
}
