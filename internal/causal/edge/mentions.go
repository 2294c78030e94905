package edge

import "strings"

const maxCmdLine = 8 << 10

// CodeMentions returns the files in the first 8 KiB of a command line whose content
// would run: quoted strings and words, cut at the comma of an entry point, with an
// extension that holds code. The program itself is left out.
func CodeMentions(cmd string) []string {
	if len(cmd) > maxCmdLine {
		cmd = cmd[:maxCmdLine]
	}
	var found []string
	for i, token := range cmdTokens(cmd) {
		token, _, _ = strings.Cut(token, ",")
		if ext := Extension(token); i > 0 && Code(token) && len(token) > len(ext)+1 {
			found = append(found, token)
		}
	}
	return found
}

// cmdTokens splits a command line at blanks outside quotes and at = ; | & ( ).
func cmdTokens(cmd string) []string {
	quote := rune(0)
	return strings.FieldsFunc(cmd, func(r rune) bool {
		switch {
		case r == '"' || r == '\'':
			if quote == 0 {
				quote = r
			} else if quote == r {
				quote = 0
			}
			return true
		case quote != 0:
			return false
		}
		return strings.ContainsRune(" \t\r\n=;|&()<>", r)
	})
}
