// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// delivering are the commands whose result has to be delivered.
func delivering() (out []command) {
	for _, c := range commands() {
		switch c.name {
		case "create", "create --for", "create --out-dir", "create, command", "delete two", "list", "sa token", "sa token --revocable", "setup", "doctor --probe":
			out = append(out, c)
		}
	}
	return out
}

// A stdout is a redirection of it. Where it is lost, nobody can read what is printed.
type stdout struct {
	redirection string
	lost        bool
}

// testDescriptors runs commands with streams that are closed, full, broken, or no streams.
func (m *matrix) testDescriptors(t *testing.T) {
	t.Parallel()
	needShell(t)
	for _, c := range delivering() {
		for _, in := range []string{"", "0<&-", "0</"} {
			for _, out := range []stdout{{"", false}, {"1>&-", true}, {"1>/dev/full", true}, {"1</dev/null", true}, {"1<>/dev/null", true}, {"| true", true}} {
				for _, err := range []string{"", "2>&-", "2>/dev/full", "2</dev/null"} {
					script := strings.Join(strings.Fields(`"$@" `+in+" "+err+" "+out.redirection), " ")
					if out.redirection == "| true" {
						script = `("$@" ` + in + " " + err + `; echo $? >code) | true; exit $(cat code)`
					}
					if name := c.name + ": " + script; m.takes(name, 40) {
						t.Run(name, func(t *testing.T) {
							t.Parallel()
							m.runScript(t, c, descriptors, script, out.lost, err != "")
						})
					}
				}
			}
		}
	}
}

// runScript runs a command in a script and judges it. Where stdout is lost, a list has nothing to lose.
func (m *matrix) runScript(t *testing.T, c command, kind, script string, outLost, errLost bool) {
	t.Helper()
	if outLost && c.name == "list" {
		c.judge = func(*world, result) string { return "" }
	}
	w := newWorld(t, c)
	r := m.run(t, w, script)
	if r.code == noMount {
		t.Fatalf("no file system can be mounted: %s", r.stderr)
	}
	w.mute = outLost && errLost
	m.judge(t, kind, w.wrong(c, r), r, c.args, "as", script)
}

// noMount is the exit code of a script that cannot mount a file system.
const noMount = 77

// onTmpfs returns a script that runs the command with a small file system at DIR, and prints what it wrote there.
func onTmpfs(options, before string) string {
	return `mkdir -p DIR; unshare -m sh -c 'mount -t tmpfs -o ` + options + ` tmpfs DIR || exit 77; ` + before +
		`; "$@"; code=$?; cat DIR/*.token 2>/dev/null; exit $code' sh "$@"`
}

// testDiskFull runs commands that write files where no byte or no file more has a place. A file system of a test takes root.
func (m *matrix) testDiskFull(t *testing.T) {
	t.Parallel()
	needShell(t)
	for _, c := range delivering() {
		scripts := []string{
			`ulimit -f 0; "$@" >out`, `ulimit -f 0; "$@"`, `ulimit -f 1; "$@" >out`, `ulimit -f 1; "$@" 2>err`,
			`ulimit -f 0; "$@" >out 2>err`, `"$@" >/dev/full`, `"$@" >/dev/full 2>/dev/full`,
		}
		if c.name == "create --out-dir" && canMount(t) {
			for size := 4; size <= 16; size += 4 {
				for filled := 0; filled < size; filled += 2 {
					scripts = append(scripts, onTmpfs(fmt.Sprintf("size=%dk", size), fmt.Sprintf("head -c %d000 /dev/zero >DIR/full", filled)))
				}
			}
			for inodes := 1; inodes <= 8; inodes++ {
				scripts = append(scripts, onTmpfs(fmt.Sprintf("size=64k,nr_inodes=%d", inodes), "true"))
			}
		}
		for _, script := range scripts {
			if name := c.name + ": " + script; m.takes(name, 6) {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					m.runScript(t, c, diskFull, script, strings.Contains(script, "-f 0") || strings.Contains(script, "full"), strings.Contains(script, "2>"))
				})
			}
		}
	}
}

// canMount reports whether this user can mount a file system that no other process sees.
func canMount(t *testing.T) bool {
	t.Helper()
	return exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=4k tmpfs /mnt").Run() == nil
}
