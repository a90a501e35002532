// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/failure"
)

func TestFilesOfKUBECONFIGThatAddNoContextAreNamed(t *testing.T) {
	dir := t.TempDir()
	full, empty, missing := writeFile(t, dir, "full", complete), writeFile(t, dir, "empty", ""), filepath.Join(dir, "missing")
	comment := writeFile(t, dir, "comment", "# nothing\n")
	for name, test := range map[string]struct {
		files  []string
		absent []AbsentFile
		text   string // of the error; "": none
	}{
		"all have content":     {[]string{full}, nil, ""},
		"others have content":  {[]string{missing, full, "", empty}, []AbsentFile{{missing, false}, {empty, true}}, ""},
		"missing":              {[]string{missing}, nil, "no kubeconfig found: KUBECONFIG names " + missing + ", which does not exist"},
		"empty":                {[]string{empty}, nil, "no kubeconfig found: KUBECONFIG names " + empty + ", which is empty"},
		"missing and empty":    {[]string{missing, empty}, nil, "no kubeconfig found: KUBECONFIG names " + missing + ", which does not exist, and " + empty + ", which is empty"},
		"without any contexts": {[]string{comment}, nil, "no kubeconfig found: the files that KUBECONFIG names have no contexts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", strings.Join(test.files, string(filepath.ListSeparator)))
			t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1") // a Pod's own control plane is another one
			t.Setenv("KUBERNETES_SERVICE_PORT", "443")
			kubeconfig, err := Load(LoadOptions{})
			if test.text != "" {
				var config *failure.ConfigError
				if !errors.As(err, &config) || config.Error() != test.text || !strings.HasPrefix(config.Hint, "correct KUBECONFIG, or name a file with --kubeconfig") {
					t.Errorf("got %v, want %s", err, test.text)
				}
				return
			}
			if err != nil || !reflect.DeepEqual(kubeconfig.AbsentFiles(), test.absent) {
				t.Errorf("got %v, %v", kubeconfig, err)
			}
			explicit, err := Load(LoadOptions{Path: full})
			if err != nil || explicit.AbsentFiles() != nil {
				t.Errorf("with an explicit path: %v, %v", explicit, err)
			}
		})
	}
}
