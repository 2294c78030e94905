package ledger

import (
	"flag"
	"io"
	"log/slog"
	"strings"

	"k8s.io/klog/v2"
)

// redirectKlog sends what Tessera says through klog, which writes to standard
// error by default, to log. klog has one output for the process, so the ledger
// opened last gets it all.
func redirectKlog(log *slog.Logger) {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	_ = flags.Set("stderrthreshold", "FATAL")
	klog.LogToStderr(false)
	// klog repeats each line at all lower severities; INFO gets every one.
	klog.SetOutputBySeverity("WARNING", io.Discard)
	klog.SetOutputBySeverity("ERROR", io.Discard)
	klog.SetOutputBySeverity("FATAL", io.Discard)
	klog.SetOutputBySeverity("INFO", klogWriter{log})
}

// klogWriter takes lines such as "W0102 15:04:05.000000 1 files.go:530] text".
type klogWriter struct{ log *slog.Logger }

func (w klogWriter) Write(p []byte) (int, error) {
	line := strings.TrimSpace(string(p))
	_, text, ok := strings.Cut(line, "] ")
	if !ok {
		text = line
	}
	switch {
	case strings.HasPrefix(line, "E"), strings.HasPrefix(line, "F"):
		w.log.Error("ledger: " + text)
	case strings.HasPrefix(line, "W"):
		w.log.Warn("ledger: " + text)
	default:
		w.log.Debug("ledger: " + text)
	}
	return len(p), nil
}
