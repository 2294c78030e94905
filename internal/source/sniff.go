package source

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/evtx"
	"github.com/evident-sec/evident/internal/journald"
)

// sniffBytes is how much of a stream decides its format.
const sniffBytes = 64 << 10

var (
	auditLine  = regexp.MustCompile(`^(node=\S+ )?type=[A-Z0-9_]+ msg=audit\(\d+\.\d+:\d+\):`)
	syslogLine = regexp.MustCompile(`^(<\d{1,3}>)?(1 \S+ \S+ |` +
		`(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ 0-9]\d \d\d:\d\d:\d\d |` +
		`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* \S+ \S+)`)
	exportHead  = regexp.MustCompile(`^\n*__(CURSOR=s=|REALTIME_TIMESTAMP=\d|MONOTONIC_TIMESTAMP=\d)`)
	answerKey   = regexp.MustCompile(`^\s*\{\s*"format"\s*:\s*"evident\.answer-key/`)
	jsonRecords = regexp.MustCompile(`^\s*\{\s*"Records"\s*:\s*\[`)
)

// layout is a format together with how its records lie in the stream.
type layout struct {
	format event.Format
	json   jsonLayout
}

type jsonLayout uint8

const (
	jsonLines   jsonLayout = iota // one object a line
	jsonValues                    // objects one after another, over several lines
	jsonArray                     // one array of objects
	jsonWrapped                   // {"Records":[…]} as CloudTrail writes it
)

// sniff decides what a stream's first bytes are. The error says what the file
// looks like instead and what to do.
func sniff(head []byte) (layout, error) {
	if bytes.HasPrefix(head, []byte(evtx.Magic)) {
		return layout{format: event.FormatEVTX}, nil
	}
	if bytes.HasPrefix(head, []byte(journald.Magic)) || exportHead.Match(head) {
		return layout{format: event.FormatJournal}, nil
	}
	text := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	if err := notText(text); err != nil {
		return layout{}, err
	}
	trimmed := bytes.TrimLeft(text, " \t\r\n")
	if len(trimmed) == 0 {
		return layout{format: event.FormatText}, nil
	}
	line, _, whole := bytes.Cut(trimmed, []byte("\n"))
	line = bytes.TrimRight(line, "\r")
	switch {
	case answerKey.Match(trimmed):
		return layout{}, errors.New("is the answer key of a simulation, not a log; skipped")
	case trimmed[0] == '[' && looksLikeArray(trimmed):
		return layout{event.FormatJSON, jsonArray}, nil
	case jsonRecords.Match(trimmed):
		return layout{event.FormatJSON, jsonWrapped}, nil
	case trimmed[0] == '{':
		return layout{event.FormatJSON, jsonShape(line, whole)}, nil
	case bytes.HasPrefix(line, []byte("#separator ")), bytes.HasPrefix(line, []byte("#fields\t")):
		return layout{format: event.FormatZeek}, nil
	case auditLine.Match(line):
		return layout{format: event.FormatAuditd}, nil
	case syslogLine.Match(line):
		return layout{format: event.FormatSyslog}, nil
	}
	return layout{}, fmt.Errorf("is text, but no log format this program knows (it begins %.40q); "+
		"give --format to say what it is, or --format text to keep plain lines", line)
}

func notText(head []byte) error {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return fmt.Errorf("is UTF-16 text; convert it to UTF-8 first")
	case bytes.IndexByte(head, 0) >= 0:
		return fmt.Errorf("is binary, not a log this program knows; skipped")
	}
	bad := 0
	for i := 0; i < len(head); {
		c, n := utf8.DecodeRune(head[i:])
		if c == utf8.RuneError && n == 1 {
			bad++
		}
		i += n
	}
	// Single broken characters are common in real logs; one in ten is another
	// kind of file.
	if bad*10 > len(head) {
		return fmt.Errorf("is neither UTF-8 text nor a log this program knows; skipped")
	}
	return nil
}

// looksLikeArray tells a JSON array of objects from a log line that begins
// with a bracket, such as "[2026-11-02] started".
func looksLikeArray(text []byte) bool {
	rest := bytes.TrimLeft(text[1:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == '{' || rest[0] == ']')
}

// jsonShape tells one object a line from objects spread over lines. whole says
// that the line's end was seen.
func jsonShape(line []byte, whole bool) jsonLayout {
	var scan valueScanner
	for _, c := range line {
		if scan.step(c) {
			return jsonLines
		}
	}
	if !whole {
		return jsonLines // a long record; pretty-printed ones have short lines
	}
	return jsonValues
}
