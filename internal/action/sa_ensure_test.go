// SPDX-License-Identifier: Apache-2.0

package action

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// Requests about the Secret in which these tests publish.
const (
	publishedPath   = defaultSecrets + "/published"
	getPublished    = "GET " + publishedPath
	checkCreate     = "POST " + defaultSecrets + "?dryRun=All"
	createPublished = "POST " + defaultSecrets
	updatePublished = "PUT " + publishedPath
	tryToken        = "POST " + selfReviewsPath
	getVersion      = "GET /version"
)

// ensuringRobot returns an action that ensures an hour of robot in the Secret published.
func ensuringRobot(s *session.Session) *SAEnsure {
	return &SAEnsure{
		RequestOptions: RequestOptions{Session: s, Name: "robot", Spec: satoken.Spec{Lifetime: time.Hour}},
		Publication:    Publication{Secret: publish.SecretRef{Namespace: "default", Name: "published"}},
		Form:           satoken.TokenForm,
	}
}

func mustEnsure(t *testing.T, a *SAEnsure) *EnsuredTokens {
	t.Helper()
	out, err := a.Run(t.Context())
	check(t, err)
	return out
}

// ensureError returns why no token is ensured on the only target.
func ensureError(t *testing.T, a *SAEnsure) error {
	t.Helper()
	return wantFailures(t, mustEnsure(t, a).Failures, 0, "hub")[0].Err
}

// published returns the Secret in which a token is published, nil if it does not exist.
func published(s *apitest.Server) *corev1.Secret {
	for _, secret := range s.Secrets("default") {
		if secret.Name == "published" {
			return &secret
		}
	}
	return nil
}

// secretWith returns the Secret published with a token of robot that a server issued.
func secretWith(t *testing.T, server *apitest.Server, labels map[string]string) *corev1.Secret {
	t.Helper()
	s, _ := newSession(t, servers{"hub": server})
	a := ensuringRobot(s)
	wantFailures(t, mustEnsure(t, a).Failures, 1)
	secret := published(server)
	secret.Labels = labels
	server.Put(secret)
	return published(server)
}

func TestATokenIsCreatedTriedAndWrittenInThisOrder(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	out := mustEnsure(t, ensuringRobot(s))
	wantFailures(t, out.Failures, 1)
	wantRequests(t, server, getPublished, checkCreate, requestRobotToken, tryToken, createPublished)
	secret, one := published(server), out.Tokens[0]
	if string(secret.Data["token"]) != one.Token.Reveal() || !one.Created || one.Change != publish.Created || one.Secret != "default/published" {
		t.Errorf("ensured %+v, secret %v", one, secret)
	}
	if secret.Annotations[publishedAccount] != "default/robot" || secret.Annotations[publishedExpires] != one.Token.Expires().Format(time.RFC3339) {
		t.Errorf("annotations %v", secret.Annotations)
	}
}

func TestATokenIsReplacedOnlyIfTooLittleIsLeft(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		passed, minLeft time.Duration
		created         bool
		reason          string
	}{
		"just issued":        {},
		"more than half":     {passed: 29 * time.Minute},
		"less than half":     {passed: 31 * time.Minute, created: true, reason: "is left of it, less than 30m"},
		"more than min-left": {passed: 45 * time.Minute, minLeft: 10 * time.Minute},
		"less than min-left": {passed: 5 * time.Minute, minLeft: 58 * time.Minute, created: true, reason: "less than 58m"},
		"expired":            {passed: 2 * time.Hour, created: true, reason: "it expired at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := withRobot(t)
			s, _ := newSession(t, servers{"hub": server})
			mustEnsure(t, ensuringRobot(s))
			before := published(server)
			server.Clock(test.passed)
			seen := len(server.Requests())
			a := ensuringRobot(s)
			a.MinLeft = test.minLeft
			out := mustEnsure(t, a)
			wantFailures(t, out.Failures, 1)
			one, after := out.Tokens[0], published(server)
			if one.Created != test.created || !strings.Contains(one.Reason, test.reason) || (string(after.Data["token"]) != string(before.Data["token"])) != test.created {
				t.Errorf("created %t: %q", one.Created, one.Reason)
			}
			if string(after.Data["token"]) != one.Token.Reveal() {
				t.Error("the result is not the published token")
			}
			if requests := server.Requests()[seen:]; !test.created && !slices.Equal(requests, []string{getPublished, tryToken}) {
				t.Errorf("nothing changes, and these requests are sent: %q", requests)
			}
			if test.created && one.Change != publish.Updated || !test.created && one.Change != publish.Unchanged {
				t.Errorf("change %s", one.Change)
			}
		})
	}
}

