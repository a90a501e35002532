// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"testing"
	"time"
)

func TestLifetimesFollowTheServersRule(t *testing.T) {
	t.Parallel()
	for d, ok := range map[time.Duration]bool{
		0:                             true,
		10 * time.Minute:              true,
		10*time.Minute - time.Second:  false,
		time.Second:                   false,
		-time.Hour:                    false,
		time.Hour + time.Millisecond:  false,
		(1 << 32) * time.Second:       true,
		((1 << 32) + 1) * time.Second: false,
	} {
		if err := CheckLifetime(d); (err == nil) != ok {
			t.Errorf("%s: %v", d, err)
		}
	}
}

func TestTheLifetimeThatBecomesAYearIsAvoidedForPodsAlone(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{"", Pod, Secret, Node} {
		for _, d := range []time.Duration{0, 3606 * time.Second, 3607 * time.Second, 3608 * time.Second} {
			got, changed := Spec{Lifetime: d, Bound: Object{Kind: kind}}.AvoidExtension()
			if want := kind == Pod && d == 3607*time.Second; changed != want || want != (got.Lifetime != d) {
				t.Errorf("%q for %s: %s, %v", kind, d, got.Lifetime, changed)
			}
		}
	}
}

func TestKindsAreTakenInAnyCaseAndSentInTheServers(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Kind{"pod": Pod, "POD": Pod, "Secret": Secret, "node": Node, "Deployment": "", "": "", "pods": ""} {
		var got Kind
		if err := got.Set(in); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	sent := Spec{Bound: Object{Kind: Node, Name: "n", UID: "u"}, Lifetime: time.Hour}.Object().Spec
	if ref := sent.BoundObjectRef; ref.Kind != "Node" || ref.APIVersion != "v1" || ref.Name != "n" || ref.UID != "u" || *sent.ExpirationSeconds != 3600 {
		t.Errorf("sent %+v", sent)
	}
	if empty := (Spec{}).Object().Spec; empty.BoundObjectRef != nil || empty.ExpirationSeconds != nil || empty.Audiences != nil {
		t.Errorf("the empty spec sends %+v", empty)
	}
}
