// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"time"

	"k8s.io/client-go/informers"
	certificates "k8s.io/client-go/informers/certificates/v1"
	core "k8s.io/client-go/informers/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/keyutil"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/bootstrap"
	"k8s.io/kubernetes/pkg/controller/certificates/approver"
	"k8s.io/kubernetes/pkg/controller/certificates/rootcacertpublisher"
	"k8s.io/kubernetes/pkg/controller/certificates/signer"
	"k8s.io/kubernetes/pkg/controller/serviceaccount"
	tokens "k8s.io/kubernetes/pkg/serviceaccount"
)

// certificateLifetime is the lifetime of the certificates that the CSR signers issue.
const certificateLifetime = 365 * 24 * time.Hour

// startControllers starts the controllers of kube-controller-manager that
// bootstrap tokens and tests need. They run until ctx ends.
func startControllers(ctx context.Context, o options, client kubernetes.Interface) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	core := factory.Core().V1()
	accounts, err := serviceaccount.NewServiceAccountsController(klog.FromContext(ctx), core.ServiceAccounts(), core.Namespaces(),
		client, serviceaccount.DefaultServiceAccountsControllerOptions())
	if err != nil {
		return err
	}
	go accounts.Run(ctx, 1)
	accountTokens, err := newTokensController(ctx, client, core)
	if err != nil {
		return err
	}
	go accountTokens.Run(ctx, 1)
	if o.jobController {
		if err := startJobController(ctx, client, factory); err != nil {
			return err
		}
	}
	if o.signer {
		c, err := bootstrap.NewSigner(client, core.Secrets(), core.ConfigMaps(), bootstrap.DefaultSignerOptions())
		if err != nil {
			return err
		}
		go c.Run(ctx)
	}
	if o.cleaner {
		c, err := bootstrap.NewTokenCleaner(client, core.Secrets(), bootstrap.DefaultTokenCleanerOptions())
		if err != nil {
			return err
		}
		go c.Run(ctx)
	}
	authority, err := os.ReadFile("ca.crt")
	if err != nil {
		return err
	}
	publisher, err := rootcacertpublisher.NewPublisher(core.ConfigMaps(), core.Namespaces(), client, authority)
	if err != nil {
		return err
	}
	go publisher.Run(ctx, 1)
	if err := startCertificateControllers(ctx, o, client, factory); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	return nil
}

// newTokensController returns the controller that fills the Secrets of ServiceAccount tokens.
func newTokensController(ctx context.Context, client kubernetes.Interface, core core.Interface) (*serviceaccount.TokensController, error) {
	authority, err := os.ReadFile("ca.crt")
	if err != nil {
		return nil, err
	}
	key, err := keyutil.PrivateKeyFromFile("sa.key")
	if err != nil {
		return nil, err
	}
	generator, err := tokens.JWTTokenGenerator(tokens.LegacyIssuer, key)
	if err != nil {
		return nil, err
	}
	return serviceaccount.NewTokensController(klog.FromContext(ctx), core.ServiceAccounts(), core.Secrets(), client,
		serviceaccount.TokensControllerOptions{TokenGenerator: generator, RootCA: authority})
}

// startCertificateControllers starts the CSR signers, which all use the
// cluster CA, and the CSR approvers for nodes and for Karmada's agents.
func startCertificateControllers(ctx context.Context, o options, client kubernetes.Interface, factory informers.SharedInformerFactory) error {
	requests := factory.Certificates().V1().CertificateSigningRequests()
	go approver.NewCSRApprovingController(ctx, client, requests).Run(ctx, 1)
	if o.agentApprover {
		if err := startAgentApprover(ctx, client, requests); err != nil {
			return err
		}
	}
	if !o.csrSigners {
		return nil
	}
	for _, newSigner := range []func(context.Context, kubernetes.Interface, certificates.CertificateSigningRequestInformer, string, string, time.Duration) (*signer.CSRSigningController, error){
		signer.NewKubeAPIServerClientCSRSigningController,
		signer.NewKubeletClientCSRSigningController,
		signer.NewKubeletServingCSRSigningController,
		signer.NewLegacyUnknownCSRSigningController,
	} {
		c, err := newSigner(ctx, client, requests, "ca.crt", "ca.key", certificateLifetime)
		if err != nil {
			return err
		}
		go c.Run(ctx, 1)
	}
	return nil
}
