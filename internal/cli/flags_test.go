// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/joinctl/joinctl/internal/session"
)

// parseFlags has a command parse its flags, and returns the error that the operator reads.
func parseFlags(t *testing.T, path string, args ...string) (*cobra.Command, error) {
	t.Helper()
	command, _, err := testRoot().Find(strings.Fields(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := command.ParseFlags(args); err != nil {
		return command, flagError(command, err)
	}
	return command, nil
}

const (
	notACluster     = "the name of a member cluster is of a-z, 0-9 and -, begins and ends with a letter or digit, and has at most 48 characters"
	notATimeout     = "must be a duration such as 15s, or 0 for no limit"
	notACount       = "must be a number from 1 to 100000"
	notADuration    = `must be a duration like "30s" or "5m"`
	notADryRun      = "must be one of: none, client, server"
	notAnOutput     = "must be one of: table, wide, name, json, yaml, kyaml, jsonpath, jsonpath-file, jsonpath-as-json, go-template, go-template-file, custom-columns, custom-columns-file, prometheus"
	notATTL         = "must be a duration such as 24h or 30m, or 0 for a token that never expires"
	notAnAge        = "must be a duration such as 24h or 30m"
	notALifetime    = "must be a duration such as 1h or 30m, or 0 to leave it to the server"
	notATimeLeft    = "must be a duration above 0, such as 24h"
	notASortKey     = "must be a JSONPath of one field, such as .expires"
	notARule        = "must be of: expired, never-expires, expiring=DURATION, malformed, none-valid"
	notAGroup       = "must be the name of a group, such as system:bootstrappers:karmada:default-cluster-token"
	notAShard       = "must be I/N: part I of N, counted from 0, such as 0/4"
	notAnAddress    = "an endpoint is HOST:PORT, with an IPv6 address in brackets"
	notAKey         = "must be 64 hex digits, as kubeadm init phase upload-certs prints them"
	notATime        = "must be a time in RFC 3339, such as 2027-01-02T15:04:05Z"
	notAMaxAge      = "must be a duration of at least a second, such as 168h, or 0 for any age"
	notOld          = "must be one of: keep, delete, expire-in=DURATION"
	notALater       = "expire-in= takes a duration of at least a second, such as expire-in=1h"
	notTheNamespace = "bootstrap tokens are Secrets in the namespace kube-system, and the server reads them in no other: leave --namespace out"
	notAVersion     = "must be true, false, raw, or a version vX.Y.Z to report"
	someKey         = "0000000000000000000000000000000000000000000000000000000000000000"
)

// A flagCase is what a flag makes of some values.
type flagCase struct {
	command string            // a command that has it
	good    map[string]string // values, with what the flag shows then
	bad     map[string]string // values, with the message without the flag's name
}

// flagCases has every flag the values of which are checked one by one, except those of klog.
func flagCases() map[string]flagCase {
	return map[string]flagCase{
		"as-user-extra": {"token list", map[string]string{"team=x": "", "team=": "", "a=b=c": ""}, map[string]string{"team": "must be KEY=VALUE", "=x": "must be KEY=VALUE", "": "must be KEY=VALUE"}},
		"contexts":      {"token list", map[string]string{"prod-*": "", "/^a$/": "", "/": ""}, map[string]string{"": "must be a glob or /RE2/, and not empty", "//": "must be a glob or /RE2/, and not empty", "/(/": "must be a glob or /RE2/: error parsing regexp: missing closing ): `(`"}},
		"exclude-contexts": {
			"token list", map[string]string{"*-old": ""}, map[string]string{"": "must be a glob or /RE2/, and not empty"},
		},
		"shard": {"token list", map[string]string{"0/4": "0/4", "3/4": "3/4"}, map[string]string{
			"": notAShard, "4/4": notAShard, "-1/4": notAShard, "1": notAShard, "0/0": notAShard, "1/4x": notAShard, "a/b": notAShard,
		}},
		"namespace":       {"token list", map[string]string{"kube-system": ""}, map[string]string{"ci": notTheNamespace, "": notTheNamespace}},
		"parallel":        {"token list", map[string]string{"1": "1", "100000": "100000"}, map[string]string{"0": notACount, "-1": notACount, "100001": notACount, "07": notACount, "+7": notACount, "many": notACount, "": notACount}},
		"max-failures":    {"token list", map[string]string{"1": "1"}, map[string]string{"0": notACount, "-3": notACount, "1.5": notACount}},
		"request-timeout": {"token list", map[string]string{"15s": "15s", "15": "15s", "1m": "1m0s", "0": "0s"}, map[string]string{"soon": notATimeout, "-1s": notATimeout, "": notATimeout}},
		"timeout":         {"token list", map[string]string{"90": "1m30s", "0": "0s"}, map[string]string{"soon": notATimeout, "-5": notATimeout}},
		"output": {"token list", map[string]string{"json": "json", "text": "table", "jsonpath={.items}": "jsonpath={.items}", "template={{.}}": "go-template={{.}}"}, map[string]string{
			"xml": notAnOutput, "": notAnOutput, "JSON": notAnOutput, "table,wide": notAnOutput,
		}},
		"dry-run":  {"token create", map[string]string{"none": "none", "client": "client", "server": "server", "true": "client", "false": "none"}, map[string]string{"maybe": notADryRun, "": notADryRun, "Client": notADryRun}},
		"selector": {"token list", map[string]string{"a=b,c in (d,e)": "", "": "", "!a": ""}, map[string]string{"a=(": "must be a label selector: unable to parse requirement: found '(', expected: identifier"}},
		"for":      {"token list", map[string]string{"m1": "m1", "m1,m2": "m1,m2", " m1 , m1": "m1"}, map[string]string{"M1": notACluster, "a.b": notACluster, "m1,-": notACluster, "m1,": notACluster, "": notACluster, strings.Repeat("x", 49): notACluster}},
		"ttl": {"token create", map[string]string{"24h": "24h0m0s", "1s": "1s", "0": "0s", "0s": "0s"}, map[string]string{
			"tomorrow": notATTL, "24": notATTL + "; 24 needs a unit: 24h, 24m or 24s", "": notATTL,
			"-5m":   "a token cannot expire before it is created; 0 is for one that never expires",
			"500ms": "a token must be valid for at least a second",
		}},
		"expires": {"token create", map[string]string{"2027-01-02T15:04:05Z": "2027-01-02T15:04:05Z", "2027-01-02T15:04:05.9+01:00": "2027-01-02T14:04:05Z"}, map[string]string{
			"tomorrow": notATime, "": notATime, "2027-01-02": notATime, "0001-01-01T00:00:00Z": notATime, "1767366245": notATime,
		}},
		"max-age": {"token extend", map[string]string{"168h": "168h0m0s", "0": "0s"}, map[string]string{"-1h": notAMaxAge, "": notAMaxAge, "1ms": notAMaxAge, "7d": notAMaxAge + "; 7d is 168h"}},
		"old": {"token rotate", map[string]string{"keep": "keep", "delete": "delete", "expire-in=1h": "expire-in=1h0m0s"}, map[string]string{
			"": notOld, "Delete": notOld, "expire-in": notOld,
			"expire-in=": notALater, "expire-in=0": notALater, "expire-in=-1h": notALater, "expire-in=1d": notALater,
		}},
		"expiring-within": {"token list", map[string]string{"24h": "", "1s": ""}, map[string]string{"0": notATimeLeft, "-1h": notATimeLeft, "soon": notATimeLeft, "": notATimeLeft}},
		"usage":           {"token list", map[string]string{"signing": "signing", "authentication,signing": "signing,authentication"}, map[string]string{"bar": "a usage must be signing or authentication", "": "a usage must be signing or authentication"}},
		"group":           {"token list", map[string]string{"system:bootstrappers:a": "system:bootstrappers:a", "system:masters": "system:masters"}, map[string]string{"": notAGroup, "a,": notAGroup}},
		"sort-by": {"token list", map[string]string{".expires": ".expires", "{.expires}": ".expires", "expires": ".expires", "{.usages[0]}": ".usages[0]"}, map[string]string{
			"": notASortKey, "{.a}{.b}": notASortKey, "{": notASortKey, ".a[": notASortKey + ": unterminated array",
		}},
		"fail-on": {"token list", map[string]string{"expired": "", "expired,never-expires,expiring=24h,malformed,none-valid": ""}, map[string]string{
			"": notARule, "expire": notARule, "expired=1h": notARule, "expired,": notARule,
			"expiring": "expiring needs a duration above 0: expiring=24h", "expiring=0": "expiring needs a duration above 0: expiring=24h",
			"expiring=soon": "expiring needs a duration above 0: expiring=24h",
		}},
		"usages": {"token create", map[string]string{"signing": "signing", "authentication,signing": "signing,authentication"}, map[string]string{"bar": "a usage must be signing or authentication", "": "a token needs a usage: signing, authentication or both"}},
		"groups": {"token create", map[string]string{"system:bootstrappers:a:b": "system:bootstrappers:a:b", "": ""}, map[string]string{
			"foo": `"foo" is not a group for bootstrap tokens: it must have the form system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]`,
		}},
		"version":                        {"version", map[string]string{"true": "true", "raw": "raw", "false": "false"}, map[string]string{"maybe": notAVersion, "v1": notAVersion, "": notAVersion}},
		"storage-driver-buffer-duration": {"sa token", map[string]string{"2m": "2m0s"}, map[string]string{"soon": notADuration}},
		"joiner":                         {"token create", map[string]string{"karmada": "karmada", "kubeadm": "kubeadm"}, map[string]string{"flux": "must be one of: karmada, kubeadm", "": "must be one of: karmada, kubeadm", "Karmada": "must be one of: karmada, kubeadm"}},
		"endpoint": {"token create", map[string]string{"hub:6443": "hub:6443", "[::1]:443": "[::1]:443", "HUB.example.org.:443": "hub.example.org:443"}, map[string]string{
			"https://hub:6443": "an endpoint is HOST:PORT, without a scheme or a path",
			"hub":              notAnAddress, "::1": notAnAddress, "": notAnAddress,
			"hub:70000": "a port is a number from 1 to 65535", "hub:": "a port is a number from 1 to 65535",
			"my hub:443": "a host is a DNS name or an IP address",
		}},
		"certificate-key": {"token create", map[string]string{someKey: "<hidden>"}, map[string]string{"": notAKey, someKey + "0": notAKey, "0123": notAKey, strings.Repeat("x", 64): notAKey}},
		"wait":            {"token create", map[string]string{"30s": "30s", "0": "0s"}, map[string]string{"soon": notADuration, "5": notADuration + "; 5 needs a unit: 5h, 5m or 5s"}},
		"once-timeout":    {"token create", map[string]string{"15m": "15m0s"}, map[string]string{"soon": notADuration, "5": notADuration + "; 5 needs a unit: 5h, 5m or 5s"}},
		"audience":        {"sa token", map[string]string{"vault": "", "a,b": ""}, map[string]string{"": "an audience cannot be empty"}},
		"duration": {"sa token", map[string]string{"1h": "1h0m0s", "0": "", "10m": "10m0s"}, map[string]string{
			"soon": notALifetime, "24": notALifetime + "; 24 needs a unit: 24h, 24m or 24s", "": notALifetime, "500ms": "the server counts in whole seconds",
			"-1h": "a token cannot expire before it is created; 0 leaves the lifetime to the server, usually an hour",
			"9m":  "the server grants from 600 to 4294967296 seconds (10m to 1193046h28m16s)",
		}},
		"grace":             {"token prune", map[string]string{"24h": "", "0": ""}, map[string]string{"soon": notAnAge, "24": notAnAge + "; 24 needs a unit: 24h, 24m or 24s", "-1h": notAnAge, "": notAnAge}},
		"older-than":        {"token prune", map[string]string{"720h": ""}, map[string]string{"soon": notAnAge, "30d": notAnAge + "; 30d is 720h"}},
		"bound-object-kind": {"sa token", map[string]string{"pod": "Pod", "NODE": "Node"}, map[string]string{"deployment": "must be Pod, Secret or Node", "": "must be Pod, Secret or Node"}},
		"min-granted":       {"sa token", map[string]string{"1h": "1h0m0s"}, map[string]string{"soon": notADuration}},
		"as":                {"token ensure", map[string]string{"token": "token", "bootstrap-kubeconfig": "bootstrap-kubeconfig", "somebody": "token"}, map[string]string{}}, // or a user
		"to-secret":         {"token ensure", map[string]string{"a/b": "a/b", "a/b:c": "a/b:c"}, map[string]string{"a": "must be NAMESPACE/NAME or NAMESPACE/NAME:KEY of a Secret"}},
		"min-ttl":           {"token ensure", map[string]string{"16h": "16h0m0s"}, map[string]string{"soon": notADuration}},
		"min-left":          {"sa ensure", map[string]string{"16h": "16h0m0s"}, map[string]string{"soon": notADuration}},
		"member":            {"sa token", map[string]string{"m1,m2": "m1,m2"}, map[string]string{"M1": notACluster}},
		"count":             {"token generate", map[string]string{"3": "3"}, map[string]string{"0": notACount, "x": notACount}},
	}
}

func TestAFlagTakesGoodValuesAndSaysWhatABadOneMustBe(t *testing.T) {
	t.Parallel()
	for name, test := range flagCases() {
		for value, want := range test.good {
			command, err := parseFlags(t, test.command, "--"+name+"="+value)
			if err != nil {
				t.Errorf("--%s=%s: %v", name, value, err)
				continue
			}
			if got := command.Flag(name).Value.String(); got != want {
				t.Errorf("--%s=%s shows %q, want %q", name, value, got, want)
			}
		}
		for value, want := range test.bad {
			if _, err := parseFlags(t, test.command, "--"+name+"="+value); err == nil || err.Error() != "--"+name+": "+want {
				t.Errorf("--%s=%s:\ngot  %v\nwant --%[1]s: %[4]s", name, value, err, want)
			}
		}
	}
}

// eachFlag visits every flag of every command, except those of klog, which set variables of the process.
func eachFlag(visit func(command *cobra.Command, flag *pflag.Flag)) {
	klog := registerLogging(pflag.NewFlagSet("", pflag.ContinueOnError))
	eachCommand(testRoot(), func(c *cobra.Command) {
		if !ours(c) {
			return
		}
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !slices.Contains(append(klog.names, "log-flush-frequency"), f.Name) {
				visit(c, f)
			}
		})
	})
}

