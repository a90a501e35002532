// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
)

// exportingM1 returns an action that makes a kubeconfig for member m1 of a control plane with a revocable token, and the
// buffers that it delivers to and warns on.
func exportingM1(t *testing.T, hub *apitest.Server) (a *SAKubeconfig, delivered *bytes.Buffer, shown *screen) {
	t.Helper()
	s, shown := newSession(t, servers{"hub": hub}, fixedNames, ofMembers("m1"))
	a, delivered = exporting(s)
	a.Revocable = true
	return a, delivered, shown
}

func TestAKubeconfigForAMemberHasItsOwnAddressAndThePublishedCA(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	a, delivered, shown := exportingM1(t, hub)
	exported := mustExport(t, a)
	wantFailures(t, exported.Failures, 1)
	config := parseKubeconfig(t, delivered.Bytes())
	if cluster := config.Clusters["m1"]; cluster == nil || cluster.Server != member.URL || !bytes.Equal(cluster.CertificateAuthorityData, member.CA) {
		t.Errorf("delivered %s", delivered)
	}
	if config.CurrentContext != "robot@m1" || config.AuthInfos["robot@m1"].Token != exported.Tokens[0].Token.Reveal() {
		t.Errorf("delivered %s", delivered)
	}
	wantRequests(t, member, "GET "+rootCAPath, createSecret, requestRobotToken, recordExpiration, "POST "+selfReviewsPath)
	wantSecrets(t, member, robotSecret)
	wantSecrets(t, hub)
	if shown.String() != "" {
		t.Errorf("stderr: %s", shown)
	}
}

func TestThePluginOfAMemberNamesTheMember(t *testing.T) {
	t.Parallel()
	hub, _ := withMember(t)
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m1"))
	a, delivered := exporting(s)
	a.Exec = true
	mustExport(t, a)
	args := parseKubeconfig(t, delivered.Bytes()).AuthInfos["robot@m1"].Exec.Args
	if want := []string{"--context", "hub", "--member", "m1"}; !slices.Equal(args[len(args)-len(want):], want) {
		t.Errorf("arguments %q", args)
	}
}

func TestAKubeconfigThroughTheControlPlaneHasATokenOfTheControlPlane(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	a, delivered, _ := exportingM1(t, hub)
	a.ViaHub = true
	exported := mustExport(t, a)
	wantFailures(t, exported.Failures, 1)
	cluster := parseKubeconfig(t, delivered.Bytes()).Clusters["m1"]
	if cluster == nil || cluster.Server != hub.URL+proxyOfM1 || !bytes.Equal(cluster.CertificateAuthorityData, hub.CA) {
		t.Errorf("delivered %s", delivered)
	}
	wantRequests(t, hub, createSecret, requestRobotToken, recordExpiration, "POST "+proxyOfM1+selfReviewsPath)
	wantRequests(t, member, "POST "+selfReviewsPath)
	one := exported.Tokens[0]
	if one.Target.Member != "m1" || one.IssuedBy.Member != "" || one.Server.String() != hub.URL {
		t.Errorf("issued %+v", one)
	}
	if command := a.RevokeCommand(one, robotSecret); strings.Contains(command, "--member") {
		t.Errorf("revoke command %s", command)
	}
}

func TestThePluginThroughTheControlPlaneNamesNoMember(t *testing.T) {
	t.Parallel()
	hub, _ := withMember(t)
	s, _ := newSession(t, servers{"hub": hub}, ofMembers("m1"))
	a, delivered := exporting(s)
	a.Exec, a.ViaHub = true, true
	mustExport(t, a)
	if args := parseKubeconfig(t, delivered.Bytes()).AuthInfos["robot@m1"].Exec.Args; slices.Contains(args, "--member") {
		t.Errorf("arguments %q", args)
	}
}

