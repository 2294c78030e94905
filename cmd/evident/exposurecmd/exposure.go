package exposurecmd

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/evident-sec/evident/exposure"
	"github.com/evident-sec/evident/exposure/checks"
	"github.com/evident-sec/evident/exposure/packs"
	"github.com/evident-sec/evident/internal/console"
	"github.com/evident-sec/evident/register"
)

type Cmd struct {
	Check  checkCmd  `cmd:"" help:"Check the register and judge it by standards."`
	Paths  pathsCmd  `cmd:"" help:"Show how footholds reach holdings, and where to cut."`
	Gaps   gapsCmd   `cmd:"" help:"Rank what to build, buy or configure next."`
	Review reviewCmd `cmd:"" help:"Review a proposal before it is signed."`
	Record recordCmd `cmd:"" help:"Sign, seal and check the record of a review."`
	Import importCmd `cmd:"" help:"Turn foreign models into register files."`
	Export exportCmd `cmd:"" help:"Write the register for other tools, or counts only for vendors."`
	Schema schemaCmd `cmd:"" help:"Print the JSON Schema of register files, for editors."`
}

// registerArg is the folder of a register and the day it is judged on.
type registerArg struct {
	Day      string `placeholder:"DATE" help:"Judge as of this day, e.g. 2026-11-22; default is today."`
	Register string `arg:"" name:"register" help:"Folder of the register."`
}

// load reads the register and the day that it is judged on.
func (f registerArg) load(e *console.Env) (*register.Register, time.Time, error) {
	day, err := dayOf(f.Day)
	if err != nil {
		return nil, day, err
	}
	r, err := loadRegister(e, f.Register)
	return r, day, err
}

func dayOf(text string) (time.Time, error) {
	if text == "" {
		return time.Now().UTC().Truncate(24 * time.Hour), nil
	}
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return d, fmt.Errorf("read --day: %q is not a day such as 2026-11-22", text)
	}
	return d, nil
}

// loadRegister reads a sound register; its problems are printed, one a line.
func loadRegister(e *console.Env, dir string) (*register.Register, error) {
	r, problems, err := register.Load(os.DirFS(dir))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return r, printProblems(e, dir, problems)
}

func printProblems(e *console.Env, dir string, problems []register.Problem) error {
	for _, p := range problems {
		fmt.Fprintf(e.Stdout, "%s/%s\n", console.Plain(strings.TrimSuffix(dir, "/")), console.Plain(p.String()))
	}
	if len(problems) > 0 {
		return fmt.Errorf("the register has %d problems; nothing was judged", len(problems))
	}
	return nil
}

type checkCmd struct {
	JSON bool `help:"One finding a line."`
	All  bool `help:"Also list what is waived or attested."`
	registerArg
}

// Help shows an example.
func (checkCmd) Help() string {
	return "Example:\n  evident exposure check examples/harbor/register"
}

// findingLine is one line of exposure check --json.
type findingLine struct {
	Rule       string   `json:"rule"`
	Severity   string   `json:"severity,omitempty"`
	State      string   `json:"state"`
	File       string   `json:"file,omitempty"`
	Line       int      `json:"line,omitempty"`
	Entity     string   `json:"entity,omitempty"`
	Title      string   `json:"title"`
	Text       string   `json:"text"`
	References []string `json:"references"`
}

// Run exits 1 when a finding is open.
func (c *checkCmd) Run(e *console.Env) error {
	r, day, err := c.load(e)
	if err != nil {
		return err
	}
	pack, err := checks.LoadPack(packs.FS)
	if err != nil {
		return fmt.Errorf("load checks: %w", err)
	}
	open := 0
	for _, f := range checks.Run(pack, r, exposure.Derive(r, day), day) {
		if f.State == checks.Open {
			open++
		}
		if f.State != checks.Open && !c.All && !c.JSON {
			continue
		}
		if err := c.print(e, f); err != nil {
			return err
		}
	}
	if !c.JSON {
		fmt.Fprintf(e.Stdout, "%d entities, %d open findings; checks as of %s\n", len(r.Items()), open, pack.AsOf)
	}
	if open > 0 {
		return console.ErrWrong
	}
	return nil
}

func (c *checkCmd) print(e *console.Env, f checks.Finding) error {
	if c.JSON {
		return console.JSONLine(e.Stdout, findingLine{
			f.Check.ID, f.Severity, string(f.State), f.Place.File, f.Place.Line, f.Entity, f.Title, f.Text,
			[]string{f.Source + ", " + f.Control},
		})
	}
	where := "register"
	if f.Place.File != "" {
		where = fmt.Sprintf("%s:%d", f.Place.File, f.Place.Line)
	}
	mark := f.Severity
	if f.State != checks.Open {
		mark = string(f.State)
	}
	_, err := fmt.Fprintf(e.Stdout, "%-8s %s: %s: %s [%s, %s %s]\n", mark, console.Plain(where), console.Plain(f.Entity), console.Plain(f.Text),
		f.Check.ID, f.Standard, f.Control)
	return err
}

type pathsCmd struct {
	JSON   bool   `help:"One JSON object a line: paths, then choke points, then controls."`
	Aim    string `enum:"most-likely,least-effort,least-seen" default:"most-likely" help:"What the adversary goes for: most-likely, least-effort, least-seen."`
	From   string `placeholder:"ID" help:"Only from this foothold."`
	To     string `placeholder:"ID" help:"Only to this holding."`
	Ways   int    `default:"1" help:"How many ways to list for a pair given by --from and --to."`
	Budget int    `placeholder:"N" help:"Also choose planned controls that cost at most this much."`
	Limit  int    `default:"30" help:"How many paths to list."`
	registerArg
}