func TestWhatIsPublishedStaysWhereNoTokenReplacesIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path   string
		fault  apitest.Fault
		adjust func(*SAEnsure)
		reason failure.Reason
		text   string
		tokens int // that are created
	}{
		"the Secret cannot be read":    {path: "GET " + publishedPath, fault: refusal(), reason: failure.Forbidden, text: "read secret default/published"},
		"the Secret cannot be written": {path: "PUT " + publishedPath, fault: refusal(), reason: failure.Forbidden, text: "write secret default/published"},
		"the token is refused":         {path: requestRobotToken, fault: refusal(), reason: failure.Forbidden, text: "request a token of serviceaccount default/robot", tokens: 1},
		"the token does not work": {
			path: tryToken, fault: apitest.Refuse(apierrors.NewUnauthorized("Unauthorized")), reason: failure.Invalid,
			text: "does not accept the new token, so secret default/published in context hub was not changed", tokens: 1,
		},
		"the server cannot be asked": {path: tryToken, fault: apitest.LoseRequest(), reason: failure.Unreachable, text: "the token could not be tried at", tokens: 1},
		"the write conflicts again and again": {
			path: "PUT " + publishedPath, fault: apitest.Refuse(apierrors.NewConflict(schema.GroupResource{Resource: "secrets"}, "published", errors.New("changed"))).Skip(1),
			reason: failure.Conflict, text: "write secret default/published", tokens: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := withRobot(t)
			s, _ := newSession(t, servers{"hub": server})
			mustEnsure(t, ensuringRobot(s))
			before := published(server)
			server.Clock(59 * time.Minute)
			if name == "the server cannot be asked" { // and what would be published differs
				before.Annotations[publishedAccount] = "other"
				server.Put(before)
				before = published(server)
			}
			method, path, _ := strings.Cut(test.path, " ")
			server.On(method, path, test.fault)
			seen := len(server.Requests())
			wantError(t, ensureError(t, ensuringRobot(s)), test.reason, test.text)
			if after := published(server); after.ResourceVersion != before.ResourceVersion {
				t.Errorf("the Secret was changed: %v", after)
			}
			created := 0
			for _, request := range server.Requests()[seen:] {
				if request == requestRobotToken {
					created++
				}
			}
			if created != test.tokens {
				t.Errorf("%d tokens were requested, want %d", created, test.tokens)
			}
		})
	}
}

func TestATokenThatTheServerDoesNotAcceptAnyMoreIsReplaced(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	mustEnsure(t, ensuringRobot(s))
	server.On(http.MethodPost, selfReviewsPath, apitest.Refuse(apierrors.NewUnauthorized("Unauthorized")).Times(1))
	one := mustEnsure(t, ensuringRobot(s)).Tokens[0]
	if !one.Created || one.Reason != "the server does not accept it any more" || string(published(server).Data["token"]) != one.Token.Reveal() {
		t.Errorf("ensured %+v", one)
	}
}

func TestATokenThatCannotBeTriedIsKept(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	mustEnsure(t, ensuringRobot(s))
	server.On(http.MethodPost, selfReviewsPath, apitest.LoseRequest())
	if one := mustEnsure(t, ensuringRobot(s)).Tokens[0]; one.Created || one.Change != publish.Unchanged {
		t.Errorf("ensured %+v", one)
	}
}

func TestAReaderWithoutTheRightToReviewItselfIsTriedByATokenReview(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, selfReviewsPath, refusal())
	s, _ := newSession(t, servers{"hub": server})
	wantFailures(t, mustEnsure(t, ensuringRobot(s)).Failures, 1)
	wantRequests(t, server, getPublished, checkCreate, requestRobotToken, tryToken, "POST "+tokenReviewsPath, createPublished)
}

func TestALostAnswerToTheWriteIsResolved(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, defaultSecrets, apitest.LoseAnswer().Skip(1))
	s, _ := newSession(t, servers{"hub": server})
	one := mustEnsure(t, ensuringRobot(s)).Tokens[0]
	if string(published(server).Data["token"]) != one.Token.Reveal() {
		t.Errorf("ensured %+v", one)
	}
}

func TestTwoRunsAtOnceLeaveOneTokenThatBothReport(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	var other *EnsuredTokens
	server.On(http.MethodPost, robotTokenPath, apitest.Do(func(*http.Request) {
		second, _ := newSession(t, servers{"hub": server})
		other = mustEnsure(t, ensuringRobot(second))
	}).Times(1))
	one := mustEnsure(t, ensuringRobot(s)).Tokens[0]
	stored := string(published(server).Data["token"])
	if one.Created || one.Token.Reveal() != stored || other.Tokens[0].Token.Reveal() != stored {
		t.Errorf("ensured %+v and %+v", one, other.Tokens[0])
	}
}

func TestASecretOfSomebodyElseIsAdoptedOnlyOnRequest(t *testing.T) {
	t.Parallel()
	for _, adopt := range []bool{false, true} {
		server := withRobot(t)
		before := secretWith(t, server, map[string]string{"karmada.io/system": "true"})
		before.Data["other"] = []byte("stays")
		server.Put(before)
		server.Clock(time.Hour)
		s, _ := newSession(t, servers{"hub": server})
		a := ensuringRobot(s)
		if a.Adopt = adopt; !adopt {
			err := ensureError(t, a)
			wantError(t, err, failure.Conflict, "joinctl did not make it")
			wantHint(t, err, "--adopt")
			continue
		}
		one := mustEnsure(t, a).Tokens[0]
		after := published(server)
		if !one.Created || string(after.Data["other"]) != "stays" || after.Labels["karmada.io/system"] != "true" || after.Labels["app.kubernetes.io/managed-by"] != "joinctl" {
			t.Errorf("secret %v", after)
		}
	}
}

