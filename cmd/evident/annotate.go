package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/event"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/story"
)

type annotateCmd struct {
	console.DataFlag
	Step   int       `placeholder:"N" help:"The step that is meant; without it the incident."`
	Reason string    `help:"Why; every overlay needs one."`
	Text   string    `help:"The comment, the new name, or the sentence of an added step."`
	At     time.Time `placeholder:"TIME" help:"When an added step happened, e.g. 2026-11-18T02:20:00Z."`
	Host   string    `help:"Where an added step happened."`
	Event  []string  `placeholder:"ID" help:"Event that an added step rests on; repeatable."`
	Note   string    `placeholder:"UID" help:"The overlay that withdraw takes back; it stays visible."`
	Key    string    `placeholder:"FILE" type:"path" help:"Sign with this private key as well, see evident exposure record key."`
	Signer []string  `placeholder:"FILE" type:"path" help:"Public key to check signatures with when listing; repeatable."`
	JSON   bool      `help:"Print JSON."`
	Seed   string    `arg:"" name:"incident" help:"Incident, finding or event identifier."`
	Kind   string    `arg:"" optional:"" enum:",confirm,reject,add,rename,comment,pin,withdraw" default:"" help:"confirm, reject, add, rename, comment, pin or withdraw; without it what was said is listed."`
}

// Help shows an example.
func (annotateCmd) Help() string {
	return "Example:\n  evident reconstruct annotate --data /tmp/case1 12-7 confirm --step 2 --reason 'seen by us'\n" +
		"  evident reconstruct annotate --data /tmp/case1 12-7"
}

// Run seals one overlay, or lists what was said.
func (c *annotateCmd) Run(e *console.Env) error {
	n, err := openReader(e, c.Dir(), "evident reconstruct annotate")
	if err != nil {
		return err
	}
	defer n.Close()
	if c.Kind == "" {
		list, err := n.Overlays(e.Context, console.SystemCaller(), c.Seed)
		if err != nil {
			return err
		}
		return c.list(e, list)
	}
	o, err := c.overlay()
	if err != nil {
		return err
	}
	sign, err := signerOf(c.Key)
	if err != nil {
		return err
	}
	if o, err = n.Annotate(e.Context, console.SystemCaller(), c.Seed, o, sign); err != nil {
		return err
	}
	if err := n.Settle(e.Context); err != nil {
		return err
	}
	if c.JSON {
		return console.JSONLine(e.Stdout, o)
	}
	_, err = fmt.Fprintf(e.Stdout, "%s is said of %s and sealed; evident prove %s shows its proof\n",
		o.UID, console.Plain(o.Incident), o.Record)
	return err
}

func (c *annotateCmd) overlay() (story.Overlay, error) {
	o := story.Overlay{
		Kind: story.Kind(c.Kind), Step: c.Step, Reason: c.Reason, Text: c.Text, At: c.At.UTC(),
		Host: c.Host, Withdraws: c.Note,
	}
	if c.At.IsZero() {
		o.At = time.Time{}
	}
	for _, text := range c.Event {
		id, err := event.ParseID(text)
		if err != nil {
			return o, err
		}
		o.Events = append(o.Events, id)
	}
	return o, nil
}

// list prints what was said; a signature is checked where its key is given.
func (c *annotateCmd) list(e *console.Env, list []story.Overlay) error {
	if c.JSON {
		return console.JSONLine(e.Stdout, map[string]any{"overlays": append([]story.Overlay{}, list...)})
	}
	keys, err := console.ReadVerifiers(c.Signer)
	if err != nil {
		return err
	}
	wrong := false
	for i := range list {
		o := &list[i]
		words, bad := signatureWords(o, keys)
		wrong = wrong || bad
		where := "incident"
		if o.Step > 0 {
			where = fmt.Sprintf("step %d", o.Step)
		}
		said := story.Note{Overlay: *o, Withdrawn: withdrawn(list, o.UID)}
		fmt.Fprintf(e.Stdout, "%s  %-8s  record %s  %s  %s\n", o.UID, where, o.Record, words,
			console.Plain(said.Says()))
	}
	if wrong {
		return console.ErrWrong
	}
	return nil
}

func withdrawn(list []story.Overlay, uid string) bool {
	return slices.ContainsFunc(list, func(o story.Overlay) bool {
		return o.Kind == story.Withdraw && o.Withdraws == uid
	})
}

// signerOf returns what signs with the key in the file; nil without a file.
func signerOf(file string) (func([]byte) (string, error), error) {
	if file == "" {
		return nil, nil
	}
	signer, err := console.ReadSigner(file)
	if err != nil {
		return nil, err
	}
	return func(text []byte) (string, error) {
		signed, err := note.Sign(&note.Note{Text: string(text)}, signer)
		if err != nil {
			return "", err
		}
		return strings.TrimSuffix(strings.TrimPrefix(string(signed), string(text)+"\n"), "\n"), nil
	}, nil
}

// signatureWords says what an overlay's own signature is worth, and whether it
// is wrong. All overlays are under the signature of a checkpoint besides.
func signatureWords(o *story.Overlay, keys note.Verifiers) (words string, wrong bool) {
	if o.Signature == "" {
		return "sealed", false
	}
	text, err := o.Signable()
	if err != nil {
		return "signature cannot be checked", true
	}
	signed, err := note.Open(append(append(text, '\n'), o.Signature+"\n"...), keys)
	var unknown *note.UnverifiedNoteError
	switch {
	case errors.As(err, &unknown):
		return "sealed, signed by a key that was not given", false
	case err != nil:
		return "SIGNATURE IS WRONG", true
	}
	return "sealed, signed by " + cmp.Or(console.Plain(signed.Sigs[0].Name), "?"), false
}
