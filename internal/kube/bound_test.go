// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/failure"
)

// endless answers with a body that has no end, and counts its bytes.
func endless(code int, contentType string, sent *atomic.Int64) http.HandlerFunc {
	block := bytes.Repeat([]byte("a"), 64<<10)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(code)
		_, err := io.WriteString(w, `{"kind":"`)
		for err == nil {
			_, err = w.Write(block)
			sent.Add(int64(len(block)))
		}
	}
}

func TestAnAnswerWithoutEndFailsAtItsBound(t *testing.T) {
	t.Parallel()
	const slack = 16 << 20 // what the sockets hold
	for name, test := range map[string]struct {
		request     string
		code        int
		contentType string
		bearer      string
		most        int64
	}{
		"read, anonymous":       {"GET", http.StatusOK, "application/json", "", maxAnonymousAnswer},
		"version, anonymous":    {"version", http.StatusOK, "application/json", "", maxAnonymousAnswer},
		"error, anonymous":      {"GET", http.StatusInternalServerError, "application/json", "", maxAnonymousAnswer},
		"error page, anonymous": {"GET", http.StatusForbidden, "text/html", "", maxAnonymousAnswer},
		"read":                  {"GET", http.StatusOK, "application/json", "token", maxAnswer},
		"protobuf":              {"GET", http.StatusOK, "application/vnd.kubernetes.protobuf", "token", maxAnswer},
		"create":                {"POST", http.StatusCreated, "application/json", "token", maxAnswer},
		"delete":                {"DELETE", http.StatusOK, "application/json", "token", maxAnswer},
		"429":                   {"POST", http.StatusTooManyRequests, "text/plain", "token", maxAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int64
			config := &rest.Config{Host: serve(t, endless(test.code, test.contentType, &sent)).URL, BearerToken: test.bearer, Timeout: 20 * time.Second}
			err := requestsOf(connect(t, config))[test.request](t.Context())
			host, want := strings.TrimPrefix(config.Host, "http://"), fmt.Sprintf("is larger than %d MiB", test.most/mebibyte)
			if err == nil || err.Error() != "the answer of "+host+" "+want || failure.ReasonOf(err) != failure.Unsupported || !failure.IsLost(err) {
				t.Errorf("got %s, %v", failure.ReasonOf(err), err)
			}
			if sent.Load() > test.most+slack {
				t.Errorf("%d MiB were sent", sent.Load()/mebibyte)
			}
		})
	}
}

func TestAPackedAnswerIsBoundedUnpacked(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	_, _ = zip.Write(bytes.Repeat([]byte(" "), 2*maxAnswer))
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	c := connect(t, &rest.Config{BearerToken: "token", Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("the client does not unpack")
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}).URL})
	if _, err := c.Version(t.Context()); err == nil || !strings.Contains(err.Error(), "is larger than 32 MiB") {
		t.Errorf("%d bytes unpack to %d: %v", packed.Len(), 2*maxAnswer, err)
	}
}

func TestAnObjectAtItsBoundIsRead(t *testing.T) {
	t.Parallel()
	for bearer, size := range map[string]int{"": maxAnonymousAnswer, "token": maxAnswer} {
		c := connect(t, &rest.Config{BearerToken: bearer, Host: serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			text := `{"gitVersion":"v1.37.2"}`
			_, _ = io.WriteString(w, text+strings.Repeat(" ", size-len(text)))
		}).URL})
		if version, err := c.Version(t.Context()); err != nil || version != "v1.37.2" {
			t.Errorf("%d bytes: got %s, %v", size, version, err)
		}
	}
}

// listsOf returns one function for each list that is read page by page.
func listsOf(c *Client) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"secrets": func(ctx context.Context) error {
			_, err := c.Secrets("kube-system").All(ctx, metav1.ListOptions{})
			return err
		},
		"metadata": func(ctx context.Context) error {
			_, err := c.Secrets("kube-system").Metadata(ctx, metav1.ListOptions{})
			return err
		},
		"members":             func(ctx context.Context) error { _, err := c.MemberNames(ctx, ""); return err },
		"serviceaccounts":     func(ctx context.Context) error { _, err := c.ServiceAccounts(ctx, "default"); return err },
		"rolebindings":        func(ctx context.Context) error { _, err := c.RoleBindings(ctx); return err },
		"clusterrolebindings": func(ctx context.Context) error { _, err := c.ClusterRoleBindings(ctx); return err },
	}
}

