package lint

import "strings"

// maxSpelt bounds the words that are compared for a suggestion, in bytes.
const maxSpelt = 60

// nearest returns the word of the list that is most like the given one, "" when
// none is near.
func nearest(word string, list []string) string {
	word = strings.ToLower(word)
	if len(word) > maxSpelt {
		return ""
	}
	best, least := "", max(1, min(3, len(word)/3))+1
	for _, w := range list {
		if d := distance(word, w); d < least {
			best, least = w, d
		}
	}
	return best
}

// didYouMean returns a hint towards the nearest word of the list, else "".
func didYouMean(word string, list []string) string {
	if near := nearest(word, list); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// distance is the number of letters to add, drop, change or swap with the next
// (optimal string alignment) to turn a into b.
func distance(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}
