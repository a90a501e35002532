// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
)

// TestDemoShowsTheMainJob runs the same program as make demo.
func TestDemoShowsTheMainJob(t *testing.T) {
	t.Parallel()
	out := program.Execute(t, exec.CommandContext(t.Context(), program.Binary("demo"), "-bin", program.Binary(""))).OK(t)
	// The first screen shows the four main commands.
	first := strings.Join(strings.SplitAfterN(out, "\n", 16)[:15], "")
	if !regexp.MustCompile(`(?s)\$ joinctl token create .*\$ joinctl token list\n.*\$ joinctl check .*\$ joinctl token delete .* deleted\n$`).MatchString(first) {
		t.Errorf("the first 15 lines are:\n%s", first)
	}
	for _, step := range []string{
		`(?m)^karmadactl register 127\.0\.0\.1:\d+ --token [a-z0-9]{6}\.[a-z0-9]{16} --discovery-token-ca-cert-hash sha256:[0-9a-f]{64} --cluster-name member1$`,
		`(?m)^[a-z0-9]{6} +ok +(24h|23h59m) .*for member1$`,
		`(?m)^joinctl: all checks passed: the join at `,
		`(?m)^bootstrap token "[a-z0-9]{6}" deleted$`,
		`(?m)^authentication +ok +.*system:bootstrap:[a-z0-9]{6}.*system:bootstrappers:karmada:default-cluster-token`,
		`(?m)^approval +ok `,
		`(?m)^member3 +[a-z0-9]{6}\.[a-z0-9]{16}$`,
		`(?m)^clusterrole/system:karmada:certificatesigningrequest:selfautoapprover created$`,
	} {
		if !regexp.MustCompile(step).MatchString(out) {
			t.Errorf("the demo does not print %s:\n%s", step, out)
		}
	}
	if n := strings.Count(out, "$ joinctl "); n != 7 {
		t.Errorf("the demo shows %d commands", n)
	}
}
