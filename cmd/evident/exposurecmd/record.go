package exposurecmd

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/exposure/review"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/internal/node"
)

type recordCmd struct {
	Key   recordKeyCmd   `cmd:"" help:"Make a key for a role that signs reviews."`
	Sign  recordSignCmd  `cmd:"" help:"Sign the record of a report; the second signer signs what the first one wrote."`
	Seal  recordSealCmd  `cmd:"" help:"Write a report and its signed record to the journal."`
	Check recordCheckCmd `cmd:"" help:"Check that two roles signed the record of a report."`
}

type recordKeyCmd struct {
	Role string `required:"" placeholder:"ID" help:"Identifier of the role in the register."`
	Out  string `required:"" placeholder:"FILE" type:"path" help:"File for the private key."`
}

// Help shows an example.
func (recordKeyCmd) Help() string {
	return "Example:\n  evident exposure record key --role ciso --out ciso.key > ciso.pub"
}

// Run writes the private key to its file and prints the public one.
func (c *recordKeyCmd) Run(e *console.Env) error {
	return console.MakeKey(e, c.Role, c.Out)
}

// signersFlag names the public keys that may have signed.
type signersFlag struct {
	Signer []string `placeholder:"FILE" type:"path" help:"Public key of a role; repeatable."`
}

func (f signersFlag) known() (note.Verifiers, error) { return console.ReadVerifiers(f.Signer) }

type recordSignCmd struct {
	signersFlag
	Key    string `required:"" placeholder:"FILE" type:"path" help:"Private key of the role."`
	Report string `arg:"" type:"path" help:"The report, as exposure review --output json printed it."`
	Record string `arg:"" optional:"" type:"path" help:"The record that another role has signed."`
}

// Help shows an example.
func (recordSignCmd) Help() string {
	return "Example:\n  evident exposure record sign --key ciso.key review.json > review.record"
}

// Run prints the signed record.
func (c *recordSignCmd) Run(e *console.Env) error {
	report, err := os.ReadFile(c.Report)
	if err != nil {
		return fmt.Errorf("read report: %w", err)
	}
	signer, err := console.ReadSigner(c.Key)
	if err != nil {
		return err
	}
	known, err := c.known()
	if err != nil {
		return err
	}
	text, err := review.NewRecord(report)
	if err != nil {
		return err
	}
	record := []byte(text)
	if c.Record != "" {
		if record, err = os.ReadFile(c.Record); err != nil {
			return fmt.Errorf("read record: %w", err)
		}
		if !strings.HasPrefix(string(record), text+"\n") {
			return fmt.Errorf("%s is not a record of %s", c.Record, c.Report)
		}
	}
	signed, err := review.Sign(record, signer, known)
	if err != nil {
		return err
	}
	_, err = e.Stdout.Write(signed)
	return err
}

// recordArgs are a report and its record.
type recordArgs struct {
	signersFlag
	Report string `arg:"" type:"path" help:"The report."`
	Record string `arg:"" type:"path" help:"The record that two roles have signed."`
}

// check reads and checks both.
func (c *recordArgs) check() (report, record []byte, roles []string, err error) {
	if report, err = os.ReadFile(c.Report); err != nil {
		return nil, nil, nil, fmt.Errorf("read report: %w", err)
	}
	if record, err = os.ReadFile(c.Record); err != nil {
		return nil, nil, nil, fmt.Errorf("read record: %w", err)
	}
	known, err := c.known()
	if err != nil {
		return nil, nil, nil, err
	}
	roles, err = review.Check(record, report, known)
	return report, record, roles, err
}

type recordCheckCmd struct{ recordArgs }

// Help shows an example.
func (recordCheckCmd) Help() string {
	return "Example:\n  evident exposure record check --signer ciso.pub --signer privacy.pub review.json review.record"
}

// Run exits 1 when the record does not hold.
func (c *recordCheckCmd) Run(e *console.Env) error {
	_, _, roles, err := c.check()
	if err != nil {
		fmt.Fprintf(e.Stderr, "evident: %s\n", console.Plain(err.Error()))
		return console.ErrWrong
	}
	fmt.Fprintf(e.Stdout, "signed by %s\n", strings.Join(roles, " and "))
	return nil
}

type recordSealCmd struct {
	console.DataFlag
	recordArgs
}

// Help shows an example.
func (recordSealCmd) Help() string {
	return "Example:\n  evident exposure record seal --data /tmp/case1 --signer ciso.pub --signer privacy.pub review.json review.record"
}

// sealedReview is what the journal keeps of a review.
type sealedReview struct {
	Time      time.Time       `json:"time"`
	Product   string          `json:"product"`
	Service   string          `json:"service"`
	Operation string          `json:"operation"`
	Detail    string          `json:"detail"`
	Record    string          `json:"record"`
	Report    json.RawMessage `json:"report"`
}

// Run seals and prints the identifier that evident prove takes.
func (c *recordSealCmd) Run(e *console.Env) error {
	report, record, roles, err := c.check()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(sealedReview{
		Time: time.Now().UTC(), Product: "evident", Service: "audit", Operation: "review-sealed",
		Detail: "signed by " + strings.Join(roles, " and "), Record: string(record), Report: report,
	})
	if err != nil {
		return fmt.Errorf("seal review: %w", err)
	}
	n, err := node.Open(e.Context, node.Config{Dir: c.Dir(), Command: "evident exposure record seal", NoSearch: true, Log: e.Log})
	if err != nil {
		return err
	}
	defer n.Close()
	id, err := n.Keep(e.Context, node.ReviewSource, raw)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "sealed as event %s\n", id)
	return err
}
