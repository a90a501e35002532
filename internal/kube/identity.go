// SPDX-License-Identifier: Apache-2.0

package kube

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// Fingerprint returns a hash, in hexadecimal, over what makes two connections the same to a server: its address and
// certificate authority, and as whom it is talked to. A password or private key is not part of it, a bearer token is.
func (c *Client) Fingerprint() string {
	config := c.config
	parts := []any{
		c.server.String(), config.ServerName, config.Insecure, config.CAData,
		config.Username, config.BearerToken, config.BearerTokenFile, config.CertData, config.Impersonate,
	}
	if plugin := config.ExecProvider; plugin != nil {
		parts = append(parts, plugin.Command, plugin.Args, plugin.Env)
	}
	if provider := config.AuthProvider; provider != nil {
		parts = append(parts, provider.Name, provider.Config)
	}
	encoded, _ := json.Marshal(parts) // strings, bytes and lists of them cannot fail
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:])
}
