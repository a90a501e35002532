// SPDX-License-Identifier: Apache-2.0

package token

import (
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/joinctl/joinctl/internal/failure"
)

// pruneZoo returns tokens of all kinds, each a day old, and Secrets that two of them own.
func pruneZoo(t *testing.T) Inventory {
	t.Helper()
	expired, never := with("expiration", "2027-01-02T15:03:05Z"), without("expiration") // a minute ago
	deleting := func(s *corev1.Secret) { s.DeletionTimestamp = &metav1.Time{Time: serverNow} }
	unknownUsage := with("usage-controller-join", "true")
	proxy := both(withoutUsages(), with("description", "Proxy for managing TTL for the kubeadm-certs secret"))
	zoo := []struct {
		id     string
		change func(*corev1.Secret)
	}{
		{"valid0", func(*corev1.Secret) {}},
		{"short0", expired},
		{"long00", with("expiration", "2027-01-01T15:04:05Z")}, // a day ago
		{"young0", both(expired, func(s *corev1.Secret) { s.CreationTimestamp.Time = serverNow.Add(-time.Hour) })},
		{"never0", never},
		{"broken", without("token-secret")},
		{"never1", both(never, without("token-secret"))},
		{"group0", with("auth-extra-groups", "foo")},
		{"nouse0", withoutUsages()},
		{"never2", both(never, withoutUsages())},
		{"gone00", both(expired, deleting)},
		{"proxy0", proxy},
		{"proxy1", both(expired, proxy)},
		{"owner0", expired},
		{"owner1", never},
		{"k0swrk", both(expired, unknownUsage)},
		{"k0sctl", both(never, both(withoutUsages(), unknownUsage))},
		{"opaque", func(s *corev1.Secret) { s.Type, s.Data = "", nil }},
	}
	out := Inventory{Now: serverNow, owned: map[types.UID][]string{"uid-owner0": {"certificates"}, "uid-owner1": {"certificates"}}}
	for _, one := range zoo {
		tok, err := Parse(one.id + ".0123456789abcdef")
		if err != nil {
			t.Fatal(err)
		}
		secret := Encode(tok, Spec{Usages: []string{Signing, Authentication}, Expires: serverNow.Add(time.Hour)})
		secret.UID, secret.CreationTimestamp = types.UID("uid-"+one.id), metav1.NewTime(serverNow.Add(-24*time.Hour))
		one.change(secret)
		out.Secrets = append(out.Secrets, *secret)
	}
	return out
}

func prunableIDs(found []Prunable) []string {
	var out []string
	for _, one := range found {
		out = append(out, Ref{one.Secret.Name}.String())
	}
	slices.Sort(out)
	return out
}

func TestOnlyTheTokensOfTheOptionsArePrunable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options PruneOptions
		want    []string
		left    []string
	}{
		"expired":                {PruneOptions{}, []string{"long00", "short0", "young0"}, []string{"gone00", "k0swrk", "owner0", "proxy1"}},
		"with a grace":           {PruneOptions{Grace: time.Hour}, []string{"long00"}, nil},
		"after just that grace":  {PruneOptions{Grace: 24 * time.Hour}, []string{"long00"}, nil},
		"with a longer grace":    {PruneOptions{Grace: 24*time.Hour + time.Second}, nil, nil},
		"old ones":               {PruneOptions{OlderThan: 2 * time.Hour}, []string{"long00", "short0"}, []string{"gone00", "k0swrk", "owner0", "proxy1"}},
		"older than all":         {PruneOptions{Malformed: true, Unusable: true, NeverExpires: true, OlderThan: 24 * time.Hour}, nil, nil},
		"malformed, with grace":  {PruneOptions{Malformed: true, Grace: 48 * time.Hour}, []string{"broken", "never1"}, []string{"opaque"}},
		"unusable, with grace":   {PruneOptions{Unusable: true, Grace: 48 * time.Hour}, []string{"group0", "never2", "nouse0"}, nil},
		"never expire and grace": {PruneOptions{NeverExpires: true, Grace: 48 * time.Hour}, []string{"never0", "never2"}, []string{"k0sctl", "owner1"}},
		"all": {
			PruneOptions{Malformed: true, Unusable: true, NeverExpires: true},
			[]string{"broken", "group0", "long00", "never0", "never1", "never2", "nouse0", "short0", "young0"},
			[]string{"gone00", "k0sctl", "k0swrk", "opaque", "owner0", "owner1", "proxy1"},
		},
	} {
		found, left, err := pruneZoo(t).Prunable(test.options)
		if err != nil || !slices.Equal(prunableIDs(found), test.want) || !slices.Equal(prunableIDs(left), test.left) {
			t.Errorf("%s: got %q, left %q, %v", name, prunableIDs(found), prunableIDs(left), err)
		}
	}
}

func TestATokenThatStaysSaysWhy(t *testing.T) {
	t.Parallel()
	_, left, err := pruneZoo(t).Prunable(PruneOptions{Malformed: true, Unusable: true, NeverExpires: true})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"gone00": "unusable (it is being deleted)",
		"k0sctl": "other (for the usages of another program: controller-join)",
		"k0swrk": "other (for the usages of another program: controller-join)",
		"opaque": "malformed (wrong type: the Secret is not of type bootstrap.kubernetes.io/token)",
		"owner0": "other (it owns secret certificates, which goes when it goes)",
		"owner1": "other (it owns secret certificates, which goes when it goes)",
		"proxy1": "other (of kubeadm init --upload-certs: secret kubeadm-certs goes when it goes)",
	}
	for _, one := range left {
		if id := (Ref{one.Secret.Name}).ID(); one.Health.String() != want[id] {
			t.Errorf("%s: %s", id, one.Health)
		}
	}
}

func TestNothingIsPrunableWhereTokensMayOwnSecretsThatCannotBeListed(t *testing.T) {
	t.Parallel()
	zoo := pruneZoo(t)
	zoo.partial = true
	found, left, err := zoo.Prunable(PruneOptions{})
	if failure.ReasonOf(err) != failure.Forbidden || len(found) > 0 || len(left) != 4 {
		t.Errorf("got %q, left %q, %v", prunableIDs(found), prunableIDs(left), err)
	}
	if _, _, err := zoo.Prunable(PruneOptions{Grace: 48 * time.Hour}); err != nil {
		t.Errorf("nothing to prune: %v", err)
	}
}

func TestATokenWithoutACreationTimeIsOfNoAge(t *testing.T) {
	t.Parallel()
	zoo := pruneZoo(t)
	for i := range zoo.Secrets {
		zoo.Secrets[i].CreationTimestamp = metav1.Time{}
	}
	if found, left, err := zoo.Prunable(PruneOptions{OlderThan: time.Second}); err != nil || len(found)+len(left) > 0 {
		t.Errorf("got %q, left %q, %v", prunableIDs(found), prunableIDs(left), err)
	}
}
