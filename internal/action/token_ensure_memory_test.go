// SPDX-License-Identifier: Apache-2.0

package action

import (
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
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/publish"
)

// createOnly makes a server refuse everything about Secrets of kube-system but their creation.
func createOnly(s *apitest.Server) {
	forbidden := apitest.Refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "", nil))
	s.On(http.MethodGet, secretsPath, forbidden)
	s.On("", anySecret, forbidden)
}

func TestAUserWhoMayOnlyCreateTokensReadsInTheSecretWhichOneExists(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, createOnly)
	s, _ := newSession(t, servers{"hub": server})
	first := ensured(t, toSecret(ensuringM1(s)))
	annotations := server.Secrets("apps")[0].Annotations
	if annotations[idAnnotation] != first.Token.ID || annotations[forAnnotation] != "m1" || annotations[expiresAnnotation] != first.Spec.Expires.Format(time.RFC3339) {
		t.Errorf("annotations %q", annotations)
	}
	if again := ensured(t, toSecret(ensuringM1(s))); again.Token != first.Token || !again.Existed || again.Published.Change != publish.Unchanged {
		t.Errorf("handed out %+v", again)
	}
	server.Clock(13 * time.Hour)
	second := ensured(t, toSecret(ensuringM1(s)))
	if second.Token == first.Token || second.Existed || publishedToken(t, server) != second.Token {
		t.Errorf("handed out %+v", second)
	}
	wantStored(t, server, sorted(first.Token.ID, second.Token.ID)...)
}

func TestAPublishedTokenThatSomebodyDeletedIsReplacedAlsoByAUserWhoMayOnlyCreate(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, createOnly)
	s, _ := newSession(t, servers{"hub": server})
	first := ensured(t, toSecret(ensuringM1(s)))
	server.Remove(first.Secret)
	second := ensured(t, toSecret(ensuringM1(s)))
	if second.Token == first.Token || publishedToken(t, server) != second.Token {
		t.Errorf("handed out %+v", second)
	}
}

func TestATokenThatAKilledRunLeftKeepsNoUserFromCreatingOne(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, createOnly)
	s, _ := newSession(t, servers{"hub": server})
	first := ensured(t, toSecret(ensuringM1(s)))
	server.Remove(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "join"}}) // as if it was never written
	second := ensured(t, toSecret(ensuringM1(s)))
	if second.Existed || second.Token.ID == first.Token.ID || publishedToken(t, server) != second.Token {
		t.Errorf("handed out %+v", second)
	}
}

func TestAUserWhoMayOnlyCreateNeedsAPlaceThatTellsWhichTokenExists(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, createOnly)
	s, _ := newSession(t, servers{"hub": server})
	err := refused(t, ensuringM1(s), "hub")
	wantError(t, err, failure.Forbidden, "look for tokens that exist")
	wantText(t, hintOf(err), "--to-secret")
	file := ensuringM1(s)
	file.Publish.File = filepath.Join(t.TempDir(), "token")
	wantError(t, refused(t, file, "hub"), failure.Forbidden)
	wantStored(t, server)

	adopted := toSecret(ensuringM1(s))
	adopted.Publish.Adopt = true
	server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "join"}, Data: map[string][]byte{"token": []byte(firstToken)}})
	wantError(t, refused(t, adopted, "m1"), failure.Forbidden, "does not say when token abcdef expires")
	wantStored(t, server)
}

func TestASecretOfSomebodyElseCanBeAdopted(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "apps", Name: "join"}, Data: map[string][]byte{"other": []byte("kept")}})
	s, _ := newSession(t, servers{"hub": server})
	a := toSecret(ensuringM1(s))
	a.Publish.Adopt = true
	if one := ensured(t, a); one.Published.Change != publish.Updated || publishedToken(t, server) != one.Token {
		t.Errorf("published %+v", one.Published)
	}
	if got := server.Secrets("apps")[0]; string(got.Data["other"]) != "kept" {
		t.Errorf("data %q", got.Data)
	}
	ensured(t, toSecret(ensuringM1(s))) // it is joinctl's now
}

func TestADryRunShowsWhatWouldChangeAndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []DryRun{Client, Server} {
		server := apitest.New(t)
		s, _ := newSession(t, servers{"hub": server})
		a := toSecret(ensuringM1(s))
		a.DryRun = mode
		one := ensured(t, a)
		if one.Existed || one.Published.Change != publish.Created || !slices.Equal(one.Published.Keys, []string{"token"}) {
			t.Errorf("%s: would hand out %+v", mode, one)
		}
		for _, request := range server.Requests() {
			if strings.HasPrefix(request, "POST") && (mode == Client || !strings.Contains(request, "dryRun=All")) {
				t.Errorf("%s: %s", mode, request)
			}
		}
		wantStored(t, server)
	}
}

func TestTheFormsOfATokenHoldWhatTheirConsumersNeed(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	s, _ := newSession(t, servers{"hub": server})
	form := func(as Form) CreatedToken {
		a := ensuringM1(s)
		a.As, a.Join.Joiner, a.Spec.Groups = as, join.Kubeadm, []string{join.Kubeadm.Group()}
		return ensured(t, a)
	}
	command := form(AsCommand)
	wantText(t, string(command.Content), "kubeadm join ", command.Token.Reveal(), "--discovery-token-ca-cert-hash sha256:")
	kubeconfig := form(AsKubeconfig)
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig.Content)
	check(t, err)
	if config.Host != server.URL || string(config.CAData) != string(server.CA) || config.BearerToken != command.Token.Reveal() {
		t.Errorf("kubeconfig: %s %s", config.Host, config.CAData)
	}
	wantText(t, string(kubeconfig.Content), "# joinctl: bootstrap token "+command.Token.ID+" for m1 expires ")
	document := form(AsJoinConfig)
	wantText(t, string(document.Content), "apiVersion: kubeadm.k8s.io/v1beta4", "kind: JoinConfiguration", "token: "+command.Token.Reveal(),
		"apiServerEndpoint: "+strings.TrimPrefix(server.URL, "https://"), "- sha256:")
	if len(stored(server)) != 1 {
		t.Errorf("stored %q", stored(server))
	}
}

func TestATokenThatIsNotSignedReplacesNoOther(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada)
	server.PublishClusterInfo()
	put(t, server, lasting(24*time.Hour), firstToken)
	server.Sign(firstToken)
	s, _ := newSession(t, servers{"hub": server})
	withCommand := func() *TokenEnsure {
		a := toSecret(ensuringM1(s))
		a.As, a.Join.Wait = AsCommand, 100*time.Millisecond
		return a
	}
	first := ensured(t, withCommand())
	server.Clock(20 * time.Hour)
	wantError(t, refused(t, withCommand(), "m1"), failure.Internal, "signed", "was deleted again")
	wantStored(t, server, first.Token.ID)
	if got := string(server.Secrets("apps")[0].Data["command"]); got != first.Command.Line() {
		t.Errorf("published %s", got)
	}
}

func TestATokenForEachClusterGoesToAFileOfItsOwn(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server})
	dir := filepath.Join(t.TempDir(), "tokens")
	run := func() []CreatedToken {
		a := ensuringM1(s)
		a.Clusters, a.OutDir = []string{"m1", "m2"}, dir
		out, err := a.Run(t.Context())
		check(t, err)
		wantFailures(t, out.Failures, 2)
		return out.Tokens
	}
	for _, one := range run() {
		path := filepath.Join(dir, one.Spec.For+".token")
		content, err := os.ReadFile(path)
		check(t, err)
		info, err := os.Stat(path)
		check(t, err)
		if string(content) != one.Token.Reveal()+"\n" || info.Mode().Perm() != 0o600 || one.File != path || one.Published.Change != publish.Created {
			t.Errorf("file %s: %q, %s", one.File, content, info.Mode())
		}
	}
	for _, one := range run() {
		if one.Published.Change != publish.Unchanged || !one.Existed {
			t.Errorf("file %s: %s", one.File, one.Published.Change)
		}
	}
	check(t, os.WriteFile(filepath.Join(dir, "m2.token"), []byte("of somebody else"), 0o600))
	a := ensuringM1(s)
	a.Clusters, a.OutDir = []string{"m1", "m2"}, dir
	_, err := a.Run(t.Context())
	wantError(t, err, failure.Conflict, "--out-dir", "m2.token exists, and joinctl did not write it")
}
