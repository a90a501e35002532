// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/publish"
	"github.com/joinctl/joinctl/internal/satoken"
)

// joinedMember returns a control plane whose member m1 has a credential that never expires, in the Secret of its Cluster.
func joinedMember(t *testing.T) (hub, member *apitest.Server) {
	t.Helper()
	hub, member = withMember(t)
	setCluster(hub, map[string]any{"apiEndpoint": member.URL, "secretRef": map[string]any{"namespace": "default", "name": "published"}})
	hub.Put(&corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "published", Labels: map[string]string{"karmada.io/system": "true"}},
		Data:       map[string][]byte{"token": []byte("immortal"), "caBundle": member.CA},
	})
	return hub, member
}

// saEnsuringM1 returns an action that ensures the credential with which Karmada reaches its member m1.
func saEnsuringM1(t *testing.T, hub *apitest.Server) *SAEnsure {
	t.Helper()
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m1"))
	a := ensuringRobot(s)
	a.Form, a.Publication = satoken.KarmadaForm, Publication{Adopt: true}
	return a
}

func TestAShortLivedTokenTakesThePlaceOfTheImmortalOneOfAMember(t *testing.T) {
	t.Parallel()
	hub, member := joinedMember(t)
	one := mustEnsure(t, saEnsuringM1(t, hub)).Tokens[0]
	secret := published(hub)
	if !one.Created || string(secret.Data["token"]) != one.Token.Reveal() || !bytes.Equal(secret.Data["caBundle"], member.CA) || secret.Labels["karmada.io/system"] != "true" {
		t.Errorf("ensured %+v, secret %v", one, secret)
	}
	if len(one.Keys) != 1 || one.Keys[0] != "token" {
		t.Errorf("keys %q", one.Keys)
	}
	wantSecrets(t, member)
	a := saEnsuringM1(t, hub)
	a.Adopt = false // it is joinctl's now
	if again := mustEnsure(t, a).Tokens[0]; again.Created || again.Change != publish.Unchanged {
		t.Errorf("ensured again %+v", again)
	}
}

func TestTheCredentialOfAMemberIsNotReplacedUnlessItIsToBeAdopted(t *testing.T) {
	t.Parallel()
	hub, member := joinedMember(t)
	a := saEnsuringM1(t, hub)
	a.Adopt = false
	wantError(t, ensureError(t, a), failure.Conflict, "secret default/published exists, and joinctl did not make it")
	if string(published(hub).Data["token"]) != "immortal" || count(member, http.MethodPost) != 0 {
		t.Errorf("requests %q", member.Requests())
	}
}

func TestAMemberInPullModeHasNoCredentialToEnsure(t *testing.T) {
	t.Parallel()
	hub, _ := withMember(t)
	wantError(t, ensureError(t, saEnsuringM1(t, hub)), failure.Unsupported, "cluster m1 has no spec.secretRef")
}

func TestAMemberBehindAWrongAddressKeepsItsCredential(t *testing.T) {
	t.Parallel()
	for name, endpoint := range map[string]string{"another cluster": withRobot(t).URL, "nothing is there": apitest.Down(t).URL} {
		hub, _ := joinedMember(t)
		setCluster(hub, map[string]any{"apiEndpoint": endpoint, "secretRef": map[string]any{"namespace": "default", "name": "published"}})
		err := ensureError(t, saEnsuringM1(t, hub))
		if wantText(t, err.Error(), "could not be tried at"); string(published(hub).Data["token"]) != "immortal" {
			t.Errorf("%s: the credential was replaced: %v", name, err)
		}
	}
}

func TestAMemberThatCannotBeReachedFromHereGetsANewTokenIfNothingElseChanges(t *testing.T) {
	t.Parallel()
	hub, member := joinedMember(t)
	mustEnsure(t, saEnsuringM1(t, hub))
	member.Clock(time.Hour)
	// The hub reaches the member, and this machine does not.
	setCluster(hub, map[string]any{"apiEndpoint": apitest.Down(t).URL, "secretRef": map[string]any{"namespace": "default", "name": "published"}})
	one := mustEnsure(t, saEnsuringM1(t, hub)).Tokens[0]
	if !one.Created || string(published(hub).Data["token"]) != one.Token.Reveal() {
		t.Errorf("ensured %+v", one)
	}
}

func TestMembersThatShareANamedSecretGetOneEach(t *testing.T) {
	t.Parallel()
	hub, _ := withMember(t)
	second := withRobot(t)
	second.Put(rootCA(second.CA))
	hub.AddMember("m2", second)
	s, _ := newSession(t, servers{"hub": hub})
	s.Members.All = true
	out := mustEnsure(t, ensuringRobot(s))
	wantFailures(t, out.Failures, 2)
	wantSecrets(t, hub, "published-m1", "published-m2")
}
