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
	for _, step := range []string{
		`(?m)^karmadactl register 127\.0\.0\.1:\d+ --token [a-z0-9]{6}\.[a-z0-9]{16} --discovery-token-ca-cert-hash sha256:[0-9a-f]{64}$`,
		`(?m)^[a-z0-9]{6} +ok +(2h|1h59m) .*for member1$`,
		`(?m)^configmap/cluster-info created$`,
		`(?m)^system:bootstrap:[a-z0-9]{6}, in groups .*system:bootstrappers:karmada:default-cluster-token`,
		`(?m)^bootstrap token "[a-z0-9]{6}" deleted$`,
		`(?m)^joinctl: no bootstrap tokens in context hub$`,
		`(?m)^karmadactl register .* --cluster-name member3$`,
		`(?m)^authentication +ok +.*system:bootstrap:[a-z0-9]{6}.*system:bootstrappers:karmada:default-cluster-token`,
		`(?m)^approval +ok `,
	} {
		if !regexp.MustCompile(step).MatchString(out) {
			t.Errorf("the demo does not print %s:\n%s", step, out)
		}
	}
	if n := strings.Count(out, "$ joinctl "); n != 7 {
		t.Errorf("the demo shows %d commands", n)
	}
}
