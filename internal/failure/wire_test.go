// SPDX-License-Identifier: Apache-2.0

package failure

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestWireSaysWhatHappenedAndWhatToDo(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err       error
		known     bool
		text, fix string // parts
	}{
		"no error":             {nil, false, "", ""},
		"another error":        {errBoom, false, "", ""},
		"refused":              {overHTTP(syscall.ECONNREFUSED), true, "", ""},
		"a web page":           {WebPage{}, true, WebPage{}.Error(), "log in"},
		"429":                  {apierrors.NewTooManyRequests("busy", 0), true, "", "try again later"},
		"429 with a delay":     {apierrors.NewTooManyRequests("busy", 90), true, "", "try again in 1m30s, as it asks"},
		"429 with a second":    {apierrors.NewTooManyRequests("busy", 1), true, "", "try again in 1s, as it asks"},
		"a described one":      {fmt.Errorf("list: %w", Describe(WebPage{})), true, WebPage{}.Error(), "log in"},
		"a timeout of etcd":    {apierrors.NewTimeoutError("etcd", 0), true, "", "look at etcd"},
		"a timeout it reports": {apierrors.NewServerTimeout(secrets, "get", 0), true, "", "look at etcd"},
	} {
		fault, known := Wire(test.err)
		if known != test.known || !strings.Contains(fault.Text, test.text) || !strings.Contains(fault.Fix, test.fix) {
			t.Errorf("%s: got %+v, %v", name, fault, known)
		}
		if !known && fault != (WireFault{}) {
			t.Errorf("%s: got %+v", name, fault)
		}
	}
}

func TestDescribeReplacesTheLibrarysPhraseAndKeepsTheRequest(t *testing.T) {
	t.Parallel()
	page := WebPage{}.Error()
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"of a request":        {&url.Error{Op: "Get", URL: "https://a:6443", Err: WebPage{}}, `GET https://a:6443: ` + page},
		"without a request":   {fmt.Errorf("decode: %w", WebPage{}), page},
		"a fault without one": {apierrors.NewTooManyRequests("busy", 0), "busy"},
		"another error":       {errBoom, errBoom.Error()},
	} {
		got := Describe(test.err)
		if got.Error() != test.want || !errors.Is(got, test.err) && !errors.Is(got, errBoom) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

func TestARequestIsShownByItsMethodHostAndPath(t *testing.T) {
	t.Parallel()
	const address = "https://user:password@a:6443/api/v1/namespaces/kube-system/secrets"
	err := Describe(&url.Error{Op: "Get", URL: address + "?fieldSelector=type%3Dx&limit=500&timeout=15s", Err: syscall.ECONNREFUSED})
	if want := "GET https://a:6443/api/v1/namespaces/kube-system/secrets: connection refused"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) || ReasonOf(err) != Unreachable {
		t.Errorf("the error lost its cause: %s", ReasonOf(err))
	}
	if _, ok := Wire(err); !ok {
		t.Error("the fault of the wire is not known any more")
	}
	unknown := Describe(&url.Error{Op: "Post", URL: address + "?x=y", Err: errors.New("strange")})
	if want := "POST https://a:6443/api/v1/namespaces/kube-system/secrets: strange"; unknown.Error() != want {
		t.Errorf("got %q, want %q", unknown, want)
	}
}
