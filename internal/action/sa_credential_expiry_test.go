// SPDX-License-Identifier: Apache-2.0

package action

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	execv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"

	"github.com/joinctl/joinctl/internal/satoken"
)

// client-go compares the expiry with the clock of this machine.
func TestACredentialExpiresByThisMachinesClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 20 * time.Minute, -20 * time.Minute, 3 * time.Hour, -3 * time.Hour} {
		for cache, requests := range map[string]int{t.TempDir(): 1, "": 2} {
			server := withRobot(t)
			server.Clock(ahead)
			s, _ := newSession(t, servers{"hub": server})
			for range 2 {
				caller, err := satoken.ParseCaller("")
				check(t, err)
				a := &SACredential{RequestOptions: RequestOptions{Session: s, Name: "robot"}, Caller: caller, Cache: satoken.Cache{Dir: cache}}
				answers, failures, err := a.Run(t.Context())
				check(t, err)
				wantFailures(t, failures, 1)
				var got execv1.ExecCredential
				check(t, json.Unmarshal(answers[0], &got))
				if off := time.Until(got.Status.ExpirationTimestamp.Time) - time.Hour; off.Abs() > 30*time.Second {
					t.Errorf("server ahead by %s, cache %q: it expires %s too late", ahead, cache, off)
				}
			}
			sent := slices.DeleteFunc(server.Requests(), func(request string) bool { return !strings.HasSuffix(request, "/token") })
			if len(sent) != requests {
				t.Errorf("server ahead by %s, cache %q: %q", ahead, cache, sent)
			}
		}
	}
}