func TestEveryFlagHasAValueOrACase(t *testing.T) {
	t.Parallel()
	cases := flagCases()
	eachFlag(func(c *cobra.Command, f *pflag.Flag) {
		switch kind := f.Value.Type(); kind {
		case "string", "stringArray", "stringSlice": // any text will do
		case "bool":
			_, err := parseFlags(t, strings.TrimPrefix(c.CommandPath(), "joinctl "), "--"+f.Name+"=perhaps")
			if want := "--" + f.Name + ": must be true or false"; err == nil || err.Error() != want {
				t.Errorf("%s: got %v, want %s", c.CommandPath(), err, want)
			}
		case "word": // its choices are in its usage
			_, err := parseFlags(t, strings.TrimPrefix(c.CommandPath(), "joinctl "), "--"+f.Name+"=?")
			if err == nil || !strings.HasPrefix(err.Error(), "--"+f.Name+": must be one of: ") {
				t.Errorf("%s: got %v", c.CommandPath(), err)
			}
		default:
			joinFlag := c.Name() == "check" && slices.Contains([]string{"token", "list", "name", ""}, kind) // a bad value is a finding
			if _, ok := cases[f.Name]; !ok && !joinFlag {
				t.Errorf("%s --%s, of type %s, is not in the table", c.CommandPath(), f.Name, kind)
			}
		}
	})
}

