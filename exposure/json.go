package exposure

import "github.com/evident-sec/evident/register"

// PathView is a path as the command line and the API print it.
type PathView struct {
	From  string        `json:"from"`
	To    string        `json:"to"`
	Aim   Aim           `json:"aim"`
	Band  register.Band `json:"band"`
	Days  float64       `json:"effort_days"`
	Seen  Sight         `json:"seen"`
	Steps []StepView    `json:"steps"`
}

// StepView is a move of a path.
type StepView struct {
	From      string        `json:"from"`
	To        string        `json:"to"`
	Rule      string        `json:"rule"`
	Text      string        `json:"text"`
	Technique string        `json:"technique,omitempty"`
	Band      register.Band `json:"band"`
	Days      float64       `json:"effort_days"`
	Seen      Sight         `json:"seen"`
	Because   string        `json:"because"`
	File      string        `json:"file"`
	Line      int           `json:"line"`
	Damped    []string      `json:"damped_by,omitempty"`
	Cuts      []string      `json:"cut_by,omitempty"`
	Needs     []PathView    `json:"needs,omitempty"`
}

// PathJSON returns the view of a path.
func PathJSON(p Path) PathView {
	v := PathView{From: p.From, To: p.To, Aim: p.Aim, Band: p.Band, Days: p.Days, Seen: p.Seen}
	for _, s := range p.Steps {
		m := s.Move
		rule := ruleNamed(m.Rule)
		step := StepView{
			From: m.From, To: m.To, Rule: m.Rule, Text: rule.Text, Technique: rule.Technique, Band: m.Band,
			Days: m.Days, Seen: m.Sight, Because: m.Because, File: m.Place.File, Line: m.Place.Line,
			Damped: m.Damped, Cuts: m.Cuts,
		}
		for _, n := range s.Needs {
			step.Needs = append(step.Needs, PathJSON(n))
		}
		v.Steps = append(v.Steps, step)
	}
	return v
}
