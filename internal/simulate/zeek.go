package simulate

import (
	"strconv"
	"strings"
	"time"
)

type zeekLogs struct {
	conn, dns, http *stream
	d               dice
	buf             []string
}

const (
	connFields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration " +
		"orig_bytes resp_bytes conn_state local_orig local_resp missed_bytes history " +
		"orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents"
	connTypes = "time string addr port addr port enum string interval count count string bool " +
		"bool count string count count count count set[string]"
	dnsFields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto trans_id rtt query qclass " +
		"qclass_name qtype qtype_name rcode rcode_name AA TC RD RA Z answers TTLs rejected"
	dnsTypes = "time string addr port addr port enum count interval string count string count " +
		"string count string bool bool bool bool count vector[string] vector[interval] bool"
	httpFields = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p trans_depth method host uri " +
		"referrer version user_agent origin request_body_len response_body_len status_code " +
		"status_msg info_code info_msg tags username password proxied orig_fuids " +
		"orig_filenames orig_mime_types resp_fuids resp_filenames resp_mime_types"
	httpTypes = "time string addr port addr port count string string string string string string " +
		"string count count count string count string set[enum] string string set[string] " +
		"vector[string] vector[string] vector[string] vector[string] vector[string] vector[string]"
)

func (w *world) openZeek() {
	open := func(path, fields, types string) *stream {
		s := w.out.stream("zeek/"+path+".log", "")
		s.header = func(start time.Time) string {
			return "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n" +
				"#path\t" + path + "\n#open\t" + start.Format("2006-01-02-15-04-05") + "\n" +
				"#fields\t" + strings.ReplaceAll(fields, " ", "\t") + "\n" +
				"#types\t" + strings.ReplaceAll(types, " ", "\t") + "\n"
		}
		s.footer = func(end time.Time) string {
			return "#close\t" + end.Format("2006-01-02-15-04-05") + "\n"
		}
		return s
	}
	w.zeek = zeekLogs{
		conn: open("conn", connFields, connTypes),
		dns:  open("dns", dnsFields, dnsTypes),
		http: open("http", httpFields, httpTypes),
		d:    w.dice("zeek"),
	}
}

// zeekID returns an identifier as Zeek makes them: a letter for what it names
// and 17 characters of base 62.
func (z *zeekLogs) zeekID(letter byte) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	id := [18]byte{letter}
	for i := 1; i < len(id); i++ {
		id[i] = digits[z.d.IntN(len(digits))]
	}
	return string(id[:])
}

func (w *world) zeekTime(t time.Duration) string {
	return strconv.FormatFloat(float64(w.clock(t).UnixMicro())/1e6, 'f', 6, 64)
}

func interval(d time.Duration) string {
	return strconv.FormatFloat(d.Seconds(), 'f', 6, 64)
}

func (w *world) logZeek(to *stream, at, ts time.Duration, trace *Trace, columns []string) {
	line := w.out.buffer()
	for i, c := range columns {
		if i > 0 {
			line = append(line, '\t')
		}
		line = append(line, c...)
	}
	w.out.add(at, record{to: to, line: append(line, '\n'), time: ts, traces: [2]*Trace{trace}})
}

// logConn writes the connection's line where Zeek would: when it ends. A
// connection that outlives the simulated days ends with them.
func (w *world) logConn(c *conn, trace *Trace) {
	if c.start < 0 || c.start >= w.end {
		return
	}
	if c.uid == "" {
		c.uid = w.zeek.zeekID('C')
	}
	state, history := "SF", "ShADadFf"
	switch {
	case c.failed:
		state, history = "REJ", "Sr"
	case c.proto == "udp":
		history = "Dd"
	case c.start+c.duration >= w.end:
		state, history = "S1", "ShADad"
		c.duration = w.end - 1 - c.start
	}
	out, in := packets(c.sent), packets(c.received)
	w.logZeek(w.zeek.conn, c.start+c.duration, c.start, trace, append(w.tuple(c), c.proto, c.service,
		interval(c.duration), decimal(c.sent), decimal(c.received), state,
		zeekBool(private(c.from)), zeekBool(private(c.to)), "0", history,
		decimal(out), decimal(c.sent+40*out), decimal(in), decimal(c.received+40*in), "-"))
}

// tuple starts a line with time, uid and the four parts of the address pair.
func (w *world) tuple(c *conn) []string {
	w.zeek.buf = append(w.zeek.buf[:0], w.zeekTime(c.start), c.uid, c.from, decimal(c.fromPort),
		c.to, decimal(c.toPort))
	return w.zeek.buf
}

func packets(bytes int64) int64 { return 2 + bytes/1380 }

func zeekBool(b bool) string {
	if b {
		return "T"
	}
	return "F"
}

func private(ip string) bool { return strings.HasPrefix(ip, "10.") }

// logDNS writes one lookup of h at its domain controller; an empty answer
// means the name does not exist.
func (w *world) logDNS(h *host, t time.Duration, name, answer string, trace *Trace) {
	rtt := w.zeek.d.span(400*time.Microsecond, 30*time.Millisecond)
	c := &conn{
		uid: w.zeek.zeekID('C'), proto: "udp", from: h.ip, fromPort: h.nextPort(),
		to: w.controller(h).ip, toPort: 53, service: "dns", start: t, duration: rtt,
		sent: int64(len(name) + 18), received: int64(len(name) + 34),
	}
	code, text, ttl, rejected := "0", "NOERROR", decimal(60*w.zeek.d.between(1, 60))+".000000", "F"
	if answer == "" {
		code, text, answer, ttl = "3", "NXDOMAIN", "-", "-"
	}
	w.logZeek(w.zeek.dns, t+rtt, t, trace, append(w.tuple(c), "udp",
		decimal(w.zeek.d.between(1, 65535)), interval(rtt), name, "1", "C_INTERNET", "1", "A",
		code, text, "F", "F", "T", "T", "0", answer, ttl, rejected))
	w.logConn(c, nil)
}

// request is one HTTP exchange on a connection.
type request struct {
	method, host, uri, agent, mime string
	status                         int
	sent, received                 int64
}

const edgeAgent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 " +
	"(KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0"

// http writes an exchange that happens on c shortly after it opened.
func (w *world) http(c *conn, r request, trace *Trace) {
	text := map[int]string{200: "OK", 204: "No Content", 304: "Not Modified", 404: "Not Found"}
	at := c.start + w.zeek.d.span(5*time.Millisecond, 90*time.Millisecond)
	columns := append([]string{}, w.tuple(c)...)
	columns[0] = w.zeekTime(at)
	fuid := "-"
	if r.received > 0 {
		fuid = w.zeek.zeekID('F')
	} else {
		r.mime = "-"
	}
	w.logZeek(w.zeek.http, at, at, trace, append(columns, "1", r.method, r.host, r.uri, "-", "1.1",
		r.agent, "-", decimal(r.sent), decimal(r.received), strconv.Itoa(r.status), text[r.status],
		"-", "-", "(empty)", "-", "-", "-", "-", "-", "-", fuid, "-", r.mime))
}