// Help shows an example.
func (pathsCmd) Help() string {
	return "Example:\n  evident exposure paths --budget 12 examples/harbor/register"
}

// Run lists paths, choke points and what they hang on.
func (c *pathsCmd) Run(e *console.Env) error {
	r, day, err := c.load(e)
	if err != nil {
		return err
	}
	for _, id := range []string{c.From, c.To} {
		if _, known := r.Find(id); id != "" && !known {
			return fmt.Errorf("the register has no %q", id)
		}
	}
	m := exposure.Derive(r, day)
	paths := c.paths(m)
	if c.JSON {
		return c.printJSON(e, r, m, paths)
	}
	for _, p := range paths {
		fmt.Fprintf(e.Stdout, "%-8s  %s to %s: %g days, %s\n", p.Band, console.Plain(r.Label(p.From)), console.Plain(r.Label(p.To)), p.Days, p.Seen)
		printSteps(e, r, p, "          ")
	}
	if c.From != "" || c.To != "" {
		return nil
	}
	return c.printWhole(e, r, m)
}

// paths are the paths asked for.
func (c *pathsCmd) paths(m *exposure.Model) []exposure.Path {
	if c.From != "" && c.To != "" {
		return m.Alternatives(c.From, c.To, exposure.Aim(c.Aim), max(c.Ways, 1))
	}
	var out []exposure.Path
	for _, p := range m.Paths(exposure.Aim(c.Aim), m.HoldingIDs()) {
		if (c.From == "" || p.From == c.From) && (c.To == "" || p.To == c.To) && len(out) < c.Limit {
			out = append(out, p)
		}
	}
	return out
}

func printSteps(e *console.Env, r *register.Register, p exposure.Path, indent string) {
	for _, s := range p.Steps {
		fmt.Fprintf(e.Stdout, "%s%s → %s: %s (%s; %s:%d)\n", indent, console.Plain(r.Label(s.Move.From)), console.Plain(r.Label(s.Move.To)),
			exposure.RuleText(s.Move.Rule), s.Move.Band, console.Plain(s.Move.Place.File), s.Move.Place.Line)
		for _, n := range s.Needs {
			fmt.Fprintf(e.Stdout, "%s  which also takes %s:\n", indent, console.Plain(r.Label(n.To)))
			printSteps(e, r, n, indent+"    ")
		}
	}
}

// printWhole prints what concerns the register as a whole.
func (c *pathsCmd) printWhole(e *console.Env, r *register.Register, m *exposure.Model) error {
	w := tabwriter.NewWriter(e.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nholding\tcut by\tcost\tevery path passes")
	for _, k := range m.Chokes(m.HoldingIDs()) {
		by, price := "no set of planned controls", ""
		if k.Possible {
			by, price = strings.Join(k.Controls, ", "), fmt.Sprint(k.Cost)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", console.Plain(r.Label(k.Holding)), console.Plain(by), price, console.Plain(strings.Join(k.Through, ", ")))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if c.Budget > 0 {
		printChoice(e, exposure.Choose(r, m, c.Budget))
	}
	fmt.Fprintln(e.Stdout, "\nOne band off in these entries changes the order of holdings most:")
	for _, s := range m.Swings(5) {
		fmt.Fprintf(e.Stdout, "  %s (%s:%d): %s to %s is %s\n", console.Plain(s.Because), console.Plain(s.Place.File), s.Place.Line,
			console.Plain(r.Label(s.From)), console.Plain(r.Label(s.To)), s.Band)
	}
	return nil
}

func printChoice(e *console.Env, c exposure.Choice) {
	how := "no other choice within the budget does better"
	if !c.Exact {
		how = fmt.Sprintf("at most %.0f%% of the exposure from the best choice", 100*c.Gap)
	}
	fmt.Fprintf(e.Stdout, "\nfor the budget: %s, cost %d (%s)\n", console.Plain(strings.Join(c.Controls, ", ")), c.Cost, how)
}

// printJSON prints the same as objects.
func (c *pathsCmd) printJSON(e *console.Env, r *register.Register, m *exposure.Model, paths []exposure.Path) error {
	for _, p := range paths {
		if err := console.JSONLine(e.Stdout, map[string]any{"path": exposure.PathJSON(p)}); err != nil {
			return err
		}
	}
	for _, k := range m.Chokes(m.HoldingIDs()) {
		if err := console.JSONLine(e.Stdout, map[string]any{"choke": map[string]any{
			"holding": k.Holding, "controls": k.Controls, "cost": k.Cost, "possible": k.Possible, "through": k.Through,
		}}); err != nil {
			return err
		}
	}
	if c.Budget == 0 {
		return nil
	}
	choice := exposure.Choose(r, m, c.Budget)
	return console.JSONLine(e.Stdout, map[string]any{"choice": map[string]any{
		"controls": choice.Controls, "cost": choice.Cost, "exact": choice.Exact, "gap": choice.Gap,
	}})
}

type schemaCmd struct{}

// Help shows an example.
func (schemaCmd) Help() string {
	return "Example:\n  evident exposure schema > register.schema.json"
}

// Run prints the schema.
func (schemaCmd) Run(e *console.Env) error {
	_, err := e.Stdout.Write(register.Schema())
	return err
}
