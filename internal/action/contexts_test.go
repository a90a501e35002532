// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

// listContexts returns the contexts by name.
func listContexts(t *testing.T, contexts *Contexts) (map[string]ListedContext, []ListedContext) {
	t.Helper()
	listed, failures, err := contexts.Run(t.Context())
	adminCheck(t, err)
	if failures.Any() {
		t.Fatal(failures.Errors())
	}
	byName := map[string]ListedContext{}
	for _, one := range listed {
		byName[one.Name] = one
	}
	return byName, listed
}

func TestContextsListsDuplicatesAfterTheContextThatIsUsed(t *testing.T) {
	t.Parallel()
	shared, other := apitest.New(t), apitest.New(t)
	s, stderr := adminSession(t, map[string]*apitest.Server{"a": shared, "b": other, "c": shared})
	byName, listed := listContexts(t, &Contexts{Session: s})
	var names []string
	for _, one := range listed {
		names = append(names, one.Name)
	}
	if got := strings.Join(names, " "); got != "a c b" {
		t.Errorf("the order is %s", got)
	}
	if c := byName["c"]; c.DuplicateOf != "a" || c.Target.Context != "a" || c.Summary.User != "c-admin" {
		t.Errorf("c is %+v", c)
	}
	if a := byName["a"]; a.DuplicateOf != "" || a.Summary.Server != shared.URL || a.Summary.Credential == "" || a.Checkup != nil {
		t.Errorf("a is %+v", a)
	}
	if stderr.String() != "" {
		t.Errorf("stderr repeats the list: %s", stderr)
	}
	if len(shared.Requests())+len(other.Requests()) > 0 {
		t.Error("a server was asked")
	}
}

func TestContextsAsksEachControlPlaneOnce(t *testing.T) {
	t.Parallel()
	hub := apitest.New(t, apitest.Karmada)
	hub.Deny(func(_ string, access *authorizationv1.ResourceAttributes) bool { return access.Verb == "delete" })
	s, _ := adminSession(t, map[string]*apitest.Server{"a": hub, "b": hub, "c": apitest.New(t)})
	byName, _ := listContexts(t, &Contexts{Session: s, Check: true})
	a := byName["a"].Checkup
	if a == nil || !a.Reachable || a.Version != "v1.37.2" || a.Latency <= 0 || !*a.Karmada || !*a.MayCreate || !*a.MayList || *a.MayDelete {
		t.Errorf("a says %+v", a)
	}
	if b := byName["b"]; b.DuplicateOf != "a" || b.Checkup != nil {
		t.Errorf("the duplicate is %+v", b)
	}
	if c := byName["c"].Checkup; *c.Karmada {
		t.Errorf("c says %+v", c)
	}
	if got := len(hub.Requests()); got != 5 {
		t.Errorf("%d requests: %q", got, hub.Requests())
	}
}

func TestContextsListsAServerThatIsDown(t *testing.T) {
	t.Parallel()
	s, _ := adminSession(t, map[string]*apitest.Server{"a": apitest.Down(t), "b": apitest.New(t)})
	listed, failures, err := (&Contexts{Session: s, Check: true}).Run(t.Context())
	adminCheck(t, err)
	adminWantFailure(t, failures, failure.Unreachable)
	if failures.Done != 1 || len(listed) != 2 {
		t.Fatalf("%d done, %d listed", failures.Done, len(listed))
	}
	if down := listed[0].Checkup; down == nil || down.Reachable || down.Version != "" || down.Karmada != nil {
		t.Errorf("the server that is down says %+v", down)
	}
	if !listed[1].Checkup.Reachable {
		t.Error("the other server is not reachable")
	}
}

