// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"flag"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"k8s.io/klog/v2"

	"github.com/joinctl/joinctl/internal/session"
	"github.com/joinctl/joinctl/internal/terminal"
)

// logging is klog's whole set of flags, spelt with dashes; underscores are understood too.
type logging struct {
	names []string
	flush time.Duration
}

func registerLogging(persistent *pflag.FlagSet) *logging {
	flags, l := newFlagGroup(loggingGroup), &logging{}
	set := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(set)
	set.VisitAll(func(f *flag.Flag) {
		flag := pflag.PFlagFromGoFlag(f)
		flag.Name = strings.ReplaceAll(flag.Name, "_", "-")
		flag.Usage = strings.ToLower(flag.Usage[:1]) + strings.ReplaceAll(flag.Usage[1:], "_", "-") // as our own usages
		l.names = append(l.names, flag.Name)
		flags.AddFlag(flag)
	})
	flags.Lookup("v").Usage = "log level: 1 what is being done, 4 decisions, 6 requests with timing, 8 headers"
	flags.DurationVar(&l.flush, "log-flush-frequency", 5*time.Second, "longest time between log flushes")
	addFlagGroup(persistent, flags)
	return l
}

// check remembers the files that flags name to read from, and refuses a log file in place of one that must not change.
func (l *logging) check(flags *pflag.FlagSet, s *session.Session) error {
	const logFile = "log-file"
	flags.Visit(func(f *pflag.Flag) {
		if slices.Contains(inputFiles(), f.Name) {
			s.Inputs = append(s.Inputs, slices.DeleteFunc(fileNames(f), func(path string) bool { return path == stdin })...)
		}
	})
	if path := flags.Lookup(logFile).Value.String(); path != "" {
		return s.CheckLogFile("--"+logFile, path)
	}
	return nil
}

// start sets klog up after the flags are parsed: with a filter for credentials, and silent unless logging was asked for,
// since libraries log warnings at level 0. A log and a progress line do not go together on one terminal.
func (l *logging) start(flags *pflag.FlagSet, t *terminal.Terminal) (stop func()) {
	klog.SetLogFilter(t.Redactor())
	asked := false
	for _, name := range l.names {
		f := flags.Lookup(name)
		asked = asked || f.Changed && (name != "v" || f.Value.String() != "0")
	}
	if !asked {
		klog.SetLogger(klog.New(nil))
		return func() {}
	}
	t.HideProgress()
	klog.StartFlushDaemon(l.flush)
	return func() {
		klog.StopFlushDaemon()
		klog.Flush()
	}
}
