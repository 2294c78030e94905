package state

// schema is applied in order; PRAGMA user_version counts what was applied.
// Released statements never change: a new version is a new element.
var schema = []string{`
CREATE TABLE progress (id INTEGER PRIMARY KEY CHECK (id = 1), through INTEGER NOT NULL) STRICT;
INSERT INTO progress VALUES (1, 0);
CREATE TABLE batches (id BLOB PRIMARY KEY, entry INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE findings (
  uid TEXT PRIMARY KEY, time INTEGER NOT NULL, severity INTEGER NOT NULL,
  rule TEXT NOT NULL, title TEXT NOT NULL, host TEXT NOT NULL,
  entry INTEGER NOT NULL, leaf INTEGER NOT NULL, incident TEXT NOT NULL DEFAULT '',
  body BLOB NOT NULL) STRICT;
CREATE INDEX findings_time ON findings (time);
CREATE INDEX findings_event ON findings (entry, leaf);
CREATE TABLE dead_letters (
  entry INTEGER NOT NULL, leaf INTEGER NOT NULL, source TEXT NOT NULL,
  position INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (entry, leaf)) STRICT, WITHOUT ROWID;
CREATE TABLE sources (
  name TEXT NOT NULL, host TEXT NOT NULL, events INTEGER NOT NULL, dead INTEGER NOT NULL,
  first INTEGER NOT NULL, last INTEGER NOT NULL, received INTEGER NOT NULL,
  PRIMARY KEY (name, host)) STRICT, WITHOUT ROWID;
CREATE TABLE incidents (uid TEXT PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE TABLE verifications (time INTEGER PRIMARY KEY, ok INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
`, `
ALTER TABLE findings ADD COLUMN check_value BLOB;
`, `
CREATE INDEX findings_rule ON findings (rule, time);
`, `
CREATE TABLE correlation_windows (
  correlation TEXT NOT NULL, grp BLOB NOT NULL, part INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (correlation, grp, part)) STRICT;
`, `
CREATE TABLE overlays (
  uid TEXT PRIMARY KEY, incident TEXT NOT NULL, event TEXT NOT NULL, time INTEGER NOT NULL,
  entry INTEGER NOT NULL, leaf INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
CREATE INDEX overlays_incident ON overlays (incident);
CREATE INDEX overlays_event ON overlays (event);
`, `
CREATE TABLE searches (
  name TEXT PRIMARY KEY, query TEXT NOT NULL, note TEXT NOT NULL, saved_by TEXT NOT NULL,
  saved INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`}
