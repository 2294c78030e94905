// Package searchcmd is the commands that read events: search (the query
// language, its stages, saved searches, SQL) and export.
package searchcmd
