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

// An invocation is a command line for both programs. A non-empty field is the reason why joinctl differs from kubectl: in
// the request, in success, or in stdout.
type invocation struct {
	args     []string
	response response

	requestDiffers, successDiffers, outputDiffers string
}

// commandLine splits a command line at spaces. An underscore is an empty argument.
func commandLine(line string) invocation {
	args := strings.Fields(line)
	for i, arg := range args {
		args[i] = strings.ReplaceAll(arg, "_", "")
	}
	return invocation{args: args}
}

// except returns a changed copy.
func (i invocation) except(change func(*invocation)) invocation { change(&i); return i }

const (
	anyCase         = "joinctl accepts a kind in any case"
	noExtension     = "joinctl asks for one second more, because the server would extend the token to a year"
	localValidation = "joinctl checks the server's rule before it sends a request"
	tableFormat     = "every joinctl command has table formats"
	impliedTemplate = "--template without -o implies go-template"
	noOutput        = "a warning that is an error prevents the output of the token"
	ownFlag         = "a flag that kubectl does not have"
	doubleDash      = "arguments after -- are normal arguments"
	noObjectDump    = "a template error does not print the object, which has the token"
)

// invocations returns valid and invalid command lines, including those of kubectl's own test.
func invocations(t *testing.T) []invocation {
	jsonPath, goTemplate := writeFile(t, "{.status.token}"), writeFile(t, "{{.status.token}}")
	missing := errorResponse(http.StatusNotFound, metav1.StatusReasonNotFound, `serviceaccounts "mysa" not found`)
	list := []invocation{
		commandLine("mysa"), commandLine("mysa -n custom-ns"), commandLine("--namespace=custom-ns mysa"), commandLine("mysa -n _"), commandLine("mysa --context bare"),
		commandLine("-- mysa").except(func(i *invocation) {
			i.successDiffers, i.requestDiffers, i.outputDiffers = doubleDash, doubleDash, doubleDash
		}),
		commandLine("mysa -o yaml"), commandLine("mysa -o json"), commandLine("mysa -o kyaml"), commandLine("mysa -o name"), commandLine("mysa -oyaml --show-managed-fields"),
		commandLine("mysa -o json --show-managed-fields"), commandLine("mysa -o jsonpath={.status.token}"), commandLine("mysa -o jsonpath={.spec.audiences[*]} --audience a --audience b"),
		commandLine("mysa -o jsonpath={.spec.expirationSeconds}"), commandLine("mysa -o jsonpath={.metadata.name}"), commandLine("mysa -o jsonpath={.kind}/{.apiVersion}"),
		commandLine("mysa -o jsonpath-as-json={.status.token}"), commandLine("mysa -o jsonpath-as-json={.spec.audiences} --audience a"),
		commandLine("mysa -o jsonpath={.nothing}"), commandLine("mysa -o jsonpath={.nothing} --allow-missing-template-keys=false"),
		commandLine("mysa -o jsonpath-file=" + jsonPath), commandLine("mysa -o go-template-file=" + goTemplate), commandLine("mysa -o templatefile=" + goTemplate),
		commandLine("mysa -o go-template={{.status.token}}"), commandLine("mysa -o template={{.kind}}"), commandLine("mysa -o go-template={{.nothing}}"),
		commandLine("mysa -o go-template={{.nothing}} --allow-missing-template-keys=false").except(func(i *invocation) { i.outputDiffers = noObjectDump }),
		commandLine("mysa -o go-template --template {{.status.token}}"),
		commandLine("mysa -o jsonpath --template {.status.token}"), commandLine("mysa -o go-template={{.status.expirationTimestamp}}"),
		commandLine("mysa -o go-template"), commandLine("mysa -o go-template={{"), commandLine("mysa -o jsonpath={"), commandLine("mysa -o bogus"),
		commandLine("mysa -o jsonpath={.status.expirationTimestamp}"),
		commandLine("mysa --template {{.status.token}}").except(func(i *invocation) { i.outputDiffers = impliedTemplate }),
		commandLine("mysa -o table").except(func(i *invocation) {
			i.successDiffers, i.requestDiffers, i.outputDiffers = tableFormat, tableFormat, tableFormat
		}),
		commandLine("mysa -o wide").except(func(i *invocation) {
			i.successDiffers, i.requestDiffers, i.outputDiffers = tableFormat, tableFormat, tableFormat
		}),

		commandLine("mysa --audience a"), commandLine("mysa --audience a --audience b"), commandLine("mysa --audience test,value1 --audience test,value2"),
		commandLine("mysa --audience _"), commandLine("mysa --audience test --audience _ --audience test2"), commandLine("--audience=https://example.org/x?y=z mysa"),

		commandLine("mysa --duration 1000s"), commandLine("mysa --duration 0"), commandLine("mysa --duration 10m"), commandLine("mysa --duration 1h30m"), commandLine("mysa --duration=-1ns"),
		commandLine("mysa --duration 1us"), commandLine("mysa --duration 1500ms"), commandLine("mysa --duration abc"), commandLine("mysa --duration 3600"),
		commandLine("mysa --duration 1193046h28m16s"), commandLine("mysa --duration 3607s"),
		commandLine("mysa --duration 599s").except(func(i *invocation) {
			i.successDiffers, i.requestDiffers, i.outputDiffers = localValidation, localValidation, localValidation
		}),
		commandLine("mysa --duration 1193046h28m17s").except(func(i *invocation) {
			i.successDiffers, i.requestDiffers, i.outputDiffers = localValidation, localValidation, localValidation
		}),

		commandLine("mysa --bound-object-kind Pod --bound-object-name mypod --bound-object-uid myuid"), commandLine("mysa --bound-object-kind Secret --bound-object-name s"),
		commandLine("mysa --bound-object-kind Node --bound-object-name mynode --bound-object-uid myuid"), commandLine("mysa --bound-object-kind Foo --bound-object-name x"),
		commandLine("mysa --bound-object-kind Pod"), commandLine("mysa --bound-object-name mypod"), commandLine("mysa --bound-object-uid myuid"),
		commandLine("mysa --bound-object-kind Pod --bound-object-uid myuid"), commandLine("mysa --bound-object-kind Secret --bound-object-name s --duration 3607s"),
		commandLine("mysa --bound-object-kind pod --bound-object-name p").except(func(i *invocation) { i.successDiffers, i.requestDiffers, i.outputDiffers = anyCase, anyCase, anyCase }),
		commandLine("mysa --bound-object-kind Pod --bound-object-name p --duration 3607s").except(func(i *invocation) { i.requestDiffers, i.outputDiffers = noExtension, noExtension }),

		commandLine(""), commandLine("mysa other"), commandLine("_"), commandLine("my/sa"), commandLine(".."), commandLine("my%sa"), commandLine("MySA"), commandLine("mysa --bogus"),

		commandLine("mysa --as u --as-group g --as-group h --as-uid i --as-user-extra k=v"), commandLine("mysa --token other-bearer"), commandLine("mysa --user guest"),
		commandLine("mysa --cluster other"), commandLine("mysa --context nowhere"), commandLine("mysa --cluster nowhere"), commandLine("mysa --user nobody"),
		commandLine("mysa --request-timeout 5s"), commandLine("mysa --request-timeout 5"), commandLine("mysa --request-timeout soon"), commandLine("mysa --disable-compression"),
		commandLine("mysa --cache-dir " + t.TempDir()), commandLine("mysa --profile none"), commandLine("mysa --profile heap --profile-output " + t.TempDir() + "/p"), commandLine("mysa --profile bogus"),
		commandLine("mysa --kubeconfig /nowhere"), commandLine("mysa --insecure-skip-tls-verify"), commandLine("mysa --tls-server-name x"), commandLine("mysa -v=0"), commandLine("mysa --warnings-as-errors"),
		commandLine("mysa --match-server-version=false"),
		commandLine("mysa --dry-run=client").except(func(i *invocation) { i.successDiffers = ownFlag }),
	}
	responses := map[string]response{
		"a":       missing,
		"b":       errorResponse(http.StatusForbidden, metav1.StatusReasonForbidden, "no"),
		"c":       errorResponse(http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, "bad bad request"),
		"d":       errorResponse(http.StatusConflict, metav1.StatusReasonConflict, "uid"),
		"e":       errorResponse(http.StatusInternalServerError, metav1.StatusReasonInternalError, "oh"),
		"f":       errorResponse(http.StatusUnauthorized, metav1.StatusReasonUnauthorized, "who"),
		"no":      {token: "-"},
		"opaque":  {token: "abc"},
		"warning": {warning: "be careful"},
	}
	for _, a := range responses {
		for _, line := range []string{"mysa", "mysa -o yaml"} {
			i := commandLine(line)
			i.response = a
			list = append(list, i)
		}
	}
	list = append(list, commandLine("mysa --warnings-as-errors").except(func(i *invocation) { i.response, i.outputDiffers = responses["warning"], noOutput }))
	return list
}

