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

// is fails the test unless a control plane takes the bearer of a token for a user.
func (p plane) is(t testing.TB, bearer, user string) {
	t.Helper()
	if who, err := p.WhoAmI(t.Context(), bearer); err != nil || who.Username != user {
		t.Errorf("the token is that of %q: %v", who.Username, err)
	}
}

// join makes east and west members, by these names.
func join(t testing.TB) {
	t.Helper()
	standIn.Join(t, "east", map[string]string{"region": "east"}, east.ControlPlane)
	standIn.Join(t, "west", map[string]string{"region": "west"}, west.ControlPlane)
}

// dead adds a member that nobody can reach.
func dead(t testing.TB) {
	t.Helper()
	spec := standIn.Spec(t, east.ControlPlane)
	spec["apiEndpoint"] = "https://127.0.0.1:1"
	standIn.Set(t, "dead", map[string]string{"region": "south"}, spec)
}

// TestOneMemberHasTheShapeOfOneControlPlane: a bare token, and the TokenRequest with -o.
func TestOneMemberHasTheShapeOfOneControlPlane(t *testing.T) {
	join(t)
	out := run(t, "sa", "token", "default", "--member", "west")
	out.Wants(t, 0, "in member west of context hub")
	west.is(t, out.OK(t), robot)
	for _, other := range []plane{hub, east} {
		if who, err := other.WhoAmI(t.Context(), out.OK(t)); err == nil {
			t.Errorf("another control plane takes it for %q", who.Username)
		}
	}
	answer := run(t, "sa", "token", "default", "--member", "east", "-o", "jsonpath={.kind} {.status.token}").OK(t)
	kind, bearer, _ := strings.Cut(answer, " ")
	if kind != "TokenRequest" {
		t.Errorf("-o shows a %s", kind)
	}
	east.is(t, bearer, robot)
	plan := run(t, "sa", "token", "default", "--members", "--dry-run")
	plan.Wants(t, 0, "in member east of context hub", "in member west of context hub", "nothing was asked for")
	if plan.Stdout != "" {
		t.Errorf("a plan printed %q", plan.Stdout)
	}
}

// TestFiftyMembers mints in each of them, through one control plane and with one kubeconfig.
func TestFiftyMembers(t *testing.T) {
	const size = 50
	of := map[string]plane{}
	for i := range size {
		name, region, p := fmt.Sprintf("member-%02d", i), "east", east
		if i%2 == 1 {
			region, p = "west", west
		}
		of[name] = p
		standIn.Join(t, name, map[string]string{"region": region}, p.ControlPlane)
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
		of[words[1]].is(t, words[2], robot)
	}
	if out.Took > 10*time.Second {
		t.Errorf("it took %s", out.Took)
	}
	t.Logf("%d members in %s", size, out.Took)
	doc := run(t, "sa", "token", "default", "--members", "--selector", "region=west", "-o", "json").Document(t)
	if len(doc.Items) != size/2 || len(doc.Failures) != 0 {
		t.Errorf("%d items and %d failures", len(doc.Items), len(doc.Failures))
	}
	for _, item := range doc.Items {
		if item["context"] != "hub" || of[item["member"].(string)] != west {
			t.Errorf("an item is of %v, %v", item["context"], item["member"])
		}
	}
	names := strings.Fields(run(t, "sa", "token", "default", "--member", "member-03,member-01", "-o", "name").OK(t))
	if strings.Join(names, " ") != "hub/member-03/default hub/member-01/default" {
		t.Errorf("the names are %q", names)
	}
}

// TestAMemberThatIsDownNeitherCancelsNorHidesAnother in any format.
func TestAMemberThatIsDownNeitherCancelsNorHidesAnother(t *testing.T) {
	join(t)
	dead(t)
	out := run(t, "sa", "token", "default", "--members", "-o", "json")
	out.Wants(t, 3, `joinctl: error: Unreachable, 1 of 3 ("dead"): the control plane cannot reach member dead`, "connection refused", "hint: is the member up")
	doc := out.Document(t)
	if len(doc.Items) != 2 || len(doc.Failures) != 1 {
		t.Fatalf("%d items, %d failures", len(doc.Items), len(doc.Failures))
	}
	if f := doc.Failures[0]; f.Context != "hub" || f.Member != "dead" || f.Reason != "Unreachable" {
		t.Errorf("the failure is %+v", f)
	}
	for _, format := range []string{"table", "wide", "name", "yaml", "jsonpath={.items[*].member}"} {
		out := run(t, "sa", "token", "default", "--members", "-o", format)
		out.Wants(t, 3)
		if !strings.Contains(out.Stdout, "east") || !strings.Contains(out.Stdout, "west") {
			t.Errorf("-o %s: %q", format, out.Stdout)
		}
	}
	run(t, "sa", "token", "default", "--member", "dead").Wants(t, 1, `member "dead" of context "hub"`)
}

// TestMembersThatAreNotThere are told from a control plane that has none.
func TestMembersThatAreNotThere(t *testing.T) {
	run(t, "sa", "token", "default", "--members").Wants(t, 2, "the selection has no members")
	join(t)
	run(t, "sa", "token", "default", "--members", "--selector", "region=north").Wants(t, 2, "the selection has no members")
	run(t, "sa", "token", "default", "--member", "nobody").Wants(t, 1, `clusters.cluster.karmada.io "nobody" not found`, "hint: kubectl get clusters")
	run(t, "sa", "token", "nosuch", "--member", "east").Wants(t, 1, `serviceaccounts "nosuch" not found`, "hint: kubectl get serviceaccounts -n default")
	plain := program.Run(t, east.Kubeconfig, "sa", "token", "default", "--members")
	plain.Wants(t, 1, "it is no Karmada control plane", "hint: members are reached through")
}

// TestTokensForMembersThatExistAreWarnedOf before they are made.
func TestTokensForMembersThatExistAreWarnedOf(t *testing.T) {
	join(t)
	out := run(t, "token", "create", "--for", "east,north", "--print-register-command")
	out.Wants(t, 0, `warning: there are members of the name already, so that whoever joins under it is refused: "east"`)
	if strings.Count(out.Stdout, "\n") != 2 {
		t.Errorf("printed %q", out.Stdout)
	}
}
