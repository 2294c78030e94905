package journaltest

import (
	"embed"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

//go:embed files
var files embed.FS

// Names are the journals that systemd wrote: compact and regular format, with
// keyed hash but for "regular"; "plain" has no seals, "jumps" one every 47 seconds
// where an interval is 10.
var names = []string{"compact", "regular", "jumps", "plain"}

// Names returns the names of the journals that systemd wrote.
func Names() []string { return append([]string(nil), names...) }

// Journal returns a journal that systemd wrote.
func Journal(name string) ([]byte, error) { return unpacked(name + ".journal.zst") }

// Export returns what journalctl -o export of systemd 252 printed of it.
func Export(name string) ([]byte, error) { return unpacked(name + ".export.zst") }

// Key returns its verification key in a file, empty for "plain".
func Key(name string) []byte {
	key, err := files.ReadFile("files/" + name + ".key")
	if err != nil {
		return nil
	}
	return key
}

func unpacked(name string) ([]byte, error) {
	packed, err := files.ReadFile("files/" + name)
	if err != nil {
		return nil, fmt.Errorf("read fixture: %w", err)
	}
	z, err := zstd.NewReader(nil)
	if err != nil {
		return nil, fmt.Errorf("unpack fixture: %w", err)
	}
	defer z.Close()
	out, err := z.DecodeAll(packed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack fixture %s: %w", name, err)
	}
	return out, nil
}