func TestATokenOfAnotherServiceAccountIsNotReplacedByMistake(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.Put(&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "other"}})
	s, _ := newSession(t, servers{"hub": server})
	mustEnsure(t, ensuringRobot(s))
	a := ensuringRobot(s)
	a.Name = "other"
	err := ensureError(t, a)
	wantError(t, err, failure.Invalid, "has a token of system:serviceaccount:default:robot, and not of system:serviceaccount:default:other")
	wantHint(t, err, "--adopt")
}

func TestADryRunNamesTheKeysAndCreatesNothing(t *testing.T) {
	t.Parallel()
	for mode, requests := range map[DryRun][]string{
		Client: {getPublished, getVersion}, Server: {getPublished, checkCreate},
	} {
		server := withRobot(t)
		s, _ := newSession(t, servers{"hub": server})
		a := ensuringRobot(s)
		a.DryRun = mode
		one := mustEnsure(t, a).Tokens[0]
		if !one.Created || !one.Token.IsZero() || one.Change != publish.Created || !slices.Equal(one.Keys, []string{"token"}) || published(server) != nil {
			t.Errorf("%s: %+v", mode, one)
		}
		if got := server.Requests(); mode == Server && !slices.Equal(got, requests) || count(server, http.MethodPost) > len(requests)-1 {
			t.Errorf("%s: %q", mode, got)
		}
	}
}

func TestATokenWithATooShortLifetimeIsAFinding(t *testing.T) {
	t.Parallel()
	server := shortLived(t)
	s, _ := newSession(t, servers{"hub": server})
	a := ensuringRobot(s)
	a.MinGranted = 30 * time.Minute
	out := mustEnsure(t, a)
	wantFailures(t, out.Failures, 1)
	if len(out.Findings) != 1 || len(out.Tokens) != 0 || published(server) != nil {
		t.Errorf("ensured %+v", out)
	}
}

func TestATokenIsKeptInAFile(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	file := filepath.Join(t.TempDir(), "robot")
	for _, form := range []satoken.Form{satoken.TokenForm, satoken.KubeconfigForm} {
		run := func() EnsuredToken {
			a := ensuringRobot(s)
			a.Publication, a.Form = Publication{File: file}, form
			return mustEnsure(t, a).Tokens[0]
		}
		first, second := run(), run()
		if !first.Created || first.File != file || second.Created || second.Change != publish.Unchanged || !strings.Contains(mustRead(t, file), first.Token.Reveal()) {
			t.Errorf("%s: %+v, %+v", form, first, second)
		}
		check(t, os.Remove(file))
	}
	check(t, os.WriteFile(file, []byte("of somebody else"), 0o600))
	a := ensuringRobot(s)
	a.Publication = Publication{File: file}
	_, err := a.Run(t.Context())
	wantError(t, err, failure.Conflict, "joinctl did not write it")
}

func TestManyContextsAreEnsuredInOneClusterUnderTheirOwnNames(t *testing.T) {
	t.Parallel()
	all := servers{"a": withRobot(t), "b": withRobot(t)}
	s, _ := newSession(t, all)
	a := ensuringRobot(s)
	a.Context, a.Form = "b", satoken.ArgoCDForm
	out := mustEnsure(t, a)
	wantFailures(t, out.Failures, 2)
	wantSecrets(t, all["a"])
	wantSecrets(t, all["b"], "published-a", "published-b")
	for i, name := range []string{"a", "b"} {
		secret := all["b"].Secrets("default")[i]
		if string(secret.Data["name"]) != name || string(secret.Data["server"]) != all[name].URL || secret.Labels["argocd.argoproj.io/secret-type"] != "cluster" {
			t.Errorf("secret %v", secret)
		}
	}
}

func TestAClusterSecretOfArgoCDKeepsItsNameAndItsCluster(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	ensure := func() *SAEnsure {
		a := ensuringRobot(s)
		a.Form, a.Adopt = satoken.ArgoCDForm, true
		return a
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "published"},
		Data:       map[string][]byte{"name": []byte("prod"), "server": []byte(server.URL + "/"), "config": []byte("{}"), "project": []byte("p")},
	}
	server.Put(secret)
	wantFailures(t, mustEnsure(t, ensure()).Failures, 1)
	if data := published(server).Data; string(data["name"]) != "prod" || string(data["project"]) != "p" {
		t.Errorf("data %s", data)
	}
	secret.Data["server"] = []byte("https://other.example.org")
	server.Put(secret)
	wantError(t, ensureError(t, ensure()), failure.Conflict, "is for the cluster at https://other.example.org, and not for the one at "+server.URL)
}