func TestAnEndpointOfAMemberThatCannotBeHandedOverIsRefusedBeforeAnythingIsCreated(t *testing.T) {
	t.Parallel()
	const cluster = clustersPath + "/m1"
	for name, test := range map[string]struct {
		change func(hub, member *apitest.Server)
		reason failure.Reason
		text   string
		hint   string
	}{
		"no endpoint": {
			func(hub, _ *apitest.Server) { setCluster(hub, map[string]any{}) },
			failure.Unsupported, "cluster m1 has no spec.apiEndpoint", "--via-hub connects to the control plane",
		},
		"insecure": {
			func(hub, member *apitest.Server) {
				setCluster(hub, map[string]any{"apiEndpoint": member.URL, "insecureSkipTLSVerification": true})
			},
			failure.Invalid, "the control plane does not verify member m1", "correct insecureSkipTLSVerification of the Cluster, or say --allow-insecure",
		},
		"bad proxy": {
			func(hub, member *apitest.Server) {
				setCluster(hub, map[string]any{"apiEndpoint": member.URL, "proxyURL": "http://bad host"})
			},
			failure.Invalid, "the proxy of member m1", "",
		},
		"cluster forbidden": {
			func(hub, _ *apitest.Server) { hub.On(http.MethodGet, cluster, refusal()) },
			failure.Forbidden, "read Cluster m1", "the verb get on clusters of cluster.karmada.io, on the control plane",
		},
		"ca missing": {
			func(_, member *apitest.Server) { member.Remove(rootCA(nil)) },
			failure.NotFound, "read the certificate authority of member m1 from ConfigMap default/kube-root-ca.crt", "does the member have this namespace?",
		},
		"ca empty": {
			func(_, member *apitest.Server) { member.Put(rootCA(nil)) },
			failure.NotFound, "it has no ca.crt", "--via-hub does not need it",
		},
		"ca forbidden": {
			func(_, member *apitest.Server) { member.On(http.MethodGet, rootCAPath, refusal()) },
			failure.Forbidden, "member m1 refuses", "the verb get on configmaps in namespace default, which a Role can restrict to resourceNames: [kube-root-ca.crt]",
		},
	} {
		hub, member := withMember(t)
		test.change(hub, member)
		a, _, _ := exportingM1(t, hub)
		err := exportError(t, a)
		t.Log(name)
		wantError(t, err, test.reason, test.text)
		wantHint(t, err, test.hint)
		if count(member, http.MethodPost)+count(hub, http.MethodPost) != 0 {
			t.Errorf("requests %q, %q", hub.Requests(), member.Requests())
		}
	}
}

func TestAnInsecureMemberIsExportedIfThatIsAllowed(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	setCluster(hub, map[string]any{"apiEndpoint": strings.TrimPrefix(member.URL, "https://"), "insecureSkipTLSVerification": true})
	a, delivered, _ := exportingM1(t, hub)
	a.AllowInsecure = true
	wantFailures(t, mustExport(t, a).Failures, 1)
	cluster := parseKubeconfig(t, delivered.Bytes()).Clusters["m1"]
	if cluster == nil || !cluster.InsecureSkipTLSVerify || len(cluster.CertificateAuthorityData) != 0 || cluster.Server != member.URL {
		t.Errorf("delivered %s", delivered)
	}
	if slices.Contains(member.Requests(), "GET "+rootCAPath) {
		t.Errorf("requests %q", member.Requests())
	}
}

func TestNoCAIsTakenFromAnUnverifiedConnection(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	a, _, _ := exportingM1(t, hub)
	editKubeconfig(t, a.Session, func(config *clientcmdapi.Config) {
		config.Clusters["hub"] = &clientcmdapi.Cluster{Server: hub.URL, InsecureSkipTLSVerify: true}
	})
	a.AllowInsecure = true
	err := exportError(t, a)
	wantError(t, err, failure.Invalid, "is not verified, so no certificate authority can be taken from it")
	if !failure.IsConfig(err) || len(member.Requests()) != 0 {
		t.Errorf("%v after %q", err, member.Requests())
	}
}

func TestAMemberThatThisMachineCannotReachIsAWarning(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	setCluster(hub, map[string]any{"apiEndpoint": "https://127.0.0.1:1"})
	a, delivered, shown := exportingM1(t, hub)
	wantFailures(t, mustExport(t, a).Failures, 1)
	wantText(t, shown.String(), "https://127.0.0.1:1 cannot be reached from this machine, so the kubeconfig for member m1 was not checked")
	if parseKubeconfig(t, delivered.Bytes()).Clusters["m1"].Server != "https://127.0.0.1:1" {
		t.Errorf("delivered %s", delivered)
	}
	wantSecrets(t, member, robotSecret)
}

