// SPDX-License-Identifier: Apache-2.0

package action

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/joinctl/joinctl/internal/apitest"
	"github.com/joinctl/joinctl/internal/failure"
	"github.com/joinctl/joinctl/internal/satoken"
	"github.com/joinctl/joinctl/internal/session"
)

// exporting returns an action that makes a kubeconfig of robot, and the buffer that it delivers to.
func exporting(s *session.Session) (*SAKubeconfig, *bytes.Buffer) {
	delivered := &bytes.Buffer{}
	return &SAKubeconfig{
		RequestOptions: RequestOptions{Session: s, Name: "robot"},
		Deliver:        func(content []byte) error { delivered.Write(content); return nil },
	}, delivered
}

// exportingTo returns an action that makes a kubeconfig of robot with revocable tokens, and the file that it writes.
func exportingTo(t *testing.T, s *session.Session) (a *SAKubeconfig, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "robot.kubeconfig")
	return &SAKubeconfig{RequestOptions: RequestOptions{Session: s, Name: "robot", Revocable: true}, Out: file}, file
}

func mustExport(t *testing.T, a *SAKubeconfig) *ExportedKubeconfig {
	t.Helper()
	exported, err := a.Run(t.Context())
	check(t, err)
	return exported
}

// exportError returns why no kubeconfig is made for the only target.
func exportError(t *testing.T, a *SAKubeconfig) error {
	t.Helper()
	exported := mustExport(t, a)
	if len(exported.Tokens) != 0 {
		t.Errorf("exported %v", exported.Tokens)
	}
	return wantFailures(t, exported.Failures, 0, "hub")[0].Err
}

func parseKubeconfig(t *testing.T, content []byte) *clientcmdapi.Config {
	t.Helper()
	config, err := clientcmd.Load(content)
	check(t, err)
	return config
}

// wantOnlyFile fails unless a directory has one file.
func wantOnlyFile(t *testing.T, file string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(file))
	check(t, err)
	if len(entries) != 1 || entries[0].Name() != filepath.Base(file) {
		t.Errorf("files: %v, want %s alone", entries, filepath.Base(file))
	}
}

func TestAKubeconfigHasTheEndpointOfTheContextAndATokenThatWasTried(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	a, delivered := exporting(s)
	exported := mustExport(t, a)
	wantFailures(t, exported.Failures, 1)
	wantRequests(t, server, requestRobotToken, "POST "+selfReviewsPath)
	config := parseKubeconfig(t, delivered.Bytes())
	if cluster := config.Clusters["hub"]; cluster == nil || cluster.Server != server.URL || !bytes.Equal(cluster.CertificateAuthorityData, server.CA) {
		t.Errorf("cluster %v", cluster)
	}
	used := config.Contexts["robot@hub"]
	if config.CurrentContext != "robot@hub" || used == nil || used.Namespace != "default" || used.AuthInfo != "robot@hub" {
		t.Errorf("context %v, current %s", used, config.CurrentContext)
	}
	if token := config.AuthInfos["robot@hub"].Token; token != exported.Tokens[0].Token.Reveal() || strings.Contains(delivered.String(), apitest.AdminToken) {
		t.Error("the kubeconfig has another token")
	}
	if exported.Kept || len(exported.Sources) != 0 {
		t.Errorf("exported %+v", exported)
	}
}

func TestAKubeconfigHasTheNamesThatWereAskedFor(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": withRobot(t)})
	a, delivered := exporting(s)
	a.ContextName, a.UserName = "ci", "bot"
	mustExport(t, a)
	config := parseKubeconfig(t, delivered.Bytes())
	if config.CurrentContext != "ci" || config.Contexts["ci"].AuthInfo != "bot" || config.AuthInfos["bot"] == nil {
		t.Errorf("kubeconfig %s", delivered)
	}
}

