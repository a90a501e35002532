// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/joinctl/joinctl/internal/apitest"
)

// objects returns the objects of a server that no token is, as resource/name.
func (w *world) objects() (out []string) {
	w.t.Helper()
	for _, path := range []string{
		"/api/v1/configmaps", "/apis/certificates.k8s.io/v1/certificatesigningrequests",
		"/apis/rbac.authorization.k8s.io/v1/roles", "/apis/rbac.authorization.k8s.io/v1/rolebindings",
		"/apis/rbac.authorization.k8s.io/v1/clusterroles", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
	} {
		request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.direct+path, http.NoBody)
		if err != nil {
			w.t.Fatal(err)
		}
		answer, err := w.client.Do(request)
		if err != nil {
			w.t.Fatal(err)
		}
		var list struct {
			Items []struct{ Metadata struct{ Name string } }
		}
		err = json.NewDecoder(answer.Body).Decode(&list)
		answer.Body.Close()
		if err != nil {
			w.t.Fatalf("%s: %v", path, err)
		}
		for _, item := range list.Items {
			out = append(out, strings.TrimSuffix(path[strings.LastIndex(path, "/")+1:], "s")+" "+item.Metadata.Name)
		}
	}
	return out
}

// added returns the objects that were not there before the run.
func (w *world) added() []string {
	return slices.DeleteFunc(w.objects(), func(name string) bool { return slices.Contains(w.had, name) })
}

// wrong returns what must never be, whatever happens to the requests; "" is nothing.
func (w *world) wrong(c command, r result) string {
	switch {
	case w.stored()["victim"] == "":
		return "the token of somebody else is gone"
	case strings.Contains(r.stderr, apitest.AdminToken):
		return "stderr has the credential of the kubeconfig"
	case strings.Contains(r.stderr, "panic") || strings.Contains(r.stderr, "goroutine "):
		return "it panics"
	case r.elapsed > w.limit:
		return fmt.Sprintf("it takes %s", r.elapsed)
	}
	for _, text := range []string{w.unnamedToken(c, r), w.unnamedObject(c, r), w.untrue(c, r)} {
		if text != "" {
			return text
		}
	}
	if r.code == c.done {
		return c.judge(w, r)
	}
	return ""
}

// unnamedToken returns a token that was created and is not named, or whose secret is on stderr.
func (w *world) unnamedToken(c command, r result) string {
	all := r.stdout + r.stderr + r.files
	for id, secret := range w.stored() {
		if !slices.Contains(append(c.has, victim), id+"."+secret) && !strings.Contains(all, id) {
			return "token " + id + " is stored, and nobody is told"
		}
		if strings.Contains(r.stderr, secret) {
			return "stderr has the secret of token " + id
		}
	}
	return ""
}

// unnamedObject returns another object that was created, and that is neither reported on stdout nor named with the command
// that removes it.
func (w *world) unnamedObject(c command, r result) string {
	for _, name := range w.revocations() {
		if name != "robot-token-zzzzzzzz" && !strings.Contains(r.stdout+r.stderr, name) && (r.code != 0 || !strings.Contains(r.stdout, "eyJ")) {
			return "Secret " + name + " is stored, and nobody is told"
		}
	}
	if r.code == c.done && c.bare {
		return "" // all was done as asked
	}
	for _, added := range w.added() {
		resource, name, _ := strings.Cut(added, " ")
		if all := r.stdout + r.stderr; !w.mute && !strings.Contains(all, resource+"/"+name+" created") && !strings.Contains(all, "kubectl delete "+resource+" "+name) {
			return added + " is stored, and nobody is told"
		}
	}
	return ""
}

// untrue returns a deletion that is reported and did not happen, or that happened and is not reported.
func (w *world) untrue(c command, r result) string {
	stored := w.stored()
	for _, id := range regexp.MustCompile(`token "?([a-z0-9]{6})"? deleted`).FindAllStringSubmatch(r.stdout, -1) {
		if stored[id[1]] != "" {
			return "token " + id[1] + " is said to be deleted, and is not"
		}
	}
	if r.code == c.done {
		return "" // all was done as asked
	}
	for _, text := range c.has {
		if id, _, _ := strings.Cut(text, "."); stored[id] == "" && !strings.Contains(r.stdout+r.stderr, id) && !w.mute {
			return "token " + id + " is deleted, and nobody is told"
		}
	}
	return ""
}

// printed wants so many tokens, each as the server has it.
func printed(want int) func(*world, result) string {
	return func(w *world, r result) string {
		stored := w.stored()
		tokens := regexp.MustCompile(`([a-z0-9]{6})\.([a-z0-9]{16})`).FindAllStringSubmatch(r.stdout+r.files, -1)
		for _, one := range tokens {
			if stored[one[1]] != one[2] {
				return "token " + one[1] + " is printed, and is not stored"
			}
		}
		if len(tokens) != want {
			return fmt.Sprintf("%d tokens are printed, not %d", len(tokens), want)
		}
		return ""
	}
}

func gone(ids ...string) func(*world, result) string {
	return func(w *world, _ result) string {
		stored := w.stored()
		for _, id := range ids {
			if stored[id] != "" {
				return "token " + id + " is still there"
			}
		}
		return ""
	}
}

func says(texts ...string) func(*world, result) string {
	return func(_ *world, r result) string {
		for _, text := range texts {
			if !strings.Contains(r.stdout, text) {
				return "stdout lacks " + text
			}
		}
		return ""
	}
}

func revocable(w *world, r result) string {
	if len(w.revocations()) < 2 {
		return "the token is bound to no Secret"
	}
	return says("eyJ")(w, r)
}

func revoked(w *world, _ result) string {
	if slices.Contains(w.revocations(), "robot-token-zzzzzzzz") {
		return "the Secret is still there"
	}
	return ""
}

// isSetUp wants a control plane for which another run has nothing to do.
func isSetUp(w *world, _ result) string {
	before := w.objects()
	w.proxy.Rules("")
	if again := w.run(w.t); again.code != 0 || len(before) == 0 || !slices.Equal(before, w.objects()) {
		return "setup succeeds, and another one has something to do: " + again.stdout + again.stderr
	}
	return ""
}

// isClean wants no object that was not there before, unless a finding names it, as unnamedObject checks.
func isClean(w *world, r result) string {
	if left := w.added(); len(left) > 0 && !strings.Contains(r.stdout, "kubectl delete") {
		return fmt.Sprintf("%s is left", left)
	}
	return ""
}
