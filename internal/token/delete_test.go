// SPDX-License-Identifier: Apache-2.0

package token

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/failure"
)

// verbs returns the verbs of requests, in their order.
func verbs(asked []request) (out []string) {
	for _, r := range asked {
		out = append(out, r.verb)
	}
	return out
}

// odd returns a bootstrap token's Secret whose name holds no token ID.
func odd(t *testing.T) *corev1.Secret {
	secret := sample(t)
	secret.Name = "bootstrap-token-old"
	return secret
}

func TestDeleteOfATokenIDIsOneRequest(t *testing.T) {
	t.Parallel()
	a := serve(t, sample(t))
	if err := Delete(t.Context(), a.client(), RefTo("abcdef"), false); err != nil || a.holds("bootstrap-token-abcdef") {
		t.Errorf("got %v, still there: %v", err, a.holds("bootstrap-token-abcdef"))
	}
	if asked := a.asked(""); len(asked) != 1 || asked[0].url != secretsPath+"/bootstrap-token-abcdef" || asked[0].opts.Preconditions != nil {
		t.Errorf("asked %+v", asked)
	}
}

func TestDeleteOfAnOddNameLooksAtItFirst(t *testing.T) {
	t.Parallel()
	a := serve(t, odd(t))
	uid := a.secrets["bootstrap-token-old"].UID
	if err := Delete(t.Context(), a.client(), Ref{"bootstrap-token-old"}, false); err != nil || a.holds("bootstrap-token-old") {
		t.Errorf("got %v, still there: %v", err, a.holds("bootstrap-token-old"))
	}
	asked := a.asked("")
	if !reflect.DeepEqual(verbs(asked), []string{"GET", "DELETE"}) {
		t.Fatalf("asked %v", asked)
	}
	if got := asked[1].opts.Preconditions; got == nil || got.UID == nil || *got.UID != uid {
		t.Errorf("it is deleted under the condition %v, want UID %s", got, uid)
	}
}

func TestDeleteOfAnOddNameSparesWhatIsNoToken(t *testing.T) {
	t.Parallel()
	other := odd(t)
	other.Type = corev1.SecretTypeOpaque
	a := serve(t, other)
	err := Delete(t.Context(), a.client(), Ref{"bootstrap-token-old"}, false)
	if failure.ReasonOf(err) != failure.Invalid || !strings.Contains(err.Error(), "Opaque") || !a.holds("bootstrap-token-old") {
		t.Errorf("got %v, still there: %v", err, a.holds("bootstrap-token-old"))
	}
	if asked := a.asked("DELETE"); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

func TestDeleteDryRunDeletesNothing(t *testing.T) {
	t.Parallel()
	a := serve(t, sample(t))
	if err := Delete(t.Context(), a.client(), RefTo("abcdef"), true); err != nil || !a.holds("bootstrap-token-abcdef") {
		t.Errorf("got %v, still there: %v", err, a.holds("bootstrap-token-abcdef"))
	}
	if asked := a.asked(""); len(asked) != 1 || !reflect.DeepEqual(asked[0].opts.DryRun, []string{metav1.DryRunAll}) {
		t.Errorf("asked %+v", asked)
	}
}

func TestDeleteNamesWhatIsNotThere(t *testing.T) {
	t.Parallel()
	a := serve(t)
	err := Delete(t.Context(), a.client(), RefTo("abcdef"), false)
	if failure.ReasonOf(err) != failure.NotFound || !strings.Contains(err.Error(), "delete bootstrap token abcdef") {
		t.Errorf("got %v (%s)", err, failure.ReasonOf(err))
	}
}

func TestDeleteFindsOutWhatBecameOfARequestWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		act, again, look bool // it is carried out, the answer asks to try again, it may be looked at
		want             failure.Reason
	}{
		{"it is gone", true, false, true, ""},
		{"it is gone, and the server asks to try again", true, true, true, ""},
		{"it is still there", false, false, true, failure.Unreachable},
		{"it may not be looked at", true, false, false, failure.Unknown},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := serve(t, sample(t))
			deletes := 0
			a.trouble = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				switch {
				case r.Method == http.MethodDelete:
					deletes++
					if test.act {
						serve(httptest.NewRecorder(), r)
					}
					if test.again {
						busy(w)
						return
					}
					cut(t, w)
				case !test.look:
					forbid(w, r)
				default:
					serve(w, r)
				}
			}
			err := Delete(t.Context(), a.client(), RefTo("abcdef"), false)
			if got := failure.ReasonOf(err); got != test.want || deletes != 1 {
				t.Errorf("got %v (%q) after %d requests to delete, want %q after 1", err, got, deletes, test.want)
			}
			if err != nil && !strings.Contains(err.Error(), "abcdef") {
				t.Errorf("it does not say which: %v", err)
			}
		})
	}
}

func TestDeleteSendsNothingOnceTheRunIsInterrupted(t *testing.T) {
	t.Parallel()
	a := serve(t, sample(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Delete(ctx, a.client(), RefTo("abcdef"), false); !errors.Is(err, context.Canceled) || len(a.asked("")) > 0 {
		t.Errorf("got %v, asked %v", err, a.asked(""))
	}
}

func TestRollbackDeletesTheVerySecretThatWasMade(t *testing.T) {
	t.Parallel()
	a := serve(t, sample(t))
	made := a.secrets["bootstrap-token-abcdef"].DeepCopy()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // it has to work after Ctrl-C
	if err := Rollback(ctx, a.client(), made); err != nil || a.holds(made.Name) {
		t.Errorf("got %v, still there: %v", err, a.holds(made.Name))
	}
	if asked := a.asked(""); len(asked) != 1 || asked[0].opts.Preconditions == nil || *asked[0].opts.Preconditions.UID != made.UID {
		t.Errorf("asked %+v", asked)
	}
	if err := Rollback(ctx, a.client(), made); err != nil {
		t.Errorf("when it is gone: %v", err)
	}
}

func TestRollbackSparesALaterSecretOfTheSameName(t *testing.T) {
	t.Parallel()
	a := serve(t, sample(t))
	made := a.secrets["bootstrap-token-abcdef"].DeepCopy()
	made.UID = "of an older one"
	err := Rollback(t.Context(), a.client(), made)
	if failure.ReasonOf(err) != failure.Conflict || !a.holds(made.Name) {
		t.Errorf("got %v, still there: %v", err, a.holds(made.Name))
	}
}

func TestGetRefusesASecretOfAnotherType(t *testing.T) {
	t.Parallel()
	other := sample(t)
	other.Type = corev1.SecretTypeOpaque
	a := serve(t, other, odd(t))
	if _, err := Get(t.Context(), a.client(), RefTo("abcdef")); failure.ReasonOf(err) != failure.Invalid {
		t.Errorf("got %v", err)
	}
	if secret, err := Get(t.Context(), a.client(), Ref{"bootstrap-token-old"}); err != nil || secret.Name != "bootstrap-token-old" {
		t.Errorf("got %v, %v", secret, err)
	}
	if _, err := Get(t.Context(), a.client(), RefTo("zzzzzz")); failure.ReasonOf(err) != failure.NotFound {
		t.Errorf("got %v", err)
	}
}
