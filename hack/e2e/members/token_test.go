// SPDX-License-Identifier: Apache-2.0

package members_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

const robot = "system:serviceaccount:default:default"

// expectUser fails the test unless a token authenticates as a user.
func (p controlPlane) expectUser(t testing.TB, bearer, user string) {
	t.Helper()
	if who, err := p.WhoAmI(t.Context(), bearer); err != nil || who.Username != user {
		t.Errorf("the token authenticates as %q: %v", who.Username, err)
	}
}

// joinMembers joins east and west under these names.
func joinMembers(t testing.TB) {
	t.Helper()
	fakeKarmada.Join(t, "east", map[string]string{"region": "east"}, east.ControlPlane)
	fakeKarmada.Join(t, "west", map[string]string{"region": "west"}, west.ControlPlane)
}

// addUnreachableMember adds the member dead with a closed port as endpoint.
func addUnreachableMember(t testing.TB) {
	t.Helper()
	spec := fakeKarmada.Spec(t, east.ControlPlane)
	spec["apiEndpoint"] = "https://127.0.0.1:1"
	fakeKarmada.Set(t, "dead", map[string]string{"region": "south"}, spec)
}

// TestOneMemberPrintsLikeOneControlPlane expects a bare token, and a TokenRequest with -o.
func TestOneMemberPrintsLikeOneControlPlane(t *testing.T) {
	joinMembers(t)
	out := run(t, "sa", "token", "default", "--member", "west")
	out.Expect(t, 0, "in member west of context hub")
	west.expectUser(t, out.OK(t), robot)
	for _, other := range []controlPlane{hub, east} {
		if who, err := other.WhoAmI(t.Context(), out.OK(t)); err == nil {
			t.Errorf("another control plane authenticates %q", who.Username)
		}
	}
	answer := run(t, "sa", "token", "default", "--member", "east", "-o", "jsonpath={.kind} {.status.token}").OK(t)
	kind, bearer, _ := strings.Cut(answer, " ")
	if kind != "TokenRequest" {
		t.Errorf("-o shows a %s", kind)
	}
	east.expectUser(t, bearer, robot)
	plan := run(t, "sa", "token", "default", "--members", "--dry-run")
	plan.Expect(t, 0, "in member east of context hub", "in member west of context hub", "nothing was requested")
	if plan.Stdout != "" {
		t.Errorf("a plan printed %q", plan.Stdout)
	}
}

// TestFiftyMembers requests a token from each of fifty members through one hub.
func TestFiftyMembers(t *testing.T) {
	const size = 50
	controlPlanes := map[string]controlPlane{}
	for i := range size {
		name, region, p := fmt.Sprintf("member-%02d", i), "east", east
		if i%2 == 1 {
			region, p = "west", west
		}
		controlPlanes[name] = p
		fakeKarmada.Join(t, name, map[string]string{"region": region}, p.ControlPlane)
	}
	out := run(t, "sa", "token", "default", "--members")
	lines := strings.Split(out.OK(t), "\n")
	if len(lines) != size+1 || strings.Join(strings.Fields(lines[0]), " ") != "CONTEXT MEMBER TOKEN" {
		t.Fatalf("%d lines, the first is %q", len(lines), lines[0])
	}
	for i, line := range lines[1:] {
		words := strings.Fields(line)
		if words[0] != "hub" || words[1] != fmt.Sprintf("member-%02d", i) {
			t.Errorf("line %d is of %q", i, words[:2])
		}
		controlPlanes[words[1]].expectUser(t, words[2], robot)
	}
	if out.Elapsed > 10*time.Second {
		t.Errorf("the requests took %s", out.Elapsed)
	}
	t.Logf("%d members in %s", size, out.Elapsed)
	doc := run(t, "sa", "token", "default", "--members", "--selector", "region=west", "-o", "json").Document(t)
	if len(doc.Items) != size/2 || len(doc.Failures) != 0 {
		t.Errorf("%d items and %d failures", len(doc.Items), len(doc.Failures))
	}
	for _, item := range doc.Items {
		if item["context"] != "hub" || controlPlanes[item["member"].(string)] != west {
			t.Errorf("an item is of %v, %v", item["context"], item["member"])
		}
	}
	names := strings.Fields(run(t, "sa", "token", "default", "--member", "member-03,member-01", "-o", "name").OK(t))
	if strings.Join(names, " ") != "hub/member-03/default hub/member-01/default" {
		t.Errorf("the names are %q", names)
	}
}

