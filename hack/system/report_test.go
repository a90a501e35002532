// SPDX-License-Identifier: Apache-2.0

//go:build system

package system

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/joinctl/joinctl/internal/apitest"
)

// hostile is the name of a context that is markup.
const hostile = `<script>document.title="changed"</script>`

// report has joinctl doctor write a report about a healthy control plane, one without cluster-info, and one that is down.
func report(t *testing.T) string {
	t.Helper()
	kubeconfig := apitest.Kubeconfig(t, map[string]*apitest.Server{
		"healthy": apitest.New(t, apitest.Karmada, apitest.Joinable), "empty": apitest.New(t), "down": apitest.Down(t), hostile: apitest.New(t, apitest.Joinable),
	})
	path := filepath.Join(t.TempDir(), "report.html")
	cmd := exec.CommandContext(t.Context(), joinctl(t), "doctor", "--kubeconfig", kubeconfig, "--all-contexts", "--report", path)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// serve serves a file at /, and returns the URL and a function that returns the paths that were requested.
func serve(t *testing.T, path string) (url string, requested func() []string) {
	t.Helper()
	var (
		mu    sync.Mutex
		paths []string
	)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if paths = append(paths, r.URL.Path); r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(content)
	}))
	t.Cleanup(server.Close)
	return server.URL, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return paths
	}
}

// chromium runs Chromium without a window, as root too, and without the network except for this machine.
func chromium(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, "chromium"), append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
		"--disable-background-networking", "--virtual-time-budget=2000", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
	}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("chromium %q: %v: %s", args, err, stderr.String())
	}
	return string(out)
}

func TestABrowserShowsTheReportAsATableAndRunsNothing(t *testing.T) {
	t.Parallel()
	url, requested := serve(t, report(t))
	dom := chromium(t, "--dump-dom", url)
	for _, want := range []string{
		"<title>joinctl doctor: 4 control planes</title>", "&lt;script&gt;document.title=", "1 not examined to the end", `<h3 id="JC204">JC204: `, `<h3 id="JC301">JC301: `,
	} {
		if !strings.Contains(dom, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	if strings.Contains(dom, "<script") {
		t.Error("the page has a script")
	}
	table, _, _ := strings.Cut(dom, "</table>")
	columns := strings.Count(table, `<th scope="col">`)
	rows := regexp.MustCompile(`(?s)<tr><th scope="row"><a href="#t\d">(.*?)</a></th>(.*?)</tr>`).FindAllStringSubmatch(table, -1)
	if columns < 20 || len(rows) != 4 {
		t.Fatalf("%d columns, %d rows", columns, len(rows))
	}
	for _, row := range rows {
		if cells := strings.Count(row[2], "<td"); cells != columns-1 {
			t.Errorf("%s: %d cells for %d columns", row[1], cells, columns)
		}
		result := regexp.MustCompile(`^<td class="(.*?)">(.*?)</td>`).FindStringSubmatch(row[2])
		want, ok := map[string]string{"down": "Unreachable", "empty": "error", "healthy": "ok"}[row[1]]
		if ok && result[2] != want || !ok && !strings.Contains(row[1], "&lt;script&gt;") {
			t.Errorf("%s: %q", row[1], result)
		}
		if passing := strings.Contains(row[2], `<td class="ok">ok</td>`); passing == (row[1] == "down") {
			t.Errorf("%s: passing %v", row[1], passing)
		}
	}
	for _, path := range requested() {
		if path != "/" && path != "/favicon.ico" {
			t.Errorf("the page asks for %s", path)
		}
	}
}

func TestTheReportIsReadableInLightAndInDark(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, report(t))
	for scheme, back := range map[string]color.RGBA{"light": {0xff, 0xff, 0xff, 0xff}, "dark": {0x0d, 0x11, 0x17, 0xff}} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "page.png")
			args := []string{"--window-size=1400,1600", "--screenshot=" + path}
			if scheme == "dark" {
				args = append(args, "--blink-settings=preferredColorScheme=0")
			}
			chromium(t, append(args, url)...)
			shown := decode(t, path)
			bounds := shown.Bounds()
			if r, g, b, _ := shown.At(2, 2).RGBA(); uint8(r>>8) != back.R || uint8(g>>8) != back.G || uint8(b>>8) != back.B {
				t.Errorf("the background is %02x%02x%02x", r>>8, g>>8, b>>8)
			}
			red := 0
			for x := bounds.Min.X; x < bounds.Max.X; x++ {
				for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
					if r, g, b, _ := shown.At(x, y).RGBA(); r>>8 > 0xa0 && g>>8 < 0xa0 && b>>8 < 0xa0 && r > g+g/4 && r > b+b/4 {
						red++
					}
				}
			}
			if red < 200 {
				t.Errorf("%d red pixels: no error is shown", red)
			}
		})
	}
}

func decode(t *testing.T, path string) image.Image {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("JOINCTL_SYSTEM_KEEP"); keep != "" { // to look at the page
		if err := os.WriteFile(filepath.Join(keep, filepath.Base(t.Name())+".png"), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	shown, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return shown
}
