// SPDX-License-Identifier: Apache-2.0

package sa_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// An invocation is a command line for both programs. Where they are meant to differ, the reason stands in one of the
// fields: of what is sent, of whether it succeeds, of what is printed.
type invocation struct {
	args   []string
	answer answer

	sends, succeeds, prints string
}

// with splits a command line at blanks; an underscore stands for an empty argument.
func with(line string) invocation {
	args := strings.Fields(line)
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "_", "")
	}
	return invocation{args: args}
}

func (i invocation) but(change func(*invocation)) invocation { change(&i); return i }

const (
	anyCase    = "a kind is taken in any case"
	noYear     = "one second more: the server would grant a year"
	ownRule    = "the server's rule is applied before it is asked"
	tables     = "tables are a format of every command"
	oneFlag    = "a template without -o means go-template"
	nothingOut = "a warning that counts as an error comes before the token is printed"
	ours       = "a flag of joinctl's own"
	leftOut    = "left out: see docs/sa.md"
	dashes     = "what follows -- is an argument like any other"
	noDump     = "a template that fails does not print the object, token and all"
)

// invocations are at least sixty, good and bad. Those of kubectl's own test are among them.
func invocations(t *testing.T) []invocation {
	jsonPath, goTemplate := writeFile(t, "{.status.token}"), writeFile(t, "{{.status.token}}")
	missing := failure(http.StatusNotFound, metav1.StatusReasonNotFound, `serviceaccounts "mysa" not found`)
	list := []invocation{
		with("mysa"), with("mysa -n custom-ns"), with("--namespace=custom-ns mysa"), with("mysa -n _"), with("mysa --context bare"),
		with("-- mysa").but(func(i *invocation) { i.succeeds, i.sends, i.prints = dashes, dashes, dashes }),
		with("mysa -o yaml"), with("mysa -o json"), with("mysa -o kyaml"), with("mysa -o name"), with("mysa -oyaml --show-managed-fields"),
		with("mysa -o json --show-managed-fields"), with("mysa -o jsonpath={.status.token}"), with("mysa -o jsonpath={.spec.audiences[*]} --audience a --audience b"),
		with("mysa -o jsonpath={.spec.expirationSeconds}"), with("mysa -o jsonpath={.metadata.name}"), with("mysa -o jsonpath={.kind}/{.apiVersion}"),
		with("mysa -o jsonpath-as-json={.status.token}"), with("mysa -o jsonpath-as-json={.spec.audiences} --audience a"),
		with("mysa -o jsonpath={.nothing}"), with("mysa -o jsonpath={.nothing} --allow-missing-template-keys=false"),
		with("mysa -o jsonpath-file=" + jsonPath), with("mysa -o go-template-file=" + goTemplate), with("mysa -o templatefile=" + goTemplate),
		with("mysa -o go-template={{.status.token}}"), with("mysa -o template={{.kind}}"), with("mysa -o go-template={{.nothing}}"),
		with("mysa -o go-template={{.nothing}} --allow-missing-template-keys=false").but(func(i *invocation) { i.prints = noDump }),
		with("mysa -o go-template --template {{.status.token}}"),
		with("mysa -o jsonpath --template {.status.token}"), with("mysa -o go-template={{.status.expirationTimestamp}}"),
		with("mysa -o go-template"), with("mysa -o go-template={{"), with("mysa -o jsonpath={"), with("mysa -o bogus"),
		with("mysa -o jsonpath={.status.expirationTimestamp}"),
		with("mysa --template {{.status.token}}").but(func(i *invocation) { i.prints = oneFlag }),
		with("mysa -o table").but(func(i *invocation) { i.succeeds, i.sends, i.prints = tables, tables, tables }),
		with("mysa -o wide").but(func(i *invocation) { i.succeeds, i.sends, i.prints = tables, tables, tables }),

		with("mysa --audience a"), with("mysa --audience a --audience b"), with("mysa --audience test,value1 --audience test,value2"),
		with("mysa --audience _"), with("mysa --audience test --audience _ --audience test2"), with("--audience=https://example.org/x?y=z mysa"),

		with("mysa --duration 1000s"), with("mysa --duration 0"), with("mysa --duration 10m"), with("mysa --duration 1h30m"), with("mysa --duration=-1ns"),
		with("mysa --duration 1us"), with("mysa --duration 1500ms"), with("mysa --duration abc"), with("mysa --duration 3600"),
		with("mysa --duration 1193046h28m16s"), with("mysa --duration 3607s"),
		with("mysa --duration 599s").but(func(i *invocation) { i.succeeds, i.sends, i.prints = ownRule, ownRule, ownRule }),
		with("mysa --duration 1193046h28m17s").but(func(i *invocation) { i.succeeds, i.sends, i.prints = ownRule, ownRule, ownRule }),

		with("mysa --bound-object-kind Pod --bound-object-name mypod --bound-object-uid myuid"), with("mysa --bound-object-kind Secret --bound-object-name s"),
		with("mysa --bound-object-kind Node --bound-object-name mynode --bound-object-uid myuid"), with("mysa --bound-object-kind Foo --bound-object-name x"),
		with("mysa --bound-object-kind Pod"), with("mysa --bound-object-name mypod"), with("mysa --bound-object-uid myuid"),
		with("mysa --bound-object-kind Pod --bound-object-uid myuid"), with("mysa --bound-object-kind Secret --bound-object-name s --duration 3607s"),
		with("mysa --bound-object-kind pod --bound-object-name p").but(func(i *invocation) { i.succeeds, i.sends, i.prints = anyCase, anyCase, anyCase }),
		with("mysa --bound-object-kind Pod --bound-object-name p --duration 3607s").but(func(i *invocation) { i.sends, i.prints = noYear, noYear }),

		with(""), with("mysa other"), with("_"), with("my/sa"), with(".."), with("my%sa"), with("MySA"), with("mysa --bogus"),

		with("mysa --as u --as-group g --as-group h --as-uid i --as-user-extra k=v"), with("mysa --token other-bearer"), with("mysa --user guest"),
		with("mysa --cluster other"), with("mysa --context nowhere"), with("mysa --cluster nowhere"), with("mysa --user nobody"),
		with("mysa --request-timeout 5s"), with("mysa --request-timeout 5"), with("mysa --request-timeout soon"), with("mysa --disable-compression"),
		with("mysa --cache-dir " + t.TempDir()), with("mysa --profile none"), with("mysa --profile heap --profile-output " + t.TempDir() + "/p"), with("mysa --profile bogus"),
		with("mysa --kubeconfig /nowhere"), with("mysa --insecure-skip-tls-verify"), with("mysa --tls-server-name x"), with("mysa -v=0"), with("mysa --warnings-as-errors"),
		with("mysa --match-server-version=false").but(func(i *invocation) { i.succeeds, i.sends, i.prints = leftOut, leftOut, leftOut }),
		with("mysa --dry-run=client").but(func(i *invocation) { i.succeeds = ours }),
	}
	answers := map[string]answer{
		"a":       missing,
		"b":       failure(http.StatusForbidden, metav1.StatusReasonForbidden, "no"),
		"c":       failure(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "bad bad request"),
		"d":       failure(http.StatusConflict, metav1.StatusReasonConflict, "uid"),
		"e":       failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, "oh"),
		"f":       failure(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "who"),
		"no":      {token: "-"},
		"opaque":  {token: "abc"},
		"warning": {warning: "be careful"},
	}
	for _, a := range answers {
		for _, line := range []string{"mysa", "mysa -o yaml"} {
			i := with(line)
			i.answer = a
			list = append(list, i)
		}
	}
	list = append(list, with("mysa --warnings-as-errors").but(func(i *invocation) { i.answer, i.prints = answers["warning"], nothingOut }))
	return list
}

