// SPDX-License-Identifier: Apache-2.0

package cli

import "github.com/spf13/cobra"

// A topic is a page of help that is about no single command.
type topic struct{ name, short, text string }

// topics are the pages that joinctl help shows by name.
func topics() []topic {
	return []topic{
		{"exit-codes", "What the exit codes mean", exitCodesTopic},
		{"environment", "Environment variables that joinctl reads", environmentTopic},
		{"output", "Formats of -o, and what stdout and stderr are for", outputTopic},
		{"selection", "How to select control planes and members", selectionTopic},
	}
}

// addTopics adds the topics to a command tree: to cobra they are commands that cannot run.
func addTopics(root *cobra.Command) {
	for _, t := range topics() {
		root.AddCommand(&cobra.Command{Use: t.name, Short: t.short, Long: t.text})
	}
}

// isTopic reports whether a command is a topic.
func isTopic(c *cobra.Command) bool { return c.IsAdditionalHelpTopicCommand() && c.Name() != "help" }

const exitCodesTopic = `The exit codes of joinctl are stable.

  0    all done
  1    failed, or declined: a question was answered with no
  2    a mistake in the command line, the kubeconfig or the selection: nothing was attempted
  3    partial: some control planes, members or objects failed, and the others are done
  4    a check found a problem, although all requests succeeded: check, doctor, token list --fail-on, --min-granted
  130  interrupted by Ctrl-C or SIGTERM; requests in flight are finished first

If several are true, the first of 130, 2, 1 or 3, and 4 is used. Every exit code but 2 prints the document on stdout, with the
failures in its field failures.

  joinctl doctor --context hub || [ $? -eq 4 ]`

const environmentTopic = `joinctl reads these environment variables:

  KUBECONFIG            kubeconfig files, separated by colons, or by semicolons on Windows; --kubeconfig replaces them. Without either, ~/.kube/config is read.
  HTTPS_PROXY           proxy for requests to control planes; --proxy-url and the kubeconfig's proxy-url come first. HTTP_PROXY is for addresses that begin with http.
  NO_PROXY              hosts and networks that are reached without that proxy
  XDG_CACHE_HOME        where sa credential keeps tokens, in joinctl/credentials, on Linux; --cache-dir replaces it. Without it, that is ~/.cache.
  SSL_CERT_FILE         file with the certificate authorities of this machine, for a kubeconfig that names none. SSL_CERT_DIR is a directory of them.
  NO_COLOR              any value: no colours, unless --color always is given. TERM=dumb means the same.
  KUBERC                kubectl's preferences file, for sa token; --kuberc replaces it. Without either, ~/.kube/kuberc is read. off: none.
  KUBECTL_KUBERC        false: read no preferences file, as kubectl has it
  KUBERNETES_EXEC_INFO  set by kubectl and client-go for sa credential: which version of the ExecCredential they read
  JOINCTL_DEPTH         set by joinctl for credential plugins: how many joinctl have called each other

No variable holds a credential for joinctl. To pass a token without an argument, use - for standard input, or --token-file.`

const outputTopic = `stdout is data, and stderr is for people: plans, progress, warnings, errors and hints. What stdout looks like depends on the
flags alone. A terminal changes two things: tables have colours (see --color), and long descriptions are cut to its width.

  table               columns for eyes; the default of commands that list
  wide                a table with more columns
  name                one name per line, which other commands accept with -
  json, yaml, kyaml   one document of joinctl.io/v1alpha1, with the fields items and failures
  jsonpath=TEMPLATE   the fields of that document that a JSONPath names; also jsonpath-file=FILE and jsonpath-as-json=TEMPLATE
  go-template=TEXT    that document in a Go template; also go-template-file=FILE
  custom-columns=SPEC a table of HEADER:.field columns of the items; also custom-columns-file=FILE
  prometheus          metrics for the textfile collector of node_exporter: token list and doctor

The document has the same form for no item, one or many, and for one control plane or a thousand. A failure on one control
plane is in failures, and does not hide the items of the others. Two documents are other ones, as in kubectl: the TokenRequest of
sa token, and the manifests of --dry-run=client -o yaml.

Commands that create a credential print it alone, and a newline. Token secrets are in no list without --show-secrets.

  joinctl token list -o json | jq -r '.items[] | select(.status != "ok").id'`

const selectionTopic = `Without a flag, a command uses the current context of the kubeconfig, or in a Pod without a kubeconfig the cluster of the Pod. Only
--all-contexts means all contexts.

  --context NAME              this context (repeatable). One context adds no column CONTEXT to a table, any other selection does.
  --contexts PATTERN          contexts that match: a glob over the whole name, such as 'prod-*', or a regular expression, such as '/^prod-[0-9]+$/' (repeatable). A pattern without a match is an error.
  --exclude-contexts PATTERN  not these contexts (repeatable), out of those that the other flags name
  --all-contexts              all contexts of the kubeconfig
  --contexts-file FILE        contexts in a file, one per line, or - for standard input
  --shard I/N                 part I of N of the selection, for Jobs that share the work: all parts together are the whole

Contexts with the same address and the same credential are one control plane, and are used once. joinctl contexts shows the
selection, and asks no control plane.

Commands for ServiceAccounts also act in the members of a Karmada control plane, through it: --members for all, with --selector for
those with labels, and --member NAME for single ones.

--parallel says how many control planes are used at once, --timeout how long all of it may take, and --max-failures after how
many failures no further one is started. A failure on one control plane neither stops nor hides the others: see joinctl help
exit-codes.

  joinctl token list --contexts 'prod-*' --exclude-contexts '*-old' -o wide`
