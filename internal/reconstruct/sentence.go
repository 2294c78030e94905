package reconstruct

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/evident-sec/evident/internal/causal"
)

const (
	maxText = 240 // characters of a quoted command or path
	maxList = 6   // objects named in one sentence
)

// clean makes text of a log record safe to print: control and format
// characters become escapes, and long text is cut in the middle.
func clean(s string, limit int) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar:
			b.WriteString(strings.Trim(strconv.QuoteToASCII(string(r)), `"`))
		default:
			b.WriteRune(r)
		}
	}
	out := []rune(strings.TrimSpace(b.String()))
	if len(out) > limit {
		out = append(append(out[:limit*2/3:limit*2/3], []rune(" … ")...), out[len(out)-limit/3:]...)
	}
	return string(out)
}

func (w *writer) node(n int) *causal.Node {
	if n < 0 {
		return &causal.Node{}
	}
	return w.g.Node(n)
}

// name names a node in a sentence.
func (w *writer) name(n int) string {
	if n < 0 {
		return ""
	}
	node := w.g.Node(n)
	switch node.Kind {
	case causal.KindSession:
		user := cmp.Or(node.User(), node.Name)
		return clean(cmp.Or(user, "session "+node.Key), maxText)
	case causal.KindFile, causal.KindRegistry:
		return clean(node.Name, maxText)
	}
	return clean(w.g.Label(n), maxText)
}

// counted names nodes by their short names, repeated ones with a count.
func (w *writer) counted(nodes []int, limit int) []string {
	var names []string
	count := map[string]int{}
	for _, n := range nodes {
		node := w.node(n)
		s := w.name(n)
		switch node.Kind {
		case causal.KindProcess:
			s = clean(causal.Base(node.Name), maxText)
		case causal.KindFile:
			s = clean(fileName(node.Name), maxText)
		}
		if count[s]++; count[s] == 1 {
			names = append(names, s)
		}
	}
	rest := len(names) - limit
	if rest > 0 {
		names = names[:limit]
	}
	for i, s := range names {
		if count[s] > 1 {
			names[i] = fmt.Sprintf("%s (%d times)", s, count[s])
		}
	}
	if rest > 0 {
		names = append(names, fmt.Sprintf("%d more", rest))
	}
	return names
}

// fileName is the last part of a path, in the case the record has.
func fileName(path string) string { return path[strings.LastIndexAny(path, `\/`)+1:] }

