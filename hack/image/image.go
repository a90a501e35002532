// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// nobody is the user that a container runs as; 65532 is the number that distroless images use.
const nobody = "65532:65532"

// A binary is a built joinctl for one platform.
type binary struct{ os, arch, path string }

// write writes an OCI layout with an image for each binary to a directory that does not exist.
func write(dir, version string, binaries []binary) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	for _, one := range binaries {
		image, err := one.image(version)
		if err == nil {
			err = to.AppendImage(image, layout.WithPlatform(v1.Platform{OS: one.os, Architecture: one.arch}))
		}
		if err != nil {
			return fmt.Errorf("write the image for %s/%s: %w", one.os, one.arch, err)
		}
	}
	return nil
}

// image returns an image with nothing but the binary. It needs no CA certificates, since joinctl verifies servers with the CA
// of their kubeconfig or of the Pod, and no time zones, since it prints UTC.
func (b binary) image(version string) (v1.Image, error) {
	content, err := os.ReadFile(b.path)
	if err != nil {
		return nil, err
	}
	archive, err := layer(content)
	if err != nil {
		return nil, err
	}
	files, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(archive)), nil
	}, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.Append(base, mutate.Addendum{Layer: files, History: v1.History{CreatedBy: "hack/image"}})
	if err != nil {
		return nil, err
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = b.os, b.arch
	file.Config.User = nobody
	file.Config.Entrypoint = []string{"/joinctl"}
	file.Config.Labels = map[string]string{
		"org.opencontainers.image.title":    "joinctl",
		"org.opencontainers.image.licenses": "Apache-2.0",
	}
	if version != "" {
		file.Config.Labels["org.opencontainers.image.version"] = version
	}
	return mutate.ConfigFile(image, file)
}

// layer returns a tar archive with the binary, owned by root and without a time, so that equal binaries make equal archives.
func layer(content []byte) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	err := w.WriteHeader(&tar.Header{
		Typeflag: tar.TypeReg, Name: "joinctl", Mode: 0o555, Size: int64(len(content)), ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	})
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	return out.Bytes(), err
}
