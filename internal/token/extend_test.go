// SPDX-License-Identifier: Apache-2.0

package token

import (
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

// extensionNow is the server's time in the tables; the token was created an hour earlier.
var extensionNow = time.Date(2027, 1, 2, 15, 0, 0, 0, time.UTC)

// expiring returns a token that expires a time from extensionNow, 0 for never.
func expiring(t *testing.T, in time.Duration) *corev1.Secret {
	t.Helper()
	spec := Spec{Usages: []string{Signing, Authentication}}
	if in != 0 {
		spec.Expires = extensionNow.Add(in)
	}
	tok, err := Parse("abcdef.0123456789abcdef")
	if err != nil {
		t.Fatal(err)
	}
	secret := Encode(tok, spec)
	secret.CreationTimestamp = metav1.NewTime(extensionNow.Add(-time.Hour))
	return secret
}

func TestAnExtensionCountsFromNowAndNeverShortensUnasked(t *testing.T) {
	t.Parallel()
	const never = time.Duration(-1)
	at := func(in time.Duration) Lifetime { return Lifetime{Expires: Expiry(extensionNow.Add(in))} }
	for name, test := range map[string]struct {
		old    time.Duration // from now; 0: never
		e      Extension
		want   time.Duration // from now; never
		capped bool
		err    string
	}{
		"longer":                        {time.Minute, Extension{Lifetime: Lifetime{TTL: time.Hour}}, time.Hour, false, ""},
		"at a moment":                   {time.Minute, Extension{Lifetime: at(time.Hour)}, time.Hour, false, ""},
		"at a moment in the past":       {time.Minute, Extension{Lifetime: at(-time.Second)}, 0, false, "cannot expire at 2027-01-02T14:59:59Z: it is 2027-01-02T15:00:00Z already"},
		"now":                           {time.Minute, Extension{Lifetime: at(0), AllowShorten: true}, 0, false, "cannot expire at"},
		"for ever":                      {time.Minute, Extension{}, never, false, ""},
		"the same":                      {time.Hour, Extension{Lifetime: Lifetime{TTL: time.Hour}}, time.Hour, false, ""},
		"shorter":                       {time.Hour, Extension{Lifetime: Lifetime{TTL: time.Minute}}, 0, false, "token abcdef expires at 2027-01-02T16:00:00Z, and would expire earlier, at 2027-01-02T15:01:00Z"},
		"shorter, allowed":              {time.Hour, Extension{Lifetime: Lifetime{TTL: time.Minute}, AllowShorten: true}, time.Minute, false, ""},
		"no longer for ever":            {0, Extension{Lifetime: Lifetime{TTL: time.Hour}}, 0, false, "token abcdef never expires, and would expire earlier"},
		"no longer for ever, allowed":   {0, Extension{Lifetime: Lifetime{TTL: time.Hour}, AllowShorten: true}, time.Hour, false, ""},
		"only shorten":                  {time.Hour, Extension{Lifetime: Lifetime{TTL: time.Minute}, OnlyShorten: true}, time.Minute, false, ""},
		"only shorten, earlier anyway":  {time.Minute, Extension{Lifetime: Lifetime{TTL: time.Hour}, OnlyShorten: true}, time.Minute, false, ""},
		"only shorten, never":           {0, Extension{Lifetime: Lifetime{TTL: time.Hour}, OnlyShorten: true}, time.Hour, false, ""},
		"within the age":                {time.Minute, Extension{Lifetime: Lifetime{TTL: time.Hour}, MaxAge: 2 * time.Hour}, time.Hour, false, ""},
		"capped by the age":             {time.Minute, Extension{Lifetime: Lifetime{TTL: time.Hour}, MaxAge: 90 * time.Minute}, 30 * time.Minute, true, ""},
		"as old as allowed":             {30 * time.Minute, Extension{Lifetime: Lifetime{TTL: time.Hour}, MaxAge: 90 * time.Minute}, 0, true, "when it is as old as --max-age allows"},
		"older than allowed":            {time.Minute, Extension{Lifetime: Lifetime{TTL: time.Hour}, MaxAge: time.Hour, AllowShorten: true}, 0, true, "is older than --max-age allows"},
		"the cap shortens":              {time.Hour, Extension{Lifetime: Lifetime{TTL: 2 * time.Hour}, MaxAge: 90 * time.Minute}, 0, true, "would expire earlier"},
		"expired":                       {-time.Second, Extension{Lifetime: Lifetime{TTL: time.Hour}}, 0, false, "token abcdef expired at 2027-01-02T14:59:59Z and is not extended"},
		"expired, though for ever":      {-time.Second, Extension{}, 0, false, "expired at"},
		"expired, though to be shorter": {-time.Second, Extension{Lifetime: Lifetime{TTL: time.Hour}, AllowShorten: true}, 0, false, "expired at"},
	} {
		got, err := test.e.Plan(expiring(t, test.old), extensionNow)
		if test.err != "" {
			if failure.ReasonOf(err) != failure.Invalid || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: got %v, want %s", name, err, test.err)
			}
			continue
		}
		want := extensionNow.Add(test.want)
		if test.want == never {
			want = time.Time{}
		}
		if err != nil || !got.New.Equal(want) || got.Capped != test.capped || got.IsChanged() != (test.old == 0 || test.old != test.want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestATokenThatTheServerRefusesIsNotExtended(t *testing.T) {
	t.Parallel()
	yes := true
	for want, spoil := range map[string]func(*corev1.Secret){
		"malformed (token-secret is not": func(s *corev1.Secret) { s.Data["token-secret"] = []byte("short") },
		"malformed (wrong type":          func(s *corev1.Secret) { s.Type = corev1.SecretTypeOpaque },
		"unusable (no usage)":            func(s *corev1.Secret) { maps.DeleteFunc(s.Data, isUsage) },
		"unusable (it is being deleted)": func(s *corev1.Secret) { s.DeletionTimestamp = &metav1.Time{Time: extensionNow} },
		"unusable (bad group \"x\"":      func(s *corev1.Secret) { s.Data["auth-extra-groups"] = []byte("x") },
		"other (for the usages of another": func(s *corev1.Secret) {
			maps.DeleteFunc(s.Data, isUsage)
			s.Data["usage-controller-join"] = []byte("true")
		},
		"other (of kubeadm init --upload-cer": func(s *corev1.Secret) {
			maps.DeleteFunc(s.Data, isUsage)
			s.Data["description"] = []byte(uploadCertsDescription)
		},
		"its Secret is immutable": func(s *corev1.Secret) { s.Immutable = &yes },
	} {
		secret := expiring(t, time.Minute)
		spoil(secret)
		_, err := Extension{Lifetime: Lifetime{TTL: time.Hour}}.Plan(secret, extensionNow)
		if failure.ReasonOf(err) != failure.Invalid || !strings.Contains(err.Error(), "token abcdef is not extended: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func isUsage(key string, _ []byte) bool { return strings.HasPrefix(key, usagePrefix) }

func TestTheLifetimeOfATokenIsThatFromItsCreationToItsExpiry(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]time.Duration{
		0:                                0, // never expires
		23 * time.Hour:                   24 * time.Hour,
		23*time.Hour - time.Second:       24 * time.Hour, // counted a second before the Secret was created
		23*time.Hour - 3*time.Second:     24*time.Hour - 3*time.Second,
		-time.Minute:                     59 * time.Minute,
		-59*time.Minute - 28*time.Second: 32 * time.Second,
		-time.Hour + time.Second:         time.Second,
		-time.Hour + 59*time.Second:      time.Minute,
	} {
		if got, ok := LifetimeOf(expiring(t, left)); !ok || got.TTL != want || got.NeverEnds() != (left == 0) {
			t.Errorf("%s left: got %+v, %v, want %s", left, got, ok, want)
		}
	}
	for _, left := range []time.Duration{-time.Hour, -2 * time.Hour} {
		if got, ok := LifetimeOf(expiring(t, left)); ok {
			t.Errorf("%s left: got %+v", left, got)
		}
	}
}

func TestASuccessorHasTheLabelsAndUsagesAndNothingElse(t *testing.T) {
	t.Parallel()
	old := expiring(t, time.Hour)
	old.Labels = map[string]string{"team": "west", clusterLabel: "m1", managerLabel: manager}
	old.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "0123456789abcdef"}
	old.Data["usage-controller-join"] = []byte("true")
	old.Data["note"] = []byte("0123456789abcdef")
	_, spec, err := Decode(old)
	if err != nil {
		t.Fatal(err)
	}
	tok, _ := Parse("bbbbbb.zzzzzzzzzzzzzzzz")
	got := EncodeSuccessor(tok, spec, old)
	if !maps.Equal(got.Labels, old.Labels) || len(got.Annotations) != 0 || len(got.OwnerReferences) != 0 || got.UID != "" {
		t.Errorf("got %+v", got.ObjectMeta)
	}
	for key, want := range map[string]string{
		"token-id": "bbbbbb", "token-secret": "zzzzzzzzzzzzzzzz", "usage-controller-join": "true", "usage-bootstrap-signing": "true",
		"usage-bootstrap-authentication": "true", "note": "", "expiration": string(old.Data["expiration"]),
	} {
		if string(got.Data[key]) != want {
			t.Errorf("%s: %q, want %q", key, got.Data[key], want)
		}
	}
	if bare := EncodeSuccessor(tok, Spec{}, expiring(t, 0)); !maps.Equal(bare.Labels, map[string]string{managerLabel: manager}) {
		t.Errorf("labels %v", bare.Labels)
	}
}