func list(names []string) string {
	switch len(names) {
	case 0:
		return ""
	case 1:
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// sentence says the action in plain words.
func (w *writer) sentence(a *act) string {
	where := ""
	if h := w.hostOf(a); h != "" {
		where = "On " + h + ", "
	}
	who := cmp.Or(w.name(a.actor), "an unknown process")
	if a.actor >= 0 && w.node(a.actor).Kind == causal.KindSession {
		who = "the session of " + person(who)
	}
	if s := w.special(a, who); s != "" {
		return upper(where+s) + "."
	}
	what := cmp.Or(w.objectText(a), "something")
	return upper(where+who+" "+a.verb.String()+" "+what) + times(a) + "."
}

// upper begins a sentence with a capital where it begins with a word of ours: a
// name from a record stays as the record has it.
func upper(s string) string {
	for _, word := range []string{"the ", "a ", "an "} {
		if strings.HasPrefix(s, word) {
			return strings.ToUpper(s[:1]) + s[1:]
		}
	}
	return s
}

func times(a *act) string {
	if a.count > 1 && len(slices.Compact(slices.Clone(a.objects))) == 1 {
		return fmt.Sprintf(", %d times", a.count)
	}
	return ""
}

func (w *writer) objectText(a *act) string {
	if len(a.objects) > 1 && len(distinct(a.objects)) > 1 {
		return list(w.counted(a.objects, maxList))
	}
	return w.name(a.object)
}

func distinct(nodes []int) []int {
	nodes = slices.Clone(nodes)
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// special holds the templates of verbs that need more than subject, verb and
// object; "" where the plain form does.
func (w *writer) special(a *act, who string) string {
	f := a.facts
	if f == nil {
		f = &causal.Facts{}
	}
	switch a.verb {
	case causal.VerbSpawned:
		return w.startSentence(a, who)
	case causal.VerbInjected:
		return fmt.Sprintf("%s started a thread inside %s and controlled it from then on", who,
			w.name(a.object))
	case causal.VerbReadMemory:
		return fmt.Sprintf("%s opened the memory of %s, which holds credentials%s", who,
			w.name(a.object), paren("access "+f.Access, f.Access)) + times(a)
	case causal.VerbLoggedOn:
		return w.logonSentence(a, f)
	case causal.VerbInstalled:
		return fmt.Sprintf("%s installed the service %s%s", who, w.name(a.object), running(f.Command))
	case causal.VerbRegistered:
		return fmt.Sprintf("%s registered the scheduled job %s%s", who, w.name(a.object),
			running(f.Command))
	case causal.VerbConnected:
		return w.connSentence(a, who, f)
	case causal.VerbWrote, causal.VerbWroteShare:
		return w.writeSentence(a, who, f)
	case causal.VerbSetValue:
		if len(distinct(a.objects)) > 1 { // each was set to something else
			return fmt.Sprintf("%s set %s", who, w.registryText(a))
		}
		return fmt.Sprintf("%s set %s%s", who, w.objectText(a),
			paren("to "+clean(f.Value, maxText), f.Value))
	case causal.VerbUsedCredential:
		return fmt.Sprintf("%s used the credentials of %s%s", who, w.name(a.object),
			paren("towards "+f.DstHost, f.DstHost))
	}
	return w.lesser(a, who, f)
}

func (w *writer) lesser(a *act, who string, f *causal.Facts) string {
	switch a.verb {
	case causal.VerbCleared:
		return fmt.Sprintf("%s cleared the log %s", who, w.objectText(a))
	case causal.VerbChangedAccount:
		return fmt.Sprintf("%s changed the account %s%s", who, w.objectText(a),
			paren("group "+clean(f.Value, maxText), f.Value))
	case causal.VerbRanScript:
		return fmt.Sprintf("%s ran script: %s", who, w.objectText(a)) + times(a)
	case causal.VerbCalled:
		return w.callSentence(a, who, f) + times(a)
	case causal.VerbLoaded:
		return fmt.Sprintf("%s loaded %s", w.name(a.object), w.name(a.actor))
	case causal.VerbAccepted:
		return fmt.Sprintf("%s accepted a connection from %s", w.objectText(a),
			w.name(a.actor)) + times(a)
	case causal.VerbTraffic:
		return fmt.Sprintf("%s exchanged traffic with %s", who, w.objectText(a))
	case causal.VerbFailedLogon:
		return fmt.Sprintf("a logon of %s from %s failed", w.objectText(a), who) + times(a)
	case causal.VerbActed:
		return w.actedSentence(a, who, f) + times(a)
	case causal.VerbOpened:
		it := "it"
		if len(distinct(a.objects)) > 1 {
			it = "them"
		}
		return fmt.Sprintf("%s opened %s with rights to take %s over", who, w.objectText(a), it)
	}
	return ""
}

// callSentence tells an operation of a cloud service or directory, by the name
// the provider gives it.
func (w *writer) callSentence(a *act, who string, f *causal.Facts) string {
	obj := w.objectText(a)
	if f.Access == "failed" {
		return fmt.Sprintf("%s tried %s on %s, which failed", who, quote(clean(f.Value, maxText)), obj)
	}
	if guid, ok := strings.CutPrefix(obj, "%{"); ok {
		return fmt.Sprintf("%s accessed the directory object %s", who, strings.TrimSuffix(guid, "}"))
	}
	if f.Value == "" {
		return fmt.Sprintf("%s did %s", who, quote(obj))
	}
	did := fmt.Sprintf("%s did %s", who, quote(clean(f.Value, maxText)))
	if on := w.targets(a, f.Value); len(on) > 0 {
		return did + " on " + list(on)
	}
	return did
}

// targets names the objects of a call; some logs name the operation once more
// as what it was done on.
func (w *writer) targets(a *act, operation string) []string {
	objects := a.objects
	if len(objects) == 0 {
		objects = []int{a.object}
	}
	var on []int
	for _, n := range distinct(objects) {
		if n >= 0 && !strings.EqualFold(w.node(n).Name, operation) {
			on = append(on, n)
		}
	}
	return w.counted(on, maxList)
}

// actedSentence tells a record that names who acted, and little besides.
func (w *writer) actedSentence(a *act, who string, f *causal.Facts) string {
	obj := w.objectText(a)
	switch {
	case f.Value != "" && f.Value != obj:
		return fmt.Sprintf("%s did %s on %s", who, quote(clean(f.Value, maxText)),
			cmp.Or(obj, "something"))
	case obj == "" || obj == w.name(a.actor):
		return "a record names " + who + ", and no more that is known here"
	}
	return fmt.Sprintf("%s did something to %s that only the record tells", who, obj)
}

func (w *writer) startSentence(a *act, who string) string {
	if len(a.objects) > 1 {
		return fmt.Sprintf("%s ran %s", who, list(w.counted(a.objects, maxList)))
	}
	n := w.node(a.object)
	what := w.name(a.object)
	if cmd := clean(n.CmdLine(), maxText); cmd != "" {
		what += ", command line " + quote(cmd)
	}
	if user := n.User(); user != "" {
		what += ", as " + person(clean(user, maxText))
	}
	if a.via < 0 {
		if by := w.starter(a); by != "" {
			return fmt.Sprintf("%s started %s in %s", by, what, who)
		}
		return fmt.Sprintf("%s %sstarted %s", who, w.wroteFirst(a), what)
	}
	via := w.node(a.via)
	switch via.Kind {
	case causal.KindService:
		return fmt.Sprintf("the service manager started %s for the service %s", what, w.name(a.via))
	case causal.KindJob:
		return fmt.Sprintf("the scheduler started %s for the job %s", what, w.name(a.via))
	}
	return fmt.Sprintf("%s started %s in the remote session of %s", who, what, person(w.name(a.via)))
}

// starter names the program that started a process which is told as a session's:
// a session starts nothing by itself.
func (w *writer) starter(a *act) string {
	if a.actor < 0 || w.node(a.actor).Kind != causal.KindSession || a.object < 0 {
		return ""
	}
	for _, r := range w.g.In(a.object) {
		if r.Verb == causal.VerbSpawned && r.Src >= 0 && w.node(r.Src).Kind == causal.KindProcess {
			return w.name(r.Src)
		}
	}
	return ""
}

// wroteFirst says that the starter had written what it started.
func (w *writer) wroteFirst(a *act) string {
	for _, l := range w.links[a.object] {
		if l.Src != a.actor || l.Verb != causal.VerbWrote {
			continue
		}
		for _, r := range w.written(l) {
			return "wrote " + clean(fileName(w.g.Node(r.Dst).Name), maxText) + " and "
		}
	}
	return ""
}

func (w *writer) logonSentence(a *act, f *causal.Facts) string {
	from := cmp.Or(f.SrcIP, f.SrcHost)
	if f.SrcIP != "" && f.SrcHost != "" {
		from = f.SrcHost + " (" + f.SrcIP + ")"
	}
	name := person(clean(cmp.Or(f.User, w.name(a.object), "an account"), maxText))
	s := name + " logged on" + logonKind(f.LogonType)
	if from != "" {
		s += " from " + clean(from, maxText)
	}
	if src := w.node(a.actor); src.Kind == causal.KindProcess {
		s += fmt.Sprintf("; %s on %s made that logon", w.name(a.actor), src.Host)
	}
	return s
}

func logonKind(t int64) string {
	switch t {
	case 2:
		return " at the console"
	case 3:
		return " over the network"
	case 4:
		return " for a batch job"
	case 5:
		return " for a service"
	case 8:
		return " over the network in clear text"
	case 9:
		return " with other credentials"
	case 10:
		return " by remote desktop"
	}
	return ""
}

func (w *writer) connSentence(a *act, who string, f *causal.Facts) string {
	what := w.objectText(a)
	if len(distinct(a.objects)) <= 1 && f.DstHost != "" {
		what = clean(f.DstHost, maxText) + " (" + what + ")"
	}
	if s := adminService(f.DstPort); s != "" && len(distinct(a.objects)) <= 1 {
		what += " over " + s
	}
	sent := ""
	if a.bytes > 0 {
		sent = " and sent " + size(a.bytes)
	}
	return fmt.Sprintf("%s connected to %s%s%s", who, what, times(a), sent)
}

func (w *writer) writeSentence(a *act, who string, f *causal.Facts) string {
	if s := w.pipeSentence(a, who); s != "" {
		return s
	}
	s := fmt.Sprintf("%s wrote %s", who, w.objectText(a)) + times(a)
	if f.Origin != "" {
		s += ", fetched from " + clean(f.Origin, maxText)
	}
	if a.via >= 0 {
		s += w.servedAs(a)
	}
	return s
}

// servedAs says what a written file was for: the link's reason says how it is
// known.
func (w *writer) servedAs(a *act) string {
	via, name := w.node(a.via), w.name(a.via)
	switch {
	case via.Kind == causal.KindService:
		return ", which the service " + name + " runs"
	case via.Kind == causal.KindJob:
		return ", which the job " + name + " runs"
	case via.Kind == causal.KindProcess && a.object >= 0 && via.Name != "" &&
		strings.EqualFold(causal.Base(via.Name), causal.Base(w.node(a.object).Name)):
		return ", which then ran as " + name
	case strings.Contains(a.why, "loaded the module"):
		return ", which " + name + " loaded"
	case strings.Contains(a.why, "command line names"):
		return ", which the command line of " + name + " names"
	}
	return ", which " + name + " used"
}

// registryText names values that lie under one key by that key.
func (w *writer) registryText(a *act) string {
	names := distinct(a.objects)
	if len(names) < 2 {
		return w.objectText(a)
	}
	key, values := "", []string{}
	for _, n := range names { // the longest is a value, not the key that holds it
		name := clean(w.node(n).Name, maxText)
		if at := strings.LastIndexByte(name, '\\'); at > len(key) {
			key = name[:at]
		}
	}
	for _, n := range a.objects {
		name := clean(w.node(n).Name, maxText)
		at := strings.LastIndexByte(name, '\\')
		switch {
		case strings.EqualFold(name, key): // the key itself, beside its values
		case at < 0 || !strings.EqualFold(name[:at], key):
			return w.objectText(a)
		case !slices.Contains(values, name[at+1:]):
			values = append(values, name[at+1:])
		}
	}
	return list(values[:min(len(values), maxList)]) + " under " + key
}

// pipes says what a pipe of Windows is for (MS-SCMR, MS-TSCH, MS-RRP, MS-SAMR,
// MS-LSAD, MS-SRVS, MS-DRSR).
var pipes = map[string]string{
	"svcctl": "service control", "atsvc": "task scheduler", "winreg": "remote registry",
	"samr": "accounts", "lsarpc": "security policy", "srvsvc": "shares", "drsuapi": "replication",
}

// pipeSentence says that a pipe was opened over the network: the record calls
// it a file of the share IPC$.
func (w *writer) pipeSentence(a *act, who string) string {
	if len(distinct(a.objects)) > 1 {
		return ""
	}
	name := w.node(a.object).Name
	i := strings.Index(strings.ToLower(name), `\ipc$\`)
	if i < 0 {
		return ""
	}
	pipe := clean(name[i+len(`\ipc$\`):], maxText)
	what := pipe
	if use := pipes[strings.ToLower(pipe)]; use != "" {
		what += " (" + use + ")"
	}
	return fmt.Sprintf("%s opened the pipe %s over the network", who, what) + times(a)
}

// person names an account; a bare number is said to be one.
func person(name string) string {
	if name != "" && strings.Trim(name, "0123456789") == "" {
		return "user id " + name
	}
	return name
}

func size(n int64) string {
	const unit = 1000
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= unit && i < len(units)-1 {
		v, i = v/unit, i+1
	}
	if i == 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

func paren(text, when string) string {
	if when == "" {
		return ""
	}
	return " (" + text + ")"
}

func running(command string) string {
	if command == "" {
		return ""
	}
	return " to run " + quote(clean(command, maxText))
}

func quote(s string) string { return "‘" + s + "’" }