func TestAKubeconfigOfManyContextsKeepsTheirNames(t *testing.T) {
	t.Parallel()
	all := servers{"a": withRobot(t), "b": withRobot(t)}
	s, _ := newSession(t, all)
	a, delivered := exporting(s)
	exported := mustExport(t, a)
	wantFailures(t, exported.Failures, 2)
	config := parseKubeconfig(t, delivered.Bytes())
	if config.CurrentContext != "a" || len(config.Contexts) != 2 {
		t.Errorf("kubeconfig %s", delivered)
	}
	for i, name := range []string{"a", "b"} {
		if config.Clusters[name].Server != all[name].URL || config.AuthInfos[name].Token != exported.Tokens[i].Token.Reveal() {
			t.Errorf("context %s of %s", name, delivered)
		}
	}
}

func TestAKubeconfigFileIsReadableByItsOwnerOnly(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a, file := exportingTo(t, s)
	check(t, os.WriteFile(file, []byte("old"), 0o644))
	exported := mustExport(t, a)
	info, err := os.Stat(file)
	check(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %s", info.Mode())
	}
	wantText(t, mustRead(t, file), exported.Tokens[0].Token.Reveal(), "# joinctl: the token of serviceaccount default/robot in context \"robot@hub\" expires at")
	wantOnlyFile(t, file)
	wantSecrets(t, server, robotSecret)
}

func TestAKubeconfigIsWrittenThroughASymbolicLink(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": withRobot(t)})
	a, file := exportingTo(t, s)
	check(t, os.WriteFile(file, []byte("old"), 0o600))
	a.Out = filepath.Join(t.TempDir(), "link")
	check(t, os.Symlink(file, a.Out))
	mustExport(t, a)
	if target, err := os.Readlink(a.Out); err != nil || target != file {
		t.Errorf("the link points to %q: %v", target, err)
	}
	wantText(t, mustRead(t, file), "current-context: robot@hub")
}

func TestAFileThatCannotBeWrittenIsAnErrorBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	a, _ := exportingTo(t, s)
	a.Out = t.TempDir()
	exported, err := a.Run(t.Context())
	if exported != nil || err == nil {
		t.Fatalf("exported %v", exported)
	}
	wantError(t, err, failure.Invalid, "--out: write "+a.Out+": not a regular file")
	if !failure.IsConfig(err) {
		t.Error("this is not exit code 2, as with --out-dir")
	}
	wantRequests(t, server)
}

func TestASelectionThatCannotBeMadeLeavesNoFile(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": withRobot(t)}, inContext("other"))
	a, file := exportingTo(t, s)
	_, err := a.Run(t.Context())
	wantError(t, err, failure.Invalid, `"other"`)
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

func TestAFileIsKeptIfATargetFailsUnlessItMayBePartial(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		exists, allowed, kept bool
		failing               func(*testing.T) *apitest.Server
		minGranted            time.Duration
	}{
		"exists":                  {exists: true, kept: true, failing: apitestDown},
		"exists, a finding":       {exists: true, kept: true, failing: shortLived, minGranted: 30 * time.Minute},
		"exists, may be partial":  {exists: true, allowed: true, failing: apitestDown},
		"does not exist":          {failing: apitestDown},
		"does not exist, finding": {failing: shortLived, minGranted: 30 * time.Minute},
	} {
		server := withRobot(t)
		s, _ := newSession(t, servers{"a": server, "b": test.failing(t)}, fixedNames)
		a, file := exportingTo(t, s)
		a.AllowPartial, a.MinGranted = test.allowed, test.minGranted
		if test.exists {
			check(t, os.WriteFile(file, []byte("old"), 0o600))
		}
		exported := mustExport(t, a)
		if exported.Kept != test.kept || len(exported.Findings)+len(exported.Failures.All()) != 1 {
			t.Errorf("%s: kept %v, findings %v, failures %v", name, exported.Kept, exported.Findings, exported.Failures.All())
		}
		if content := mustRead(t, file); (content == "old") != test.kept {
			t.Errorf("%s: the file has %q", name, content)
		}
		wantOnlyFile(t, file)
		if test.kept {
			wantSecrets(t, server)
		} else {
			wantSecrets(t, server, robotSecret)
		}
	}
}

func apitestDown(t *testing.T) *apitest.Server {
	t.Helper()
	return apitest.Down(t)
}

