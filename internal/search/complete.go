package search

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evident-sec/evident/internal/search/glob"
	"github.com/evident-sec/evident/internal/search/typing"
)

// maxSuggestions bounds a completion.
const maxSuggestions = 20

// Suggestion is one text that may replace what is being typed.
type Suggestion struct {
	Text    string
	Kind    string // "field", "value" or "operator"
	Caption string
	Count   int64 // events with the value; 0 for other kinds
}

// Completion says what to offer at a place of a query. The text between the
// byte offsets From and To is to be replaced by a suggestion's.
type Completion struct {
	From, To int
	Items    []Suggestion

	Field  string // the field whose value is being typed; "" elsewhere
	Prefix string // what of the value or name stands before the cursor
}

// Complete suggests field names and operators for the word at the cursor, a
// byte offset. Inside a value it says of which field, without items: see
// Engine.Complete.
func Complete(query string, cursor int) Completion {
	cursor = min(max(cursor, 0), len(query))
	for cursor > 0 && cursor < len(query) && !utf8.RuneStart(query[cursor]) {
		cursor--
	}
	c := Completion{From: typing.WordStart(query[:cursor]), To: typing.WordEnd(query, cursor)}
	word := query[c.From:cursor]
	if strings.HasPrefix(word, "-") {
		word = word[1:]
		c.From++
	}
	if name, rest, ok := strings.Cut(word, ":"); ok {
		if f, err := findField(name, 0, 0); err == nil {
			value := strings.TrimLeft(rest, "<>=(")
			c.From += len(word) - len(value)
			c.Field, c.Prefix = f.name, strings.TrimPrefix(value, `"`)
			return c
		}
	}
	if stage, ok := typing.LastStage(query[:c.From]); ok {
		c.Prefix, c.Items = word, stageItems(stage, word)
		return c
	}
	if c.Prefix = word; !strings.HasPrefix(word, `"`) {
		c.Items = suggested(word)
		if colon := strings.IndexByte(query[cursor:c.To], ':'); colon >= 0 {
			c.To = cursor + colon + 1 // the value behind a name stays
		}
	}
	return c
}

// stageItems suggests stages, then what stands in them.
func stageItems(stage, word string) (out []Suggestion) {
	words := stageWords
	if stage != "" {
		words = []string{"by"}
		for _, s := range suggested(word) {
			if s.Kind == "field" {
				s.Text = strings.TrimSuffix(s.Text, ":")
				out = append(out, s)
			}
		}
	}
	for _, w := range words {
		if strings.HasPrefix(w, word) {
			out = append(out, Suggestion{Text: w + " ", Kind: "operator"})
		}
	}
	return out[:min(maxSuggestions, len(out))]
}

// suggested suggests operators and field names for a word: those that begin with
// it first, then those that have a part beginning with it, then others that
// contain it.
func suggested(word string) []Suggestion {
	var ranked [3][]Suggestion
	for _, op := range []string{"AND", "OR", "NOT"} {
		if word != "" && strings.HasPrefix(op, word) {
			ranked[0] = append(ranked[0], Suggestion{Text: op + " ", Kind: "operator"})
		}
	}
	lower := strings.ToLower(word)
	for _, f := range fields {
		s := Suggestion{Text: f.name + ":", Kind: "field", Caption: f.caption}
		switch {
		case strings.HasPrefix(f.name, lower):
			ranked[0] = append(ranked[0], s)
		case strings.Contains("."+f.name, "."+lower):
			ranked[1] = append(ranked[1], s)
		case strings.Contains(f.name, lower):
			ranked[2] = append(ranked[2], s)
		}
	}
	out := slices.Concat(ranked[0], ranked[1], ranked[2])
	return out[:min(maxSuggestions, len(out))]
}

// Complete is the function Complete, and suggests values where one is typed.
func (e *Engine) Complete(ctx context.Context, query string, cursor int) (Completion, error) {
	c := Complete(query, cursor)
	if c.Field == "" {
		return c, nil
	}
	if _, err := countable(c.Field); err != nil {
		return c, nil // times, identifiers and raw bytes have no values to offer
	}
	values, err := e.Values(ctx, c.Field, c.Prefix, maxSuggestions)
	if err != nil {
		return c, err
	}
	for _, v := range values {
		var text strings.Builder
		g := glob.Glob(v.Value)
		g.Write(&text, meaningful(g, true))
		c.Items = append(c.Items, Suggestion{Text: text.String(), Kind: "value", Count: v.Count})
	}
	return c, nil
}
