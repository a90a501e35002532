// SPDX-License-Identifier: Apache-2.0

package token

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// auditLine returns an event as kube-apiserver writes it, with some of its texts replaced.
func auditLine(replacements ...string) string {
	const event = `{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"4f3a6e2c","stage":"ResponseComplete",` +
		`"requestURI":"/apis/certificates.k8s.io/v1/certificatesigningrequests?timeout=10s","verb":"create",` +
		`"user":{"username":"system:bootstrap:abcdef","groups":["system:bootstrappers","system:authenticated"]},` +
		`"sourceIPs":["192.0.2.1","10.0.0.7"],"userAgent":"karmadactl/v1.15",` +
		`"objectRef":{"resource":"certificatesigningrequests","name":"member1","apiGroup":"certificates.k8s.io","apiVersion":"v1"},` +
		`"responseStatus":{"metadata":{},"code":201},` +
		`"responseObject":{"kind":"CertificateSigningRequest","metadata":{"name":"member1"}},` +
		`"requestReceivedTimestamp":"2026-11-25T10:00:00.123456Z","stageTimestamp":"2026-11-25T10:00:00.223456Z"}`
	return strings.NewReplacer(replacements...).Replace(event) + "\n"
}

func readLog(t *testing.T, log *AuditLog, text string) Skipped {
	t.Helper()
	skipped, err := log.Read(t.Context(), strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return skipped
}

func archive(t *testing.T, text string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := io.WriteString(w, text)
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAnAuditLogTellsWhoUsedAToken(t *testing.T) {
	t.Parallel()
	var log AuditLog
	skipped := readLog(t, &log, strings.Join([]string{
		auditLine("10:00:00", "10:00:09", `"name":"member1"`, `"name":"node-csr-1"`),
		auditLine(),
		auditLine(`"verb":"create"`, `"verb":"get"`, "certificatesigningrequests?timeout=10s", "certificatesigningrequests/member1", ":201", ":403", "10.0.0.7", "10.0.0.8"),
		auditLine("ResponseComplete", "RequestReceived"),
		auditLine(`"stage":"ResponseComplete"`, `"stage":"ResponseStarted"`),
		auditLine("system:bootstrap:abcdef", "system:bootstrap:bbbbbb", `"objectRef":{"resource":"certificatesigningrequests"`, `"objectRef":{"resource":""`, "/apis/certificates.k8s.io/v1/certificatesigningrequests?timeout=10s", "/version", `"create"`, `"get"`),
		auditLine("system:bootstrap:abcdef", "kubernetes-admin"),
		auditLine(`"username":"system:bootstrap:abcdef"`, `"username":"admin"`, `"sourceIPs"`, `"impersonatedUser":{"username":"system:bootstrap:abcdef"},"sourceIPs"`),
		auditLine("system:bootstrap:abcdef", "system:bootstrap:Nobody"),
	}, ""))
	if skipped != (Skipped{}) {
		t.Errorf("skipped %+v", skipped)
	}
	uses := log.Uses()
	if len(uses) != 2 || uses[0].ID != "abcdef" || uses[1].ID != "bbbbbb" {
		t.Fatalf("uses are %+v", uses)
	}
	got := uses[0]
	if got.Count != 3 || got.Refused != 1 || got.First.Format(time.TimeOnly) != "10:00:00" || got.Last.Format(time.TimeOnly) != "10:00:09" {
		t.Errorf("uses are %+v", got)
	}
	for name, test := range map[string]struct {
		got  Tally
		want []Counted
	}{
		"from":                 {got.From, []Counted{{"10.0.0.7", 2}, {"10.0.0.8", 1}}},
		"forwarded for":        {got.ForwardedFor, []Counted{{"192.0.2.1", 3}}},
		"user agents":          {got.UserAgents, []Counted{{"karmadactl/v1.15", 3}}},
		"requests":             {got.Requests, []Counted{{"create certificatesigningrequests", 2}, {"get certificatesigningrequests", 1}}},
		"certificate requests": {got.CertificateRequests, []Counted{{"member1", 1}, {"node-csr-1", 1}}},
		"without a resource":   {uses[1].Requests, []Counted{{"get /version", 1}}},
	} {
		if sorted := test.got.Sorted(); !reflect.DeepEqual(sorted, test.want) {
			t.Errorf("%s: %v, want %v", name, sorted, test.want)
		}
	}
}

func TestTheNameOfAGeneratedCertificateRequestComesFromTheAnswer(t *testing.T) {
	t.Parallel()
	var log AuditLog
	readLog(t, &log, auditLine(`"name":"member1","apiGroup"`, `"apiGroup"`, `"metadata":{"name":"member1"}`, `"metadata":{"name":"csr-x7k2p"}`))
	readLog(t, &log, auditLine(`"name":"member1","apiGroup"`, `"apiGroup"`, `"responseObject":{"kind":"CertificateSigningRequest","metadata":{"name":"member1"}},`, ""))
	want := []Counted{{"", 1}, {"csr-x7k2p", 1}}
	uses := log.Uses()
	if got := uses[0].CertificateRequests.Sorted(); !reflect.DeepEqual(got, want) {
		t.Errorf("certificate requests are %v", got)
	}
}

func TestWhatAnAuditLogHoldsBesidesEventsIsSkipped(t *testing.T) {
	t.Parallel()
	long := auditLine("karmadactl/v1.15", strings.Repeat("x", maxAuditLine))
	for name, test := range map[string]struct {
		text  string
		want  Skipped
		count int
		err   error
	}{
		"empty":                    {"", Skipped{}, 0, nil},
		"no line feed at the end":  {strings.TrimSpace(auditLine()), Skipped{}, 1, nil},
		"blank lines":              {"\n" + auditLine() + "\r\n\n" + auditLine(), Skipped{}, 2, nil},
		"a cut line at the end":    {auditLine() + auditLine()[:300], Skipped{Cut: true}, 1, nil},
		"a cut line at the start":  {auditLine()[300:] + auditLine(), Skipped{Lines: 1}, 1, nil},
		"a line of another kind":   {auditLine() + "I1125 10:00:00 log\n" + `{"kind":"Pod","user":"system:bootstrap:"}` + "\n", Skipped{Lines: 2}, 1, nil},
		"a line that is too long":  {auditLine() + long + auditLine(), Skipped{Lines: 1}, 2, nil},
		"a line of 1 MiB":          {auditLine("karmadactl/v1.15", strings.Repeat("x", 1<<20)), Skipped{}, 1, nil},
		"gzip":                     {archive(t, auditLine()), Skipped{}, 1, nil},
		"gzip archives in a row":   {archive(t, auditLine()) + archive(t, auditLine()), Skipped{}, 2, nil},
		"a cut gzip archive":       {archive(t, auditLine())[:200], Skipped{Cut: true}, 0, ErrNoAuditLog},
		"a list of events":         {`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[` + auditLine() + `,` + auditLine() + `]}`, Skipped{}, 2, nil},
		"another file":             {"apiVersion: v1\nkind: Config\n", Skipped{Lines: 2}, 0, ErrNoAuditLog},
		"the legacy format":        {`2026-11-25T10:00:00.0Z AUDIT: id="4f3a" user="system:bootstrap:abcdef"` + "\n", Skipped{Lines: 1}, 0, ErrNoAuditLog},
		"other objects as JSON":    {`{"apiVersion":"v1","kind":"Event"}` + "\n", Skipped{Lines: 1}, 0, ErrNoAuditLog},
		"no token":                 {auditLine("system:bootstrap:abcdef", "admin"), Skipped{}, 0, nil},
		"nothing but a cut line":   {auditLine()[:300], Skipped{Cut: true}, 0, ErrNoAuditLog},
		"a time that is no time":   {auditLine() + auditLine("2026-11-25T10:00:00.123456Z", "yesterday"), Skipped{Lines: 1}, 1, nil},
		"a level without a status": {auditLine(`"responseStatus":{"metadata":{},"code":201},`, ""), Skipped{}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.ReplaceAll(test.text, "}\n,", "},") // a list is one line
			if strings.Contains(name, "list") {
				text = strings.ReplaceAll(text, "\n", "")
			}
			var log AuditLog
			skipped, err := log.Read(t.Context(), strings.NewReader(text))
			count := 0
			for _, uses := range log.Uses() {
				count += uses.Count
			}
			if skipped != test.want || !errors.Is(err, test.err) || count != test.count {
				t.Errorf("skipped %+v, counted %d, %v", skipped, count, err)
			}
		})
	}
}

func TestAnAuditLogIsNarrowedToSomeTokens(t *testing.T) {
	t.Parallel()
	log := AuditLog{IDs: []string{"bbbbbb"}}
	readLog(t, &log, auditLine()+auditLine("system:bootstrap:abcdef", "system:bootstrap:bbbbbb"))
	if uses := log.Uses(); len(uses) != 1 || uses[0].ID != "bbbbbb" {
		t.Errorf("uses are %+v", uses)
	}
}

func TestWhatClientsClaimIsBounded(t *testing.T) {
	t.Parallel()
	var log AuditLog
	var text strings.Builder
	for i := range 200 {
		text.WriteString(auditLine("192.0.2.1", fmt.Sprint("claimed-", i), "karmadactl/v1.15", strings.Repeat("ü", 2000)))
	}
	readLog(t, &log, text.String())
	uses := log.Uses()[0]
	agents := uses.UserAgents.Sorted()
	if len(uses.ForwardedFor.Sorted()) != 50 || uses.ForwardedFor.Others != 150 || len(agents) != 1 || len(agents[0].Text) > 300 || len(uses.From.Sorted()) != 1 {
		t.Errorf("uses are %+v", uses)
	}
}

// endless is a log that goes on for a number of bytes.
type endless struct {
	line []byte
	at   int
	left int
}

func (e *endless) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := copy(p, e.line[e.at:])
	e.at = (e.at + n) % len(e.line)
	e.left -= n
	return n, nil
}

