// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

// Names of objects that setup creates.
const (
	infoReader = "system:karmada:bootstrap-signer-clusterinfo"
	approver   = "system:karmada:certificatesigningrequest:autoapprover"
)

// setupPosts returns the requests that set up a new control plane.
func setupPosts() []string {
	return []string{
		"POST " + adminConfigMaps, "POST " + adminRoles, "POST " + adminRoleBindings,
		"POST " + adminBindings,
		"POST " + adminClusterRoles, "POST " + adminBindings,
		"POST " + adminClusterRoles, "POST " + adminBindings,
		"POST " + adminClusterRoles, "POST " + adminBindings,
	}
}

// newPlane returns a Karmada control plane that denies joiners everything, until its four ClusterRoleBindings exist and
// its authorizer has denied some more requests.
func newPlane(t *testing.T, later int32) *apitest.Server {
	t.Helper()
	server := apitest.New(t, apitest.Karmada)
	var created, denied atomic.Int32
	adminDeny(server, func() bool { return created.Load() < 4 || denied.Add(1) <= later })
	server.On(http.MethodPost, adminBindings, apitest.Do(func(r *http.Request) {
		if !r.URL.Query().Has("dryRun") {
			created.Add(1)
		}
	}))
	return server
}

// setupOf returns the setup of a control plane for an address that everybody reaches.
func setupOf(t *testing.T, server *apitest.Server) *Setup {
	t.Helper()
	return &Setup{Session: adminHub(t, server), Endpoint: join.Endpoint{Host: "karmada.example.org", Port: 5443}}
}

func runSetup(t *testing.T, setup *Setup) *SetupResult {
	t.Helper()
	result, err := setup.Run(t.Context())
	adminCheck(t, err)
	return result
}

func TestSetupShowsItsPlanAndCarriesItOut(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	setup := setupOf(t, server)
	setup.Confirm = func(plans []SetupPlan) bool {
		if len(plans) != 1 || len(plans[0].Changes) != len(setupPosts()) || plans[0].Target.Context != "hub" || plans[0].EndpointWarning != "" {
			t.Errorf("the plans are %+v", plans)
		}
		adminWantWrites(t, server)
		return true
	}
	result := runSetup(t, setup)
	if len(result.Plans) != 1 || result.Failures.Any() || result.Failures.Done != 1 || len(result.Findings) > 0 {
		t.Errorf("plans %+v, failures %v, findings %v", result.Plans, result.Failures.Errors(), result.Findings)
	}
	adminWantWrites(t, server, setupPosts()...)
}

func TestSetupAsksTheServerBeforeTheFirstChange(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	runSetup(t, setupOf(t, server))
	var posts []string
	for _, request := range server.Requests() {
		if strings.HasPrefix(request, "POST ") && !strings.Contains(request, "reviews") {
			posts = append(posts, request)
		}
	}
	want := setupPosts()
	for i := range want {
		want[i] += "?dryRun=All"
	}
	if want = append(want, setupPosts()...); !slices.Equal(posts, want) {
		t.Errorf("the requests are\n%s", strings.Join(posts, "\n"))
	}
}

func TestASecondSetupHasNothingToDo(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	runSetup(t, setupOf(t, server))
	before := adminWrites(server)
	setup := setupOf(t, server)
	setup.Confirm = func([]SetupPlan) bool {
		t.Error("there is nothing to confirm")
		return false
	}
	result := runSetup(t, setup)
	if len(result.Plans) != 1 || len(result.Plans[0].Changes) > 0 || result.Failures.Done != 1 {
		t.Errorf("the plans are %+v", result.Plans)
	}
	adminWantWrites(t, server, before...)
}

func TestASetupThatIsNotConfirmedChangesNothing(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	setup := setupOf(t, server)
	setup.Confirm = func([]SetupPlan) bool { return false }
	if result, err := setup.Run(t.Context()); result != nil || !errors.Is(err, ErrNotConfirmed) {
		t.Errorf("got %v, %v", result, err)
	}
	adminWantWrites(t, server)
}

