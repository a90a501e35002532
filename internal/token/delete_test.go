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
	"github.com/joinctl/joinctl/internal/kube"
)

// verbs returns the verbs of requests in their order.
func verbs(requests []request) (out []string) {
	for _, r := range requests {
		out = append(out, r.verb)
	}
	return out
}

// secretWithoutID returns the Secret of a bootstrap token; its name holds no token ID.
func secretWithoutID(t *testing.T) *corev1.Secret {
	secret := testSecret(t)
	secret.Name = "bootstrap-token-old"
	return secret
}

func TestDeleteOfATokenIDIsOneRequest(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	if err := DeleteByName(t.Context(), a.client(), RefTo("abcdef"), false); err != nil || a.exists("bootstrap-token-abcdef") {
		t.Errorf("got %v, still there: %v", err, a.exists("bootstrap-token-abcdef"))
	}
	if got := a.received(""); len(got) != 1 || got[0].url != secretsPath+"/bootstrap-token-abcdef" || got[0].opts.Preconditions != nil {
		t.Errorf("requests: %+v", got)
	}
}

func TestDeleteOfANameWithoutIDReadsTheSecretFirst(t *testing.T) {
	t.Parallel()
	a := serve(t, secretWithoutID(t))
	uid := a.secrets["bootstrap-token-old"].UID
	if err := deleteRead(t.Context(), a.client(), Ref{"bootstrap-token-old"}); err != nil || a.exists("bootstrap-token-old") {
		t.Errorf("got %v, still there: %v", err, a.exists("bootstrap-token-old"))
	}
	requests := a.received("")
	if !reflect.DeepEqual(verbs(requests), []string{"GET", "DELETE"}) {
		t.Fatalf("requests: %v", requests)
	}
	if got := requests[1].opts.Preconditions; got == nil || got.UID == nil || *got.UID != uid {
		t.Errorf("it is deleted with the precondition %v, want UID %s", got, uid)
	}
}

func TestDeleteOfANameWithoutIDKeepsOtherSecrets(t *testing.T) {
	t.Parallel()
	other := secretWithoutID(t)
	other.Type = corev1.SecretTypeOpaque
	a := serve(t, other)
	err := deleteRead(t.Context(), a.client(), Ref{"bootstrap-token-old"})
	if failure.ReasonOf(err) != failure.Invalid || !strings.Contains(err.Error(), "Opaque") || !a.exists("bootstrap-token-old") {
		t.Errorf("got %v, still there: %v", err, a.exists("bootstrap-token-old"))
	}
	if got := a.received("DELETE"); len(got) > 0 {
		t.Errorf("requests: %v", got)
	}
}

func TestDeleteDryRunDeletesNothing(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	if err := DeleteByName(t.Context(), a.client(), RefTo("abcdef"), true); err != nil || !a.exists("bootstrap-token-abcdef") {
		t.Errorf("got %v, still there: %v", err, a.exists("bootstrap-token-abcdef"))
	}
	if got := a.received(""); len(got) != 1 || !reflect.DeepEqual(got[0].opts.DryRun, []string{metav1.DryRunAll}) {
		t.Errorf("requests: %+v", got)
	}
}

func TestDeleteNamesAMissingToken(t *testing.T) {
	t.Parallel()
	a := serve(t)
	err := DeleteByName(t.Context(), a.client(), RefTo("abcdef"), false)
	if failure.ReasonOf(err) != failure.NotFound || !strings.Contains(err.Error(), "delete bootstrap token abcdef") {
		t.Errorf("got %v (%s)", err, failure.ReasonOf(err))
	}
}

// deletions returns the ways to delete the token of testSecret.
func deletions() map[string]func(context.Context, *kube.Client, *corev1.Secret) error {
	return map[string]func(context.Context, *kube.Client, *corev1.Secret) error{
		"Delete": func(ctx context.Context, c *kube.Client, _ *corev1.Secret) error {
			return DeleteByName(ctx, c, RefTo("abcdef"), false)
		},
		"DeleteByName": func(ctx context.Context, c *kube.Client, _ *corev1.Secret) error {
			return DeleteByName(ctx, c, RefTo("abcdef"), false)
		},
		"DeleteSecret": func(ctx context.Context, c *kube.Client, secret *corev1.Secret) error {
			return DeleteSecret(ctx, c, secret, false)
		},
	}
}

func TestRollbackResolvesALostAnswer(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	secret := a.secrets["bootstrap-token-abcdef"].DeepCopy()
	a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
		if r.Method == http.MethodDelete {
			serve(httptest.NewRecorder(), r)
			dropConnection(t, w)
			return
		}
		serve(w, r)
	}
	if err := Rollback(t.Context(), a.client(), secret); err != nil || a.exists(secret.Name) {
		t.Errorf("got %v, still there: %v", err, a.exists(secret.Name))
	}
}

func TestDeleteResolvesALostAnswer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                     string
		execute, retry, readable bool // the server deletes; its answer asks for a retry; the caller may read
		want                     failure.Reason
	}{
		{"gone", true, false, true, ""},
		{"gone, and the server asks for a retry", true, true, true, ""},
		{"still there", false, false, true, failure.Unknown},
		{"not readable", true, false, false, failure.Unknown},
	} {
		for name, remove := range deletions() {
			t.Run(name+": "+test.name, func(t *testing.T) {
				t.Parallel()
				a := serve(t, testSecret(t))
				secret := a.secrets["bootstrap-token-abcdef"].DeepCopy()
				deletes := 0
				a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
					switch {
					case r.Method == http.MethodDelete:
						deletes++
						if test.execute {
							serve(httptest.NewRecorder(), r)
						}
						if test.retry {
							respondServerTimeout(w)
							return
						}
						dropConnection(t, w)
					case !test.readable:
						respondForbidden(w, r)
					default:
						serve(w, r)
					}
				}
				err := remove(t.Context(), a.client(), secret)
				if got := failure.ReasonOf(err); got != test.want || deletes != 1 {
					t.Errorf("got %v (%q) after %d requests to delete, want %q after 1", err, got, deletes, test.want)
				}
				if err != nil && !strings.Contains(err.Error(), "abcdef") {
					t.Errorf("the error does not name the token: %v", err)
				}
			})
		}
	}
}

