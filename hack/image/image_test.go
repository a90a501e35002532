// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// build builds joinctl as make image does.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "joinctl")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path, "./cmd/joinctl")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build joinctl: %v\n%s", err, out)
	}
	return path
}

// hashes returns the hash of each file below a directory.
func hashes(t *testing.T, dir string) map[string][sha256.Size]byte {
	t.Helper()
	out := map[string][sha256.Size]byte{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir)] = sha256.Sum256(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTwoBuildsOfAnImageAreEqualAndItsBinaryRuns(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "image"), filepath.Join(t.TempDir(), "image")
	for _, dir := range []string{first, second} {
		path := build(t)
		if err := write(dir, "v1.2.3", []binary{{"linux", runtime.GOARCH, path}, {"linux", "riscv64", path}}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := hashes(t, first), hashes(t, second); !reflect.DeepEqual(a, b) || len(a) < 6 {
		t.Errorf("the builds differ: %v, %v", a, b)
	}
	index, err := layout.ImageIndexFromPath(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil || len(manifest.Manifests) != 2 || manifest.Manifests[0].Platform.Architecture != runtime.GOARCH {
		t.Fatalf("the index is %+v, %v", manifest, err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	checkConfig(t, image)
	out, err := exec.CommandContext(t.Context(), unpack(t, image), "version", "-o", "json").Output()
	if err != nil || !json.Valid(out) {
		t.Errorf("the binary of the image prints %q, %v", out, err)
	}
}

func checkConfig(t *testing.T, image v1.Image) {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c := file.Config; c.User != nobody || !reflect.DeepEqual(c.Entrypoint, []string{"/joinctl"}) || c.Labels["org.opencontainers.image.version"] != "v1.2.3" || !file.Created.IsZero() {
		t.Errorf("the configuration is %+v", file)
	}
}

// unpack writes the one file of an image, and returns its path.
func unpack(t *testing.T, image v1.Image) string {
	t.Helper()
	archive := mutate.Extract(image)
	defer archive.Close()
	files := tar.NewReader(archive)
	header, err := files.Next()
	if err != nil || header.Name != "joinctl" || header.Mode != 0o555 || header.Uid != 0 || header.Gid != 0 {
		t.Fatalf("the image has %+v, %v", header, err)
	}
	content, err := io.ReadAll(files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := files.Next(); err != io.EOF {
		t.Errorf("the image has more than one file: %v", err)
	}
	path := filepath.Join(t.TempDir(), "joinctl")
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnImageReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := write(dir, "", []binary{{"linux", "amd64", "image.go"}}); err == nil {
		t.Error("a directory that exists is written to")
	}
	if err := write(filepath.Join(dir, "image"), "", []binary{{"linux", "amd64", "missing"}}); err == nil || !strings.Contains(err.Error(), "linux/amd64") {
		t.Errorf("the error is %v", err)
	}
	if !bytes.Equal(first(layer([]byte("x"))), first(layer([]byte("x")))) {
		t.Error("equal binaries make different layers")
	}
}

func first(content []byte, _ error) []byte { return content }