func TestADryRunOfSetupChangesNothing(t *testing.T) {
	t.Parallel()
	for mode, dryRuns := range map[DryRun]int{Client: 0, Server: len(setupPosts())} {
		server := newPlane(t, 0)
		setup := setupOf(t, server)
		setup.DryRun = mode
		setup.Confirm = func([]SetupPlan) bool {
			t.Errorf("%s: nothing needs a confirmation", mode)
			return false
		}
		result := runSetup(t, setup)
		if len(result.Plans) != 1 || len(result.Plans[0].Changes) != len(setupPosts()) || result.Failures.Done != 1 {
			t.Errorf("%s: the plans are %+v", mode, result.Plans)
		}
		adminWantWrites(t, server)
		if got := strings.Count(strings.Join(server.Requests(), "\n"), "dryRun=All"); got != dryRuns {
			t.Errorf("%s: %d dry runs, want %d", mode, got, dryRuns)
		}
	}
}

func TestASetupThatTheServerRefusesInTheDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	server.On(http.MethodPost, adminClusterRoles, apitest.Refuse(adminForbidden("clusterroles")))
	setup := setupOf(t, server)
	setup.Confirm = func([]SetupPlan) bool {
		t.Error("there is nothing to confirm")
		return true
	}
	result := runSetup(t, setup)
	adminWantFailure(t, result.Failures, failure.Forbidden, "clusterrole "+approver)
	if len(result.Plans) > 0 || result.Failures.Done != 0 {
		t.Errorf("the plans are %+v", result.Plans)
	}
	adminWantWrites(t, server)
}

func TestSetupWaitsUntilItsChangesAreEffective(t *testing.T) {
	t.Parallel()
	result := runSetup(t, setupOf(t, newPlane(t, 12)))
	if result.Failures.Any() || len(result.Findings) > 0 || len(result.Plans) != 1 {
		t.Errorf("failures %v, findings %v", result.Failures.Errors(), result.Findings)
	}
}

func TestSetupReportsRightsThatAnotherAuthorizerDenies(t *testing.T) {
	if testing.Short() {
		t.Skip("waits 5 seconds")
	}
	t.Parallel()
	result := runSetup(t, setupOf(t, newPlane(t, 1_000_000)))
	if result.Failures.Any() || len(result.Plans) != 1 || len(result.Findings) != 5 {
		t.Fatalf("failures %v, findings %v", result.Failures.Errors(), result.Findings)
	}
	var failed *CheckFailed
	if !errors.As(result.Findings[0], &failed) || !strings.HasPrefix(failed.Text, "context hub: all objects exist") || failed.Hint == "" {
		t.Errorf("the finding is %+v", failed)
	}
}

func TestSetupFailsIfItCannotSeeWhetherItsChangesAreEffective(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  func(cancel func()) apitest.Fault
		reason failure.Reason
	}{
		"refused":     {func(func()) apitest.Fault { return apitest.Refuse(adminForbidden("subjectaccessreviews")) }, failure.Forbidden},
		"interrupted": {func(cancel func()) apitest.Fault { return apitest.Do(func(*http.Request) { cancel() }) }, failure.Interrupted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newPlane(t, 1_000_000)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var made atomic.Int32
			server.On(http.MethodPost, adminBindings, apitest.Do(func(*http.Request) {
				if made.Add(1) == 8 { // four dry runs and four changes
					server.On(http.MethodPost, "/apis/authorization.k8s.io/v1/subjectaccessreviews", test.fault(cancel))
				}
			}))
			result, err := setupOf(t, server).Run(ctx)
			adminCheck(t, err)
			adminWantFailure(t, result.Failures, test.reason, "wait until the changes are effective")
			if len(result.Plans) != 1 || len(result.Findings) > 0 {
				t.Errorf("plans %v, findings %v", result.Plans, result.Findings)
			}
			adminWantWrites(t, server, setupPosts()...)
		})
	}
}

