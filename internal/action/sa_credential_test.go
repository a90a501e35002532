// SPDX-License-Identifier: Apache-2.0

package action

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// callerOf returns a caller that connects to a server with a certificate authority, and to an unknown one for "".
func callerOf(t *testing.T, server string, ca []byte) satoken.Caller {
	t.Helper()
	info := v1.ExecCredential{Spec: v1.ExecCredentialSpec{Cluster: &v1.Cluster{Server: server, CertificateAuthorityData: ca}}}
	info.APIVersion, info.Kind = v1.SchemeGroupVersion.String(), "ExecCredential"
	text, err := json.Marshal(info)
	check(t, err)
	caller, err := satoken.ParseCaller(string(text))
	check(t, err)
	return caller
}

// answeringCaller returns an action that returns a token of robot to a caller, and keeps none.
func answeringCaller(t *testing.T, s *session.Session, server string) *SACredential {
	t.Helper()
	return &SACredential{RequestOptions: RequestOptions{Session: s, Name: "robot"}, Caller: callerOf(t, server, nil)}
}

// mustAnswer returns the token that the only caller gets.
func mustAnswer(t *testing.T, a *SACredential) string {
	t.Helper()
	answers, failures, err := a.Run(t.Context())
	check(t, err)
	wantFailures(t, failures, 1)
	var answer v1.ExecCredential
	check(t, json.Unmarshal(answers[0], &answer))
	if answer.Status == nil || answer.Status.Token == "" || answer.Status.ExpirationTimestamp == nil {
		t.Fatalf("answer %s", answers[0])
	}
	return answer.Status.Token
}

// answerError returns why the only caller gets no token.
func answerError(t *testing.T, a *SACredential) error {
	t.Helper()
	answers, failures, err := a.Run(t.Context())
	check(t, err)
	if len(answers) != 0 {
		t.Errorf("%d answers", len(answers))
	}
	return wantFailures(t, failures, 0, "hub")[0].Err
}

func TestWithoutACacheACallerGetsANewTokenEachTime(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	a := answeringCaller(t, s, server.URL+"/")
	if first, second := mustAnswer(t, a), mustAnswer(t, a); first == second {
		t.Error("the token is the same")
	}
	wantRequests(t, server, requestRobotToken, requestRobotToken)
	if !s.NoPrompt {
		t.Error("a plugin may ask on the terminal")
	}
}

func TestACachedTokenIsReturnedWithoutARequest(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, shown := newSession(t, servers{"hub": server})
	a := answeringCaller(t, s, "")
	a.Cache = satoken.Cache{Dir: filepath.Join(t.TempDir(), "credentials")}
	if first, second := mustAnswer(t, a), mustAnswer(t, a); first != second {
		t.Error("the token is another")
	}
	wantRequests(t, server, requestRobotToken)
	if shown.String() != "" {
		t.Errorf("stderr: %s", shown)
	}
}

func TestAnOldTokenIsUsedWithAWarningIfNoNewOneCanBeRequested(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, shown := newSession(t, servers{"hub": server})
	a := answeringCaller(t, s, "")
	a.Cache = satoken.Cache{Dir: t.TempDir()}
	old := mustAnswer(t, a)
	s.Now = func() time.Time { return time.Now().Add(55 * time.Minute) }
	server.On(http.MethodPost, robotTokenPath, refusal())
	if mustAnswer(t, a) != old {
		t.Error("the token is another")
	}
	wantText(t, shown.String(), "no new token of serviceaccount default/robot, the old one is used until", "not allowed")
}

func TestATokenThatCannotBeCachedIsReturnedWithAWarning(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, shown := newSession(t, servers{"hub": server})
	a := answeringCaller(t, s, "")
	a.Cache = satoken.Cache{Dir: filepath.Join(t.TempDir(), "file")}
	check(t, os.WriteFile(a.Cache.Dir, nil, 0o600))
	mustAnswer(t, a)
	wantText(t, shown.String(), "the token is not cached: ")
}