// shortLived returns a server that grants a token of robot for ten minutes.
func shortLived(t *testing.T) *apitest.Server {
	t.Helper()
	server := withRobot(t)
	server.On(http.MethodPost, robotTokenPath, answering(`{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest",
		"spec":{"expirationSeconds":600},"status":{"token":"short"}}`))
	return server
}

func TestATargetThatFailsAloneWritesNothing(t *testing.T) {
	t.Parallel()
	server := apitest.New(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a, file := exportingTo(t, s)
	a.AllowPartial = true
	wantError(t, exportError(t, a), failure.NotFound, "request a token of serviceaccount default/robot")
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	wantSecrets(t, server)
}

func TestATargetWithAFindingAloneWritesNothing(t *testing.T) {
	t.Parallel()
	server := shortLived(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a, delivered := exporting(s)
	a.Revocable, a.MinGranted = true, time.Hour
	exported := mustExport(t, a)
	wantFailures(t, exported.Failures, 1)
	if len(exported.Findings) != 1 || len(exported.Tokens) != 0 || delivered.Len() != 0 {
		t.Errorf("exported %+v", exported)
	}
	wantSecrets(t, server)
}

func TestManyTargetsThatAllFailWriteNothing(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"a": apitest.New(t), "b": apitest.Down(t)})
	a, delivered := exporting(s)
	wantFailures(t, mustExport(t, a).Failures, 0, "a", "b")
	if delivered.Len() != 0 {
		t.Errorf("delivered %s", delivered)
	}
}

func TestAKubeconfigThatCannotBeDeliveredRevokesItsTokens(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a, _ := exporting(s)
	a.Revocable = true
	a.Deliver = func([]byte) error { return errClosedPipe }
	exported, err := a.Run(t.Context())
	wantText(t, err.Error(), "closed pipe: secret default/"+robotSecret+" was created in context hub, could not be printed, and was deleted again")
	wantSecrets(t, server)
	if exported == nil {
		t.Error("there is no result")
	}
}

func TestAKubeconfigFileThatCannotBeWrittenInTheEndRevokesItsTokens(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a, file := exportingTo(t, s)
	server.On(http.MethodPost, robotTokenPath, obstruct(t, file))
	_, err := a.Run(t.Context())
	wantText(t, err.Error(), "write "+file, "could not be written, and was deleted again")
	wantSecrets(t, server)
}

func TestAKubeconfigThatIsKeptNamesTheSecretsThatCannotBeDeleted(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodDelete, anyDefaultSecret, refusal())
	s, _ := newSession(t, servers{"a": server, "b": apitest.Down(t)}, fixedNames)
	a, file := exportingTo(t, s)
	check(t, os.WriteFile(file, []byte("old"), 0o600))
	exported, err := a.Run(t.Context())
	wantError(t, err, failure.Forbidden, "secret default/"+robotSecret+" still exists in context a")
	if !exported.Kept {
		t.Errorf("exported %+v", exported)
	}
}

func TestATokenThatItsServerDoesNotAcceptIsInvalidAndRevoked(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	server.On(http.MethodPost, selfReviewsPath, apitest.Refuse(apierrors.NewUnauthorized("Unauthorized")))
	s, _ := newSession(t, servers{"hub": server}, fixedNames)
	a, delivered := exporting(s)
	a.Revocable, a.Spec.Audiences = true, []string{"vault"}
	err := exportError(t, a)
	wantError(t, err, failure.Invalid, "the API server does not accept the token that it issued, which is for vault")
	wantHint(t, err, "leave --audience out")
	wantSecrets(t, server)
	if delivered.Len() != 0 {
		t.Errorf("delivered %s", delivered)
	}
}

func TestAServerThatCannotReviewATokenIsNoReasonToFail(t *testing.T) {
	t.Parallel()
	for _, fault := range []apitest.Fault{refusal(), apitest.LoseRequest()} {
		server := withRobot(t)
		server.On(http.MethodPost, selfReviewsPath, fault)
		s, _ := newSession(t, servers{"hub": server})
		a, delivered := exporting(s)
		wantFailures(t, mustExport(t, a).Failures, 1)
		if delivered.Len() == 0 {
			t.Error("nothing was delivered")
		}
	}
}