func TestNoFlagRepeatsAValueThatMayBeACredential(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"07401b.0123456789abcdef", "0123456789abcdef", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl"} {
		eachFlag(func(c *cobra.Command, f *pflag.Flag) {
			path := strings.TrimPrefix(c.CommandPath(), "joinctl")
			if _, err := parseFlags(t, path, "--"+f.Name+"="+secret); err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("%s --%s: %v", c.CommandPath(), f.Name, err)
			}
		})
	}
}

func TestAListReplacesItsDefaultOnceAndThenGrows(t *testing.T) {
	t.Parallel()
	command, err := parseFlags(t, "token create", "--usages=authentication")
	if err != nil {
		t.Fatal(err)
	}
	if got := command.Flag("usages").Value.String(); got != "authentication" {
		t.Errorf("the default is kept: %s", got)
	}
	command, err = parseFlags(t, "token list", "--for=m1", "--for", "m2,m3", "--for=m1")
	if err != nil {
		t.Fatal(err)
	}
	if got := command.Flag("for").Value.String(); got != "m1,m2,m3" {
		t.Errorf("got %s", got)
	}
	list := []string{"default"}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	listVar(flags, &list, "for", "name", "usage", parseClusterNames)
	if err := flags.Set("for", "Bad"); err == nil || !slices.Equal(list, []string{"default"}) {
		t.Errorf("a bad value left %q, %v", list, err)
	}
}

