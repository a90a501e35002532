// SPDX-License-Identifier: Apache-2.0

package satoken

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/joinctl/joinctl/internal/failure"
)

// withHint adds a hint to the error of a TokenRequest that the server refused.
func withHint(account Account, spec Spec, err error) error {
	hint := ""
	switch failure.ReasonOf(err) {
	case failure.NotFound:
		hint = notFoundHint(account, spec, err)
	case failure.Forbidden:
		return failure.WithRequiredRight(fmt.Sprintf("the verb create on serviceaccounts/token in namespace %s, which a Role can restrict to resourceNames: [%s]", account.Namespace, account.Name), err)
	case failure.Conflict:
		hint = fmt.Sprintf("another %s has this name now: leave --bound-object-uid out to bind the token to it", strings.ToLower(string(spec.Bound.Kind)))
	case failure.Invalid:
		if spec.Bound.Kind == Pod {
			hint = fmt.Sprintf("a token can only be bound to a Pod that runs as the ServiceAccount: kubectl get pod %s -n %s -o jsonpath={.spec.serviceAccountName}", spec.Bound.Name, account.Namespace)
		}
	}
	if hint == "" {
		return err
	}
	return &failure.Error{Err: err, Hint: hint}
}

// withSecretsRight adds the right that a request for Secrets needs to an error with the reason Forbidden. An empty
// namespace means all namespaces.
func withSecretsRight(verb, namespace string, err error) error {
	scope := "namespace " + namespace
	if namespace == "" {
		scope = "all namespaces"
	}
	return failure.WithRequiredRight(fmt.Sprintf("the verb %s on secrets in %s", verb, scope), err)
}

// notFoundHint returns a hint for the object that does not exist: the ServiceAccount, its namespace or the bound object.
func notFoundHint(account Account, spec Spec, err error) string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil {
		switch status.Status().Details.Kind {
		case "serviceaccounts":
			return "kubectl get serviceaccounts -n " + account.Namespace + " lists the existing ones; -n selects another namespace"
		case "namespaces":
			return "-n selects another namespace"
		}
	}
	if spec.Bound.Kind == Pod || spec.Bound.Kind == Secret {
		return fmt.Sprintf("a %s has to be in the ServiceAccount's namespace, which is %s", spec.Bound.Kind, account.Namespace)
	}
	return ""
}