func TestSameCommandLineBehavesAsInKubectl(t *testing.T) {
	t.Parallel()
	server, all := newRecorder(t), invocations(t)
	if len(all) < 60 {
		t.Fatalf("only %d invocations", len(all))
	}
	t.Logf("%d invocations", len(all))
	for _, i := range all {
		sent := server.respondWith(i.response)
		fromKubectl := run(t, "kubectl", server.kubeconfig, append([]string{"create", "token"}, i.args...)...)
		sentByKubectl := sent()
		sent = server.respondWith(i.response)
		got := run(t, "joinctl", server.kubeconfig, append([]string{"sa", "token"}, i.args...)...)
		sentByJoinctl := sent()

		if same := reflect.DeepEqual(sentByKubectl, sentByJoinctl); same == (i.requestDiffers != "") {
			t.Errorf("%q: expected difference in the request: %q\nkubectl: %+v\njoinctl: %+v", i.args, i.requestDiffers, sentByKubectl, sentByJoinctl)
		}
		if same := (fromKubectl.Code == 0) == (got.Code == 0); same == (i.successDiffers != "") {
			t.Errorf("%q: expected difference in success: %q\nkubectl: %d %s\njoinctl: %d %s", i.args, i.successDiffers, fromKubectl.Code, fromKubectl.Stderr, got.Code, got.Stderr)
		}
		want := fromKubectl.Stdout
		if want != "" && !slices.ContainsFunc(i.args, func(arg string) bool { return strings.HasPrefix(arg, "-o") }) {
			want += "\n" // kubectl prints no newline if stdout is not a terminal
		}
		if same := want == got.Stdout; same == (i.outputDiffers != "") {
			t.Errorf("%q: expected difference in stdout: %q\nkubectl: %q\njoinctl: %q", i.args, i.outputDiffers, want, got.Stdout)
		}
	}
}