func TestACallerGetsNoTokenIfTheServerRefuses(t *testing.T) {
	t.Parallel()
	for _, cache := range []satoken.Cache{{}, {Dir: t.TempDir()}} {
		server := apitest.New(t)
		s, _ := newSession(t, servers{"hub": server})
		a := answeringCaller(t, s, server.URL)
		a.Cache = cache
		wantError(t, answerError(t, a), failure.NotFound, "request a token of serviceaccount default/robot")
	}
}

func TestACallerOfAnotherServerIsRefusedBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	err := answerError(t, answeringCaller(t, s, "https://other.example:6443"))
	wantError(t, err, failure.Invalid, "the caller talks to another server than the context's")
	if !failure.IsConfig(err) {
		t.Errorf("no configuration error: %v", err)
	}
	wantRequests(t, server)
}

func TestACallerOfAnotherAddressOfTheServerGetsAToken(t *testing.T) {
	t.Parallel()
	server := withRobot(t, apitest.Karmada)
	for _, caller := range []satoken.Caller{
		callerOf(t, "https://load-balancer.example:6443", server.CA),
		callerOf(t, server.URL+proxyOfM1, nil),
	} {
		s, _ := newSession(t, servers{"hub": server})
		a := answeringCaller(t, s, "")
		a.Caller = caller
		mustAnswer(t, a)
	}
}

func TestAContextWithACredentialOfJoinctlIsRefusedUnlessItNamesAnotherKubeconfig(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args    []string
		depth   string
		refused string
	}{
		{[]string{"sa", "credential", "robot"}, "", "the context's own credential comes from joinctl"},
		{[]string{"sa", "credential", "robot", "--kubeconfig", "/other"}, "", ""},
		{[]string{"sa", "credential", "robot", "--kubeconfig=/other"}, "", ""},
		{[]string{"sa", "credential", "robot", "--kubeconfig", "/other"}, "3", "which would call itself without end"},
	} {
		server := withRobot(t)
		s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.ExecDepth = test.depth })
		editKubeconfig(t, s, func(config *clientcmdapi.Config) {
			config.AuthInfos["hub-admin"] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
				APIVersion: v1.SchemeGroupVersion.String(), Command: filepath.Join(t.TempDir(), "joinctl"), Args: test.args,
				InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
			}}
		})
		err := answerError(t, answeringCaller(t, s, server.URL))
		if test.refused == "" {
			wantError(t, err, failure.CredentialPlugin) // there is no such program
		} else {
			wantError(t, err, failure.Invalid, test.refused)
			wantHint(t, err, "by --kubeconfig and --context")
		}
		wantRequests(t, server)
	}
}

func TestACallerOfAMemberGetsATokenOfTheMember(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m1"))
	a := answeringCaller(t, s, member.URL)
	a.Cache = satoken.Cache{Dir: t.TempDir()}
	if first, second := mustAnswer(t, a), mustAnswer(t, a); first != second {
		t.Error("the token is another")
	}
	wantRequests(t, member, requestRobotToken)
	wantRequests(t, hub, "GET "+clustersPath+"/m1", "POST "+proxyOfM1+robotTokenPath)
}

func TestACallerOfAnotherServerThanTheMemberGetsNoTokenFromTheCacheEither(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m1"))
	cache := satoken.Cache{Dir: t.TempDir()}
	a := answeringCaller(t, s, member.URL)
	a.Cache = cache
	mustAnswer(t, a)
	a = answeringCaller(t, s, "https://other.example:6443")
	a.Cache = cache
	err := answerError(t, a)
	wantError(t, err, failure.Invalid, "the caller talks to another server than member m1")
	if count(member, http.MethodPost) != 1 || !failure.IsConfig(err) {
		t.Errorf("%v after %q", err, member.Requests())
	}
}

func TestACallerOfAMemberThatIsUnknownGetsNoToken(t *testing.T) {
	t.Parallel()
	hub, _ := withMember(t)
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m9"))
	wantError(t, answerError(t, answeringCaller(t, s, "")), failure.NotFound, `"m9" not found`)
}

func TestASelectionThatCannotBeMadeAnswersNoCaller(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": withRobot(t)}, inContext("other"))
	_, _, err := answeringCaller(t, s, "").Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
}
