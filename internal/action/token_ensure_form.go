// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/joinctl/joinctl/internal/discovery"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/kube"
	"github.com/joinctl/joinctl/internal/token"
)

// A Form is how TokenEnsure hands out a token.
type Form string

// The forms.
const (
	AsToken      Form = "token"
	AsCommand    Form = "command"
	AsKubeconfig Form = "bootstrap-kubeconfig" // for kubelet, kubeadm join --discovery-file and their like
	AsJoinConfig Form = "kubeadm-join-config"  // for kubeadm join --config
)

// Forms returns all forms, the default one first.
func Forms() []Form { return []Form{AsToken, AsCommand, AsKubeconfig, AsJoinConfig} }

// needsDiscovery reports whether the form has the address and the CA of the control plane.
func (f Form) needsDiscovery() bool { return f != AsToken }

// needsSignature reports whether its consumer finds the control plane by cluster-info, signed with the token.
func (f Form) needsSignature() bool { return f == AsCommand || f == AsJoinConfig }

// isDocument reports whether the form is a YAML document and not one line.
func (f Form) isDocument() bool { return f == AsKubeconfig || f == AsJoinConfig }

// key returns the key under which a Secret has the form, unless the operator names one.
func (f Form) key() string {
	return map[Form]string{AsToken: "token", AsCommand: "command", AsKubeconfig: "kubeconfig", AsJoinConfig: "join-config.yaml"}[f]
}

// extension returns the end of the name of a file with the form.
func (f Form) extension() string {
	return map[Form]string{AsToken: ".token", AsCommand: ".command", AsKubeconfig: ".kubeconfig", AsJoinConfig: ".yaml"}[f]
}

// tokenMark begins the documents that joinctl wrote. The rest of the line says whose token it is, and when it expires.
const tokenMark = kube.WrittenMark + "bootstrap token "

// encode returns the token in this form; a document begins with a comment that tells its expiry.
func (f Form) encode(found *discovery.Result, one CreatedToken, cluster string) ([]byte, error) {
	var (
		content []byte
		err     error
	)
	switch f {
	case AsCommand:
		return []byte(one.Command.Line()), nil
	case AsKubeconfig:
		content, err = join.BootstrapKubeconfig(found.Endpoint, found.CA, one.Token)
	case AsJoinConfig:
		content, err = one.Command.JoinConfiguration()
	default:
		return []byte(one.Token.Reveal()), nil
	}
	comment := fmt.Sprintf("%s%s for %s expires %s\n", tokenMark, one.Token.ID, cluster, expiresText(one.Spec))
	return append([]byte(comment), content...), err
}

// ownsTokenFile reports whether joinctl wrote a file with a token in any form.
func ownsTokenFile(content []byte) bool {
	return holdsCredential(string(content)) || bytes.HasPrefix(content, []byte(tokenMark))
}

// tokenIn returns the first token in a text, the zero Token if there is none.
func tokenIn(content []byte) token.Token {
	outside := func(r rune) bool { return r != '.' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	for _, word := range strings.FieldsFunc(string(content), outside) {
		if tok, err := token.Parse(word); err == nil {
			return tok
		}
	}
	return token.Token{}
}
