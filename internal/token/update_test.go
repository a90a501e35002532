// SPDX-License-Identifier: Apache-2.0

package token

import (
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/kube"
)

const firstPath = secretsPath + "/bootstrap-token-abcdef"

// updatable returns a server with one token, a client for it, and the token as it was read.
func updatable(t *testing.T) (*apitest.Server, *kube.Client, *corev1.Secret) {
	t.Helper()
	server := apitest.New(t)
	secret := expiring(t, 0)
	setExpiration(secret.Data, time.Now().Add(time.Hour))
	secret.Data["usage-controller-join"], secret.Data["note"] = []byte("true"), []byte("kept")
	secret.Labels = map[string]string{"team": "west"}
	secret.Annotations = map[string]string{"a": "b"}
	secret.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "x", UID: "y"}}
	server.Put(secret)
	c, err := kube.New(&rest.Config{
		Host: server.URL, Timeout: 2 * time.Second, BearerToken: apitest.AdminToken, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA},
	}, "joinctl/test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	read, err := Get(t.Context(), c, RefTo("abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return server, c, read
}

// storedToken returns the one token on a server.
func storedToken(t *testing.T, server *apitest.Server) corev1.Secret {
	t.Helper()
	all := server.Secrets(metav1.NamespaceSystem)
	if len(all) != 1 {
		t.Fatalf("stored %v", all)
	}
	return all[0]
}

// describeIt is a change of a token.
func describeIt(data map[string][]byte) { data["description"] = []byte("changed") }

// meanwhile makes somebody else change the token before a PUT.
func meanwhile(t *testing.T, server *apitest.Server, change func(*corev1.Secret)) apitest.Fault {
	t.Helper()
	return apitest.Do(func(*http.Request) {
		other := storedToken(t, server)
		change(&other)
		server.Put(&other)
	}).Times(1)
}

func TestAnUpdateChangesNothingElse(t *testing.T) {
	t.Parallel()
	server, c, read := updatable(t)
	before := read.DeepCopy()
	updated, err := Update(t.Context(), c, read, describeIt, false)
	if err != nil {
		t.Fatal(err)
	}
	stored := storedToken(t, server)
	want := maps.Clone(before.Data)
	describeIt(want)
	if !maps.EqualFunc(stored.Data, want, func(a, b []byte) bool { return string(a) == string(b) }) || !maps.EqualFunc(read.Data, before.Data, func(a, b []byte) bool { return string(a) == string(b) }) {
		t.Errorf("stored %v, read %v", stored.Data, read.Data)
	}
	if stored.UID != before.UID || stored.Labels["team"] != "west" || stored.Annotations["a"] != "b" || len(stored.OwnerReferences) != 1 || stored.Type != before.Type {
		t.Errorf("stored %+v", stored.ObjectMeta)
	}
	if updated.ResourceVersion != stored.ResourceVersion || updated.ResourceVersion == before.ResourceVersion {
		t.Errorf("got version %s of %s", updated.ResourceVersion, stored.ResourceVersion)
	}
}

func TestADryRunOfAnUpdateStoresNothing(t *testing.T) {
	t.Parallel()
	server, c, read := updatable(t)
	updated, err := Update(t.Context(), c, read, describeIt, true)
	if stored := storedToken(t, server); err != nil || string(updated.Data["description"]) != "changed" || len(stored.Data["description"]) > 0 {
		t.Errorf("got %v, stored %v", err, stored.Data)
	}
}

func TestAnUpdateOfASecretThatChangedIsAConflict(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*corev1.Secret){
		"changed":  func(s *corev1.Secret) { s.Data["note"] = []byte("new") },
		"replaced": func(s *corev1.Secret) { s.UID = "another" },
	} {
		server, c, read := updatable(t)
		server.On(http.MethodPut, firstPath, meanwhile(t, server, change))
		_, err := Update(t.Context(), c, read, describeIt, false)
		if stored := storedToken(t, server); !apierrors.IsConflict(err) || len(stored.Data["description"]) > 0 {
			t.Errorf("%s: got %v, stored %v", name, err, stored.Data)
		}
	}
}

