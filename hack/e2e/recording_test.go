// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/joinctl/joinctl/hack/e2e/program"
	"github.com/joinctl/joinctl/hack/e2e/recording"
)

// TestTheImageOfTheReadmeShowsWhatJoinctlPrints records the image again, and compares all but tokens, hashes, times and ports.
func TestTheImageOfTheReadmeShowsWhatJoinctlPrints(t *testing.T) {
	t.Parallel()
	steps, err := recording.Record(t.Context(), program.Binary("joinctl"), acquireHub(t).Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	image, err := recording.SVG(steps)
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(strings.NewReader(image)); err == nil; {
		_, err = decoder.Token()
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("the image is no XML: %v", err)
	}
	documented, err := os.ReadFile("../../docs/demo.svg")
	if err != nil {
		t.Fatal(err)
	}
	if want, got := recording.Text(image), recording.Text(string(documented)); got != want {
		t.Errorf("docs/demo.svg is out of date: make svg records it again\nit shows  %s\nit should %s", got, want)
	}
}
