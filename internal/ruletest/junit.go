package ruletest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"time"
)

// junitSuites is a JUnit report as CI systems read it.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`

	elapsed time.Duration
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes results as JUnit XML, one suite a file, one case a result.
func WriteJUnit(w io.Writer, results []Result) error {
	out := junitSuites{Name: "evident rules test"}
	at := map[string]int{}
	var elapsed time.Duration
	for i := range results {
		r := &results[i]
		n, ok := at[r.Suite]
		if !ok {
			n = len(out.Suites)
			at[r.Suite] = n
			out.Suites = append(out.Suites, junitSuite{Name: r.Suite})
		}
		out.Suites[n].add(r)
		elapsed += r.Elapsed
	}
	for i := range out.Suites {
		s := &out.Suites[i]
		s.Time = seconds(s.elapsed)
		out.Tests += s.Tests
		out.Failures += s.Failures
		out.Skipped += s.Skipped
	}
	out.Time = seconds(elapsed)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write JUnit report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(r *Result) {
	c := junitCase{Name: r.Name, Class: r.Title, File: r.Place, Time: seconds(r.Elapsed)}
	if c.Class == "" {
		c.Class = r.Rule
	}
	s.Tests++
	s.elapsed += r.Elapsed
	switch r.Status {
	case Failed:
		s.Failures++
		c.Failure = &junitMessage{r.Text, r.Place + ": " + r.Text}
	case Skipped:
		s.Skipped++
		c.Skipped = &junitMessage{Message: r.Text}
	default:
		c.Out = r.Text
	}
	s.Cases = append(s.Cases, c)
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
