package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/evident-sec/evident/proof"
)

// ErrContradiction says that a witness holds another history of this ledger, or
// a longer one than the ledger itself.
var ErrContradiction = errors.New("the witness remembers another history of this ledger")

func isContradiction(err error) bool { return errors.Is(err, ErrContradiction) }

// maxAsks bounds how often a witness may correct the old size in one request.
const maxAsks = 3

// request sends add-checkpoint of C2SP tlog-witness and returns the witness's
// cosignature. old is what it is thought to have cosigned last; where it says
// otherwise it is asked again.
func (c *cosigner) request(
	ctx context.Context, w *witness, r *round, old int64,
) (proof.Cosignature, error) {
	for range maxAsks {
		body, err := c.body(r, old)
		if err != nil {
			return proof.Cosignature{}, err
		}
		status, kind, answer, err := c.post(ctx, w, body)
		if err != nil {
			return proof.Cosignature{}, err
		}
		if status == http.StatusOK {
			return c.cosignature(w, r, answer)
		}
		if status != http.StatusConflict || kind != "text/x.tlog.size" {
			return proof.Cosignature{}, refusal(status, answer)
		}
		if old, err = conflictSize(answer, r.tree.Size); err != nil {
			return proof.Cosignature{}, err
		}
	}
	return proof.Cosignature{}, errors.New("ask witness: it keeps changing the old size")
}

// body makes the request with its consistency proof.
func (c *cosigner) body(r *round, old int64) ([]byte, error) {
	request := proof.AddCheckpoint{Old: old, Signed: r.signed}
	if old > r.tree.Size {
		return nil, ahead(old, r.tree.Size)
	}
	if old > 0 && old < r.tree.Size {
		hashes := c.files.hashes(tlog.Tree{N: r.tree.Size, Hash: r.tree.Root})
		path, err := tlog.ProveTree(r.tree.Size, old, hashes)
		if err != nil {
			return nil, fmt.Errorf("prove consistency from size %d: %w", old, err)
		}
		request.Path = path
	}
	return request.Marshal(), nil
}

func (c *cosigner) post(ctx context.Context, w *witness, body []byte) (
	status int, kind string, answer []byte, err error,
) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.endpoint, bytes.NewReader(body))
	if err != nil {
		return 0, "", nil, fmt.Errorf("ask witness: %w", err)
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	resp, err := c.client.Do(req)
	if err != nil {
		return 0, "", nil, fmt.Errorf("ask witness: %w", err)
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxSmallBytes))
	if err != nil {
		return 0, "", nil, fmt.Errorf("read witness's answer: %w", err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), answer, nil
}

// cosignature finds the witness's own signature in its answer; others in it
// are ignored.
func (c *cosigner) cosignature(w *witness, r *round, answer []byte) (proof.Cosignature, error) {
	head, err := c.policy.OpenUnwitnessed(append(bytes.Clone(r.signed), answer...))
	if err != nil {
		return proof.Cosignature{}, fmt.Errorf("read witness's answer: %w", err)
	}
	for _, sig := range head.Cosigned {
		if sig.Witness == w.Name {
			return sig, nil
		}
	}
	return proof.Cosignature{}, errors.New("read witness's answer: it holds no cosignature by its key")
}

// conflictSize reads the size that the witness says it cosigned last.
func conflictSize(answer []byte, size int64) (int64, error) {
	old, err := strconv.ParseInt(strings.TrimSuffix(string(answer), "\n"), 10, 64)
	if err != nil || old < 0 {
		return 0, errors.New("read witness's answer: a conflict without a size")
	}
	if old > size {
		return 0, ahead(old, size)
	}
	return old, nil
}

// ahead says that a witness remembers more than the ledger has.
func ahead(old, size int64) error {
	return fmt.Errorf("%w: it cosigned %d entries, the ledger has %d", ErrContradiction, old, size)
}

// refusal turns a status into an error: conflict without a size and a proof
// that does not hold mean another history.
func refusal(status int, answer []byte) error {
	reason, _, _ := strings.Cut(strings.ToValidUTF8(string(answer), "?"), "\n")
	reason = reason[:min(len(reason), 200)]
	switch status {
	case http.StatusConflict, http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %d %s", ErrContradiction, status, reason)
	case http.StatusNotFound:
		return errors.New("ask witness: it does not know this ledger, or its address is another (404)")
	case http.StatusForbidden:
		return errors.New("ask witness: it knows another key for this ledger (403)")
	}
	return fmt.Errorf("ask witness: it answers %d %s", status, reason)
}
