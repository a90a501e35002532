// SPDX-License-Identifier: Apache-2.0

package join

import (
	"strings"
	"testing"
)

const (
	textToken = "07401b.f395accd246ae52d"
	textPin   = "sha256:aa1744b1f92fcb12ef27b37ca3b29bf5a23d92eff9a1b2bbd1f1a7f0e1e1d1c1"
	textLine  = "kubeadm join 10.0.0.1:6443 --token " + textToken + " --discovery-token-ca-cert-hash " + textPin
)

func TestTheCommandIsFoundInThePastedText(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"the line itself":                    textLine,
		"a byte order mark":                  "\ufeff" + textLine,
		"Windows line ends":                  textLine + "\r\n",
		"a prompt":                           "root@n:~# " + textLine,
		"another prompt":                     "[root@n ~]# " + textLine,
		"a short prompt":                     "$ " + textLine,
		"sudo as another user":               "sudo -u root " + textLine,
		"a program with its path":            "/usr/bin/" + textLine,
		"a program of Windows":               `C:\k\kubeadm.exe` + strings.TrimPrefix(textLine, "kubeadm"),
		"a flag before the verb":             strings.Replace(textLine, "kubeadm join", "kubeadm --v=5 join", 1),
		"log lines before it":                "I1125 10:00:00.1 [init] done\nThen you can join any number of worker nodes:\n\n" + textLine,
		"log lines after it":                 textLine + "\n[preflight] Running pre-flight checks",
		"a prompt after it":                  textLine + "\nroot@n:~# ",
		"a continued line":                   strings.Replace(textLine, " --token", " \\\n\t--token", 1),
		"a blank after the backslash":        strings.Replace(textLine, " --token", " \\ \n --token", 1),
		"the prompt of a continued line":     strings.Replace(textLine, " --token", " \\\n> --token", 1),
		"a continued line of cmd.exe":        strings.Replace(textLine, " --token", " ^\n --token", 1),
		"a continued line of PowerShell":     strings.Replace(textLine, " --token", " `\n --token", 1),
		"line breaks of a mail program":      strings.ReplaceAll(textLine, " --", "\n--"),
		"a line break before a flag's value": strings.Replace(textLine, " "+textToken, "\n"+textToken, 1),
	} {
		a, err := ParseText(text)
		if err != nil || len(a.Faults) > 0 || a.Line() != textLine {
			t.Errorf("%s: %v, %v, %q", name, err, a.Faults, a.Line())
		}
	}
}

func TestEveryPrintableCharacterOfASCIICanBeInAWord(t *testing.T) {
	t.Parallel()
	for _, name := range []string{" ", "~", " ~"} {
		if a, err := ParseText(textLine + " --node-name '" + name + "'"); err != nil || a.Line() != textLine {
			t.Errorf("--node-name %q: %v, %q", name, err, a.Line())
		}
	}
	for _, name := range []string{"\x1f", "\x7f"} {
		if _, err := ParseText(textLine + " --node-name '" + name + "'"); err == nil {
			t.Errorf("--node-name %q is accepted", name)
		}
	}
}

func TestWhatIsWrongInAPastedTextIsNamed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"a no-break space":     {strings.Replace(textLine, " --token ", "\u00a0--token ", 1), "word 3 of the join command has the character U+00A0, a no-break space: type a space"},
		"no width":             {strings.Replace(textLine, "0740", "07\u200b40", 1), "word 5 of the join command has the character U+200B, which has no width"},
		"a mark in the middle": {strings.Replace(textLine, "--token", "-\u2060-token", 1), "word 4 of the join command has the character U+2060"},
		"a dash":               {strings.Replace(textLine, "--token", "\u2013token", 1), "word 4 of the join command has the character U+2013, a dash: a flag begins with two hyphens"},
		"an em dash":           {strings.Replace(textLine, "--token", "\u2014token", 1), "U+2014, a dash"},
		"a minus":              {strings.Replace(textLine, "--token", "\u2212\u2212token", 1), "U+2212, a dash"},
		"smart quotes":         {strings.Replace(textLine, textToken, "\u201c"+textToken+"\u201d", 1), "word 5 of the join command has the character U+201C, a typographic quote"},
		"another alphabet":     {strings.Replace(textLine, "10.0.0.1", "h\u043est", 1), "word 3 of the join command has the character U+043E: a join command has none but ASCII"},
		"no blank before":      {strings.Replace(textLine, " --token", "--token", 1), "word 3 of the join command has -- in its middle: is a blank missing before it?"},
		"no blank after":       {strings.Replace(textLine, "--token ", "--token", 1), "word 4 of the join command is a flag that kubeadm join does not have: is a blank missing after --token?"},
		"a broken token":       {strings.Replace(textLine, "f395", "f3\n95", 1), "words 5 and 6 of the join command belong together"},
		"a broken pin":         {strings.Replace(textLine, "fcb12", "fc\nb12", 1), "words 7 and 8 of the join command belong together"},
		"a broken pin inline":  {strings.Replace(strings.Replace(textLine, "hash sha", "hash=sha", 1), "fcb12", "fc b12", 1), "words 6 and 7 of the join command belong together"},
		"two commands":         {textLine + "\n" + textLine, "more than one join command"},
		"a pipe":               {textLine + " | tee join.log", "more than one simple command"},
		"two endpoints":        {strings.Replace(textLine, "10.0.0.1:6443", "10.0.0.1:6443 10.0.0.2:6443", 1), "one ENDPOINT: words 3 and 4 are neither flags nor values of flags"},
		"an unknown flag":      {textLine + " --colour", "the last flag of the join command has no value"},
		"no command":           {"systemctl status kubelet", "a join command is karmadactl register"},
	} {
		_, err := ParseText(test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, secret := range []string{"f395accd", "ae52d", "aa1744b1"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error repeats %s: %v", name, secret, err)
			}
		}
	}
}

func TestAHashThatIsNoPinIsRecognised(t *testing.T) {
	t.Parallel()
	fingerprint := strings.TrimSuffix(strings.Repeat("AB:", 32), ":")
	for pin, want := range map[string]string{
		"sha256:" + fingerprint: "the fingerprint of a certificate",
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": "the hash of nothing",
		"sha256:abc": "sha256: and 64 hex digits",
	} {
		if _, err := ParsePin(pin); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", pin, err)
		}
	}
}
