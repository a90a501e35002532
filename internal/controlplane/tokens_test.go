// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/token"
)

func TestEachTokenIsCountedOnceUnderItsDefect(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	both := []string{token.Signing, token.Authentication}
	for _, test := range []struct {
		name  string
		token string
		spec  token.Spec
		age   time.Duration
		of    func(tokenStats) []string
	}{
		{"well known", "abcdef.0123456789abcdef", token.Spec{Expires: now.Add(time.Hour), Usages: both}, 0, func(s tokenStats) []string { return s.wellKnown }},
		{"never expires", "aaaaaa.0123456789abcdef", token.Spec{Usages: both}, 0, func(s tokenStats) []string { return s.neverExpires }},
		{"no usage", "aaaaaa.0123456789abcdef", token.Spec{Expires: now.Add(time.Hour)}, 0, func(s tokenStats) []string { return s.unusable }},
		{"long expired", "aaaaaa.0123456789abcdef", token.Spec{Expires: now.Add(-time.Hour), Usages: both}, 0, func(s tokenStats) []string { return s.expired }},
		{"unsigned", "aaaaaa.0123456789abcdef", token.Spec{Expires: now.Add(time.Hour), Usages: both}, time.Minute, func(s tokenStats) []string { return s.unsigned }},
	} {
		tok, err := token.Parse(test.token)
		if err != nil {
			t.Fatal(err)
		}
		secret := token.Encode(tok, test.spec)
		secret.CreationTimestamp = metav1.NewTime(now.Add(-test.age))
		var found tokenStats
		found.add(secret, token.Evaluate(secret, now).Status, now, &discovery.ClusterInfo{})
		all := len(found.expired) + len(found.malformed) + len(found.unusable) + len(found.neverExpires) + len(found.wellKnown) + len(found.unsigned) + len(found.stale)
		if got := test.of(found); len(got) != 1 || got[0] != tok.ID || all != 1 {
			t.Errorf("%s: %+v", test.name, found)
		}
	}
}

func TestTokensThatControllersHaveNotSeenYetAreNotCounted(t *testing.T) {
	now := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	tok, err := token.Parse("aaaaaa.0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	secret := token.Encode(tok, token.Spec{Expires: now.Add(-time.Second), Usages: []string{token.Signing}})
	var found tokenStats
	found.add(secret, token.Evaluate(secret, now).Status, now, &discovery.ClusterInfo{})
	secret = token.Encode(tok, token.Spec{Expires: now.Add(time.Hour), Usages: []string{token.Signing}})
	secret.CreationTimestamp = metav1.NewTime(now)
	found.add(secret, token.Evaluate(secret, now).Status, now, &discovery.ClusterInfo{})
	if len(found.expired)+len(found.unsigned) != 0 {
		t.Errorf("found %+v", found)
	}
}