// page answers with an empty page of whatever list is asked for.
func page(w http.ResponseWriter, r *http.Request, next string) {
	kinds := map[string]string{
		"secrets": "SecretList", "serviceaccounts": "ServiceAccountList", "rolebindings": "RoleBindingList", "clusterrolebindings": "ClusterRoleBindingList",
	}
	resource := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	version, kind := "v1", kinds[resource]
	switch {
	case strings.Contains(r.Header.Get("Accept"), "PartialObjectMetadataList"):
		version, kind = "meta.k8s.io/v1", "PartialObjectMetadataList"
	case strings.Contains(resource, "role"):
		version = "rbac.authorization.k8s.io/v1"
	}
	answer(w, http.StatusOK, map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]string{"continue": next}, "items": []any{}})
}

func TestAContinueTokenThatRepeatsEndsTheList(t *testing.T) {
	t.Parallel()
	for tokens, most := range map[string]int64{"a": 2, "a b": 3, "a b c b": 5} {
		for name := range listsOf(&Client{}) {
			var requests atomic.Int64
			c := connect(t, &rest.Config{BearerToken: "token", Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
				cycle := strings.Fields(tokens)
				page(w, r, cycle[int(requests.Add(1)-1)%len(cycle)])
			}).URL})
			err := listsOf(c)[name](t.Context())
			if err == nil || !strings.Contains(err.Error(), "continue token repeats") || failure.ReasonOf(err) != failure.Unsupported {
				t.Errorf("%s, %s: got %v", name, tokens, err)
			}
			if got := requests.Load(); got > most {
				t.Errorf("%s, %s: %d requests", name, tokens, got)
			}
		}
	}
}

func TestThePagesOfAListAreBoundedTogether(t *testing.T) {
	t.Parallel()
	for name := range listsOf(&Client{}) {
		var sizes []*atomic.Int64
		config := &rest.Config{BearerToken: "token", Host: serve(t, func(w http.ResponseWriter, r *http.Request) {
			page(w, r, map[string]string{"": "second"}[r.URL.Query().Get("continue")])
		}).URL}
		config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return roundTripper{next, func(req *http.Request) (*http.Response, error) {
				sizes = append(sizes, listSizeOf(req.Context()))
				return next.RoundTrip(req)
			}}
		})
		if err := listsOf(connect(t, config))[name](t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(sizes) != 2 || sizes[0] == nil || sizes[0] != sizes[1] || sizes[0].Load() == 0 {
			t.Errorf("%s: the pages count in %v", name, sizes)
		}
	}
}

func TestAListBeyondItsBoundFails(t *testing.T) {
	t.Parallel()
	c := connect(t, &rest.Config{BearerToken: "token", Host: serve(t, func(w http.ResponseWriter, r *http.Request) { page(w, r, "") }).URL})
	ctx := withListSize(t.Context())
	listSizeOf(ctx).Store(maxList - 1)
	if _, err := c.Secrets("").List(ctx, metav1.ListOptions{}); err == nil || !strings.Contains(err.Error(), "the list of") ||
		!strings.Contains(err.Error(), "is larger than 256 MiB") {
		t.Errorf("got %v", err)
	}
}

// A message of 5 MB costs seconds of redaction in each place that prints it.
func TestALongMessageOfAServerIsCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("the webhook says no ", 200_000)
	for name, handler := range map[string]http.HandlerFunc{
		"status": refusing(apierrors.NewForbidden(secretsResource, "x", errors.New(long))),
		"text":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, long, http.StatusForbidden) },
		"no kind": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, http.StatusOK, map[string]string{"apiVersion": "v1", "kind": long})
		},
	} {
		for request, send := range requestsOf(connect(t, &rest.Config{Host: serve(t, handler).URL, BearerToken: "token"})) {
			if err := send(t.Context()); err != nil && len(err.Error()) > 6<<10 {
				t.Errorf("%s, %s: the error has %d bytes", name, request, len(err.Error()))
			}
		}
	}
}

func TestWarningsOfAServerAreBounded(t *testing.T) {
	t.Parallel()
	var sent warnings
	for i := range 10 * maxWarnings {
		sent.HandleWarningHeaderWithContext(t.Context(), warningCode, "", strconv.Itoa(i)+strings.Repeat(" long", 100_000))
	}
	texts := sent.take()
	if len(texts) != maxWarnings || !strings.HasPrefix(texts[0], "0 long") || len(texts[0]) > 5<<10 {
		t.Errorf("got %d warnings, the first of %d bytes", len(texts), len(texts[0]))
	}
}