func TestSetupCarriesOutThePlansOfTheOtherTargets(t *testing.T) {
	t.Parallel()
	hub := newPlane(t, 0)
	s, _ := adminSession(t, map[string]*apitest.Server{"a": apitest.Down(t), "b": hub})
	setup := &Setup{Session: s, Endpoint: join.Endpoint{Host: "karmada.example.org", Port: 5443}}
	result := runSetup(t, setup)
	adminWantFailure(t, result.Failures, failure.Unreachable)
	if len(result.Plans) != 1 || result.Plans[0].Target.Context != "b" || result.Failures.Done != 1 {
		t.Errorf("the plans are %+v", result.Plans)
	}
	adminWantWrites(t, hub, setupPosts()...)
}

func TestSetupOverwritesAnotherClusterInfoOnlyWithForce(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	setup := setupOf(t, server)
	result := runSetup(t, setup)
	adminWantFailure(t, result.Failures, failure.Conflict, "--force overwrites it")
	adminWantWrites(t, server)
	setup = setupOf(t, server)
	setup.Force = true
	if result = runSetup(t, setup); result.Failures.Any() || len(result.Plans[0].Changes) != 1 {
		t.Errorf("failures %v, plans %+v", result.Failures.Errors(), result.Plans)
	}
	adminWantWrites(t, server, "PUT "+adminInfo)
}

func TestSetupWarnsOfAnAddressThatOthersCannotReach(t *testing.T) {
	t.Parallel()
	server := newPlane(t, 0)
	setup := setupOf(t, server)
	setup.Endpoint = join.Endpoint{}
	setup.DryRun = Client
	result := runSetup(t, setup)
	host := adminEndpoint(t, server).HostPort()
	if got := result.Plans[0].EndpointWarning; !strings.HasPrefix(got, host+" is a loopback address") || !strings.HasSuffix(got, "--endpoint HOST:PORT") {
		t.Errorf("the warning is %q", got)
	}
}

func TestSetupFailsIfNothingIsSelected(t *testing.T) {
	t.Parallel()
	setup := setupOf(t, apitest.Down(t))
	setup.Session.Selection.Contexts = []string{"nowhere"}
	if result, err := setup.Run(t.Context()); result != nil || failure.ReasonOf(err) != failure.Invalid {
		t.Errorf("got %v, %v", result, err)
	}
	if objects, err := setup.Manifests(); objects != nil || failure.ReasonOf(err) != failure.Invalid {
		t.Errorf("got %v, %v", objects, err)
	}
}

func TestManifestsAreAllObjectsOfEachTargetWithoutARequest(t *testing.T) {
	t.Parallel()
	a, b := apitest.New(t), apitest.New(t)
	s, stderr := adminSession(t, map[string]*apitest.Server{"a": a, "b": b})
	objects, err := (&Setup{Session: s}).Manifests()
	adminCheck(t, err)
	if len(objects) != 2*len(setupPosts()) || kube.Kind(objects[0]) != "ConfigMap" {
		t.Errorf("%d objects", len(objects))
	}
	for name, server := range map[string]*apitest.Server{"a": a, "b": b} {
		if want := "warning: context " + name + ": " + adminEndpoint(t, server).HostPort() + " is a loopback address"; !strings.Contains(stderr.String(), want) {
			t.Errorf("stderr does not have %q:\n%s", want, stderr)
		}
		if requests := server.Requests(); len(requests) > 0 {
			t.Errorf("requests: %q", requests)
		}
	}
}

func TestManifestsNeedAVerifiedConnection(t *testing.T) {
	t.Parallel()
	setup := setupOf(t, apitest.Down(t))
	setup.Session.Overrides.ClusterInfo.InsecureSkipTLSVerify = true
	if objects, err := setup.Manifests(); objects != nil || failure.ReasonOf(err) != failure.Invalid {
		t.Errorf("got %v, %v", objects, err)
	}
}
