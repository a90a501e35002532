// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"strings"
	"time"

	"github.com/joinctl/joinctl/internal/failure"
)

// none is what a table shows for an empty list or text.
const none = "<none>"

// commaList shows a list in a table.
func commaList(items []string) string { return cmp.Or(strings.Join(items, ","), none) }

// timestamp returns a time as documents have it, RFC 3339 in UTC; "" for the zero time.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// secondsUntil returns the seconds from now until a time, negative where it is past; nil for the zero time.
func secondsUntil(t, now time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	left := int64(t.Sub(now) / time.Second)
	return &left
}

// ttlCell shows seconds in a table; unknown is shown for nil.
func ttlCell(seconds *int64, unknown string) string {
	switch {
	case seconds == nil:
		return unknown
	case *seconds <= 0:
		return "<expired>"
	}
	return failure.Duration(time.Duration(*seconds) * time.Second)
}
