// SPDX-License-Identifier: Apache-2.0

package kuberc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubectl/pkg/config"
	"k8s.io/kubectl/pkg/config/v1alpha1"
	"k8s.io/kubectl/pkg/config/v1beta1"
)

// decode returns the first document of a file that is a Preference of a version that kubectl knows, nil if the file is empty. The
// warning is about fields that are unknown or there twice; they are ignored.
func decode(content []byte) (preference *config.Preference, warning, err error) {
	strict, lenient, err := decoders()
	if err != nil {
		return nil, nil, err
	}
	var unusable []error
	for documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content))); ; {
		document, err := documents.Read()
		switch {
		case errors.Is(err, io.EOF) && len(unusable) > 0:
			return nil, nil, fmt.Errorf("it has no Preference that can be read: %w", unusable[0])
		case errors.Is(err, io.EOF):
			return nil, nil, nil
		case err != nil:
			return nil, nil, err
		case len(bytes.TrimSpace(document)) == 0:
			continue
		}
		preference, warning := decodeOne(strict, document)
		if preference == nil {
			preference, err = decodeOne(lenient, document)
		}
		if preference != nil {
			return preference, warning, nil
		}
		unusable = append(unusable, err)
	}
}

// decoders returns a decoder that refuses unknown fields and fields that are there twice, and one that ignores them.
func decoders() (strict, lenient runtime.Decoder, err error) {
	scheme := runtime.NewScheme()
	builder := runtime.NewSchemeBuilder(config.AddToScheme, v1beta1.AddToScheme, v1alpha1.AddToScheme)
	if err := builder.AddToScheme(scheme); err != nil {
		return nil, nil, fmt.Errorf("register kubectl's types: %w", err)
	}
	strict = serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder()
	return strict, serializer.NewCodecFactory(scheme, serializer.DisableStrict).UniversalDecoder(), nil
}

// decodeOne decodes a Preference.
func decodeOne(decoder runtime.Decoder, document []byte) (*config.Preference, error) {
	object, kind, err := decoder.Decode(document, nil, nil)
	if err != nil {
		return nil, err
	}
	preference, ok := object.(*config.Preference)
	if wanted := (schema.GroupKind{Group: config.SchemeGroupVersion.Group, Kind: "Preference"}); !ok || kind.GroupKind() != wanted {
		return nil, fmt.Errorf("it is a %s", kind)
	}
	return preference, nil
}