func TestAMemberThatDoesNotReviewTokensIsNoReasonToFail(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.On(http.MethodPost, selfReviewsPath, refusal())
	a, delivered, shown := exportingM1(t, hub)
	wantFailures(t, mustExport(t, a).Failures, 1)
	if delivered.Len() == 0 || shown.String() != "" {
		t.Errorf("delivered %s, stderr %s", delivered, shown)
	}
}

func TestAMemberWithACertificateOfAnotherAuthorityIsAnErrorAndItsTokenIsRevoked(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.Put(rootCA(apitest.Down(t).CA))
	a, _, _ := exportingM1(t, hub)
	err := exportError(t, a)
	wantError(t, err, failure.Unreachable, "check the kubeconfig for member m1 at "+member.URL)
	wantHint(t, err, "the certificate there is for other names, or of another authority", "correct spec.apiEndpoint")
	wantSecrets(t, member)
}

func TestACAThatIsNoCertificateIsAnErrorBeforeAnythingIsCreated(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.Put(rootCA([]byte("no certificate")))
	a, _, _ := exportingM1(t, hub)
	if err := exportError(t, a); err == nil {
		t.Error("there is no error")
	}
	wantSecrets(t, member)
}

func TestAControlPlaneThatPassesNothingOnForRobotNamesBothRights(t *testing.T) {
	t.Parallel()
	hub, _ := withMember(t)
	hub.On(http.MethodPost, proxyOfM1+selfReviewsPath, refusal())
	a, _, _ := exportingM1(t, hub)
	a.ViaHub = true
	err := exportError(t, a)
	wantError(t, err, failure.Forbidden, "check the kubeconfig for member m1")
	wantHint(t, err, "serviceaccount default/robot of the control plane needs the verbs get and create on clusters/proxy", "rights for the user system:serviceaccount:default:robot")
	wantSecrets(t, hub)
}

func TestAMemberThatTheControlPlaneCannotReachIsAnError(t *testing.T) {
	t.Parallel()
	hub := withRobot(t, apitest.Karmada)
	hub.AddMember("m1", apitest.Down(t))
	a, _, _ := exportingM1(t, hub)
	a.ViaHub = true
	wantText(t, exportError(t, a).Error(), "check the kubeconfig for member m1", "error trying to reach service")
	wantSecrets(t, hub)
}

func TestAnInterruptedCheckOfAMemberRevokesItsToken(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	ctx, cancel := context.WithCancel(t.Context())
	member.On(http.MethodPost, selfReviewsPath, apitest.Do(func(*http.Request) { cancel() }))
	member.On(http.MethodPost, selfReviewsPath, apitest.Hang(nil))
	a, delivered, _ := exportingM1(t, hub)
	exported, err := a.Run(ctx)
	check(t, err)
	wantError(t, wantFailures(t, exported.Failures, 0, "hub")[0].Err, failure.Interrupted)
	wantSecrets(t, member)
	if delivered.Len() != 0 {
		t.Errorf("delivered %s", delivered)
	}
}

func TestTheSecretOfAMemberThatIsNotAcceptedAndCannotBeDeletedIsNamed(t *testing.T) {
	t.Parallel()
	hub, member := withMember(t)
	member.Put(rootCA(apitest.Down(t).CA))
	member.On(http.MethodDelete, anyDefaultSecret, refusal())
	a, _, _ := exportingM1(t, hub)
	wantText(t, exportError(t, a).Error(), "secret default/"+robotSecret+" still exists in member m1 of context hub")
	wantSecrets(t, member, robotSecret)
}

func TestMembersOfManyControlPlanesAreNamedWithTheirContexts(t *testing.T) {
	t.Parallel()
	first, firstMember := withMember(t)
	second, secondMember := withMember(t)
	s, _ := newSession(t, servers{"a": first, "b": second}, ofMembers("m1"))
	a, delivered := exporting(s)
	wantFailures(t, mustExport(t, a).Failures, 2)
	config := parseKubeconfig(t, delivered.Bytes())
	for name, member := range map[string]*apitest.Server{"a/m1": firstMember, "b/m1": secondMember} {
		if cluster := config.Clusters[name]; cluster == nil || cluster.Server != member.URL {
			t.Errorf("context %s of %s", name, delivered)
		}
	}
}
