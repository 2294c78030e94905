// Command evident-verify checks proofs of records offline, for somebody who trusts
// neither the machine that made them nor the people who run it: it needs the
// proofs, the records' bytes, and a policy that names the keys of the log and
// of the witnesses, which has to come another way than the proofs.
//
// It links no network package and next to nothing else, so that it can be read
// whole. Formats: docs/formats/record-proof.md, proofs.md and policy.md. Exit
// codes: 0 every proof holds, 1 one does not, 2 the check could not be made.
package main
