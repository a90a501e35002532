// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/joinctl/joinctl/internal/fleet"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

const filedToken = "abcdef.0123456789abcdef"

// stored returns a token that was made for a cluster, on a server that counts what is deleted.
func stored(t *testing.T, cluster string, deleted *int) fleet.Result[minted] {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			*deleted++
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess})
	}))
	t.Cleanup(server.Close)
	client, err := kube.New(&rest.Config{Host: server.URL}, "test", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := token.Parse(filedToken)
	if err != nil {
		t.Fatal(err)
	}
	return fleet.Result[minted]{
		Target: fleet.Target{Context: "hub", Member: cluster},
		Value:  minted{token: tok, secret: token.Encode(tok, token.Spec{For: cluster}), client: client, item: tokenItem{ID: tok.ID, Token: tok.Reveal()}},
	}
}

func TestATokenWhoseFileCannotBeWrittenIsTakenBackAndNoOther(t *testing.T) {
	t.Parallel()
	var kept, lost int
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "b.token"), 0o700); err != nil {
		t.Fatal(err)
	}
	results := []fleet.Result[minted]{stored(t, "a", &kept), stored(t, "b", &lost)}
	m := mint{env: &Env{Err: io.Discard}, conn: &connection{}, dry: dryRunNone, dir: dir}
	m.file(t.Context(), results)
	if good := results[0]; good.Err != nil || good.Value.item.File != filepath.Join(dir, "a.token") || good.Value.item.Token != "" || kept != 0 {
		t.Errorf("the good one: %+v, deleted %d times", good, kept)
	}
	if content, err := os.ReadFile(filepath.Join(dir, "a.token")); err != nil || string(content) != filedToken+"\n" {
		t.Errorf("its file has %q, %v", content, err)
	}
	bad := results[1]
	if bad.Err == nil || bad.Value.secret != nil || lost != 1 || !strings.Contains(bad.Err.Error(), "token abcdef was deleted again") {
		t.Errorf("the bad one: %+v, deleted %d times", bad, lost)
	}
	if strings.Contains(bad.Err.Error(), "0123456789abcdef") {
		t.Errorf("the error has the token: %v", bad.Err)
	}
}

func TestAFileIsWrittenAnewOnlyWhereItSaysSomethingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.token")
	m := mint{env: &Env{Err: io.Discard}, conn: &connection{}, dry: dryRunNone, dir: dir}
	for _, test := range []struct {
		before string
		filed  bool
	}{{"", true}, {filedToken + "\n", false}, {"zzzzzz.0123456789abcdef\n", true}} {
		if test.before != "" {
			if err := os.WriteFile(path, []byte(test.before), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		result := stored(t, "a", new(int))
		result.Value.secret = nil // it was there before
		results := []fleet.Result[minted]{result}
		m.file(t.Context(), results)
		content, err := os.ReadFile(path)
		if err != nil || string(content) != filedToken+"\n" || results[0].Value.filed != test.filed {
			t.Errorf("of %q it made %q, %v; filed %v", test.before, content, err, results[0].Value.filed)
		}
	}
}
