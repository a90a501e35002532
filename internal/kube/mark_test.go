// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestAnObjectIsEarlierThanAMarkByTheServersClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c := &Client{clock: &clock{now: func() time.Time { return now }, offset: time.Hour, known: true}}
	server := now.Add(time.Hour)
	for name, test := range map[string]struct {
		created time.Time
		want    bool
	}{
		"unknown":        {time.Time{}, false},
		"long before":    {server.Add(-time.Minute), true},
		"just before":    {server.Add(-2*time.Second - time.Nanosecond), true},
		"within a cut":   {server.Add(-2 * time.Second), false},
		"at the mark":    {server, false},
		"after the mark": {server.Add(time.Second), false},
	} {
		if got := c.Mark()(metav1.NewTime(test.created)); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
	c.clock.known = false
	if c.Mark()(metav1.NewTime(server.Add(-time.Minute))) {
		t.Error("without the server's time, the object is earlier")
	}
}

func TestABodyIsReadUpToItsBoundAndNotBeyond(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		left, listed int64
		fails        bool
	}{
		"below":             {left: 4},
		"at the bound":      {left: 3},
		"beyond the bound":  {left: 2, fails: true},
		"at the list bound": {left: 4, listed: maxList - 3},
		"beyond the list":   {left: 4, listed: maxList - 2, fails: true},
		"below the list":    {left: 4, listed: maxList - 4},
	} {
		list := &atomic.Int64{}
		list.Store(test.listed)
		body := &boundedBody{ReadCloser: io.NopCloser(strings.NewReader("abc")), host: "h", most: 4, left: test.left, list: list}
		content, err := io.ReadAll(body)
		if (err != nil) != test.fails || !test.fails && string(content) != "abc" {
			t.Errorf("%s: got %q, %v", name, content, err)
		}
	}
}
