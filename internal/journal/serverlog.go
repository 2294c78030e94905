package journal

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
)

// serverLog passes the embedded server's log on to slog: what it says about
// itself as debug, what is wrong as it is. It implements server.Logger.
type serverLog struct {
	log   *slog.Logger
	fatal atomic.Pointer[string] // the server says it, then goes on half dead
}

func (l *serverLog) Noticef(format string, v ...any) { l.log.Debug(line(format, v)) }
func (l *serverLog) Debugf(format string, v ...any)  { l.log.Debug(line(format, v)) }
func (l *serverLog) Tracef(format string, v ...any)  { l.log.Debug(line(format, v)) }
func (l *serverLog) Errorf(format string, v ...any)  { l.log.Error(line(format, v)) }

func (l *serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Maximum payloads over") {
		return // said at every start; entries of 9 MiB are meant
	}
	text := line(format, v)
	if strings.Contains(text, "Stream state outdated") || strings.Contains(text, "Recovering stream state") {
		l.log.Info(text) // how every start after a kill begins; nothing is wrong
		return
	}
	l.log.Warn(text)
}

func (l *serverLog) Fatalf(format string, v ...any) {
	text := line(format, v)
	l.fatal.Store(&text)
	l.log.Error(text)
}

func line(format string, v []any) string { return "journal server: " + fmt.Sprintf(format, v...) }