func TestWhatKubectlDoesWithTheSameCommandLine(t *testing.T) {
	t.Parallel()
	server, all := newRecorder(t), invocations(t)
	if len(all) < 60 {
		t.Fatalf("only %d invocations", len(all))
	}
	t.Logf("%d invocations", len(all))
	for _, i := range all {
		asked := server.expect(i.answer)
		theirs := run(t, "kubectl", server.kubeconfig, append([]string{"create", "token"}, i.args...)...)
		theyAsked := asked()
		asked = server.expect(i.answer)
		got := run(t, "joinctl", server.kubeconfig, append([]string{"sa", "token"}, i.args...)...)
		weAsked := asked()

		if same := reflect.DeepEqual(theyAsked, weAsked); same == (i.sends != "") {
			t.Errorf("%q: meant to differ in what is sent: %q\nkubectl: %+v\njoinctl: %+v", i.args, i.sends, theyAsked, weAsked)
		}
		if same := (theirs.Code == 0) == (got.Code == 0); same == (i.succeeds != "") {
			t.Errorf("%q: meant to differ in success: %q\nkubectl: %d %s\njoinctl: %d %s", i.args, i.succeeds, theirs.Code, theirs.Stderr, got.Code, got.Stderr)
		}
		want := theirs.Stdout
		if want != "" && !slices.ContainsFunc(i.args, func(arg string) bool { return strings.HasPrefix(arg, "-o") }) {
			want += "\n" // kubectl leaves it out where stdout is no terminal
		}
		if same := want == got.Stdout; same == (i.prints != "") {
			t.Errorf("%q: meant to differ in what is printed: %q\nkubectl: %q\njoinctl: %q", i.args, i.prints, want, got.Stdout)
		}
	}
}
