// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/session"
)

// issuersOf returns CONTEXT/MEMBER of the clusters that issued tokens.
func issuersOf(issued []IssuedToken) []string {
	var names []string
	for _, one := range issued {
		names = append(names, one.IssuedBy.Context+"/"+one.IssuedBy.Member)
	}
	return names
}

func TestAContextThatIsDownDoesNotKeepTheOthersFromTheirTokens(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"a": apitest.Down(t), "b": server}, fixedNames)
	issued := mustRequest(t, revocable(s))
	err := wantFailures(t, issued.Failures, 1, "a")[0].Err
	wantError(t, err, failure.Unreachable, "create secret default/"+robotSecret)
	if got := issuersOf(issued.Tokens); !slices.Equal(got, []string{"b/"}) {
		t.Errorf("issued by %q", got)
	}
	wantSecrets(t, server, robotSecret)
}

func TestTokensThatCannotBeDeliveredAreRevoked(t *testing.T) {
	t.Parallel()
	all := servers{"a": withRobot(t), "b": withRobot(t), "c": apitest.New(t)}
	s, _ := newSession(t, all, fixedNames)
	a := revocable(s)
	a.Deliver = func(issued *IssuedTokens) error {
		wantFailures(t, issued.Failures, 2, "c")
		wantSecrets(t, all["a"], robotSecret)
		return errClosedPipe
	}
	issued, err := a.Run(t.Context())
	wantText(t, err.Error(), "closed pipe: 2 secrets were created, could not be printed, and were deleted again")
	if len(issued.Tokens) != 2 || !issued.Failures.Any() {
		t.Errorf("issued %+v", issued)
	}
	for _, server := range all {
		wantSecrets(t, server)
	}
}

func TestATokenThatCannotBeDeliveredIsRevokedAndItsSecretNamed(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a := revocable(s)
	a.Deliver = func(*IssuedTokens) error { return errClosedPipe }
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "secret default/"+robotSecret+" was created in context hub, could not be printed, and was deleted again")
	wantSecrets(t, server)
}

func TestATokenThatIsNotRevocableIsForgottenIfItCannotBeDelivered(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	a := requesting(s)
	a.Deliver = func(*IssuedTokens) error { return errClosedPipe }
	if _, err := a.Run(t.Context()); err == nil || err.Error() != "closed pipe" {
		t.Errorf("error %v", err)
	}
	wantRequests(t, server, requestRobotToken)
}

func TestARollBackLeavesASecretThatReplacedItsOwn(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a := revocable(s)
	a.Deliver = func(*IssuedTokens) error {
		own := server.Secrets("default")[0]
		other := own.DeepCopy()
		other.UID, other.Labels = "", nil
		server.Put(other)
		return errClosedPipe
	}
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "closed pipe", "the UID is")
	wantSecrets(t, server, robotSecret)
	if len(server.Secrets("default")[0].Labels) != 0 {
		t.Error("the other secret was changed")
	}
}

func TestARollBackOfASecretThatIsGoneAlreadySucceeds(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a := revocable(s)
	a.Deliver = func(*IssuedTokens) error {
		own := server.Secrets("default")[0]
		server.Remove(&own)
		return errClosedPipe
	}
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "was deleted again")
}

func TestEachMemberIssuesItsOwnToken(t *testing.T) {
	t.Parallel()
	hub, first := withMember(t)
	second := withRobot(t)
	hub.AddMember("m2", second)
	s, _ := newSession(t, servers{"hub": hub}, fixedNames, ofMembers("m1", "m2", "m3"))
	a := revocable(s)
	issued := mustRequest(t, a)
	err := wantFailures(t, issued.Failures, 2, "hub")[0].Err
	wantError(t, err, failure.NotFound, `"m3" not found`)
	wantHint(t, err, "kubectl get clusters shows the members of this control plane")
	if got := issuersOf(issued.Tokens); !slices.Equal(got, []string{"hub/m1", "hub/m2"}) {
		t.Errorf("issued by %q", got)
	}
	for _, member := range []*apitest.Server{first, second} {
		wantRequests(t, member, createSecret, requestRobotToken, recordExpiration)
	}
	wantSecrets(t, hub)
	wantText(t, a.RevokeCommand(issued.Tokens[0], robotSecret), "--context hub --member m1")
}

func TestATokenOfAMemberThatCannotBeDeliveredIsRevokedThere(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	s, _ := newSession(t, servers{"hub": hub}, fixedNames, ofMembers("m1"))
	a := revocable(s)
	a.Deliver = func(*IssuedTokens) error { return errClosedPipe }
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "was created in member m1 of context hub")
	wantSecrets(t, member)
}

func TestAControlPlaneThatCannotListItsMembersIsAFailure(t *testing.T) {
	t.Parallel()
	hub, _ := withMember(t)
	s, _ := newSession(t, servers{"a": hub, "b": withRobot(t)}, func(s *session.Session) { s.Members.All = true })
	issued := mustRequest(t, requesting(s))
	wantError(t, wantFailures(t, issued.Failures, 1, "b")[0].Err, failure.Unsupported, "it is no Karmada control plane")
	if got := issuersOf(issued.Tokens); !slices.Equal(got, []string{"a/m1"}) {
		t.Errorf("issued by %q", got)
	}
}

func TestAMemberThatRefusesIsExplainedWithBothRights(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.On(http.MethodPost, robotTokenPath, refusal())
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m1"))
	err := wantFailures(t, mustRequest(t, requesting(s)).Failures, 0, "hub")[0].Err
	wantError(t, err, failure.Forbidden, "member m1 refuses")
	wantHint(t, err, "clusters/proxy on the control plane, which is granted", "the verb create on serviceaccounts/token in namespace default")
}

func TestASelectionThatCannotBeMadeIssuesNoToken(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": withRobot(t)}, inContext("other"))
	a := requesting(s)
	a.Deliver = func(*IssuedTokens) error { t.Error("delivered"); return nil }
	issued, err := a.Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
	if issued != nil {
		t.Errorf("issued %v", issued)
	}
}