// TestUnreachableMemberDoesNotAffectOtherMembers checks every format.
func TestUnreachableMemberDoesNotAffectOtherMembers(t *testing.T) {
	joinMembers(t)
	addUnreachableMember(t)
	out := run(t, "sa", "token", "default", "--members", "-o", "json")
	out.Expect(t, 3, `joinctl: error: Unreachable, 1 of 3 ("dead"): the control plane cannot reach member dead`, "connection refused", "hint: is the member up")
	doc := out.Document(t)
	if len(doc.Items) != 2 || len(doc.Failures) != 1 {
		t.Fatalf("%d items, %d failures", len(doc.Items), len(doc.Failures))
	}
	if f := doc.Failures[0]; f.Context != "hub" || f.Member != "dead" || f.Reason != "Unreachable" {
		t.Errorf("the failure is %+v", f)
	}
	for _, format := range []string{"table", "wide", "name", "yaml", "jsonpath={.items[*].member}"} {
		out := run(t, "sa", "token", "default", "--members", "-o", format)
		out.Expect(t, 3)
		if !strings.Contains(out.Stdout, "east") || !strings.Contains(out.Stdout, "west") {
			t.Errorf("-o %s: %q", format, out.Stdout)
		}
	}
	run(t, "sa", "token", "default", "--member", "dead").Expect(t, 1, `member "dead" of context "hub"`)
}

// TestMissingMembersAreErrors tells a missing member from a control plane without members.
func TestMissingMembersAreErrors(t *testing.T) {
	run(t, "sa", "token", "default", "--members").Expect(t, 2, "the selection has no members")
	joinMembers(t)
	run(t, "sa", "token", "default", "--members", "--selector", "region=north").Expect(t, 2, "the selection has no members")
	run(t, "sa", "token", "default", "--member", "nobody").Expect(t, 1, `clusters.cluster.karmada.io "nobody" not found`, "hint: kubectl get clusters")
	run(t, "sa", "token", "nosuch", "--member", "east").Expect(t, 1, `serviceaccounts "nosuch" not found`, "hint: in member east, with its own kubeconfig", "kubectl get serviceaccounts -n default")
	plain := program.Run(t, east.Kubeconfig, "sa", "token", "default", "--members")
	plain.Expect(t, 1, "it is no Karmada control plane", "hint: members are reached through")
}

// TestTokensForExistingMembersAreRefused checks token create and token command with a name that a member has.
func TestTokensForExistingMembersAreRefused(t *testing.T) {
	joinMembers(t)
	const destroyed = `members of these names exist already: "east": where another cluster runs the command, karmadactl register fails, and its clean-up deletes`
	out := run(t, "token", "create", "--for", "east,south", "--print-register-command")
	out.Expect(t, 1, destroyed, "hint: leave these names out")
	if out.Stdout != "" {
		t.Errorf("printed %q", out.Stdout)
	}
	if created := run(t, "token", "list", "--for", "east,south", "-o", "name").OK(t); created != "" {
		t.Errorf("the refused run created %s", created)
	}
	out = run(t, "token", "create", "--for", "east,south", "--print-register-command", "--rejoin")
	out.Expect(t, 0, "warning: "+destroyed)
	if strings.Count(out.Stdout, "\n") != 2 {
		t.Errorf("printed %q", out.Stdout)
	}
	run(t, "token", "command", "--for", "east").Expect(t, 1, destroyed)
	run(t, "token", "command", "--for", "east", "--rejoin").Expect(t, 0, "warning: "+destroyed)
}