func TestAnUnverifiedConnectionIsExportedOnlyIfThatIsAllowed(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{false, true} {
		server := withRobot(t)
		s, _ := newSession(t, servers{"hub": server})
		editKubeconfig(t, s, func(config *clientcmdapi.Config) {
			config.Clusters["hub"] = &clientcmdapi.Cluster{Server: server.URL, InsecureSkipTLSVerify: true}
		})
		a, delivered := exporting(s)
		a.AllowInsecure = allowed
		if allowed {
			wantFailures(t, mustExport(t, a).Failures, 1)
			if !parseKubeconfig(t, delivered.Bytes()).Clusters["hub"].InsecureSkipTLSVerify {
				t.Errorf("delivered %s", delivered)
			}
			continue
		}
		err := exportError(t, a)
		wantError(t, err, failure.Invalid, "is not verified: anyone in between would get the token")
		if !failure.IsConfig(err) || count(server, http.MethodPost) != 0 {
			t.Errorf("%v after %q", err, server.Requests())
		}
	}
}

func TestAKubeconfigWithAPluginHasTheArgumentsOfJoinctlAndNoToken(t *testing.T) {
	t.Parallel()
	s, _ := newSession(t, servers{"hub": withRobot(t)})
	a, delivered := exporting(s)
	a.Exec, a.Spec = true, satoken.Spec{Audiences: []string{"x", "y"}, Lifetime: 2 * time.Hour}
	exported := mustExport(t, a)
	wantFailures(t, exported.Failures, 1)
	plugin := parseKubeconfig(t, delivered.Bytes()).AuthInfos["robot@hub"].Exec
	want := []string{
		"sa", "credential", "robot", "--namespace", "default", "--kubeconfig", s.Kubeconfig, "--context", "hub",
		"--audience", "x", "--audience", "y", "--duration", "2h0m0s",
	}
	if plugin == nil || plugin.Command != "joinctl" || !slices.Equal(plugin.Args, want) {
		t.Errorf("plugin %v, want arguments %q", plugin, want)
	}
	if !slices.Equal(exported.Sources, []string{s.Kubeconfig}) {
		t.Errorf("sources %q", exported.Sources)
	}
	if strings.Contains(delivered.String(), exported.Tokens[0].Token.Reveal()) {
		t.Error("the kubeconfig has the token")
	}
}

func TestAPluginNeedsAContextOfOneKubeconfigFile(t *testing.T) {
	t.Parallel()
	server := withRobot(t)
	s, _ := newSession(t, servers{"hub": server})
	s.Kubeconfig = apitest.KubeconfigAt(t, "", servers{"hub": server})
	s.Overrides.ClusterInfo.Server, s.Overrides.ClusterInfo.CertificateAuthorityData = server.URL, server.CA
	a, _ := exporting(s)
	a.Exec = true
	err := wantFailures(t, mustExport(t, a).Failures, 0, "")[0].Err
	wantError(t, err, failure.Invalid, "--embed exec: this server is not of one kubeconfig file")
	wantRequests(t, server)
}

func TestANameThatExistsAlreadyIsAFailureAndItsTokenIsRevoked(t *testing.T) {
	t.Parallel()
	all := servers{"a": withRobot(t), "b": withRobot(t)}
	s, _ := newSession(t, all, fixedNames)
	a, delivered := exporting(s)
	a.Revocable, a.UserName = true, "bot"
	exported := mustExport(t, a)
	wantText(t, wantFailures(t, exported.Failures, 1, "b")[0].Err.Error(), `user "bot"`, "exists already")
	if len(exported.Tokens) != 1 || len(parseKubeconfig(t, delivered.Bytes()).Contexts) != 1 {
		t.Errorf("exported %v", exported.Tokens)
	}
	wantSecrets(t, all["a"], robotSecret)
	wantSecrets(t, all["b"])
}
