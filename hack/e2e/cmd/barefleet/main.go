// SPDX-License-Identifier: Apache-2.0

// Command barefleet sends one request to every cluster of a kubeconfig, 16 at a time, with the standard library only. It is
// the lower bound for a Go program that does the same work. Its argument is METHOD PATH.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"
)

// A kubeconfig has the fields that barefleet needs. The user of a cluster has the same index.
type kubeconfig struct {
	Clusters []struct {
		Name    string
		Cluster struct {
			Server string
			CA     string `json:"certificate-authority-data"`
			Name   string `json:"tls-server-name"`
		}
	}
	Users []struct {
		Name string
		User struct {
			Cert string `json:"client-certificate-data"`
			Key  string `json:"client-key-data"`
		}
	}
}

func main() {
	path := flag.String("kubeconfig", "", "path of the kubeconfig")
	width := flag.Int("width", 16, "number of parallel requests")
	flag.Parse()
	if err := run(*path, *width, strings.Fields(flag.Arg(0))); err != nil {
		fmt.Fprintln(os.Stderr, "barefleet:", err)
		os.Exit(1)
	}
}

func run(path string, width int, request []string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var config kubeconfig
	if err := yaml.Unmarshal(content, &config); err != nil {
		return err
	}
	answers, errs := make([][]byte, len(config.Clusters)), make([]error, len(config.Clusters))
	var workers sync.WaitGroup
	next := make(chan int)
	for range width {
		workers.Go(func() {
			for i := range next {
				answers[i], errs[i] = config.send(i, request)
			}
		})
	}
	for i := range config.Clusters {
		next <- i
	}
	close(next)
	workers.Wait()
	for i, answer := range answers {
		if errs[i] != nil {
			return errs[i]
		}
		if _, err := os.Stdout.Write(answer); err != nil {
			return err
		}
	}
	return nil
}

func (k *kubeconfig) send(i int, request []string) ([]byte, error) {
	cluster, user := k.Clusters[i].Cluster, k.Users[i].User
	pair, err := tls.X509KeyPair(decode(user.Cert), decode(user.Key))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(decode(cluster.CA))
	transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{
		RootCAs: roots, Certificates: []tls.Certificate{pair}, ServerName: cluster.Name,
	}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequest(request[0], cluster.Server+request[1], nil)
	if err != nil {
		return nil, err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", k.Clusters[i].Name, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

func decode(s string) []byte {
	content, _ := base64.StdEncoding.DecodeString(s)
	return content
}
