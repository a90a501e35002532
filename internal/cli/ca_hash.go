// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/joinctl/joinctl/internal/action"
	"github.com/joinctl/joinctl/internal/certificate"
	"github.com/joinctl/joinctl/internal/inputfile"
	"github.com/joinctl/joinctl/internal/join"
	"github.com/joinctl/joinctl/internal/output"
	"github.com/joinctl/joinctl/internal/session"
)

func newCAHash(env *Env, s *session.Session) *cobra.Command {
	var (
		hash   = action.CAHash{Session: s}
		files  []string
		format output.Format
	)
	cmd := &cobra.Command{
		Use:        "ca-hash [FILE... | -]",
		SuggestFor: []string{"hash", "pin"},
		Short:      "Print the CA pins for a join command, with subject and expiry",
		Long: `Print the pin of every CA certificate, with its subject and expiry, and warn of certificates that no joiner can use: expired,
not yet valid, or no CA. The certificates are those in PEM files, or else those of
the kubeconfig's context. --cluster-info takes them from cluster-info: joiners compare a pin with these. A CA never comes
from a connection that was not verified.`,
		Example: `  joinctl ca-hash /etc/karmada/pki/ca.crt
  joinctl ca-hash --context hub --cluster-info -o name
  joinctl ca-hash --endpoint api.example.org:5443`,
		Args: func(_ *cobra.Command, args []string) error {
			files = args
			return checkInputs(s, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if hash.Files, err = readCAFiles(env, files); err != nil {
				return err
			}
			certificates, failures, err := hash.Run(cmd.Context())
			if err != nil {
				return err
			}
			return finish(printCertificates(env, s, &format, certificates, failures), nil, failures)
		},
	}
	addOutput(cmd, &format)
	flags := cmd.Flags()
	flags.BoolVar(&hash.ClusterInfo, "cluster-info", false, "take the CA from cluster-info, read through the kubeconfig's context")
	flags.TextVar(&hash.Endpoint, "endpoint", join.Endpoint{}, "take the CA from cluster-info at this address, `HOST:PORT`, over TLS that the context's CA verifies")
	preRun(cmd, func() error {
		if len(files) > 0 && (hash.ClusterInfo || !hash.Endpoint.IsZero()) {
			return errors.New("--cluster-info and --endpoint go without files")
		}
		return nil
	})
	return cmd
}

// checkInputs refuses a file that has the name of a bootstrap token, and notes which files this run reads.
func checkInputs(s *session.Session, files []string) error {
	for _, file := range files {
		if err := checkFileName(file); err != nil {
			return err
		}
		if file != stdin {
			s.Inputs = append(s.Inputs, file)
		}
	}
	return nil
}

func readCAFiles(env *Env, paths []string) ([]action.CAFile, error) {
	var files []action.CAFile
	for _, path := range paths {
		content, err := readFile(env, path, inputfile.SmallLimit)
		if err != nil {
			return nil, fmt.Errorf("read certificates: %w", err)
		}
		files = append(files, action.CAFile{Path: inputName(path), Content: content})
	}
	return files, nil
}

// A certificateItem is a CA certificate in a document.
type certificateItem struct {
	Context    string `json:"context,omitempty"` // context of the kubeconfig; absent: it is in a file
	CACertHash string `json:"caCertHash"`        // pin: sha256: and the hash of the certificate's public key
	Subject    string `json:"subject"`           // distinguished name
	CA         bool   `json:"ca"`                // false: no CA, it must not sign
	NotBefore  string `json:"notBefore"`         // when the certificate becomes valid
	Expires    string `json:"expires"`           // when it expires
	TTLSeconds *int64 `json:"ttlSeconds"`        // until then, by this machine's clock; negative when over
}

func (i certificateItem) place() place { return place{context: i.Context, name: i.CACertHash} }

// printCertificates prints certificates, and warns of those that no joiner can use.
func printCertificates(env *Env, s *session.Session, format *output.Format, certificates []action.CACertificate, failures *session.Failures) error {
	list := output.List[certificateItem]{Kind: "CertificateList", Failures: failureItems(s, failures)}
	now := env.Now()
	for _, one := range certificates {
		item := certificateItem{
			Context:    one.Target.Context,
			CACertHash: string(join.PinOf(one.Certificate)),
			Subject:    one.Certificate.Subject.String(),
			CA:         certificate.IsCA(one.Certificate),
			NotBefore:  timestamp(one.Certificate.NotBefore),
			Expires:    timestamp(one.Certificate.NotAfter),
			TTLSeconds: secondsUntil(one.Certificate.NotAfter, now),
		}
		list.Items = append(list.Items, item)
		if dates := certificate.Dates(one.Certificate, now); dates != "" {
			s.Terminal.Warn("the certificate of %s %s: nothing accepts the certificates that it signed", item.Subject, dates)
		}
		if !item.CA {
			s.Terminal.Warn("the certificate of %s is no CA: no joiner can verify a server with it, so do not pin it", item.Subject)
		}
	}
	return output.Print(env.Out, format, list, withPlace(s, certificateView(), certificateItem.place))
}

// certificateView shows CA certificates. Their name is the pin.
func certificateView() output.View[certificateItem] {
	return output.View[certificateItem]{
		Name: func(i certificateItem) string { return i.CACertHash },
		Columns: []output.Column[certificateItem]{
			{Title: "CA Cert Hash", Cell: func(i certificateItem) string { return i.CACertHash }},
			{Title: "Subject", Cell: func(i certificateItem) string { return i.Subject }},
			{Title: "Expires", Cell: func(i certificateItem) string { return i.Expires }},
			{Title: "TTL", Cell: func(i certificateItem) string { return ttlCell(i.TTLSeconds, "<unknown>") }},
			{Title: "CA", Wide: true, Cell: func(i certificateItem) string { return strconv.FormatBool(i.CA) }},
		},
	}
}
