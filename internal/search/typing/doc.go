// Package typing finds, in a query that is still being typed, the word at the
// cursor and the stage that it stands in. It reads only quotes, backslashes,
// white space, parentheses and pipes of the query language, and never fails.
package typing
