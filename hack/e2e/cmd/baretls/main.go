// SPDX-License-Identifier: Apache-2.0

// Command baretls sends requests over one TLS connection with the standard library only. It is the lower bound for a Go
// program that does the same work. Each argument is METHOD PATH [BODY-FILE].
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func main() {
	server := flag.String("server", "", "URL of the API server")
	dir := flag.String("credentials", "", "folder with ca.crt, client.crt and client.key")
	flag.Parse()
	if err := run(*server, *dir, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "baretls:", err)
		os.Exit(1)
	}
}

func run(server, dir string, requests []string) error {
	ca, err := os.ReadFile(dir + "/ca.crt")
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(dir+"/client.crt", dir+"/client.key")
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	client := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}},
	}}
	for _, request := range requests {
		words := strings.Fields(request)
		var body io.Reader
		if len(words) > 2 {
			content, err := os.ReadFile(words[2])
			if err != nil {
				return err
			}
			body = bytes.NewReader(content)
		}
		req, err := http.NewRequest(words[0], server+words[1], body)
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(os.Stdout, resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode >= http.StatusBadRequest {
			return fmt.Errorf("%s: %s %w", request, resp.Status, err)
		}
	}
	return nil
}
