// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/joinctl/joinctl/internal/apitest"
)

func TestTheMetricsOfAListAndOfDoctorNameEveryControlPlane(t *testing.T) {
	hub := apitest.New(t, apitest.Karmada)
	putToken(t, hub, knownToken, "m1", 0)
	putToken(t, hub, "bbbbbb."+knownSecret, "", time.Hour)
	at := hub.Secrets("kube-system")[1].Data["expiration"]
	expires, err := time.Parse(time.RFC3339, string(at))
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"hub": hub, "down": apitest.Down(t)})
	for _, test := range []struct {
		command string
		want    []string
	}{
		{"token list", []string{
			"# HELP joinctl_up ", "# TYPE joinctl_up gauge",
			`joinctl_up{context="hub",command="token list"} 1`,
			`joinctl_up{context="down",command="token list"} 0`,
			`joinctl_tokens{context="hub",status="ok"} 2`,
			`joinctl_tokens{context="hub",status="expired"} 0`,
			`joinctl_token_expiry_timestamp_seconds{context="hub",id="abcdef",for="m1",status="ok"} +Inf`,
			fmt.Sprintf(`joinctl_token_expiry_timestamp_seconds{context="hub",id="bbbbbb",for="",status="ok"} %d`, expires.Unix()),
		}},
		{"doctor", []string{
			`joinctl_up{context="hub",command="doctor"} 1`,
			`joinctl_up{context="down",command="doctor"} 0`,
			`joinctl_doctor_findings{context="hub",check="cluster-info",severity="error"} 1`,
		}},
	} {
		var stdout bytes.Buffer
		code, stderr := adminRun(t, &stdout, "", append(strings.Fields(test.command), "--all-contexts", "-o", "prometheus", "--kubeconfig", kubeconfig)...)
		if code != ExitPartial || strings.Contains(stdout.String(), knownSecret) {
			t.Errorf("%s exits %d: %s%s", test.command, code, &stdout, stderr)
		}
		seen := map[string]bool{}
		for line := range strings.Lines(stdout.String()) {
			series, _, _ := strings.Cut(line, "} ")
			if seen[series] {
				t.Errorf("%s prints the series twice: %s", test.command, series)
			}
			seen[series] = true
		}
		for _, want := range test.want {
			if !strings.Contains("\n"+stdout.String(), "\n"+want) {
				t.Errorf("%s lacks %s:\n%s", test.command, want, &stdout)
			}
		}
	}
}
