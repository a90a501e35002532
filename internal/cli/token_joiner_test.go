// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/join"
)

const groupPath = "/apis/cluster.karmada.io"

func TestATokenWhoseJoinerNoFlagNamesHasTheGroupOfItsControlPlane(t *testing.T) {
	t.Parallel()
	const (
		kubeadmLine = "the token is for kubeadm join (group system:bootstrappers:kubeadm:default-node-token), since the server does not have Karmada's API; --joiner chooses\n"
		unknownLine = "warning: the token is for karmadactl register (group system:bootstrappers:karmada:default-cluster-token), and the server was not asked, or does not say, whether it has Karmada's API; --joiner chooses\n"
	)
	karmada, kubeadm := apitest.New(t, apitest.Karmada), apitest.New(t)
	forbidding := apitest.New(t)
	forbidding.On(http.MethodGet, groupPath, apitest.Refuse(apierrors.NewForbidden(schema.GroupResource{}, "", nil)))
	for _, test := range []struct {
		server   *apitest.Server
		args     string
		joiner   join.Joiner
		line     string // "": none
		requests []string
	}{
		{karmada, "", join.Karmada, "", []string{"GET " + groupPath, "POST /api/v1/namespaces/kube-system/secrets"}},
		{kubeadm, "", join.Kubeadm, kubeadmLine, []string{"GET " + groupPath, "POST /api/v1/namespaces/kube-system/secrets"}},
		{kubeadm, "-o json", join.Kubeadm, kubeadmLine, nil},
		{kubeadm, "--for member1", join.Kubeadm, kubeadmLine, nil},
		{kubeadm, "--joiner karmada", join.Karmada, "", []string{"GET /version", "POST /api/v1/namespaces/kube-system/secrets"}},
		{kubeadm, "--joiner kubeadm", join.Kubeadm, "", nil},
		{kubeadm, "--ttl 0", join.Karmada, unknownLine, []string{"POST /api/v1/namespaces/kube-system/secrets"}},
		{forbidding, "", join.Karmada, unknownLine, []string{"GET " + groupPath, "POST /api/v1/namespaces/kube-system/secrets"}},
	} {
		for _, one := range test.server.Secrets("kube-system") {
			test.server.Remove(&one)
		}
		before := len(test.server.Requests())
		var stdout bytes.Buffer
		args := append([]string{"token", "create", "--kubeconfig", apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": test.server})}, strings.Fields(test.args)...)
		code, stderr := adminRun(t, &stdout, "", args...)
		requests := test.server.Requests()[before:]
		if test.requests != nil && !slices.Equal(requests, test.requests) {
			t.Errorf("%s: sends %q, want %q", test.args, requests, test.requests)
		}
		secrets := test.server.Secrets("kube-system")
		if code != ExitOK || len(secrets) != 1 || string(secrets[0].Data["auth-extra-groups"]) != test.joiner.Group() {
			t.Errorf("%s: exits %d, want group %s: %v\n%s", test.args, code, test.joiner.Group(), secrets, stderr)
		}
		if said := strings.Contains(stderr, "--joiner chooses"); said != (test.line != "") || !strings.Contains(stderr, test.line) {
			t.Errorf("%s: want %q\n%s", test.args, test.line, stderr)
		}
	}
}

func TestEachControlPlaneOfASelectionHasItsGroup(t *testing.T) {
	t.Parallel()
	servers := map[string]*apitest.Server{"hub": apitest.New(t, apitest.Karmada), "node-a": apitest.New(t), "node-b": apitest.New(t)}
	var stdout bytes.Buffer
	code, stderr := adminRun(t, &stdout, "", "token", "create", "--all-contexts", "--kubeconfig", apitest.Kubeconfig(t, servers))
	if want := "the tokens in context node-a, context node-b are for kubeadm join ("; code != ExitOK || !strings.Contains(stderr, want) {
		t.Errorf("exits %d, want %q\n%s", code, want, stderr)
	}
	for name, joiner := range map[string]join.Joiner{"hub": join.Karmada, "node-a": join.Kubeadm, "node-b": join.Kubeadm} {
		if secrets := servers[name].Secrets("kube-system"); len(secrets) != 1 || string(secrets[0].Data["auth-extra-groups"]) != joiner.Group() {
			t.Errorf("%s: %v", name, secrets)
		}
	}
}

func TestEnsureInfersTheJoinerOfABareToken(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	connection := []string{"--kubeconfig", apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server})}
	for _, created := range []bool{true, false} {
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "", append([]string{"token", "ensure", "--for", "pool-a"}, connection...)...)
		secrets := server.Secrets("kube-system")
		if code != ExitOK || len(secrets) != 1 || string(secrets[0].Data["auth-extra-groups"]) != join.Kubeadm.Group() || strings.Contains(stderr, "for kubeadm join") != created {
			t.Errorf("exits %d, created %v: %v\n%s", code, created, secrets, stderr)
		}
	}
}

func TestAClientDryRunSaysWhichGroupItTook(t *testing.T) {
	t.Parallel()
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": apitest.New(t)})
	for line, want := range map[string]bool{
		"token create --dry-run=client":                                 true,
		"token create --dry-run=client -o yaml":                         true,
		"token create --dry-run=client -o yaml --joiner karmada":        false,
		"token create --dry-run=client --usages signing":                false,
		"token create --dry-run=client --groups system:bootstrappers:a": false,
	} {
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "", append(strings.Fields(line), "--kubeconfig", kubeconfig)...)
		if said := strings.Contains(stderr, "warning: the token is for karmadactl register (group "+join.Karmada.Group()+"), since a client dry run asks no server; --joiner chooses\n"); code != ExitOK || said != want {
			t.Errorf("%s exits %d: %s", line, code, stderr)
		}
	}
}

// A guess would be a token for the wrong program, beside the valid one of the run before.
func TestNoJoinerIsInferredFromAServerThatCannotAnswerNow(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(*apitest.Server) apitest.Fault{
		"500": func(*apitest.Server) apitest.Fault {
			return apitest.Refuse(apierrors.NewInternalError(io.ErrUnexpectedEOF))
		},
		"503": func(*apitest.Server) apitest.Fault {
			return apitest.Refuse(apierrors.NewServiceUnavailable("starting"))
		},
		"Pod": func(s *apitest.Server) apitest.Fault { return s.Hostile()["Pod"] },
	} {
		server := apitest.New(t)
		server.On(http.MethodGet, groupPath, fault(server))
		for _, line := range []string{"token create", "token ensure --for pool-a"} {
			var stdout bytes.Buffer
			code, stderr := adminRun(t, &stdout, "", append(strings.Fields(line), "--kubeconfig", apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": server}))...)
			if secrets := server.Secrets("kube-system"); code != ExitFailed || len(secrets) != 0 || !strings.Contains(stderr, "for its time and API groups: ") {
				t.Errorf("%s: %s exits %d with %d tokens\n%s", name, line, code, len(secrets), stderr)
			}
		}
	}
}
