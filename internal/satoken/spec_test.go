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
		if err := checkLifetime(d); (err == nil) != ok {
			t.Errorf("%s: %v", d, err)
		}
	}
}

func TestLifetimesAreParsedByTheServersRule(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Lifetime{"0": 0, "1h": Lifetime(time.Hour), "90m": Lifetime(90 * time.Minute), "5m": -1, "3600": -1, "soon": -1, "": -1} {
		var got Lifetime
		err := got.UnmarshalText([]byte(in))
		if (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v", in, got, err)
		}
	}
	for l, want := range map[Lifetime]string{0: "", Lifetime(time.Hour): "1h0m0s"} {
		if text, err := l.MarshalText(); err != nil || string(text) != want {
			t.Errorf("%d: %q, %v", l, text, err)
		}
	}
}

func TestAvoidExtensionChangesTheLifetimeOnlyForPods(t *testing.T) {
	t.Parallel()
	for _, kind := range []Kind{"", Pod, Secret, Node} {
		for _, d := range []time.Duration{0, 3606 * time.Second, 3607 * time.Second, 3608 * time.Second} {
			got, changed := Spec{Lifetime: d, Bound: BoundObject{Kind: kind}}.AvoidExtension()
			if want := kind == Pod && d == 3607*time.Second; changed != want || want != (got.Lifetime != d) {
				t.Errorf("%q for %s: %s, %v", kind, d, got.Lifetime, changed)
			}
		}
	}
}

func TestKindsAreParsedInAnyCaseAndSentAsTheServerSpellsThem(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Kind{"pod": Pod, "POD": Pod, "Secret": Secret, "node": Node, "Deployment": "", "": "", "pods": ""} {
		var got Kind
		if err := got.UnmarshalText([]byte(in)); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	sent := Spec{Bound: BoundObject{Kind: Node, Name: "n", UID: "u"}, Lifetime: time.Hour}.TokenRequest().Spec
	if ref := sent.BoundObjectRef; ref.Kind != "Node" || ref.APIVersion != "v1" || ref.Name != "n" || ref.UID != "u" || *sent.ExpirationSeconds != 3600 {
		t.Errorf("sent %+v", sent)
	}
	if empty := (Spec{}).TokenRequest().Spec; empty.BoundObjectRef != nil || empty.ExpirationSeconds != nil || empty.Audiences != nil {
		t.Errorf("the empty spec sends %+v", empty)
	}
}
