// Package archtest holds the tests that guard the structure: which package may
// import which, that technologies stay behind one package each, documentation,
// sizes, and the wording of errors. docs/architecture.md explains the rules;
// "make shape" prints the numbers.
package archtest
