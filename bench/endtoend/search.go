package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// questions are what analysts ask most.
var questions = []struct{ name, path string }{
	{"latest 100", "search?limit=100"},
	{"one identifier", "search?limit=100&q=" + url.QueryEscape("process.uid:*00000000040*")},
	{"one host", "search?limit=100&q=" + url.QueryEscape("device.hostname:ws-01*")},
	{"substring in command lines", "search?limit=100&q=" + url.QueryEscape("process.cmd_line:*power*")},
	{"free text over original bytes", "search?limit=100&q=" + url.QueryEscape("lsass")},
	{"histogram of 120 bars", "histogram?buckets=120"},
	{"top 10 programs", "facets?n=10&field=process.file.name"},
}

func searches(bin string, data []string) error {
	rows := make([][]string, len(questions))
	for _, dir := range data {
		if err := search(bin, dir, rows); err != nil {
			return err
		}
	}
	for i, q := range questions {
		fmt.Printf("| %s | %s |\n", q.name, strings.Join(rows[i], " | "))
	}
	return nil
}

// search starts a server on the folder and asks every question seven times.
func search(bin, dir string, rows [][]string) (err error) {
	cmd := exec.Command(bin, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait() // it was told to end
	}()
	link, err := findLink(out)
	if err != nil {
		return err
	}
	for i, q := range questions {
		var times []time.Duration
		for range 7 {
			took, err := ask(link, q.path)
			if err != nil {
				return fmt.Errorf("%s: %w", q.name, err)
			}
			times = append(times, took)
		}
		slices.Sort(times)
		rows[i] = append(rows[i], fmt.Sprintf("%d ms", times[3].Milliseconds()))
	}
	return nil
}

func findLink(out io.Reader) (*url.URL, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if link, ok := strings.CutPrefix(lines.Text(), "Open "); ok {
			return url.Parse(link)
		}
	}
	return nil, errors.New("the server printed no link")
}

func ask(link *url.URL, path string) (time.Duration, error) {
	target := *link
	target.RawQuery = ""
	req, err := http.NewRequest(http.MethodGet, target.String()+"api/v1/"+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+link.Query().Get("token"))
	began := time.Now()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("server answered %s", resp.Status)
	}
	return time.Since(began), nil
}
