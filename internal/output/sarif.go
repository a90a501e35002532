// SPDX-License-Identifier: Apache-2.0

package output

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// SARIF returns a report as SARIF 2.1.0 (docs.oasis-open.org/sarif/sarif/v2.1.0): a result for each error and each warning, a
// rule for each check, and a notification for each control plane that could not be examined. A control plane is a logical
// location, and the artifact context/NAME, because code scanning shows no result without one.
func SARIF(report *Report) ([]byte, error) {
	run := sarifRun{
		Tool: sarifTool{Driver: sarifDriver{
			Name: "joinctl", Version: report.Version, InformationURI: report.Home,
			Rules: sarifRules(report.Rules), Notifications: sarifRules(report.Reasons),
		}},
		Automation: sarifID{report.Command + "/"},
		Invocations: []sarifInvocation{{
			Successful: true, EndTime: report.Time.UTC().Format(time.RFC3339), Notifications: []sarifResult{},
		}},
		ColumnKind: "utf16CodeUnits",
		Results:    []sarifResult{},
	}
	done := &run.Invocations[0]
	for _, target := range report.Targets {
		counts := map[string]int{} // of the results of a check
		for _, r := range target.Results {
			if r.Level < Warning {
				continue
			}
			text := r.Text
			if r.Fix != "" {
				text += ". Fix: " + r.Fix
			}
			counts[r.Check]++
			run.Results = append(run.Results, sarifResult{
				RuleID: r.Code, Level: r.Level.String(), Message: sarifText{text}, Locations: sarifLocations(target.Name),
				Fingerprints: map[string]string{"joinctl/v1": fmt.Sprintf("%s/%s/%d", target.Name, r.Check, counts[r.Check])},
			})
		}
		if failed := target.Failure; failed != nil {
			done.Successful = false
			done.Notifications = append(done.Notifications, sarifResult{
				Descriptor: &sarifID{failed.Code}, Level: Error.String(), Message: sarifText{failed.Message}, Locations: sarifLocations(target.Name),
			})
		}
	}
	document, err := json.MarshalIndent(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write SARIF: %w", err)
	}
	return []byte(escape(string(document), "\n") + "\n"), nil
}

func sarifRules(rules []Rule) []sarifRule {
	out := make([]sarifRule, len(rules))
	for i, r := range rules {
		out[i] = sarifRule{
			ID: r.Code, Name: r.Name, Short: sarifText{r.Title + "."}, Full: sarifText{r.Cause}, HelpURI: r.URL,
			Help: sarifHelp{"Cause:\n" + r.Cause + "\n\nHow to see it:\n" + r.See + "\n\nFix:\n" + r.Fix, "## Cause\n\n" + r.Cause + "\n\n## How to see it\n\n" + r.See + "\n\n## Fix\n\n" + r.Fix},
		}
	}
	return out
}

func sarifLocations(target string) []sarifLocation {
	path := "context/" + url.PathEscape(target)
	return []sarifLocation{{
		Physical: sarifPhysical{sarifArtifact{path}, sarifRegion{1}},
		Logical:  []sarifLogical{{target, path, "resource"}},
	}}
}

type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Automation  sarifID           `json:"automationDetails"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
		Notifications  []sarifRule `json:"notifications"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Name    string    `json:"name"`
		Short   sarifText `json:"shortDescription"`
		Full    sarifText `json:"fullDescription"`
		HelpURI string    `json:"helpUri"`
		Help    sarifHelp `json:"help"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifID struct {
		ID string `json:"id"`
	}
	sarifInvocation struct {
		Successful    bool          `json:"executionSuccessful"`
		EndTime       string        `json:"endTimeUtc"`
		Notifications []sarifResult `json:"toolExecutionNotifications"`
	}
	// A sarifResult is a result, or a notification with a descriptor in place of a rule.
	sarifResult struct {
		RuleID       string            `json:"ruleId,omitempty"`
		Descriptor   *sarifID          `json:"descriptor,omitempty"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"name"`
		Full string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)
