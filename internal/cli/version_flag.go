// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/version"
	apiversion "k8s.io/apimachinery/pkg/version"

	"github.com/joinctl/joinctl/internal/session"
)

// versionFlag is --version as the components of Kubernetes have it (k8s.io/component-base/version/verflag): it prints the version in
// place of what the command does, --version=raw as a Go value; --version=vX.Y.Z sets the version that is reported.
type versionFlag struct {
	text       string
	print, raw bool
}

// A versionRequest is the error with which --version ends a command before it begins.
type versionRequest struct{ text string }

func (versionRequest) Error() string { return "the version is requested" }

// add adds the flag to every command.
func (f *versionFlag) add(flags *pflag.FlagSet, env *Env, s *session.Session) {
	group := newFlagGroup(runGroup)
	group.VarP(&value{kind: "version", get: func() string { return f.text }, set: func(text string) error {
		f.text = text
		if strings.HasPrefix(text, "v") {
			if err := checkReportedVersion(text, buildVersion(env)); err != nil {
				return err
			}
			env.Version, s.UserAgent = text, userAgent(text)
			return nil
		}
		if f.print, f.raw = true, text == "raw"; f.raw {
			return nil
		}
		var err error
		if f.print, err = strconv.ParseBool(text); err != nil {
			return errors.New("must be true, false, raw, or a version vX.Y.Z to report")
		}
		return nil
	}}, "version", "V", "print the version, and do nothing else; raw: as a Go value; vX.Y.Z…: report this version")
	group.Lookup("version").NoOptDefVal = "true"
	addFlagGroup(flags, group)
}

// checkReportedVersion returns an error if a version is of another release than this program.
func checkReportedVersion(text, build string) error {
	if text == build {
		return nil
	}
	reported, err := version.ParseSemantic(text)
	if err != nil {
		return errors.New("must be true, false, raw, or a version vX.Y.Z to report")
	}
	own, err := version.ParseSemantic(build)
	if err != nil {
		own = version.MustParseSemantic("v0.0.0") // a build without a version
	}
	if reported.Major() != own.Major() || reported.Minor() != own.Minor() || reported.Patch() != own.Patch() {
		return fmt.Errorf("must begin with v%d.%d.%d, the version of this program", own.Major(), own.Minor(), own.Patch())
	}
	return nil
}

// end makes the flag end a command before its arguments are judged.
func (f *versionFlag) end(c *cobra.Command, env *Env) {
	parse := c.Args
	c.Args = func(cmd *cobra.Command, args []string) error {
		switch {
		case f.print && f.raw:
			return versionRequest{fmt.Sprintf("%#v\n", rawVersion(env))}
		case f.print:
			return versionRequest{versionLine(env) + "\n"}
		case parse == nil:
			return nil
		}
		return parse(cmd, args)
	}
}

// rawVersion returns the version as the components of Kubernetes print it.
func rawVersion(env *Env) apiversion.Info {
	info := apiversion.Info{
		GitVersion: buildVersion(env),
		GitCommit:  setting("vcs.revision"),
		BuildDate:  setting("vcs.time"),
		GoVersion:  runtime.Version(),
		Compiler:   runtime.Compiler,
		Platform:   platform(),
	}
	if own, err := version.ParseSemantic(info.GitVersion); err == nil {
		info.Major, info.Minor = strconv.Itoa(int(own.Major())), strconv.Itoa(int(own.Minor()))
	}
	return info
}
