// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/token"
)

// A timeoutValue is a time with a unit, or a bare number of seconds, as kubectl takes it.
type timeoutValue time.Duration

func (v *timeoutValue) Set(s string) error {
	d, err := clientcmd.ParseTimeout(s)
	if err != nil || d < 0 {
		return errors.New("it is a duration such as 15s, or 0 for no limit")
	}
	*v = timeoutValue(d)
	return nil
}

func (v *timeoutValue) String() string { return time.Duration(*v).String() }
func (v *timeoutValue) Type() string   { return "duration" }

// A ttlValue is how long a token lives: 0 for ever, else at least a second, to which the server counts.
type ttlValue time.Duration

func (v *ttlValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		return errors.New("it is a duration such as 24h or 30m, or 0 for a token that never expires")
	case d < 0:
		return errors.New("a token cannot expire before it is made; 0 is for one that never expires")
	case d > 0 && d < time.Second:
		return errors.New("a token lives for at least a second")
	}
	*v = ttlValue(d)
	return nil
}

func (v *ttlValue) String() string { return time.Duration(*v).String() }
func (v *ttlValue) Type() string   { return "duration" }

// A dryRun says how far a write goes.
type dryRun string

const (
	dryRunNone   dryRun = "none"
	dryRunClient dryRun = "client"
	dryRunServer dryRun = "server"
)

func (v *dryRun) Set(s string) error {
	switch mode := dryRun(s); mode {
	case dryRunNone, dryRunClient, dryRunServer:
		*v = mode
	case "true": // kubeadm's is a switch
		*v = dryRunClient
	case "false":
		*v = dryRunNone
	default:
		return errors.New("it is none, client or server")
	}
	return nil
}

func (v *dryRun) String() string { return string(*v) }
func (v *dryRun) Type() string   { return "mode" }

// A listValue is a flag that can be repeated and takes commas, checked by the server's rule when it is parsed.
type listValue struct {
	values *[]string
	check  func([]string) ([]string, error)
	set    bool
}

func (v *listValue) Set(s string) error {
	all := *v.values
	if !v.set {
		all = nil
	}
	for item := range strings.SplitSeq(s, ",") {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	checked, err := v.check(all)
	if err != nil {
		return err
	}
	v.set, *v.values = true, checked
	return nil
}

func (v *listValue) String() string { return strings.Join(*v.values, ",") }
func (v *listValue) Type() string   { return "list" }

func usagesValue(values *[]string) *listValue {
	return &listValue{values: values, check: token.ParseUsages}
}

func groupsValue(values *[]string) *listValue {
	return &listValue{values: values, check: token.ParseGroups}
}

// A clustersValue is a flag that can be repeated and takes commas, of names of clusters, each once.
type clustersValue struct{ names *[]string }

func (v *clustersValue) Set(s string) error {
	for word := range strings.SplitSeq(s, ",") {
		name, err := join.ParseClusterName(strings.TrimSpace(word))
		if err != nil {
			return err
		}
		if !slices.Contains(*v.names, string(name)) {
			*v.names = append(*v.names, string(name))
		}
	}
	return nil
}

func (v *clustersValue) String() string { return "" }
func (v *clustersValue) Type() string   { return "name" }

// A selectorValue is a label selector, as the server takes it; "" selects all.
type selectorValue string

func (v *selectorValue) Set(s string) error {
	if _, err := labels.Parse(s); err != nil {
		return err
	}
	*v = selectorValue(s)
	return nil
}

func (v *selectorValue) String() string { return string(*v) }
func (v *selectorValue) Type() string   { return "selector" }

// An extraValue holds the extra fields of an impersonated user.
type extraValue map[string][]string

func (v *extraValue) Set(s string) error {
	key, value, ok := strings.Cut(s, "=")
	if !ok || key == "" {
		return errors.New("it is KEY=VALUE")
	}
	if *v == nil {
		*v = extraValue{}
	}
	(*v)[key] = append((*v)[key], value)
	return nil
}

func (v *extraValue) String() string { return "" }
func (v *extraValue) Type() string   { return "KEY=VALUE" }

// A countValue is a number of things to make.
type countValue int

func (v *countValue) Set(s string) error {
	const most = 100_000
	var n int
	if _, err := fmt.Sscanf(s, "%d", &n); err != nil || fmt.Sprint(n) != s || n < 1 || n > most {
		return fmt.Errorf("it is a number from 1 to %d", most)
	}
	*v = countValue(n)
	return nil
}

func (v *countValue) String() string { return fmt.Sprint(int(*v)) }
func (v *countValue) Type() string   { return "number" }

// A patternsValue is a flag that can be repeated, of patterns for the names of contexts.
type patternsValue struct{ patterns *[]fleet.Pattern }

func (v *patternsValue) Set(s string) error {
	pattern, err := fleet.ParsePattern(s)
	if err != nil {
		return err
	}
	*v.patterns = append(*v.patterns, pattern)
	return nil
}

func (v *patternsValue) String() string { return "" }
func (v *patternsValue) Type() string   { return "pattern" }
