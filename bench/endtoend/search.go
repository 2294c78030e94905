package main

import (
	"bufio"
	"encoding/json"
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

// questions are what analysts ask most; {FIELD} stands for a query for the
// field's most frequent value.
var questions = []struct{ name, path string }{
	{"latest 100", "search?limit=100"},
	{"one process identifier", "search?limit=100&q={process.uid}"},
	{"one host", "search?limit=100&q={device.hostname}"},
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
		path, err := fill(link, q.path)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		var times []time.Duration
		for range 7 {
			took, err := ask(link, path)
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

// fill asks for the most frequent value of the field in braces.
func fill(link *url.URL, path string) (string, error) {
	before, rest, ok := strings.Cut(path, "{")
	if !ok {
		return path, nil
	}
	field, after, _ := strings.Cut(rest, "}")
	body, err := get(link, "facets?n=1&field="+field)
	if err != nil {
		return "", err
	}
	var values []struct{ Value string }
	if err := json.Unmarshal(body, &values); err != nil || len(values) == 0 {
		return "", fmt.Errorf("no value of %s: %w", field, err)
	}
	return before + url.QueryEscape(fmt.Sprintf("%s:%q", field, values[0].Value)) + after, nil
}

func ask(link *url.URL, path string) (time.Duration, error) {
	began := time.Now()
	_, err := get(link, path)
	return time.Since(began), err
}

func get(link *url.URL, path string) ([]byte, error) {
	target := *link
	target.RawQuery = ""
	req, err := http.NewRequest(http.MethodGet, target.String()+"api/v1/"+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+link.Query().Get("token"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("server answered %s: %s", resp.Status, body)
	}
	return body, err
}
