// SPDX-License-Identifier: Apache-2.0

// Package kuberc reads kubectl's preferences file: the defaults and aliases that it sets for kubectl create token, and which
// credential plugins may run. It follows k8s.io/kubectl/pkg/kuberc, which links all of kubectl's flags.
package kuberc

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"k8s.io/client-go/plugin/pkg/client/auth/exec"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/kubectl/pkg/config"

	"github.com/joinctl/joinctl/internal/inputfile"
)

// Command is the command of kubectl that this package reads the preferences of.
const Command = "create token"

// An Environment is what the environment says about the preferences file. The zero Environment names none.
type Environment struct {
	Gate    string // KUBECTL_KUBERC: "false", in any case, turns preferences off
	File    string // KUBERC: the file, or "off"
	Default string // the file that is read if nothing names one; it may be missing. "": none
}

// Preferences are what a file says about kubectl create token.
type Preferences struct {
	Path    string                        // of the file; "": none was read
	Options []config.CommandOptionDefault // defaults of flags, in the order of the file
	Aliases []config.AliasOverride        // other names for create token
	Plugins clientcmdapi.PluginPolicy     // which credential plugins may run
	Warning string                        // what is wrong with the file and does not prevent its use; "": nothing
}

// Load reads the file that named, else the environment, else the default names. Like kubectl, it only warns if the default file
// cannot be used; stop ends the wait for a pipe. Entries for other commands are ignored, whether they are valid or not.
func (e Environment) Load(stop <-chan struct{}, named string) (*Preferences, error) {
	path, err := e.path(named)
	if err != nil || path == "" {
		return &Preferences{}, err
	}
	content, err := inputfile.Read(stop, path, inputfile.SmallLimit)
	var decoded *config.Preference
	var warning error
	if err == nil {
		decoded, warning, err = decode(content)
	}
	switch explicit := named != "" || e.File != ""; {
	case !explicit && errors.Is(err, fs.ErrNotExist):
		return &Preferences{}, nil
	case !explicit && err != nil:
		return &Preferences{Warning: fmt.Sprintf("kubectl's preferences in %s are not used: %v", path, withoutPath(err))}, nil
	case err != nil:
		return nil, fmt.Errorf("kubectl's preferences in %s: %w", path, withoutPath(err))
	case decoded == nil:
		return &Preferences{}, nil
	}
	preferences, err := forCommand(decoded)
	if err != nil {
		return nil, fmt.Errorf("kubectl's preferences in %s: %w", path, err)
	}
	preferences.Path = path
	if warning != nil {
		preferences.Warning = fmt.Sprintf("kubectl's preferences in %s have mistakes: %v", path, warning)
	}
	return preferences, nil
}

// path returns the file to read, "" for none.
func (e Environment) path(named string) (string, error) {
	off := ""
	switch {
	case strings.EqualFold(e.Gate, "false"):
		off = "KUBECTL_KUBERC=" + e.Gate
	case e.File == "off":
		off = "KUBERC=off"
	case named != "":
		return named, nil
	case e.File != "":
		return e.File, nil
	default:
		return e.Default, nil
	}
	if named != "" {
		return "", fmt.Errorf("--kuberc names a file, and %s in the environment turns preferences off: leave one out", off)
	}
	return "", nil
}

// withoutPath returns the cause of an error of a file: the path is named already.
func withoutPath(err error) error {
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		return file.Err
	}
	return err
}

// forCommand returns what a file says about create token.
func forCommand(file *config.Preference) (*Preferences, error) {
	out := &Preferences{Plugins: clientcmdapi.PluginPolicy{PolicyType: clientcmdapi.PolicyType(file.CredentialPluginPolicy)}}
	if file.CredentialPluginAllowlist != nil { // an empty list is a mistake under each policy
		out.Plugins.Allowlist = []clientcmdapi.AllowlistEntry{}
	}
	for _, entry := range file.CredentialPluginAllowlist {
		out.Plugins.Allowlist = append(out.Plugins.Allowlist, clientcmdapi.AllowlistEntry(entry))
	}
	if err := exec.ValidatePluginPolicy(out.Plugins); err != nil {
		return nil, err
	}
	for _, entry := range file.Defaults {
		if isCommand(entry.Command) {
			out.Options = append(out.Options, entry.Options...)
		}
	}
	for _, alias := range file.Aliases {
		if !isCommand(alias.Command) {
			continue
		}
		if err := out.addAlias(alias); err != nil {
			return nil, err
		}
	}
	return out, checkOptions(Command, out.Options)
}

// isCommand reports whether kubectl finds create token under the words of an entry.
func isCommand(words string) bool {
	fields := strings.Fields(words)
	return len(fields) > 1 && strings.Join(fields[:2], " ") == Command
}

// addAlias adds an alias whose name kubectl accepts, and no other has.
func (p *Preferences) addAlias(alias config.AliasOverride) error {
	if !regexp.MustCompile("^[a-zA-Z]+$").MatchString(alias.Name) {
		return errors.New("the name of an alias for " + Command + " must have letters only")
	}
	if slices.ContainsFunc(p.Aliases, func(other config.AliasOverride) bool { return other.Name == alias.Name }) {
		return fmt.Errorf("alias %s is there twice", alias.Name)
	}
	p.Aliases = append(p.Aliases, alias)
	return checkOptions("alias "+alias.Name, alias.Options)
}

func checkOptions(of string, options []config.CommandOptionDefault) error {
	for _, option := range options {
		if strings.HasPrefix(option.Name, "-") {
			return fmt.Errorf("option %s of %s: leave out the dashes", option.Name, of)
		}
	}
	return nil
}