func TestTheMemoryForAnAuditLogDoesNotGrowWithItsSize(t *testing.T) {
	var log AuditLog
	read := func(size int) uint64 {
		line := auditLine("system:bootstrap:abcdef", "kubernetes-admin") + auditLine()
		if _, err := log.Read(t.Context(), &endless{line: []byte(line), left: size - size%len(line)}); err != nil {
			t.Fatal(err)
		}
		var stats runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := read(1 << 20)
	if after := read(16 << 20); after > before+(1<<20) {
		t.Errorf("the heap grew from %d to %d bytes", before, after)
	}
	if got := log.Uses()[0].Count; got < 5_000 {
		t.Errorf("counted %d requests", got)
	}
}

func TestReadingAnAuditLogEndsWithTheRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	cancel(stopped)
	var log AuditLog
	if _, err := log.Read(ctx, strings.NewReader(auditLine())); !errors.Is(err, stopped) {
		t.Errorf("the error is %v", err)
	}
}

func FuzzAuditLog(f *testing.F) {
	f.Add([]byte(auditLine()))
	f.Add([]byte(auditLine()[:300]))
	f.Add([]byte{0x1f, 0x8b, 8, 0})
	f.Add([]byte(`{"apiVersion":"audit.k8s.io/v1","items":[{"stage":"Panic","user":{"username":"system:bootstrap:abcdef"}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var log AuditLog
		_, _ = log.Read(t.Context(), bytes.NewReader(text))
		for _, uses := range log.Uses() {
			if uses.Count == 0 || uses.Refused > uses.Count || uses.Last.Before(uses.First) {
				t.Errorf("uses are %+v", uses)
			}
		}
	})
}