func TestDeleteSecretDeletesTheVerySecretThatWasRead(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	secret := a.secrets["bootstrap-token-abcdef"].DeepCopy()
	if err := DeleteSecret(t.Context(), a.client(), secret, true); err != nil || !a.exists(secret.Name) {
		t.Errorf("dry run: got %v, still there: %v", err, a.exists(secret.Name))
	}
	if err := DeleteSecret(t.Context(), a.client(), secret, false); err != nil || a.exists(secret.Name) {
		t.Errorf("got %v, still there: %v", err, a.exists(secret.Name))
	}
	for i, dryRun := range [][]string{{metav1.DryRunAll}, nil} {
		if got := a.received("")[i]; got.verb != http.MethodDelete || *got.opts.Preconditions.UID != secret.UID || !reflect.DeepEqual(got.opts.DryRun, dryRun) {
			t.Errorf("request %d: %+v", i, got)
		}
	}
	if err := DeleteSecret(t.Context(), a.client(), secret, false); failure.ReasonOf(err) != failure.NotFound {
		t.Errorf("when the Secret is gone: %v", err)
	}
}

// Somebody else may have deleted the token and created one with the same ID.
func TestDeleteSecretKeepsALaterSecretWithTheSameName(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lost bool
		want failure.Reason
	}{"answered": {false, failure.Conflict}, "lost answer": {true, ""}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := serve(t, testSecret(t))
			secret := a.secrets["bootstrap-token-abcdef"].DeepCopy()
			secret.UID = "uid-of-an-earlier-secret"
			a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
				if r.Method == http.MethodDelete && test.lost {
					serve(httptest.NewRecorder(), r)
					dropConnection(t, w)
					return
				}
				serve(w, r)
			}
			err := DeleteSecret(t.Context(), a.client(), secret, false)
			if failure.ReasonOf(err) != test.want || !a.exists(secret.Name) {
				t.Errorf("got %v, still there: %v", err, a.exists(secret.Name))
			}
		})
	}
}

func TestDeleteByNameRefusesANameWithoutID(t *testing.T) {
	t.Parallel()
	a := serve(t, secretWithoutID(t))
	err := DeleteByName(t.Context(), a.client(), Ref{"bootstrap-token-old"}, false)
	if failure.ReasonOf(err) != failure.Invalid || len(a.received("")) > 0 {
		t.Errorf("got %v, requests: %v", err, a.received(""))
	}
}

func TestDeleteLetsARequestInFlightFinish(t *testing.T) {
	t.Parallel()
	for name, remove := range deletions() {
		a := serve(t, testSecret(t))
		secret := a.secrets["bootstrap-token-abcdef"].DeepCopy()
		ctx, cancel := context.WithCancel(t.Context())
		a.intercept = func(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
			cancel()
			serve(w, r)
		}
		if err := remove(ctx, a.client(), secret); err != nil || a.exists(secret.Name) || ctx.Err() == nil {
			t.Errorf("%s: got %v, still there: %v", name, err, a.exists(secret.Name))
		}
	}
}

func TestDeleteSendsNothingAfterAnInterrupt(t *testing.T) {
	t.Parallel()
	for name, remove := range deletions() {
		a := serve(t, testSecret(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := remove(ctx, a.client(), testSecret(t)); !errors.Is(err, context.Canceled) || len(a.received("")) > 0 {
			t.Errorf("%s: got %v, requests: %v", name, err, a.received(""))
		}
	}
}

func TestRollbackDeletesTheVerySecretThatWasCreated(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	created := a.secrets["bootstrap-token-abcdef"].DeepCopy()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // Rollback must work after Ctrl-C
	if err := Rollback(ctx, a.client(), created); err != nil || a.exists(created.Name) {
		t.Errorf("got %v, still there: %v", err, a.exists(created.Name))
	}
	if got := a.received(""); len(got) != 1 || got[0].opts.Preconditions == nil || *got[0].opts.Preconditions.UID != created.UID {
		t.Errorf("requests: %+v", got)
	}
	if err := Rollback(ctx, a.client(), created); err != nil {
		t.Errorf("when the Secret is gone: %v", err)
	}
}

func TestRollbackKeepsALaterSecretWithTheSameName(t *testing.T) {
	t.Parallel()
	a := serve(t, testSecret(t))
	created := a.secrets["bootstrap-token-abcdef"].DeepCopy()
	created.UID = "uid-of-an-earlier-secret"
	err := Rollback(t.Context(), a.client(), created)
	if failure.ReasonOf(err) != failure.Conflict || !a.exists(created.Name) {
		t.Errorf("got %v, still there: %v", err, a.exists(created.Name))
	}
}

func TestGetRefusesASecretOfAnotherType(t *testing.T) {
	t.Parallel()
	other := testSecret(t)
	other.Type = corev1.SecretTypeOpaque
	a := serve(t, other, secretWithoutID(t))
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

// deleteRead deletes a token as token delete does: it reads the Secret first.
func deleteRead(ctx context.Context, c *kube.Client, ref Ref) error {
	secret, err := Get(ctx, c, ref)
	if err != nil {
		return err
	}
	return DeleteSecret(ctx, c, secret, false)
}
