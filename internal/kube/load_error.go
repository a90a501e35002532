// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	clientcmdapiv1 "k8s.io/client-go/tools/clientcmd/api/v1"
	"sigs.k8s.io/yaml"
)

// whyInvalid says why the content of a file is no kubeconfig, without any value in it.
func whyInvalid(content []byte) string {
	asJSON, err := yaml.YAMLToJSON(content)
	if err != nil {
		line := regexp.MustCompile(`line \d+`).FindString(err.Error())
		if line != "" {
			line = " (at " + line + ")"
		}
		return "is no valid YAML" + line
	}
	var config clientcmdapiv1.Config
	err = json.Unmarshal(asJSON, &config)
	if wrongType, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrongType.Field != "" {
		kind, _, _ := strings.Cut(wrongType.Value, " ") // the rest is the value
		return fmt.Sprintf("is no kubeconfig: the type of %s cannot be %s", wrongType.Field, kind)
	}
	if _, ok := errors.AsType[base64.CorruptInputError](err); ok {
		return "is no kubeconfig: certificate or key data is no base64"
	}
	if duplicate := duplicateName(&config); duplicate != "" {
		return "is ambiguous: " + duplicate
	}
	if err == nil && (config.APIVersion != "" && config.APIVersion != "v1" || config.Kind != "" && config.Kind != "Config") {
		return "is no kubeconfig: it needs apiVersion v1 and kind Config"
	}
	return "is no kubeconfig"
}

// duplicateName says which two entries have the same name, "" if all names differ.
func duplicateName(config *clientcmdapiv1.Config) string {
	var contexts, clusters, users []string
	for _, context := range config.Contexts {
		contexts = append(contexts, context.Name)
	}
	for _, cluster := range config.Clusters {
		clusters = append(clusters, cluster.Name)
	}
	for _, user := range config.AuthInfos {
		users = append(users, user.Name)
	}
	for _, list := range []struct {
		noun  string
		names []string
	}{{"users", users}, {"clusters", clusters}, {"contexts", contexts}} {
		seen := map[string]bool{}
		for _, name := range list.names {
			if seen[name] {
				return fmt.Sprintf("two %s are named %q", list.noun, name)
			}
			seen[name] = true
		}
	}
	return ""
}
