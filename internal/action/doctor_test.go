// SPDX-License-Identifier: Apache-2.0

package action

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/controlplane"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

// diagnose runs doctor on one control plane.
func diagnose(t *testing.T, doctor *Doctor) *Diagnoses {
	t.Helper()
	return diagnoseUntil(t.Context(), t, doctor)
}

func diagnoseUntil(ctx context.Context, t *testing.T, doctor *Doctor) *Diagnoses {
	t.Helper()
	doctor.Joiner = join.Karmada
	found, err := doctor.Run(ctx)
	adminCheck(t, err)
	return found
}

func findingOf(found *Diagnoses, check string) controlplane.Finding {
	for _, f := range found.Targets[0].Findings {
		if f.Check == check {
			return f
		}
	}
	return controlplane.Finding{}
}

func wantNoToken(t *testing.T, server *apitest.Server) {
	t.Helper()
	if left := server.Secrets(metav1.NamespaceSystem); len(left) > 0 {
		t.Errorf("%d Secrets are left", len(left))
	}
}

func TestDoctorSortsFindingsAndCountsThem(t *testing.T) {
	t.Parallel()
	server := apitest.New(t) // no cluster-info, no Karmada
	found := diagnose(t, &Doctor{Session: adminHub(t, server)})
	one := found.Targets[0]
	if !one.Complete || found.Failures.Any() || found.Failures.Done != 1 {
		t.Errorf("the examination failed: %v", found.Failures.Errors())
	}
	if !slices.IsSortedFunc(one.Findings, func(a, b controlplane.Finding) int { return rank(a) - rank(b) }) {
		t.Errorf("the findings are not sorted: %v", one.Findings)
	}
	if f := findingOf(found, "cluster-info"); f.Severity != controlplane.Error {
		t.Errorf("cluster-info: %+v", f)
	}
	if f := findingOf(found, controlplane.Unprobed().Check); f != controlplane.Unprobed() {
		t.Errorf("without a probe: %+v", f)
	}
	var failed *CheckFailed
	if len(found.Findings) != 1 || !errors.As(found.Findings[0], &failed) || failed.Text != "context hub: 1 error and 1 warning" {
		t.Errorf("findings: %v", found.Findings)
	}
	adminWantWrites(t, server)
}

func TestDoctorExaminesEveryTarget(t *testing.T) {
	t.Parallel()
	s, _ := adminSession(t, map[string]*apitest.Server{"a": apitest.Down(t), "b": apitest.New(t, apitest.Joinable)})
	found := diagnose(t, &Doctor{Session: s})
	adminWantFailure(t, found.Failures, failure.Unreachable)
	if len(found.Targets) != 2 || found.Targets[0].Complete || !found.Targets[1].Complete || found.Failures.Done != 1 {
		t.Errorf("targets: %+v", found.Targets)
	}
}

func TestDoctorFailsIfNothingIsSelected(t *testing.T) {
	t.Parallel()
	s := adminHub(t, apitest.New(t))
	s.Selection.Contexts = []string{"nowhere"}
	found, err := (&Doctor{Session: s}).Run(t.Context())
	if config := (*failure.ConfigError)(nil); found != nil || !errors.As(err, &config) {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestAProbeDeletesItsToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Karmada, apitest.Joinable)
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if found.Failures.Any() {
		t.Fatal(found.Failures.Errors())
	}
	if f := findingOf(found, "probe"); f.Severity != controlplane.Info {
		t.Errorf("the findings of the probe are missing: %+v", found.Targets[0].Findings)
	}
	wantNoToken(t, server)
	writes := adminWrites(server)
	if len(writes) < 2 || writes[0] != "POST "+adminSecrets || !strings.HasPrefix(writes[len(writes)-1], "DELETE "+adminSecrets+"/bootstrap-token-") {
		t.Errorf("writes: %q", writes)
	}
}

func TestAProbeJoinsAtTheEndpoint(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	nowhere := adminEndpoint(t, apitest.Down(t))
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true, Endpoint: nowhere})
	if f := findingOf(found, "probe-tcp"); !strings.Contains(f.Evidence, nowhere.HostPort()) {
		t.Errorf("findings: %+v", found.Targets[0].Findings)
	}
	wantNoToken(t, server)
}

func TestAProbeWithoutClusterInfoCreatesNoToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if f := findingOf(found, controlplane.Unprobed().Check); f.Severity != controlplane.Info || f.Fix == controlplane.Unprobed().Fix {
		t.Errorf("findings: %+v", found.Targets[0].Findings)
	}
	adminWantWrites(t, server)
}

