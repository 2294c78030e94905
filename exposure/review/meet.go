package review

import (
	"strings"

	"github.com/evident-sec/evident/register"
)

// Meet returns the register as it would be with the conditions met, so that they
// can be checked from scratch. Conditions that ask to settle a finding are left
// to people.
func Meet(in Input, conditions []Condition) *register.Register {
	next := in.Next.Clone()
	for _, c := range conditions {
		it, there := next.Find(c.Entity)
		switch {
		case c.Field != "" && there:
			for _, t := range termsFor(it.Value) {
				if t.field == c.Field && t.value == c.Value {
					t.set(it.Value)
				}
			}
		case strings.HasSuffix(c.Text, leaveOut), strings.HasSuffix(c.Text, keepIt):
			next = next.Restore(in.Base, c.Entity)
		}
	}
	return next
}
