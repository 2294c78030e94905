# One statement a line, \n is a line break. All have to be refused.
# Writing.
INSERT INTO hot_1 SELECT * FROM hot_1
DELETE FROM hot_1
UPDATE hot_1 SET leaf = 0
DROP TABLE hot_1
CREATE TABLE x AS SELECT 1
CREATE VIEW x AS SELECT 1
CREATE OR REPLACE MACRO lower(x) AS x
ALTER TABLE hot_1 RENAME TO x
TRUNCATE hot_1
MERGE INTO hot_1 USING events ON true WHEN MATCHED THEN DELETE
WITH a AS (DELETE FROM hot_1 RETURNING *) SELECT * FROM a
COPY (SELECT 1) TO 'OUTSIDE.copy'
COPY hot_1 FROM 'OUTSIDE'
EXPORT DATABASE 'LAKE/x'
CHECKPOINT
VACUUM
# Settings, extensions, other databases.
SET enable_external_access = true
SET threads = 99
RESET memory_limit
PRAGMA enable_profiling
PRAGMA database_list
INSTALL httpfs
LOAD httpfs
ATTACH 'OUTSIDE.db' AS x
USE temp
BEGIN
ROLLBACK
SELECT current_setting('temp_directory')
SELECT getenv('HOME')
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_secrets()
SELECT set_config('threads', '9', false)
PREPARE x AS SELECT 1
EXECUTE x
CALL pragma_version()
EXPLAIN SELECT * FROM events
EXPLAIN ANALYZE SELECT * FROM events
DESCRIBE events
SUMMARIZE events
SHOW TABLES
FROM (DESCRIBE events)
FROM (SHOW ALL TABLES)
# Other tables, the catalog, the secret.
SELECT * FROM hot_1
SELECT raw FROM hot_1
SELECT * FROM shape
SELECT * FROM main.hot_1
SELECT * FROM memory.main.hot_1
SELECT * FROM temp.part
SELECT * FROM main.events
SELECT * FROM information_schema.tables
SELECT * FROM duckdb_tables
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_views()
SELECT * FROM duckdb_functions()
SELECT * FROM sqlite_master
SELECT * FROM pragma_table_info('hot_1')
SELECT * FROM query('SELECT * FROM hot_1')
SELECT * FROM query_table('hot_1')
SELECT * FROM (SELECT * FROM (SELECT * FROM hot_1))
SELECT (SELECT count(*) FROM hot_1)
SELECT * FROM events WHERE EXISTS (SELECT 1 FROM hot_1)
SELECT * FROM events UNION ALL SELECT * FROM hot_1
SELECT CASE WHEN (SELECT count(*) FROM hot_1) > 0 THEN 1 END
SELECT list_transform([1], x -> (SELECT max(leaf) FROM hot_1))
SELECT count(*) FILTER (WHERE (SELECT true FROM hot_1)) FROM events
SELECT 1 ORDER BY (SELECT max(leaf) FROM hot_1)
SELECT 1 LIMIT (SELECT max(leaf) FROM hot_1)
SELECT * FROM events e JOIN hot_1 h ON true
SELECT * FROM events, LATERAL (SELECT * FROM hot_1)
SELECT raw_data FROM events
SELECT raw FROM events
SELECT e.entry FROM events
WITH hot_1 AS (SELECT 1) SELECT * FROM hot_1
WITH hot_2 AS (SELECT 1) SELECT * FROM hot_2
WITH shape AS (SELECT 1) SELECT * FROM shape
WITH duckdb_tables AS (SELECT 1) SELECT * FROM duckdb_tables
WITH sqlite_master AS (SELECT 1) SELECT * FROM sqlite_master
WITH events AS (SELECT 1) SELECT * FROM events
SELECT * FROM (WITH "ORIGINALS" AS (SELECT 1) SELECT 1), "ORIGINALS"
WITH RECURSIVE a AS (SELECT 1 AS x UNION ALL SELECT x FROM a) SELECT * FROM a
SELECT $1
SELECT $1 || $2 || $3
SELECT ?
SELECT $secret
SELECT getvariable('x')
# Files.
SELECT * FROM 'OUTSIDE'
SELECT * FROM "COLUMNS_FILE"
SELECT * FROM 'ORIGINALS'
SELECT * FROM read_csv('OUTSIDE')
SELECT * FROM read_text('OUTSIDE')
SELECT * FROM read_blob('ORIGINALS')
SELECT * FROM read_parquet('ORIGINALS')
SELECT * FROM parquet_scan('ORIGINALS')
SELECT * FROM parquet_metadata('COLUMNS_FILE')
SELECT * FROM parquet_schema('COLUMNS_FILE')
SELECT * FROM read_json('OUTSIDE')
SELECT * FROM glob('LAKE/*')
SELECT * FROM sniff_csv('OUTSIDE')
SELECT * FROM 'https://127.0.0.1/x.parquet'
SELECT * FROM iceberg_scan('LAKE')
# More than one, or none.
SELECT 1; SELECT 2
SELECT 1; DROP TABLE hot_1
;
-- nothing
/* nothing */
SELECT 1) UNION ALL (SELECT 1 FROM hot_1
SELECT 1) ; DROP TABLE hot_1; --
SELECT 1 /* */ ; /* */ SELECT 2
SELECT 1 -- \n; DROP TABLE hot_1
SELECT
# Other forms.
TABLE hot_1
FROM hot_1
VALUES ((SELECT max(leaf) FROM hot_1))
PIVOT events ON class_uid USING count(*)
UNPIVOT events ON class_uid INTO NAME n VALUE v
SELECT * FROM events TABLESAMPLE 10% (bernoulli), hot_1
SELECT * FROM events POSITIONAL JOIN hot_1
SELECT nextval('x')
SELECT txid_current()
SELECT currval('x')
SELECT error('x')
SELECT in_search_path('a', 'b')
SELECT json_serialize_sql('SELECT 1')
SELECT * FROM json_execute_serialized_sql('{}')
SELECT * FROM sql_auto_complete('SEL')
SELECT * FROM summary((SELECT * FROM events))
SELECT main.lower('x')
SELECT nosuch(1)
SELECT nosuch FROM events
SELECT 'a' + 1
