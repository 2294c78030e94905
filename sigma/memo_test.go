package sigma

import (
	"fmt"
	"slices"
	"testing"
)

// TestValueMemo: what the memo returns for a text is what was put for it and
// the same slot, also once its space was full and all was forgotten; its memory
// does not grow.
func TestValueMemo(t *testing.T) {
	for _, size := range []int{8, 900, memoLongest} {
		v := newValueMemo()
		known := map[string][]int32{}
		hits := 0
		for i := range 40_000 {
			slot, number := uint32(i%3), i%171
			if i%4 == 0 {
				number = i // comes once
			}
			text := fmt.Sprintf("%0*d", size, number)
			key := fmt.Sprint(slot, number)
			e, found, ok := v.get(slot, text)
			if ok {
				hits++
				if !slices.Equal(found, known[key]) {
					t.Fatalf("slot %d %.20q: got %v, want %v", slot, text, found, known[key])
				}
				continue
			}
			found = make([]int32, i%5)
			for j := range found {
				found[j] = int32(i + j)
			}
			known[key] = found
			v.put(e, text, found)
			if again, ok := lookAgain(&v, slot, text); !ok || !slices.Equal(again, found) {
				t.Fatalf("slot %d %.20q: put %v, got %v %v", slot, text, found, again, ok)
			}
		}
		if hits < 5_000 || size > 8 && v.round < 2 || cap(v.text) > memoText || cap(v.found) > memoFound {
			t.Errorf("size %d: %d hits, round %d, %d bytes of text, %d results",
				size, hits, v.round, cap(v.text), cap(v.found))
		}
	}
}

func lookAgain(v *valueMemo, slot uint32, text string) ([]int32, bool) {
	_, found, ok := v.get(slot, text)
	return found, ok
}

// TestMemoRests: a slot whose texts never come again is not asked for a while,
// one whose texts do always is.
func TestMemoRests(t *testing.T) {
	var never, often memoStats
	asked := 0
	for range memoSample + memoRest {
		if never.pays() {
			asked++
		}
		if !often.pays() {
			t.Fatal("left a slot alone whose texts are known")
		}
		often.known++
	}
	if asked != memoSample {
		t.Errorf("asked %d times, want %d", asked, memoSample)
	}
}
