// SPDX-License-Identifier: Apache-2.0

package output

import (
	"math"
	"regexp"
	"strings"
	"testing"
)

func TestMetricsHaveTheTextFormatOfPrometheus(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	err := PrintMetrics(&out, []Metric{
		{Name: "a_seconds", Help: "One \\ line\nand another.", Samples: []Sample{
			{Labels: []Label{{"context", `a"b\c`}, {"for", ""}}, Value: 1796443445},
			{Labels: []Label{{"context", "a\nb"}, {"for", "m1"}}, Value: math.Inf(1)},
		}},
		{Name: "none", Help: "Nothing."},
		{Name: "up", Help: "Up.", Samples: []Sample{{Value: 0.5}}},
	})
	want := strings.Join([]string{
		`# HELP a_seconds One \\ line\nand another.`,
		`# TYPE a_seconds gauge`,
		`a_seconds{context="a\"b\\c",for=""} 1796443445`,
		`a_seconds{context="a\nb",for="m1"} +Inf`,
		`# HELP up Up.`,
		`# TYPE up gauge`,
		`up 0.5`,
		``,
	}, "\n")
	if err != nil || out.String() != want {
		t.Errorf("%v, got\n%s\nwant\n%s", err, out.String(), want)
	}
}

// The grammar is that of prometheus.io/docs/instrumenting/exposition_formats. hack/e2e parses the output of the commands with
// Prometheus' own parser.
func TestAHostileLabelIsOneLabel(t *testing.T) {
	t.Parallel()
	line := regexp.MustCompile(`^m\{l="([^"\\\n]|\\[\\"n])*"\} 1\n$`)
	for kind, text := range hostile() {
		var out strings.Builder
		if err := PrintMetrics(&out, []Metric{{Name: "m", Help: "M.", Samples: []Sample{{Labels: []Label{{"l", text + "\xff"}}, Value: 1}}}}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		_, sample, _ := strings.Cut(out.String(), "gauge\n")
		if !line.MatchString(sample) || isActiveIn(sample) || strings.ToValidUTF8(sample, "") != sample {
			t.Errorf("%s: got %q", kind, sample)
		}
	}
}

func TestMetricsAreAFormatOnlyWhereACommandHasThem(t *testing.T) {
	t.Parallel()
	with, without := &Format{Metrics: true}, &Format{}
	if err := without.UnmarshalText([]byte("prometheus")); err == nil || strings.Contains(err.Error(), "prometheus") {
		t.Errorf("without metrics: %v", err)
	}
	if err := with.UnmarshalText([]byte("prometheus")); err != nil || !with.IsMetrics() || with.Structured() || with.IsTable() || with.IsName() || with.IsDefault() {
		t.Errorf("with metrics: %v, %+v", err, with)
	}
	with.Template = "{{.}}"
	if err := with.Check(); err == nil || !strings.Contains(err.Error(), "not with -o prometheus") {
		t.Errorf("with a template: %v", err)
	}
}