func TestALostAnswerToAnUpdateIsResolved(t *testing.T) {
	t.Parallel()
	forbidden := apitest.Refuse(apierrors.NewForbidden(secretsResource, "", errors.New("not allowed")))
	for name, test := range map[string]struct {
		put    func(*apitest.Server) apitest.Fault
		get    apitest.Fault
		reason failure.Reason
		text   string
		stored bool
	}{
		"applied":       {func(*apitest.Server) apitest.Fault { return apitest.LoseAnswer() }, apitest.Fault{}, "", "", true},
		"applied late":  {func(s *apitest.Server) apitest.Fault { return s.ApplyLate(50 * time.Millisecond) }, apitest.Fault{}, "", "", true},
		"applied twice": {func(s *apitest.Server) apitest.Fault { return s.Twice() }, apitest.Fault{}, "", "", true},
		"not applied":   {func(*apitest.Server) apitest.Fault { return apitest.LoseRequest() }, apitest.Fault{}, failure.Unknown, "is unchanged, but may still be changed", false},
		"not readable":  {func(*apitest.Server) apitest.Fault { return apitest.LoseAnswer() }, forbidden, failure.Unknown, "cannot be read to see whether it is changed", true},
		"without a change": {func(s *apitest.Server) apitest.Fault {
			return s.Change(func(o apitest.Object) { delete(o.(*corev1.Secret).Data, "description") })
		}, apitest.Fault{}, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c, read := updatable(t)
			server.On(http.MethodPut, firstPath, test.put(server))
			server.On(http.MethodGet, firstPath, test.get)
			_, err := Update(t.Context(), c, read, describeIt, false)
			if failure.ReasonOf(err) != test.reason || err != nil && !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v", err)
			}
			if stored := storedToken(t, server); string(stored.Data["description"]) == "changed" != test.stored {
				t.Errorf("stored %v", stored.Data)
			}
		})
	}
}

