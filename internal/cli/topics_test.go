// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/internal/output"
)

func TestATopicIsShownByHelp(t *testing.T) {
	for _, topic := range topics() {
		for _, args := range [][]string{{"help", topic.name}, {topic.name}, {topic.name, "--help"}} {
			code, stdout, stderr := run(t, args...)
			if code != ExitOK || stdout != wrap(topic.text, 80)+"\n" || stderr != "" {
				t.Errorf("%q: exit code %d, stderr %q, stdout\n%s", args, code, stderr, stdout)
			}
		}
	}
}

func TestTheTopicOfExitCodesNamesEachExitCode(t *testing.T) {
	t.Parallel()
	var named []string
	for _, match := range regexp.MustCompile(`(?m)^  (\d+) `).FindAllStringSubmatch(exitCodesTopic, -1) {
		named = append(named, match[1])
	}
	var want []string
	for _, code := range []int{ExitOK, ExitFailed, ExitUsage, ExitPartial, ExitProblem, ExitInterrupted} {
		want = append(want, strconv.Itoa(code))
	}
	if !slices.Equal(named, want) {
		t.Errorf("got %q, want %q", named, want)
	}
}

func TestTheTopicOfOutputNamesEachFormat(t *testing.T) {
	t.Parallel()
	for _, name := range (&output.Format{Metrics: true}).Names() {
		if !regexp.MustCompile(`(?m)^  .*\b` + name + `\b`).MatchString(outputTopic) {
			t.Errorf("it lacks %s", name)
		}
	}
}

func TestTheTopicOfSelectionNamesEachFlag(t *testing.T) {
	t.Parallel()
	for _, flag := range listedFlags(testRoot())[selectionGroup] {
		if !strings.Contains(selectionTopic, "\n  --"+flag.Name+" ") {
			t.Errorf("it lacks --%s", flag.Name)
		}
	}
}

func TestTheRootPrintsTheVersion(t *testing.T) {
	_, want, _ := run(t, "version")
	for _, flag := range []string{"--version", "-V"} {
		if code, stdout, stderr := run(t, flag); code != ExitOK || stdout != want || stderr != "" {
			t.Errorf("%s: exit code %d, %q, %q; want %q", flag, code, stdout, stderr, want)
		}
	}
}