func TestAProbeWithoutRandomnessFails(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	s := adminHub(t, server)
	s.Rand = iotest.ErrReader(errors.New("no entropy"))
	found := diagnose(t, &Doctor{Session: s, Probe: true})
	adminWantFailure(t, found.Failures, failure.Internal, "no entropy")
	adminWantWrites(t, server)
}

func TestAForbiddenProbeIsAFinding(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	server.On(http.MethodPost, adminSecrets, apitest.Refuse(adminForbidden("secrets")))
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if f := findingOf(found, "probe"); found.Failures.Any() || f.Severity != controlplane.Warning {
		t.Errorf("failures %v, findings %+v", found.Failures.Errors(), found.Targets[0].Findings)
	}
	adminWantWrites(t, server, "POST "+adminSecrets)
}

func TestAProbeDeletesItsTokenAfterTheContextEnded(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	ctx, cancel := context.WithCancel(t.Context())
	server.On(http.MethodPost, adminSecrets, apitest.Do(func(*http.Request) { cancel() }))
	found := diagnoseUntil(ctx, t, &Doctor{Session: adminHub(t, server), Probe: true})
	adminWantFailure(t, found.Failures, failure.Interrupted)
	if found.Targets[0].Complete {
		t.Error("the diagnosis is complete")
	}
	wantNoToken(t, server)
}

func TestAProbeThatCannotDeleteItsTokenSaysHow(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	server.On(http.MethodDelete, adminSecret, apitest.Refuse(adminForbidden("secrets")))
	s := adminHub(t, server)
	found := diagnose(t, &Doctor{Session: s, Probe: true})
	id := strings.TrimPrefix(server.Secrets(metav1.NamespaceSystem)[0].Name, "bootstrap-token-")
	adminWantFailure(t, found.Failures, failure.Forbidden,
		"token "+id+" still exists in context hub", "joinctl token delete "+id+" --kubeconfig "+s.Kubeconfig+" --context hub")
	if len(found.Targets[0].Findings) == 0 {
		t.Error("the findings are lost")
	}
}

func TestAProbeLeavesATokenOfAnotherUID(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	server.On(http.MethodDelete, adminSecret, apitest.Do(func(*http.Request) {
		secret := server.Secrets(metav1.NamespaceSystem)[0]
		server.Put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: secret.Namespace, Name: secret.Name}, Type: secret.Type})
	}))
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	adminWantFailure(t, found.Failures, failure.Conflict, "still exists")
	if left := server.Secrets(metav1.NamespaceSystem); len(left) != 1 {
		t.Errorf("%d Secrets are left, want the one of somebody else", len(left))
	}
}

func TestAProbeFindsItsTokenAfterALostAnswer(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	server.On(http.MethodPost, adminSecrets, apitest.LoseAnswer())
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	if found.Failures.Any() {
		t.Error(found.Failures.Errors())
	}
	wantNoToken(t, server)
}

func TestAProbeDeletesATokenThatMayExist(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	server.On(http.MethodPost, adminSecrets, apitest.LoseAnswer())
	server.On(http.MethodGet, adminSecret, apitest.Refuse(adminForbidden("secrets")))
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	adminWantFailure(t, found.Failures, failure.Unknown, "create a token to probe with", "the answer was lost")
	if text := found.Failures.All()[0].Error(); strings.Contains(text, "may exist") {
		t.Errorf("the token was deleted, and the error says: %s", text)
	}
	wantNoToken(t, server)
}

func TestAProbeNamesATokenThatMayExist(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	server.On(http.MethodPost, adminSecrets, apitest.LoseAnswer())
	server.On("", adminSecret, apitest.Refuse(adminForbidden("secrets")))
	found := diagnose(t, &Doctor{Session: adminHub(t, server), Probe: true})
	id := strings.TrimPrefix(server.Secrets(metav1.NamespaceSystem)[0].Name, "bootstrap-token-")
	adminWantFailure(t, found.Failures, failure.Unknown, "token "+id+" may exist", "joinctl token delete "+id)
}

func TestAnAbandonedProbeNamesItsToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	s := adminHub(t, server)
	kill := make(chan struct{})
	s.Kill = kill
	server.On(http.MethodPost, adminSecrets, apitest.Do(func(*http.Request) { close(kill) }))
	server.On(http.MethodPost, adminSecrets, apitest.Hang(nil))
	found := diagnose(t, &Doctor{Session: s, Probe: true})
	adminWantFailure(t, found.Failures, failure.Unknown, "may exist: abandoned", "joinctl token delete ")
}
