// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

const (
	create = "POST /api/v1/namespaces/ns/secrets"
	remove = "DELETE /api/v1/namespaces/ns/secrets/b"
	read   = "GET /api/v1/namespaces/ns/secrets/b"
)

func storedBinding(labels, annotations map[string]string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Name: "b", Namespace: "ns", UID: "u", Labels: labels, Annotations: annotations},
	}
}

func TestBindTakesBackWhatItMayHaveMade(t *testing.T) {
	t.Parallel()
	gone := reply{http.StatusOK, &metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess}}
	for name, test := range map[string]struct {
		replies map[string]reply
		asked   []string
		reason  failure.Reason
	}{
		"refused":                         {map[string]reply{create: refusal(http.StatusForbidden, metav1.StatusReasonForbidden)}, []string{create}, failure.Forbidden},
		"lost":                            {map[string]reply{create: cut, remove: gone}, []string{create, remove}, failure.Unreachable},
		"lost, and it was not made":       {map[string]reply{create: cut}, []string{create, remove}, failure.Unreachable},
		"lost, and it cannot be deleted":  {map[string]reply{create: cut, remove: refusal(http.StatusForbidden, metav1.StatusReasonForbidden)}, []string{create, remove}, failure.Unknown},
		"lost, and the server stays away": {map[string]reply{create: cut, remove: cut}, []string{create, remove}, failure.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, asked := serving(t, test.replies)
			made, err := CreateRevocationSecret(t.Context(), c, Account{"ns", "robot"}, "b")
			if err == nil || !made.IsZero() || failure.ReasonOf(err) != test.reason {
				t.Errorf("%+v, %v (%s)", made, err, failure.ReasonOf(err))
			}
			if test.reason == failure.Unknown && !strings.Contains(err.Error(), "ns/b") {
				t.Errorf("it is not named: %v", err)
			}
			if known := (*failure.Error)(nil); test.reason == failure.Forbidden && (!errors.As(err, &known) || !strings.Contains(known.Hint, "the verb create on secrets in namespace ns")) {
				t.Errorf("it does not say which right is missing: %v", err)
			}
			if got := asked(); !reflect.DeepEqual(got, test.asked) {
				t.Errorf("asked %q", got)
			}
		})
	}
}

func TestNothingIsBoundAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	c, asked := serving(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := CreateRevocationSecret(ctx, c, Account{"ns", "robot"}, "b"); !errors.Is(err, context.Canceled) || len(asked()) != 0 {
		t.Errorf("%v after %q", err, asked())
	}
}

func TestOnlyWhatIsLabelledIsFound(t *testing.T) {
	t.Parallel()
	ours := map[string]string{bindingLabel: bindingValue}
	for name, test := range map[string]struct {
		secret *corev1.Secret
		want   RevocationSecret
		ok     bool
	}{
		"ours": {
			storedBinding(ours, map[string]string{accountKey: "robot", audiencesKey: `["a","b"]`, expiresKey: "2026-01-02T03:04:05Z"}),
			RevocationSecret{Name: "b", Account: Account{"ns", "robot"}, Audiences: []string{"a", "b"}, Expires: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)},
			true,
		},
		"unreadable": {storedBinding(ours, map[string]string{audiencesKey: `{`, expiresKey: "soon"}), RevocationSecret{Name: "b", Account: Account{Namespace: "ns"}}, true},
		"another's":  {storedBinding(nil, nil), RevocationSecret{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := serving(t, map[string]reply{read: {http.StatusOK, test.secret}})
			got, err := GetRevocationSecret(t.Context(), c, "ns", "b")
			if (err == nil) != test.ok || !test.ok && failure.ReasonOf(err) != failure.Invalid {
				t.Fatalf("%+v, %v", got, err)
			}
			got.secret = nil
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestDrawnNamesAreNamesOfSecrets(t *testing.T) {
	t.Parallel()
	for _, account := range []string{"robot", "a.b", strings.Repeat("x", 253), strings.Repeat("x", 199) + ".y"} {
		name, err := GenerateName(bytes.NewReader([]byte{0, 1, 2, 0xfe, 0xff}), Account{"ns", account})
		if wrong := validation.NameIsDNSSubdomain(name, false); err != nil || len(wrong) > 0 || !strings.HasSuffix(name, "-token-000102feff") {
			t.Errorf("%s: %v, %v", name, wrong, err)
		}
	}
	if _, err := GenerateName(bytes.NewReader(nil), Account{}); err == nil {
		t.Error("a name without randomness")
	}
}
