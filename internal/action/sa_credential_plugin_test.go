// SPDX-License-Identifier: Apache-2.0

package action

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	v1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// It does not run in parallel: another process that starts while the plugin is written would keep it open.
func TestTheTimeOfAPluginIsNotThatOfARequest(t *testing.T) {
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, func(s *session.Session) { s.RequestTimeout = 500 * time.Millisecond })
	dir := t.TempDir()
	command, calls := filepath.Join(dir, "slow"), filepath.Join(dir, "calls")
	script := "#!/bin/sh\necho call >> " + calls + "\nsleep 1\n" +
		`echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"` + apitest.AdminToken + `"}}'` + "\n"
	check(t, os.WriteFile(command, []byte(script), 0o700))
	editKubeconfig(t, s, func(config *clientcmdapi.Config) {
		config.AuthInfos["hub-admin"] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: v1.SchemeGroupVersion.String(), Command: command, InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		}}
	})
	a := answeringCaller(t, s, server.URL)
	a.Cache = satoken.Cache{Dir: t.TempDir()}
	mustAnswer(t, a)
	mustAnswer(t, a) // from the cache: no plugin is needed
	if got := mustRead(t, calls); got != "call\n" {
		t.Errorf("the plugin was called with %q", got)
	}
}
