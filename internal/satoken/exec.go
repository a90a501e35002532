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
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	execv1 "k8s.io/client-go/pkg/apis/clientauthentication/v1"
	execv1beta1 "k8s.io/client-go/pkg/apis/clientauthentication/v1beta1"

	"github.com/joinctl/joinctl/internal/kube"
)

// execKind is the kind of both the request and the response (k8s.io/client-go/pkg/apis/clientauthentication).
const execKind = "ExecCredential"

// A Caller is a client-go program that runs joinctl as its exec credential plugin.
type Caller struct {
	version string // the API version of the request and the response
	server  string // the caller connects to; empty: not provided
	ca      []byte
}

// ParseCaller parses the value of KUBERNETES_EXEC_INFO, which may be empty. It supports the versions v1 and v1beta1.
// Its errors do not show the input.
func ParseCaller(info string) (Caller, error) {
	caller := Caller{version: execv1.SchemeGroupVersion.String()}
	if info == "" {
		return caller, nil
	}
	var request execv1.ExecCredential
	if err := json.Unmarshal([]byte(info), &request); err != nil || request.Kind != execKind {
		return Caller{}, errors.New("KUBERNETES_EXEC_INFO is not an " + execKind)
	}
	switch request.APIVersion {
	case execv1.SchemeGroupVersion.String(), execv1beta1.SchemeGroupVersion.String():
		caller.version = request.APIVersion
	default:
		return Caller{}, fmt.Errorf("KUBERNETES_EXEC_INFO has an unsupported apiVersion: it must be %s or %s", execv1.SchemeGroupVersion, execv1beta1.SchemeGroupVersion)
	}
	if cluster := request.Spec.Cluster; cluster != nil {
		caller.server, caller.ca = cluster.Server, cluster.CertificateAuthorityData
	}
	return caller, nil
}

// MatchesServer reports whether the caller connects to the server of a client, or through its proxy to a member: the
// address or the certificate authority is the same. A caller that provides no server matches. Other servers must not
// see the token.
func (c Caller) MatchesServer(client *kube.Client) bool {
	mine, _ := kube.StripUserinfo(client.Server().String()) // sa kubeconfig strips it too
	theirs, _ := kube.StripUserinfo(c.server)
	return c.server == "" || client.Proxies(c.server) || strings.TrimSuffix(theirs, "/") == strings.TrimSuffix(mine, "/") || len(c.ca) > 0 && bytes.Equal(c.ca, client.CA())
}

// MatchesMember reports whether the caller connects to a member's own API server. A caller that provides no server
// matches.
func (c Caller) MatchesMember(member kube.Member) bool {
	return c.server == "" || member.HasServer(c.server)
}

// Key returns a key of a Cache for this caller's server only.
func (c Caller) Key(key string) string {
	sum := sha256.Sum256([]byte(key + c.server))
	return hex.EncodeToString(sum[:])
}

// ExecCredential returns a token as an ExecCredential in the caller's version: one line of JSON. The caller compares expires
// with this machine's clock; zero: it is not known.
func (c Caller) ExecCredential(tok Token, expires time.Time) ([]byte, error) {
	credential := execv1.ExecCredential{
		TypeMeta: metav1.TypeMeta{APIVersion: c.version, Kind: execKind},
		Status:   &execv1.ExecCredentialStatus{Token: tok.Reveal()},
	}
	if !expires.IsZero() {
		credential.Status.ExpirationTimestamp = &metav1.Time{Time: expires}
	}
	content, err := json.Marshal(credential)
	if err != nil {
		return nil, fmt.Errorf("encode the credential: %w", err)
	}
	return append(content, '\n'), nil
}
