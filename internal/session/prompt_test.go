// SPDX-License-Identifier: Apache-2.0

package session

import (
	"io"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/terminal"
)

// client-go shows why a plugin cannot ask only where stdin is a terminal, so that this test looks at what it is told.
func TestACredentialPluginCannotAskWhereSeveralWouldOrJoinctlIsOneItself(t *testing.T) {
	t.Parallel()
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{"a": {URL: "https://a:6443"}, "b": {URL: "https://b:6443"}})
	config, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range config.AuthInfos {
		*user = clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
			APIVersion: "client.authentication.k8s.io/v1", Command: "plugin", InteractiveMode: clientcmdapi.AlwaysExecInteractiveMode,
		}}
	}
	if err := clientcmd.WriteToFile(*config, kubeconfig); err != nil {
		t.Fatal(err)
	}
	const many, itself = "joinctl talks to many control planes at once", "joinctl is a credential plugin here itself"
	for name, test := range map[string]struct {
		all, noPrompt bool
		why           string
	}{
		"one control plane":               {false, false, ""},
		"many control planes":             {true, false, many},
		"joinctl is a plugin":             {false, true, itself},
		"joinctl is a plugin of many too": {true, true, itself},
	} {
		s := New(Environment{Now: time.Now, Terminal: terminal.New(terminal.Streams{In: strings.NewReader(""), Err: io.Discard})})
		s.Kubeconfig, s.Selection, s.NoPrompt = kubeconfig, fleet.Selection{All: test.all}, test.noPrompt
		targets, err := s.Targets()
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.config(targets[0])
		if err != nil {
			t.Fatal(err)
		}
		if plugin := got.ExecProvider; plugin.StdinUnavailable != (test.why != "") || plugin.StdinUnavailableMessage != test.why {
			t.Errorf("%s: got %v, %q", name, plugin.StdinUnavailable, plugin.StdinUnavailableMessage)
		}
	}
}
