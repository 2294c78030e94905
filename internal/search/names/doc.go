// Package names is the OCSF names that stand for numbers in columns: severities,
// classes and activities, and the SQL that gives or compares them. Names and
// numbers are those of OCSF as package event lists them; nothing that a person
// typed is part of the SQL.
package names
