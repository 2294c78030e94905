package simulate

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

type linuxLogs struct{ audit, auth *stream }

// linuxState is what a Linux host numbers.
type linuxState struct {
	serial int64
	pid    int
	ses    int
	inodes map[string]int
}

// linuxUser is a login on a Linux host.
type linuxUser struct {
	name string
	uid  int
	home string
}

var (
	linuxRoot  = linuxUser{"root", 0, "/root"}
	linuxVetDB = linuxUser{"vetdb", 1004, "/home/vetdb"}
)

func (w *world) openLinux(h *host) {
	w.linux[h.name] = &linuxLogs{
		audit: w.out.stream("linux/"+h.name+"/audit.log", ""),
		auth:  w.out.stream("linux/"+h.name+"/auth.log", ""),
	}
	h.lx = &linuxState{
		serial: int64(h.d.between(4000, 90_000)), pid: h.d.between(900, 4000),
		ses: h.d.between(20, 900), inodes: map[string]int{},
	}
}

func (w *world) bootLinux(h *host) { h.up = true }

// shell plays a script in a login on a Linux host.
type shell struct {
	w     *world
	h     *host
	t     time.Duration
	d     dice
	trace *Trace
	user  linuxUser
	auid  int
	ses   int
	tty   string
	pid   int // of the shell itself
	sshd  int
	from  *conn
}

func (h *host) nextPID() int {
	h.lx.pid += h.d.between(1, 9)
	if h.lx.pid > 4_000_000 {
		h.lx.pid = 400
	}
	return h.lx.pid
}

// auth writes a line of auth.log as syslogd does.
func (sh *shell) auth(program string, pid int, text string) {
	at := sh.w.clock(sh.t)
	line := at.AppendFormat(sh.w.out.buffer(), time.Stamp)
	line = append(line, ' ')
	line = append(line, sh.h.name...)
	line = append(line, ' ')
	line = append(line, program...)
	if pid > 0 {
		line = append(line, '[')
		line = append(line, decimal(pid)...)
		line = append(line, ']')
	}
	line = append(append(append(line, ':', ' '), text...), '\n')
	sh.w.out.add(sh.t, record{
		to: sh.w.linux[sh.h.name].auth, line: line,
		time: sh.t.Truncate(time.Second), host: sh.h.name, traces: [2]*Trace{sh.trace},
	})
}

// audit writes one audit event; every line begins with its host, as auditd
// writes it with name_format=hostname, and its type.
func (sh *shell) audit(lines ...string) {
	stamp := fmt.Sprintf(" msg=audit(%d.%03d:", sh.w.clock(sh.t).Unix(),
		sh.w.clock(sh.t).UnixMilli()%1000)
	buf := sh.w.out.buffer()
	holes := make([]int, 0, len(lines))
	for _, l := range lines {
		kind, rest, _ := strings.Cut(l, " ")
		buf = append(append(append(buf, "node="...), sh.h.name...), " type="...)
		buf = append(append(buf, kind...), stamp...)
		holes = append(holes, len(buf))
		buf = append(append(append(buf, "): "...), rest...), '\n')
	}
	sh.w.out.add(sh.t, record{
		to: sh.w.linux[sh.h.name].audit, line: buf, holes: holes,
		number: &sh.h.lx.serial, host: sh.h.name, time: sh.t.Truncate(time.Millisecond),
		traces: [2]*Trace{sh.trace},
	})
}

func (sh *shell) inode(path string) int {
	n := sh.h.lx.inodes[path]
	if n == 0 {
		n = sh.h.d.between(1200, 900_000)
		sh.h.lx.inodes[path] = n
	}
	return n
}

func (sh *shell) path(item int, name string, mode string) string {
	return fmt.Sprintf("PATH item=%d name=%q inode=%d dev=08:01 mode=%s ouid=0 ogid=0 rdev=00:00 "+
		"nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0",
		item, name, sh.inode(name), mode)
}

// ids writes the identity fields of a SYSCALL line.
func (sh *shell) ids() string {
	u := sh.user.uid
	return fmt.Sprintf("auid=%d uid=%d gid=%d euid=%d suid=%d fsuid=%d egid=%d sgid=%d fsgid=%d "+
		"tty=%s ses=%d", sh.auid, u, u, u, u, u, u, u, u, sh.tty, sh.ses)
}

// exec starts a program with its arguments and returns its pid.
func (sh *shell) exec(exe string, args ...string) int {
	sh.t += sh.d.span(20*time.Millisecond, 400*time.Millisecond)
	pid := sh.h.nextPID()
	a := func() string { return fmt.Sprintf("%x", 0x558e25000000+sh.d.Int64N(1<<24)) }
	argv, title := "", make([]byte, 0, 64)
	for i, arg := range args {
		argv += fmt.Sprintf(" a%d=%s", i, auditString(arg))
		if i > 0 {
			title = append(title, 0)
		}
		title = append(title, arg...)
	}
	title = title[:min(len(title), 127)]
	sh.audit(
		fmt.Sprintf("SYSCALL arch=c000003e syscall=59 success=yes exit=0 a0=%s a1=%s a2=%s a3=8 items=2 "+
			"ppid=%d pid=%d %s comm=%q exe=%q key=\"exec\"",
			a(), a(), a(), sh.pid, pid, sh.ids(), base(exe)[:min(15, len(base(exe)))], exe),
		fmt.Sprintf("EXECVE argc=%d%s", len(args), argv),
		fmt.Sprintf("CWD cwd=%q", sh.user.home),
		sh.path(0, exe, "0100755"), sh.path(1, "/lib64/ld-linux-x86-64.so.2", "0100755"),
		"PROCTITLE proctitle="+strings.ToUpper(hex.EncodeToString(title)))
	return pid
}