func TestAChoiceIsOneOfItsWords(t *testing.T) {
	t.Parallel()
	chosen := embedToken
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	choiceVar(flags, &chosen, "profile", "usage", embedToken, embedExec)
	if err := flags.Set("profile", "disk"); err == nil || !strings.HasSuffix(err.Error(), "must be one of: token, exec") || chosen != embedToken {
		t.Errorf("got %v, and %s", err, chosen)
	}
	if err := flags.Set("profile", "exec"); err != nil || chosen != embedExec {
		t.Errorf("got %v, and %s", err, chosen)
	}
	flag := flags.Lookup("profile")
	if flag.DefValue != "token" || flag.Value.String() != "exec" || flag.Value.Type() != "word" {
		t.Errorf("got %+v", flag)
	}
	if text := (&value{}).String(); text != "" {
		t.Errorf("a flag without a default shows %q", text)
	}
}

func TestFlagsThatContradictEachOtherAreUsageErrors(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"token create --print-register-command --print-join-command":                         "--print-join-command and --print-register-command exclude each other",
		"token create --print-register-command --joiner kubeadm":                             "--joiner kubeadm contradicts the command to print, which is for karmada",
		"token create --print-join-command --joiner karmada":                                 "--joiner karmada contradicts the command to print, which is for kubeadm",
		"token create --print-register-command --certificate-key " + someKey:                 "--certificate-key is for kubeadm: it goes with --print-join-command or --joiner kubeadm",
		"token create --print-register-command --wait -5s":                                   "--wait: a time cannot be negative",
		"token create --print-register-command --wait 5s --no-verify":                        "--no-verify and --wait exclude each other",
		"token create --endpoint hub:6443":                                                   "--endpoint goes with --print-register-command or --print-join-command",
		"token create --no-verify":                                                           "--no-verify goes with --print-register-command or --print-join-command",
		"token create --wait 5s":                                                             "--wait goes with --print-register-command or --print-join-command",
		"token create --certificate-key " + someKey:                                          "--certificate-key goes with --print-register-command or --print-join-command",
		"token command 07401b --certificate-key " + someKey:                                  "--certificate-key is for kubeadm: it goes with --print-join-command or --joiner kubeadm",
		"token list --all-contexts --server https://hub":                                     "--server is about one server or one identity, and does not go with a selection of many contexts",
		"token list --contexts x --token t":                                                  "--token is about one server or one identity, and does not go with a selection of many contexts",
		"token list --context a --context b --proxy-url http://p":                            "--proxy-url is about one server or one identity, and does not go with a selection of many contexts",
		"token delete hub/07401b --user u":                                                   "--user is about one server or one identity, and does not go with a selection of many contexts",
		"token list --contexts-file /does/not/exist":                                         "--contexts-file: read lines: open /does/not/exist: no such file or directory",
		"token list -o jsonpath":                                                             "needs a template",
		"token create --ttl 1h --expires 2027-01-02T15:04:05Z":                               "--expires and --ttl exclude each other",
		"token extend 07401b":                                                                "say with --ttl or --expires how long the tokens are to be valid",
		"token extend 07401b --ttl 0 --max-age 1h":                                           "--ttl 0 is for a token that never expires, and --max-age for one that does",
		"token extend 07401b --for m1 --ttl 1h":                                              "name tokens by a REF or by the cluster that they are for (--for), not both at once",
		"token extend --ttl 1h":                                                              "no token is named",
		"token rotate 07401b abcdef":                                                         "one token is rotated at a time: name a single REF, or a single cluster",
		"token rotate 07401b --endpoint hub:6443":                                            "--endpoint goes with --print-register-command or --print-join-command",
		"token list surplus":                                                                 "joinctl token list takes no arguments, got 1",
		"token list --no-such-flag":                                                          "unknown flag: --no-such-flag",
		"token list --token 07401b.0123456789abcdef":                                         "--token is the credential for the API server, as in kubectl",
		"token create --print-register-command --print-join-command 07401b.0123456789abcdef": "--print-join-command and --print-register-command exclude each other",
	} {
		err := parse(strings.Fields(args))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", args, err, want)
		}
	}
}

