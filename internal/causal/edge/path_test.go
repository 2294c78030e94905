package edge

import "testing"

func TestNormalPath(t *testing.T) {
	for in, want := range map[string]string{
		`C:\Windows\System32\CMD.EXE`:           `c:\windows\system32\cmd.exe`,
		`\??\C:\Windows\x.exe`:                  `c:\windows\x.exe`,
		`\Device\HarddiskVolume3\Windows\x.exe`: `?:\windows\x.exe`,
		`%SystemRoot%\system32\svc.dll`:         `c:\windows\system32\svc.dll`,
		`\\server\ADMIN$\a.exe`:                 `c:\windows\a.exe`,
		`\\server\C$\users\a.exe`:               `c:\users\a.exe`,
		`\\server\share\a.exe`:                  `\\server\share\a.exe`,
		`/usr/bin/Env`:                          `/usr/bin/Env`,
		`"C:\Program Files\a b.exe"`:            `c:\program files\a b.exe`,
		"":                                      "",
		`\\?\C:\a`:                              `c:\a`,
		`\SystemRoot\System32\drivers\x.sys`:    `c:\windows\system32\drivers\x.sys`,
	} {
		if got := NormalPath(in); got != want {
			t.Errorf("NormalPath(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestSamePath(t *testing.T) {
	for _, c := range []struct {
		a, b            string
		same, ambiguous bool
	}{
		{`c:\a\b.dll`, `c:\a\b.dll`, true, false},
		{`c:\users\antoni~1.lop\x.dll`, `c:\users\antonia.lopez\x.dll`, true, true},
		{`c:\users\maria~1\x.dll`, `c:\users\antonia.lopez\x.dll`, false, false},
		{`?:\windows\x.exe`, `c:\windows\x.exe`, true, true},
		{`?:\windows\x.exe`, `c:\windows\y.exe`, false, false},
		{`c:\a\b.dll`, `c:\c\b.dll`, false, false},
		{`~`, `~`, true, false},
	} {
		same, ambiguous := SamePath(c.a, c.b)
		if same != c.same || ambiguous != c.ambiguous {
			t.Errorf("SamePath(%q, %q) = %v, %v", c.a, c.b, same, ambiguous)
		}
	}
}
