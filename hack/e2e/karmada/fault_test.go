// SPDX-License-Identifier: Apache-2.0

package karmada_test

import (
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/karmada"
	"github.com/joinctl/joinctl/hack/e2e/program"
)

func TestInvalidClusterSpecs(t *testing.T) {
	for name, c := range map[string]struct {
		change map[string]any
		text   string
	}{
		"dead":         {map[string]any{"apiEndpoint": "https://127.0.0.1:1"}, "dial tcp 127.0.0.1:1: connect: connection refused"},
		"unreachable":  {map[string]any{"apiEndpoint": ""}, "has no API endpoint"},
		"unsafe":       {map[string]any{"secretRef": nil}, "certificate signed by unknown authority"},
		"unauthorized": {map[string]any{"impersonatorSecretRef": nil}, "has no impersonatorSecretRef"},
		"insecure":     {map[string]any{"secretRef": nil, "insecureSkipTLSVerification": true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			spec := fakeKarmada.Spec(t, member)
			for key, value := range c.change {
				if value == nil {
					delete(spec, key)
				} else {
					spec[key] = value
				}
			}
			fakeKarmada.Set(t, name, nil, spec)
			who, err := whoami(t, viaProxy(adminConfig(t, hub), name))
			if c.text != "" {
				expectStatus(t, err, 500, c.text)
			} else if err != nil || who.Username != "kubernetes-admin" {
				t.Errorf("the member authenticates %q: %v", who.Username, err)
			}
		})
	}
}

func TestStoppedServiceIsUnavailable(t *testing.T) {
	fakeKarmada.Join(t, "m1", nil, member)
	request := func() error {
		_, err := whoami(t, viaProxy(adminConfig(t, hub), "m1"))
		return err
	}
	if err := request(); err != nil {
		t.Fatal(err)
	}
	fakeKarmada.Stop()
	expectStatus(t, request(), 503, "the server is currently unable to handle the request")
	other, err := karmada.Serve(hub)
	if err != nil {
		t.Fatal(err)
	}
	fakeKarmada = other
	program.Eventually(t, 5*time.Second, request)
}