func TestFlagsThatGoTogetherAreTaken(t *testing.T) {
	t.Parallel()
	for _, args := range []string{
		"token list --server https://hub --token t --user u",
		"token list --context a --server https://hub",
		"token list --karmada-context a",
		"token list --request_timeout 5s --all_contexts",
		"token -n kube-system list",
		"token create -n kube-system",
		"token delete 07401b --namespace kube-system",
		"token create --print-join-command --certificate-key " + someKey,
		"token create --print-register-command --joiner karmada --endpoint hub:6443 --wait 0",
		"token command 07401b --joiner kubeadm --certificate-key " + someKey,
	} {
		if err := parse(strings.Fields(args)); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestMembersAreAllOrSomeOfThem(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                               "",
		"--members":                      "",
		"--members -l tier=prod":         "",
		"--member m1 --member m2,m3":     "",
		"--members --member m1":          "--members means all members, and goes without --member",
		"-l tier=prod":                   "--selector goes with --members",
		"--member m1 --selector a=b":     "--selector goes with --members",
		"--member M1":                    `--member: ` + notACluster,
		"--member 07401b.0123456789abcd": `--member: ` + notACluster,
	} {
		s := &session.Session{}
		cmd := &cobra.Command{Use: "act", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error { return nil }}
		cmd.SetFlagErrorFunc(flagError)
		addMembers(cmd, s)
		cmd.SetArgs(strings.Fields(args))
		err := cmd.ExecuteContext(t.Context())
		if got := errorText(err); got != want {
			t.Errorf("%s: got %q, want %q", args, got, want)
		}
		if want == "" && s.Members.Any() != (args != "") {
			t.Errorf("%s: members %+v", args, s.Members)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
