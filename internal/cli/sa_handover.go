// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"path/filepath"
	"reflect"

	"k8s.io/client-go/tools/clientcmd"

	"github.com/joinctl/joinctl/internal/secretfile"
)

// A handover is what sa kubeconfig was asked for.
type handover struct {
	saMint
	embed         embedding
	out           string
	contextName   string
	userName      string
	allowInsecure bool
	allowPartial  bool
}

// An embedding is what stands for a credential in a kubeconfig.
type embedding string

const (
	embedToken embedding = "token"
	embedExec  embedding = "exec"
)

// check refuses what would be lost when kubectl calls joinctl later.
func (h *handover) check() error {
	switch {
	case h.viaHub && !h.conn.members.any():
		return errors.New("--via-hub goes with --members or --member")
	case h.conn.many() && (h.contextName != "" || h.userName != ""):
		return errors.New("--context-name and --user-name are for one context: of many, each keeps its own name")
	case h.embed == embedToken:
		return nil
	case !h.spec.Bound.IsZero():
		return errors.New("--bound-object-kind goes with --embed token: a token that is minted anew has nothing to die with")
	case h.revocable:
		return errors.New("--revocable goes with --embed token: with exec no token is handed over")
	case h.minGranted > 0:
		return errors.New("--min-granted goes with --embed token")
	case h.conn.overridden():
		return errors.New("--embed exec takes everything from the context: put what other connection flags say into the kubeconfig")
	}
	return nil
}

// overridden reports whether flags change what the kubeconfig says of a connection, apart from the namespace.
func (c *connection) overridden() bool {
	overrides := c.overrides
	overrides.Context.Namespace = ""
	if len(overrides.AuthInfo.ImpersonateGroups) == 0 {
		overrides.AuthInfo.ImpersonateGroups = nil // the flag leaves an empty list
	}
	return len(c.extra) > 0 || !reflect.DeepEqual(overrides, clientcmd.ConfigOverrides{})
}

// A destination is where a kubeconfig goes.
type destination interface {
	Keep(content []byte) error
	Discard()
}

// destination makes sure, before a credential exists, that there is somewhere to put it.
func (h *handover) destination() (destination, error) {
	if h.out == "" || h.out == stdin {
		return printed{h.env}, deliverable(h.env)
	}
	path := h.out
	if linked, err := filepath.EvalSymlinks(path); err == nil {
		path = linked // the operator's link stays
	}
	return secretfile.New(path)
}

// printed is standard output as a destination.
type printed struct{ env *Env }

func (p printed) Keep(content []byte) error { _, err := p.env.Out.Write(content); return err }
func (p printed) Discard()                  {}