func TestAnAnswerToAnUpdateThatProvesNothingIsResolved(t *testing.T) {
	t.Parallel()
	for name, fault := range apitest.New(t).Hostile() {
		server, c, read := updatable(t)
		server.On(http.MethodPut, firstPath, fault)
		if updated, err := Update(t.Context(), c, read, describeIt, false); err != nil || string(updated.Data["description"]) != "changed" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestALostUpdateOfATokenThatIsGoneOrAnothersNowIsNoSuccess(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*apitest.Server)
		reason failure.Reason
	}{
		"gone": {func(s *apitest.Server) {
			s.Remove(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "bootstrap-token-abcdef"}})
		}, failure.NotFound},
		"replaced": {func(s *apitest.Server) {
			other := expiring(t, 0)
			describeIt(other.Data)
			other.UID = "another"
			s.Put(other)
		}, failure.Conflict},
		"changed": {func(s *apitest.Server) { other := storedToken(t, s); other.Data["note"] = []byte("new"); s.Put(&other) }, failure.Conflict},
	} {
		server, c, read := updatable(t)
		server.On(http.MethodPut, firstPath, apitest.Do(func(*http.Request) { test.change(server) }))
		server.On(http.MethodPut, firstPath, apitest.LoseRequest())
		if _, err := Update(t.Context(), c, read, describeIt, false); failure.ReasonOf(err) != test.reason {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestAnExtensionIsJudgedOnceMoreAfterAConflict(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Truncate(time.Second)
	for name, test := range map[string]struct {
		change func(*corev1.Secret)
		reason failure.Reason
		ends   time.Time
	}{
		"another key": {func(s *corev1.Secret) { s.Data["note"] = []byte("new") }, "", now.Add(2 * time.Hour)},
		"longer":      {func(s *corev1.Secret) { setExpiration(s.Data, now.Add(3*time.Hour)) }, failure.Invalid, now.Add(3 * time.Hour)},
		"as long":     {func(s *corev1.Secret) { setExpiration(s.Data, now.Add(2*time.Hour)) }, "", now.Add(2 * time.Hour)},
		"expired":     {func(s *corev1.Secret) { setExpiration(s.Data, now.Add(-time.Second)) }, failure.Invalid, now.Add(-time.Second)},
		"replaced":    {func(s *corev1.Secret) { s.UID = "another"; setExpiration(s.Data, now.Add(time.Minute)) }, failure.Conflict, now.Add(time.Minute)},
	} {
		server, c, read := updatable(t)
		server.On(http.MethodPut, firstPath, meanwhile(t, server, test.change))
		_, err := Extend(t.Context(), c, read, Extension{Lifetime: Lifetime{TTL: 2 * time.Hour}}, now, false)
		if failure.ReasonOf(err) != test.reason {
			t.Errorf("%s: got %v", name, err)
		}
		stored := storedToken(t, server)
		if _, spec, _ := Decode(&stored); !spec.Expires.Equal(test.ends) {
			t.Errorf("%s: it expires at %s, want %s", name, spec.Expires, test.ends)
		}
	}
}

func TestAnExtensionGivesUpAfterTheSecondConflict(t *testing.T) {
	t.Parallel()
	server, c, read := updatable(t)
	server.On(http.MethodPut, firstPath, apitest.Refuse(apierrors.NewConflict(secretsResource, "bootstrap-token-abcdef", errors.New("busy"))))
	_, err := Extend(t.Context(), c, read, Extension{Lifetime: Lifetime{TTL: 2 * time.Hour}}, time.Now(), false)
	puts := 0
	for _, request := range server.Requests() {
		if strings.HasPrefix(request, http.MethodPut) {
			puts++
		}
	}
	if failure.ReasonOf(err) != failure.Conflict || puts != 2 {
		t.Errorf("got %v after %d PUTs", err, puts)
	}
}

// The second of two equal requests conflicts with the first, and the token has its new expiry already.
func TestAnExtensionThatAProxySendsTwiceIsReportedAsAChange(t *testing.T) {
	t.Parallel()
	conflict := apitest.Refuse(apierrors.NewConflict(secretsResource, "bootstrap-token-abcdef", errors.New("busy"))).Times(1)
	broken := apitest.Refuse(apierrors.NewInternalError(errors.New("etcd has no leader"))).Times(1)
	for name, disturb := range map[string]func(*apitest.Server){
		"at once":             func(*apitest.Server) {},
		"after a conflict":    func(s *apitest.Server) { s.On(http.MethodPut, firstPath, conflict) },
		"the read is refused": func(s *apitest.Server) { s.On(http.MethodGet, firstPath, broken) },
	} {
		server, c, read := updatable(t)
		disturb(server)
		server.On(http.MethodPut, firstPath, server.Twice())
		now := time.Now().UTC().Truncate(time.Second)
		_, before, _ := Decode(read)
		got, err := Extend(t.Context(), c, read, Extension{Lifetime: Lifetime{TTL: 2 * time.Hour}}, now, false)
		if want := now.Add(2 * time.Hour); err != nil || !got.IsChanged() || !got.Old.Equal(before.Expires) || !got.New.Equal(want) {
			t.Errorf("%s: got %+v, %v, want %s", name, got, err, want)
			continue
		}
		if stored := storedToken(t, server); stored.ResourceVersion != got.Secret.ResourceVersion {
			t.Errorf("%s: returned %s, stored %s", name, got.Secret.ResourceVersion, stored.ResourceVersion)
		}
	}
}

func TestAConflictOfAnUpdateThatCannotBeLookedUpIsUnknown(t *testing.T) {
	t.Parallel()
	server, c, read := updatable(t)
	server.On(http.MethodPut, firstPath, server.Twice())
	server.On(http.MethodGet, firstPath, apitest.Refuse(apierrors.NewForbidden(secretsResource, "bootstrap-token-abcdef", errors.New("no"))))
	if _, err := Update(t.Context(), c, read, describeIt, false); failure.ReasonOf(err) != failure.Unknown || !strings.Contains(err.Error(), "cannot be read to see whether it is changed") {
		t.Errorf("got %v", err)
	}
}
