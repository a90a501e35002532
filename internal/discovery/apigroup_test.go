// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
)

func TestVerifyWarnsAboutACommandForAnotherKindOfControlPlane(t *testing.T) {
	t.Parallel()
	forbidden := refusing(apierrors.NewForbidden(configMaps, "", errors.New("no right")))
	for name, test := range map[string]struct {
		joiner join.Joiner
		group  http.HandlerFunc // nil: the server has no such group
		says   string           // "" for no warning
	}{
		"karmada joins karmada":     {join.Karmada, answering, ""},
		"karmada joins kubernetes":  {join.Karmada, nil, "no Karmada control plane"},
		"kubeadm joins kubernetes":  {join.Kubeadm, nil, ""},
		"kubeadm joins karmada":     {join.Kubeadm, answering, "Karmada control plane"},
		"karmada joins who knows":   {join.Karmada, forbidden, ""},
		"kubeadm joins nobody says": {join.Kubeadm, forbidden, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := build(t, "127.0.0.1")
			p.handle[groupPath] = test.group
			result, err := Verify(t.Context(), p.admin(), test.joiner, join.Endpoint{})
			if err != nil {
				t.Fatal(err)
			}
			if warned := warns(result.Warnings, "cluster.karmada.io"); warned != (test.says != "") || !warns(result.Warnings, test.says) {
				t.Errorf("it warns of %q", result.Warnings)
			}
		})
	}
}

// kubeadm continues at the server in cluster-info, karmadactl at the endpoint of the command line.
func TestVerifyWarnsIfTheJoinerContinuesAtAnotherServer(t *testing.T) {
	t.Parallel()
	for server, says := range map[string]string{
		"":                          "", // the endpoint
		"https://10.0.0.1:6443":     "10.0.0.1:6443",
		"http://10.0.0.1:8080":      "not https",
		"https://10.0.0.1/prefix":   "path",
		"https://cp_-.example.com/": "host",
	} {
		for _, joiner := range []join.Joiner{join.Karmada, join.Kubeadm} {
			p := build(t, "127.0.0.1")
			if server != "" {
				p.data["kubeconfig"] = kubeconfig(t, server, p.ca.pem)
			}
			result, err := Verify(t.Context(), p.admin(), joiner, join.Endpoint{})
			if err != nil {
				t.Fatal(err)
			}
			want := joiner == join.Kubeadm && says != ""
			if got := warns(result.Warnings, "after discovery", says); got != want {
				t.Errorf("%s joins by way of %q: it warns of %q", joiner, server, result.Warnings)
			}
		}
	}
}

func TestFromKubeconfigSendsNoRequest(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	other := newAuthority(t)
	p.config.CAData = append(append([]byte{}, p.ca.pem...), other.pem...)
	p.config.Host = "https://CP.example.com:6443/"
	pins := []join.Pin{join.PinOf(p.ca.cert), join.PinOf(other.cert)}
	for chosen, want := range map[join.Endpoint]string{{}: "cp.example.com:6443", {Host: "10.0.0.1", Port: 443}: "10.0.0.1:443"} {
		result, err := FromKubeconfig(p.admin(), join.Kubeadm, chosen)
		if err != nil || result.Endpoint.HostPort() != want || !reflect.DeepEqual(result.Pins, pins) || len(result.Warnings) > 0 {
			t.Errorf("got %+v, %v", result, err)
		}
	}
	if len(p.seen) > 0 {
		t.Errorf("it asks for %+v", p.seen)
	}
}

func TestFromKubeconfigRefusesAKubeconfigWithoutACA(t *testing.T) {
	t.Parallel()
	p := build(t, "127.0.0.1")
	for says, mutate := range map[string]func(*rest.Config){
		"no certificate authority": func(c *rest.Config) { c.CAData = nil },
		"not verified":             func(c *rest.Config) { c.CAData, c.Insecure = nil, true },
		"not https":                func(c *rest.Config) { c.Host = strings.Replace(c.Host, "https", "http", 1) },
		"path":                     func(c *rest.Config) { c.Host += "/k8s/clusters/c-abcde" },
	} {
		config := rest.CopyConfig(&p.config)
		mutate(config)
		result, err := FromKubeconfig(connect(t, config), join.Karmada, join.Endpoint{})
		if result != nil || !misconfigured(err, says) {
			t.Errorf("%s: got %v, %v", says, result, err)
		}
	}
}

func answering(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, metav1.APIResourceList{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "APIResourceList"}, GroupVersion: kube.KarmadaAPI,
	})
}
