// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	execv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	execv1beta1 "k8s.io/client-go/pkg/apis/clientauthentication/v1beta1"

	"github.com/joinctl/joinctl/internal/kube"
)

// execKind is the kind of both the question and the answer (k8s.io/client-go/pkg/apis/clientauthentication).
const execKind = "ExecCredential"

// A Caller is a client-go program that calls joinctl for a credential.
type Caller struct {
	version string // of the API in which it asks and wants to be answered
	server  string // that it wants to talk to; "" where it does not say
	ca      []byte
}

// ParseCaller reads KUBERNETES_EXEC_INFO; empty stands for a caller that says nothing. The versions v1 and v1beta1 are
// known. Its errors do not repeat what was read.
func ParseCaller(info string) (Caller, error) {
	caller := Caller{version: execv1.SchemeGroupVersion.String()}
	if info == "" {
		return caller, nil
	}
	var asked execv1.ExecCredential
	if err := json.Unmarshal([]byte(info), &asked); err != nil || asked.Kind != execKind {
		return Caller{}, errors.New("KUBERNETES_EXEC_INFO is no " + execKind)
	}
	switch asked.APIVersion {
	case execv1.SchemeGroupVersion.String(), execv1beta1.SchemeGroupVersion.String():
		caller.version = asked.APIVersion
	default:
		return Caller{}, fmt.Errorf("KUBERNETES_EXEC_INFO asks in a version other than %s and %s", execv1.SchemeGroupVersion, execv1beta1.SchemeGroupVersion)
	}
	if cluster := asked.Spec.Cluster; cluster != nil {
		caller.server, caller.ca = cluster.Server, cluster.CertificateAuthorityData
	}
	return caller, nil
}

// MatchesServer reports whether the caller talks to the server that a client does, or through it to a member behind it, as far as
// can be told: by the same address or with the same certificate authority. A token for one server is not for others to see.
func (c Caller) MatchesServer(client *kube.Client) bool {
	return c.server == "" || client.Proxies(c.server) || strings.TrimSuffix(c.server, "/") == strings.TrimSuffix(client.Server().String(), "/") || len(c.ca) > 0 && bytes.Equal(c.ca, client.CA())
}

// MatchesMember reports whether the caller talks to a member's own API server.
func (c Caller) MatchesMember(member kube.Member) bool {
	return c.server == "" || member.HasServer(c.server)
}

// Key makes a key of a Cache one for this caller's server alone.
func (c Caller) Key(key string) string {
	sum := sha256.Sum256([]byte(key + c.server))
	return hex.EncodeToString(sum[:])
}

// Answer returns a token in the form that the caller reads: one JSON object.
func (c Caller) Answer(tok Token) ([]byte, error) {
	answer := execv1.ExecCredential{
		TypeMeta: metav1.TypeMeta{APIVersion: c.version, Kind: execKind},
		Status:   &execv1.ExecCredentialStatus{Token: tok.Reveal()},
	}
	if at := tok.Expires(); !at.IsZero() {
		answer.Status.ExpirationTimestamp = &metav1.Time{Time: at}
	}
	content, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("encode the credential: %w", err)
	}
	return append(content, '\n'), nil
}
