package register_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/evident-sec/evident/register"
)

// TestEditorCompletes asks the language server that editors use for YAML what it
// would offer in a register file, given nothing but the published schema. It
// needs yaml-language-server in PATH (npm install -g yaml-language-server), or
// EVIDENT_YAML_LS naming it.
func TestEditorCompletes(t *testing.T) {
	program := os.Getenv("EVIDENT_YAML_LS")
	if program == "" {
		program = "yaml-language-server"
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no yaml-language-server: %v", err)
	}
	dir := t.TempDir()
	schema := filepath.Join(dir, "register.schema.json")
	if err := os.WriteFile(schema, register.Schema(), 0o600); err != nil {
		t.Fatal(err)
	}
	text := "# yaml-language-server: $schema=register.schema.json\n" +
		"controls:\n  - id: c1\n    effect: \n    \nsy\n"
	file := "file://" + filepath.Join(dir, "a.yaml")
	s := editor(t, path, dir)
	s.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{
		"uri": file, "languageId": "yaml", "version": 1, "text": text,
	}})
	for _, c := range []struct {
		line, character int
		want            []string
	}{
		{3, 12, []string{"weak", "medium", "strong", "blocks"}},
		{4, 4, []string{"catalog", "cost", "state"}},
		{5, 2, []string{"systems"}},
	} {
		got := s.complete(file, c.line, c.character)
		for _, w := range c.want {
			if !slices.Contains(got, w) {
				t.Errorf("line %d: offered %v, want %s among it", c.line+1, got, w)
			}
		}
	}
}

// server speaks the Language Server Protocol, version 3.17.
type server struct {
	t   *testing.T
	in  io.Writer
	out *bufio.Reader
	id  int
}

func editor(t *testing.T, path, dir string) *server {
	t.Helper()
	cmd := exec.Command(path, "--stdio")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s := &server{t: t, in: in, out: bufio.NewReader(out)}
	s.call("initialize", map[string]any{
		"processId": os.Getpid(), "rootUri": "file://" + dir,
		"capabilities": map[string]any{"textDocument": map[string]any{"completion": map[string]any{}}},
	})
	s.notify("initialized", map[string]any{})
	return s
}

func (s *server) send(message map[string]any) {
	s.t.Helper()
	message["jsonrpc"] = "2.0"
	body, err := json.Marshal(message)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.in, "Content-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		s.t.Fatal(err)
	}
}

func (s *server) notify(method string, params any) {
	s.t.Helper()
	s.send(map[string]any{"method": method, "params": params})
}

// call waits for the answer; what the server asks meanwhile gets an empty one.
func (s *server) call(method string, params any) json.RawMessage {
	s.t.Helper()
	s.id++
	s.send(map[string]any{"id": s.id, "method": method, "params": params})
	for {
		var m struct {
			ID     any
			Method string
			Params struct{ Items []any }
			Result json.RawMessage
		}
		if err := json.Unmarshal(s.read(), &m); err != nil {
			s.t.Fatal(err)
		}
		switch {
		case m.Method != "" && m.ID != nil:
			s.send(map[string]any{"id": m.ID, "result": make([]any, len(m.Params.Items))})
		case m.Method == "" && m.ID == float64(s.id):
			return m.Result
		}
	}
}

func (s *server) read() []byte {
	s.t.Helper()
	length := 0
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			s.t.Fatal(err)
		}
		if line = strings.TrimSpace(line); line == "" {
			break
		}
		if n, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			length, _ = strconv.Atoi(n)
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(s.out, body); err != nil {
		s.t.Fatal(err)
	}
	return body
}

func (s *server) complete(uri string, line, character int) []string {
	s.t.Helper()
	var list struct{ Items []struct{ Label string } }
	answer := s.call("textDocument/completion", map[string]any{
		"textDocument": map[string]any{"uri": uri}, "position": map[string]int{"line": line, "character": character},
	})
	if err := json.Unmarshal(answer, &list); err != nil {
		s.t.Fatalf("%v: %s", err, answer)
	}
	var out []string
	for _, it := range list.Items {
		out = append(out, it.Label)
	}
	return out
}
