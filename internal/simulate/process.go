package simulate

import (
	"crypto/md5"  // file hashes as Sysmon logs them, not for security
	"crypto/sha1" // likewise
	"crypto/sha256"
	"fmt"
	"strings"
	"time"
)

// binary is a program file as Sysmon describes it.
type binary struct {
	path                                         string
	version, description, product, company, orig string
	hashes                                       string
	signed                                       bool
	signer                                       string
}

// process is one life of a program on a Windows host.
type process struct {
	host      *host
	pid       uint32
	guid      string
	image     string
	cmd       string
	dir       string
	integrity string
	parent    *process
	s         *session
	bin       *binary
	started   time.Duration
	gone      bool
	boot      int // of the host, when it started
}

// session is a logon on a Windows host.
type session struct {
	host     *host
	who      *account
	luid     uint64
	linked   uint64 // the other half of a split token, 0 without
	kind     int    // logon type
	terminal int    // terminal session number
	token    string // TokenElevationType of its processes
	level    string // integrity level of its processes
	started  time.Duration
	shell    *process
}

// Token elevation types as event 4688 prints them.
const (
	tokenFull     = "%%1936"
	tokenElevated = "%%1937"
	tokenLimited  = "%%1938"
)

// processGUID follows Sysmon's layout: machine, start time, number since boot.
func (h *host) processGUID(unix int64) string {
	h.guids += uint64(h.d.between(1, 3))
	return h.sysmonGUID(unix, uint64(h.boots)<<48|h.guids)
}

func (h *host) sysmonGUID(unix int64, tail uint64) string {
	var b [8]byte
	for i := range b {
		b[i] = byte(tail >> (8 * i))
	}
	return fmt.Sprintf("{%08x-%04x-%04x-%x-%x}",
		h.machine, uint16(unix), uint16(unix>>16), b[:2], b[2:])
}

// binary returns the description of the program at path, always the same for
// one path and version. Copies of a file share hashes through alias.
func (w *world) binary(path string) *binary {
	if b := w.binaries[strings.ToLower(path)]; b != nil {
		return b
	}
	b := describe(path)
	b.hashes = hashes("harbor build 7/" + strings.ToLower(path))
	w.binaries[strings.ToLower(path)] = b
	return b
}

// place puts an unsigned file of the given content at path.
func (w *world) place(path, content string) *binary {
	b := &binary{
		path: path, version: "-", description: "-", product: "-", company: "-", orig: "-",
		hashes: hashes(content), signer: "-",
	}
	w.binaries[strings.ToLower(path)] = b
	return b
}

// hashes writes the hash list of Sysmon for a file that stands for content.
func hashes(content string) string {
	data := []byte(content)
	return fmt.Sprintf("SHA1=%X,MD5=%X,SHA256=%X,IMPHASH=%X",
		sha1.Sum(data), md5.Sum(data), sha256.Sum256(data), md5.Sum(append(data, "imports"...)))
}

// describe guesses the version resource of a program from where it lies.
func describe(path string) *binary {
	name := base(path)
	b := &binary{path: path, orig: name, version: "1.0.0.0", description: name, signed: true}
	switch low := strings.ToLower(path); {
	case strings.HasPrefix(low, `c:\windows\`):
		b.version, b.company = "10.0.22621.4391 (WinBuild.160101.0800)", "Microsoft Corporation"
		b.product, b.signer = "Microsoft® Windows® Operating System", "Microsoft Windows"
	case strings.Contains(low, `\microsoft office\`):
		b.version, b.company = "16.0.17928.20216", "Microsoft Corporation"
		b.product, b.signer = "Microsoft Office", "Microsoft Corporation"
	case strings.Contains(low, `\microsoft\edge\`):
		b.version, b.company = "131.0.2903.51", "Microsoft Corporation"
		b.product, b.signer = "Microsoft Edge", "Microsoft Corporation"
	case strings.Contains(low, `\harbor agency\`):
		b.version, b.company = "4.8.2.0", "Harbor Agency"
		b.product, b.signer = "Harbor Desk", "Harbor Agency"
	default:
		b.company = "-"
		b.product, b.signer = strings.TrimSuffix(name, ".exe"), strings.TrimSuffix(name, ".exe")
	}
	if known, ok := descriptions[strings.ToLower(name)]; ok {
		b.description, b.orig = known[1], known[2]
	}
	return b
}
