package textmatch

// Nearest returns the name that differs least from word, "" when none is
// near: at most a third of the word's bytes may differ.
func Nearest(word string, names []string) string { return NearestWithin(word, names, len(word)/3) }

// NearestWithin is Nearest where at most that many bytes may differ.
func NearestWithin(word string, names []string, most int) string {
	best, least := "", most
	for _, n := range names {
		if d := distance(word, n, least); d <= least && (best == "" || d < least) {
			best, least = n, d
		}
	}
	return best
}

// distance is the Levenshtein distance in bytes, or more than most.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most || len(a) > 100 {
		return most + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
