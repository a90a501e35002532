// SPDX-License-Identifier: Apache-2.0

package action

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/cert"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/join"
)

func pinsOf(certificates []CACertificate) []join.Pin {
	var pins []join.Pin
	for _, one := range certificates {
		pins = append(pins, join.PinOf(one.Certificate))
	}
	return pins
}

func pinOfServer(t *testing.T, server *apitest.Server) join.Pin {
	t.Helper()
	certificates, err := cert.ParseCertsPEM(server.CA)
	adminCheck(t, err)
	return join.PinOf(certificates[0])
}

func TestCAHashReadsFilesInOrder(t *testing.T) {
	t.Parallel()
	a, b := apitest.Down(t), apitest.Down(t)
	s, _ := adminSession(t, nil)
	found, failures, err := (&CAHash{Session: s, Files: []CAFile{{"a.pem", a.CA}, {"both.pem", slices.Concat(b.CA, a.CA)}}}).Run(t.Context())
	adminCheck(t, err)
	pinA, pinB := pinOfServer(t, a), pinOfServer(t, b)
	if got := pinsOf(found); !slices.Equal(got, []join.Pin{pinA, pinB, pinA}) || failures.Any() || found[0].Target.Context != "" {
		t.Errorf("got %v, failures %v", got, failures.Errors())
	}
}

func TestCAHashNamesAFileWithoutACertificate(t *testing.T) {
	t.Parallel()
	s, _ := adminSession(t, nil)
	_, _, err := (&CAHash{Session: s, Files: []CAFile{{"none.pem", []byte("nothing")}}}).Run(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "none.pem holds no PEM certificate") {
		t.Errorf("the error is %v", err)
	}
}

func TestCAHashTakesTheCAOfTheKubeconfigWithoutARequest(t *testing.T) {
	t.Parallel()
	servers := map[string]*apitest.Server{"a": apitest.New(t), "b": apitest.New(t)}
	s, _ := adminSession(t, servers)
	found, failures, err := (&CAHash{Session: s}).Run(t.Context())
	adminCheck(t, err)
	if failures.Any() || len(found) != 2 {
		t.Fatalf("found %v, failures %v", found, failures.Errors())
	}
	for _, one := range found {
		server := servers[one.Target.Context]
		if pin := join.PinOf(one.Certificate); pin != pinOfServer(t, server) {
			t.Errorf("context %s has pin %s", one.Target.Context, pin)
		}
		if requests := server.Requests(); len(requests) > 0 {
			t.Errorf("requests: %q", requests)
		}
	}
}

func TestCAHashReadsClusterInfo(t *testing.T) {
	t.Parallel()
	server := apitest.New(t, apitest.Joinable)
	local := adminEndpoint(t, server)
	local.Host = "localhost" // the server's certificate is for this name too
	for name, hash := range map[string]CAHash{
		"over the connection of the context": {ClusterInfo: true},
		"at an endpoint":                     {Endpoint: local},
	} {
		hash.Session = adminHub(t, server)
		found, failures, err := hash.Run(t.Context())
		adminCheck(t, err)
		if got := pinsOf(found); failures.Any() || !slices.Equal(got, []join.Pin{pinOfServer(t, server)}) {
			t.Errorf("%s: got %v, failures %v", name, got, failures.Errors())
		}
	}
	if requests := server.Requests(); !slices.Equal(requests, []string{"GET " + adminInfo, "GET " + adminInfo}) {
		t.Errorf("requests: %q", requests)
	}
}

func TestCAHashFailsWithoutACA(t *testing.T) {
	t.Parallel()
	noCA := apitest.Down(t)
	noCA.CA = nil
	down := apitest.Down(t)
	empty := apitest.New(t)
	broken := apitest.New(t)
	broken.Put(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-public", Name: "cluster-info"}})
	forbidden := apitest.New(t, apitest.Joinable)
	forbidden.On(http.MethodGet, adminInfo, apitest.Refuse(adminForbidden("configmaps")))
	for name, test := range map[string]struct {
		hash     CAHash
		server   *apitest.Server
		insecure bool
		reason   failure.Reason
		text     string
	}{
		"no CA in the kubeconfig":    {CAHash{}, noCA, false, failure.Invalid, "has no certificate authority"},
		"no verified connection":     {CAHash{}, down, true, failure.Invalid, "is not verified, so no CA can be taken from it"},
		"no verified cluster-info":   {CAHash{ClusterInfo: true}, down, true, failure.Invalid, "is not verified"},
		"no server":                  {CAHash{ClusterInfo: true}, down, false, failure.Unreachable, "refused"},
		"no server at the endpoint":  {CAHash{Endpoint: adminEndpoint(t, down)}, empty, false, failure.Unreachable, "refused"},
		"no cluster-info":            {CAHash{ClusterInfo: true}, empty, false, failure.NotFound, "cluster-info"},
		"no kubeconfig inside":       {CAHash{ClusterInfo: true}, broken, false, failure.Invalid, ""},
		"no right to read":           {CAHash{ClusterInfo: true}, forbidden, false, failure.Forbidden, ""},
		"another CA at the endpoint": {CAHash{Endpoint: adminEndpoint(t, empty)}, forbidden, false, failure.Unreachable, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := adminHub(t, test.server)
			s.Overrides.ClusterInfo.InsecureSkipTLSVerify = test.insecure
			test.hash.Session = s
			found, failures, err := test.hash.Run(t.Context())
			adminCheck(t, err)
			adminWantFailure(t, failures, test.reason, test.text)
			if len(found) > 0 {
				t.Errorf("certificates: %v", found)
			}
		})
	}
}

func TestCAHashFailsIfNothingIsSelected(t *testing.T) {
	t.Parallel()
	s := adminHub(t, apitest.Down(t))
	s.Selection.Contexts = []string{"nowhere"}
	if _, _, err := (&CAHash{Session: s}).Run(t.Context()); failure.ReasonOf(err) != failure.Invalid {
		t.Errorf("the error is %v", err)
	}
}