// An access proxy answers in place of a control plane that it does not know, or an identity that has expired.
func TestContextsTellsARefusalFromAServerThatIsDown(t *testing.T) {
	t.Parallel()
	page := func(code int) apitest.Fault {
		return apitest.Fault{Before: func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", "https://sso.test/login")
			http.Error(w, "<html>log in</html>", code)
			return true
		}}
	}
	for name, test := range map[string]struct {
		server    func() *apitest.Server
		reachable bool
		refusal   failure.Reason
	}{
		"401 of an access proxy": {func() *apitest.Server { return apitest.AccessProxy(t, nil) }, true, failure.Unauthorized},
		"401 page":               {faulty(t, page(http.StatusUnauthorized)), true, failure.Unauthorized},
		"404 page":               {faulty(t, page(http.StatusNotFound)), true, failure.Unsupported},
		"redirect to a login":    {faulty(t, page(http.StatusFound)), true, failure.Unsupported},
		"403":                    {faulty(t, apitest.Refuse(apierrors.NewForbidden(corev1.Resource("secrets"), "", nil))), true, failure.Forbidden},
		"429":                    {faulty(t, apitest.Refuse(apierrors.NewTooManyRequests("busy", 60))), true, failure.TooManyRequests},
		"503 of a load balancer": {faulty(t, page(http.StatusServiceUnavailable)), false, failure.Unreachable},
		"closed":                 {faulty(t, apitest.LoseRequest()), false, failure.Unreachable},
		"down":                   {func() *apitest.Server { return apitest.Down(t) }, false, failure.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := adminSession(t, map[string]*apitest.Server{"a": test.server()})
			listed, failures, err := (&Contexts{Session: s, Check: true}).Run(t.Context())
			adminCheck(t, err)
			want := test.refusal
			if !test.reachable {
				test.refusal = ""
			}
			adminWantFailure(t, failures, want)
			if a := listed[0].Checkup; a.Reachable != test.reachable || a.Refusal != test.refusal {
				t.Errorf("it says %+v, want %v and %q", a, test.reachable, test.refusal)
			}
		})
	}
}

// faulty returns a function that starts a server with one fault for all requests.
func faulty(t *testing.T, fault apitest.Fault) func() *apitest.Server {
	return func() *apitest.Server {
		server := apitest.New(t)
		server.On("", "", fault)
		return server
	}
}

func TestContextsKeepsTheAnswersBeforeAFailure(t *testing.T) {
	t.Parallel()
	noGroups, noReviews := apitest.New(t), apitest.New(t)
	unavailable := apitest.Refuse(apierrors.NewServiceUnavailable("later"))
	noGroups.On(http.MethodGet, "/apis/*/*", unavailable)
	noGroups.On(http.MethodGet, "/apis/apiregistration.k8s.io/v1/apiservices/*", unavailable)
	noReviews.On(http.MethodPost, "/apis/authorization.k8s.io/v1/*", unavailable)
	s, _ := adminSession(t, map[string]*apitest.Server{"a": noGroups, "b": noReviews})
	listed, failures, err := (&Contexts{Session: s, Check: true}).Run(t.Context())
	adminCheck(t, err)
	if len(failures.All()) != 2 || failures.Done != 0 {
		t.Errorf("failures: %v", failures.Errors())
	}
	if a := listed[0].Checkup; a.Reachable || a.Version == "" || a.Karmada != nil {
		t.Errorf("a says %+v", a)
	}
	if b := listed[1].Checkup; b.Reachable || b.Karmada == nil || b.MayCreate != nil {
		t.Errorf("b says %+v", b)
	}
}

func TestContextsListsAContextWithoutItsUser(t *testing.T) {
	t.Parallel()
	s, _ := adminSession(t, map[string]*apitest.Server{"a": apitest.New(t), "b": apitest.New(t)})
	config, err := clientcmd.LoadFromFile(s.Kubeconfig)
	adminCheck(t, err)
	delete(config.AuthInfos, "a-admin")
	adminCheck(t, clientcmd.WriteToFile(*config, s.Kubeconfig))
	listed, failures, err := (&Contexts{Session: s, Check: true}).Run(t.Context())
	adminCheck(t, err)
	adminWantFailure(t, failures, failure.Invalid, `user "a-admin" does not exist`)
	if len(listed) != 2 || listed[0].Checkup != nil || failures.Done != 1 {
		t.Errorf("listed: %+v", listed)
	}
}

func TestContextsFailsIfNothingIsSelected(t *testing.T) {
	t.Parallel()
	s := adminHub(t, apitest.Down(t))
	s.Selection.Contexts = []string{"nowhere"}
	if _, _, err := (&Contexts{Session: s}).Run(t.Context()); failure.ReasonOf(err) != failure.Invalid {
		t.Errorf("the error is %v", err)
	}
}
