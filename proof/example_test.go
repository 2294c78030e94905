package proof_test

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"github.com/evident-sec/evident/proof"
)

// A proof needs the record, its text and the log's verifier key, nothing else.
func ExampleRecordProof_Verify() {
	const key = "evident.local/test+9e6eca6b+AcXbUv9EEN34b3YFub88oL7h6yPYICb8y5JODB5TUlNI"
	const text = `c2sp.org/tlog-proof@v1
extra RVZSAQEBrPdIR8KY9j2gEuAnpd1Mm/b9WPQFBedjeJEokhISx9geBYSiXZ9Dv1y9CuwB6xryIg7QhbTn8YN7DYmVjK41Og4ArPdIR8KY9j2gEuAnpd1Mm/b9WPQFBedjeJEokhISx9gBOXO3IPXNqiuEjMJvOv1Xyw==
index 0

evident.local/test
1
7/AKig+gBrYwKmrhjuvS7RMcQvwJP9T3p1+MVjD10Cw=

— evident.local/test nm7Ka7YIJhbxzScVwvjXzLGV/O18MoCH0JHp4Ush4qxnUJuqKTrymloeUAaQZAbWrzVRXRQ86T/QCeS0gznyoRsoowI=
`
	verifier, err := note.NewVerifier(key)
	if err != nil {
		panic(err)
	}
	p, err := proof.ParseRecordProof([]byte(text))
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Verify([]byte("sshd: accepted"), verifier))
	fmt.Println(p.Verify([]byte("sshd: refused"), verifier))
	// Output:
	// <nil>
	// verify leaf: the record's bytes are not those that were sealed
}