// openat writes the opening of a watched file by process pid.
func (sh *shell) openat(pid int, exe, path, key string) {
	sh.t += sh.d.span(2*time.Millisecond, 30*time.Millisecond)
	sh.audit(
		fmt.Sprintf("SYSCALL arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffc%x a2=0 "+
			"a3=0 items=1 ppid=%d pid=%d %s comm=%q exe=%q key=%q",
			sh.d.between(0x1000000, 0x7ffffff), sh.pid, pid, sh.ids(), base(exe), exe, key),
		fmt.Sprintf("CWD cwd=%q", sh.user.home), sh.path(0, path, "0100640"),
		"PROCTITLE proctitle="+strings.ToUpper(hex.EncodeToString([]byte(base(exe)))))
}

// auditString quotes an argument as auditd does: hex when it has blanks,
// quotes or control characters.
func auditString(s string) string {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == '"' || s[i] > '~' {
			return strings.ToUpper(hex.EncodeToString([]byte(s)))
		}
	}
	return `"` + s + `"`
}

// ssh logs a user in over connection c with a key or a password.
func (w *world) ssh(h *host, c *conn, user linuxUser, method string, trace *Trace) *shell {
	sh := &shell{
		w: w, h: h, t: c.start + 120*time.Millisecond, d: h.d, trace: trace, user: user,
		auid: user.uid, tty: fmt.Sprintf("pts%d", h.d.IntN(4)), from: c,
	}
	h.lx.ses++
	sh.ses, sh.sshd = h.lx.ses, h.nextPID()
	key := ""
	if method == "publickey" {
		key = ": ED25519 SHA256:" + newDice(w.cfg.Seed, "key/"+user.name).key()
	}
	sh.auth("sshd", sh.sshd, fmt.Sprintf("Accepted %s for %s from %s port %d ssh2%s",
		method, user.name, c.from, c.fromPort, key))
	sh.t += 20 * time.Millisecond
	sh.auth("sshd", sh.sshd, fmt.Sprintf("pam_unix(sshd:session): session opened for user %s(uid=%d) "+
		"by (uid=0)", user.name, user.uid))
	sh.audit(fmt.Sprintf("USER_LOGIN pid=%d uid=0 auid=%d ses=%d subj=unconfined msg='op=login "+
		"id=%d exe=\"/usr/sbin/sshd\" hostname=%s addr=%s terminal=ssh res=success'",
		sh.sshd, user.uid, sh.ses, user.uid, c.from, c.from))
	sh.pid = sh.sshd
	sh.pid = sh.exec("/bin/bash", "-bash")
	return sh
}

func (d dice) key() string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, 43)
	for i := range b {
		b[i] = digits[d.IntN(64)]
	}
	return string(b)
}

// logout ends the login.
func (sh *shell) logout() {
	sh.auth("sshd", sh.sshd, "pam_unix(sshd:session): session closed for user "+sh.user.name)
	sh.audit(fmt.Sprintf("USER_LOGOUT pid=%d uid=0 auid=%d ses=%d subj=unconfined msg='op=login "+
		"id=%d exe=\"/usr/sbin/sshd\" hostname=? addr=? terminal=ssh res=success'",
		sh.sshd, sh.auid, sh.ses, sh.auid))
}

// sudo runs a program as root.
func (sh *shell) sudo(exe string, args ...string) int {
	sh.exec("/usr/bin/sudo", append([]string{"sudo"}, args...)...)
	sh.auth("sudo", 0, fmt.Sprintf("%8s : TTY=%s ; PWD=%s ; USER=root ; COMMAND=%s",
		sh.user.name, strings.Replace(sh.tty, "pts", "pts/", 1), sh.user.home,
		strings.TrimSpace(exe+" "+strings.Join(args[1:], " "))))
	root := *sh
	root.user = linuxUser{"root", 0, sh.user.home}
	pid := root.exec(exe, args...)
	sh.t = root.t
	return pid
}

// cron runs a command of root's crontab.
func (w *world) cron(h *host, t time.Duration, exe string, args ...string) *shell {
	sh := &shell{w: w, h: h, t: t, d: h.d, user: linuxRoot, tty: "(none)"}
	h.lx.ses++
	sh.ses = h.lx.ses
	cron := h.nextPID()
	sh.auth("CRON", cron, "pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)")
	sh.pid = cron
	sh.exec(exe, args...)
	sh.t += sh.d.span(50*time.Millisecond, 3*time.Second)
	sh.auth("CRON", cron, "pam_unix(cron:session): session closed for user root")
	return sh
}

// knock is a failed password over connection c.
func (w *world) knock(h *host, c *conn, name string, known bool, trace *Trace) {
	sh := &shell{w: w, h: h, t: c.start + 300*time.Millisecond, d: h.d, trace: trace}
	pid := h.nextPID()
	unknown := ""
	if !known {
		unknown = "invalid user "
		sh.auth("sshd", pid, fmt.Sprintf("Invalid user %s from %s port %d", name, c.from, c.fromPort))
	}
	sh.t += 900 * time.Millisecond
	sh.auth("sshd", pid, fmt.Sprintf("Failed password for %s%s from %s port %d ssh2",
		unknown, name, c.from, c.fromPort))
}
