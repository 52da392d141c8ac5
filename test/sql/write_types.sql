-- What is written for each column type, by INSERT and by UPDATE; that it is read back as the same value, whatever the session's settings; what cannot be written.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER write_types_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER write_types_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA write_types_test;
SET search_path = write_types_test;
\pset null '(null)'
SET timezone = 'UTC';
SET datestyle = ISO, DMY;
SET intervalstyle = postgres;
\! "$DYNAMODB_CALL" CreateTable '{"TableName": "Write-Types", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}' >/dev/null
\! "$DYNAMODB_CALL" CreateTable '{"TableName": "Write-Keys", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "B"}, {"AttributeName": "i", "AttributeType": "N"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}], "LocalSecondaryIndexes": [{"IndexName": "by-i", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "i", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}}], "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}' >/dev/null

-- SQLSTATE, message and detail of a statement's error.
CREATE FUNCTION refused(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
BEGIN
  EXECUTE statement;
  RETURN NEXT 'not refused';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  RETURN NEXT SQLSTATE || ' ' || message;
  IF detail <> '' THEN RETURN NEXT '  DETAIL: ' || detail; END IF;
END $$;

CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TYPE pair AS (a int, b timestamptz, c float8);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);

-- strings, times and other types with a text form
CREATE TABLE local_texts (id text, t text, v varchar(20), c char(8), u uuid, mood mood, zoned timestamptz, zoned_0 timestamptz(0), zoned_3 timestamptz(3),
  plain timestamp, plain_3 timestamp(3), day date, "time" time, timetz timetz, "interval" interval, "inet" inet, cidr cidr, during tstzrange, numbers int4range,
  pair pair, bits varbit, place point, "table" regclass, x xml);
CREATE FOREIGN TABLE texts (id text OPTIONS (partition_key 'true') NOT NULL, t text, v varchar(20), c char(8), u uuid, mood mood, zoned timestamptz, zoned_0 timestamptz(0),
  zoned_3 timestamptz(3), plain timestamp, plain_3 timestamp(3), day date, "time" time, timetz timetz, "interval" interval, "inet" inet, cidr cidr,
  during tstzrange, numbers int4range, pair pair, bits varbit, place point, "table" regclass, x xml) SERVER write_types_test OPTIONS (table_name 'Write-Types');
INSERT INTO local_texts VALUES
  ('texts', 'naïve 日本 🐘', 'two  ', 'three', '7d444840-9dc0-11d1-b245-5ffdce74fad2', 'sad', '2024-01-02 03:04:05+01', '2024-01-02 03:04:05.4+01', '2024-01-02 03:04:05.12+01',
   '2024-01-02 03:04:05', '2024-01-02 03:04:05', '2024-02-29', '01:02:03.000004', '01:02:03.5+05:45', '1 year 2 mons -3 days 04:05:06.000007', '10.1.2.3/24', '10.0.0.0/8',
   '[2024-01-01 00:00:00+03,infinity)', '[1,5)', ROW(1, '2024-01-02 03:04:05+01', 0.1::float8 + 0.2), B'10101', '(0.30000000000000004,1e300)', 'local_texts', '<a>b</a>'),
  ('extremes', E'tab\t"quotes" back\\slash', 'x', 'y', NULL, NULL, '4714-11-24 00:00:00+00 BC', '0044-03-15 01:02:03+00 BC', '294276-12-31 23:59:59.999+00',
   '294276-12-31 23:59:59.999999', '12345-01-01', '5874897-12-31', '24:00:00', '01:02:03-15:59:59', '-1 mon +3 days -00:00:00.000001', '::1', '::/0', 'empty', '(,)',
   ROW(NULL, 'infinity', 'NaN'), B'1', NULL, 'pg_catalog.pg_class', NULL),
  ('infinite', 'x', 'x', 'x', NULL, NULL, 'infinity', '-infinity', 'infinity', '-infinity', 'infinity', 'infinity', NULL, NULL, '-178000000 years', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
-- written and read under settings that change how PostgreSQL shows values
SET timezone = 'Asia/Kathmandu';
SET datestyle = SQL, DMY;
SET intervalstyle = sql_standard;
SET extra_float_digits = -5;
INSERT INTO texts SELECT * FROM local_texts;
SELECT id FROM texts w JOIN local_texts l USING (id) WHERE w::text = l::text ORDER BY id;
RESET extra_float_digits;
SELECT id FROM texts w JOIN local_texts l USING (id) WHERE w::text = l::text ORDER BY id;
SET timezone = 'UTC';
SET datestyle = ISO, DMY;
SET intervalstyle = postgres;
SELECT id FROM texts w JOIN local_texts l USING (id) WHERE w::text = l::text ORDER BY id;
CREATE FOREIGN TABLE items (id text OPTIONS (partition_key 'true') NOT NULL, item jsonb OPTIONS (ddb_document 'true', document_format 'dynamodb'))
  SERVER write_types_test OPTIONS (table_name 'Write-Types');
SELECT id, name, value FROM items, jsonb_each(item) AS attribute (name, value) WHERE name <> 'id' ORDER BY id, name COLLATE "C";
DELETE FROM texts;

-- numbers, times as numbers, binary and boolean
CREATE TABLE local_numbers (id text, i2 smallint, i4 int, i8 bigint, n numeric, n_10_2 numeric(10,2), f4 real, f8 float8, b bytea, bool boolean, positive positive,
  s timestamptz, ms timestamptz, us timestamp);
CREATE FOREIGN TABLE numbers (id text OPTIONS (partition_key 'true') NOT NULL, i2 smallint, i4 int, i8 bigint, n numeric, n_10_2 numeric(10,2), f4 real, f8 float8, b bytea,
  bool boolean, positive positive, s timestamptz OPTIONS (ddb_type 'N'), ms timestamptz OPTIONS (time_unit 'ms'), us timestamp OPTIONS (time_unit 'us'))
  SERVER write_types_test OPTIONS (table_name 'Write-Types');
INSERT INTO local_numbers VALUES
  ('numbers', 1, 2, 3, 1.50, 1.50, 0.1, 0.1, '\xdeadbeef', true, 4, '2024-01-02 03:04:05+00', '2024-01-02 03:04:05.678+00', '2024-01-02 03:04:05.678901'),
  ('extremes', -32768, 2147483647, -9223372036854775808, 1e125, 12345678.90, 3.4028235e38, 1.2345678901234567e125, '\x00', false, NULL,
   '294276-12-31 23:59:59.999999+00', '4714-11-24 00:00:00+00 BC', '294276-12-31 23:59:59.999999'),
  ('fractions', 0, 0, 0, -1e-130, 0, 1e-45, 0.30000000000000004, NULL, NULL, NULL, '1969-12-31 23:59:59.9+00', '2024-01-02 03:04:05.000001+00', '1969-12-31 23:59:59.9'),
  ('digits', NULL, NULL, NULL, 12345678901234567890123456789012345678, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
SET extra_float_digits = -5;
SET bytea_output = 'escape';
INSERT INTO numbers SELECT * FROM local_numbers;
RESET extra_float_digits;
RESET bytea_output;
SELECT id FROM numbers w JOIN local_numbers l USING (id) WHERE to_jsonb(w) = to_jsonb(l) ORDER BY id;
SELECT id, name, value FROM items, jsonb_each(item) AS attribute (name, value) WHERE name <> 'id' ORDER BY id, name COLLATE "C";
DELETE FROM numbers;

-- arrays: lists, and sets where ddb_type says so
CREATE TABLE local_arrays (id text, texts text[], ints int[], bools boolean[], times timestamptz[], pairs pair[], jsonbs jsonb[], jsons json[], ss text[], ns numeric[], floats float8[],
  bs bytea[], uuids uuid[], strings jsonb[], list int[], domains positive[]);
CREATE FOREIGN TABLE arrays (id text OPTIONS (partition_key 'true') NOT NULL, texts text[], ints int[], bools boolean[], times timestamptz[], pairs pair[], jsonbs jsonb[], jsons json[],
  ss text[] OPTIONS (ddb_type 'SS'), ns numeric[] OPTIONS (ddb_type 'NS'), floats float8[] OPTIONS (ddb_type 'NS'), bs bytea[] OPTIONS (ddb_type 'BS'),
  uuids uuid[] OPTIONS (ddb_type 'SS'), strings jsonb[] OPTIONS (ddb_type 'SS'), list int[] OPTIONS (ddb_type 'L'), domains positive[])
  SERVER write_types_test OPTIONS (table_name 'Write-Types');
INSERT INTO local_arrays VALUES
  ('arrays', '{a,b,a,NULL}', '{1,2}', '{t,f,NULL}', '{2024-01-02 03:04:05+01,infinity}', ARRAY[ROW(1, '2024-01-02 03:04:05+01', 1.5)::pair], '{1,"\"s\"","null","[1,2]"}', '{1,"\"s\"","null"}',
   '{a}', '{2.5}', '{0.1}', '{"\\x01"}', '{7d444840-9dc0-11d1-b245-5ffdce74fad2}', '{"\"a\""}', '{1,1,NULL}', '{1,2}'),
  ('dimensions', '{{a,b},{c,NULL}}', '{{{1,2},{3,4}},{{5,6},{7,8}}}', '{{t}}', '{}', NULL, '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{}', '{{1},{2}}');
INSERT INTO arrays SELECT * FROM local_arrays;
SELECT id FROM arrays w JOIN local_arrays l USING (id) WHERE to_jsonb(w) = to_jsonb(l) ORDER BY id;
SELECT id, name, value FROM items, jsonb_each(item) AS attribute (name, value) WHERE name <> 'id' ORDER BY id, name COLLATE "C";
-- lower bounds are not kept
UPDATE arrays SET ints = '[5:6]={8,9}' WHERE id = 'arrays';
SELECT ints FROM arrays WHERE id = 'arrays';
-- sets have no order
UPDATE arrays SET ss = '{c,a,b}', ns = '{1,-2.50,1e20}', bs = '{"\\x02","\\x01"}' WHERE id = 'arrays';
SELECT item->'ss'->'SS' @> '["a", "b", "c"]' AS ss, item->'ns'->'NS' @> '["1", "-2.5", "100000000000000000000"]' AS ns, item->'bs'->'BS' @> '["AQ==", "Ag=="]' AS bs FROM items WHERE id = 'arrays';
-- no set
SELECT refused($$UPDATE arrays SET ss = '{}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET ss = '{a,b,a}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET ss = '{a,NULL}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET ss = '{{a},{b}}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET ns = '{1,2,1.0}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET floats = '{0,-0}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET bs = '{"\\x01","\\x01"}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET ns = '{1,NaN}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET strings = '{1}' WHERE id = 'arrays'$$);
SELECT refused($$UPDATE arrays SET jsonbs = '{{1},{2}}' WHERE id = 'arrays'$$);
DELETE FROM arrays;

-- json and jsonb
CREATE TABLE local_documents (id text, j json, b jsonb, j_text json, b_text jsonb, j_map json, b_list jsonb, typed jsonb);
CREATE FOREIGN TABLE documents (id text OPTIONS (partition_key 'true') NOT NULL, j json, b jsonb, j_text json OPTIONS (ddb_type 'S'), b_text jsonb OPTIONS (ddb_type 'S'),
  j_map json OPTIONS (ddb_type 'M'), b_list jsonb OPTIONS (ddb_type 'L'), typed jsonb OPTIONS (document_format 'dynamodb'))
  SERVER write_types_test OPTIONS (table_name 'Write-Types');
INSERT INTO local_documents VALUES
  ('documents', '{"b": 1, "a": [1, 2, {"x": null}]}', '{"b": 1.50, "a": [true, "\\x01", {"x": null}]}', '{"b": 1,   "a": 2}', '{"b": 1}', '{"a": {}}', '[1, "x", []]',
   '{"M": {"ss": {"SS": ["a"]}, "ns": {"NS": ["1"]}, "bs": {"BS": ["AQ=="]}, "b": {"B": "AQI="}, "l": {"L": [{"NULL": true}, {"BOOL": false}]}, "s": {"S": "x"}}}'),
  ('strings', '"text"', '"text"', '"text"', '"text"', NULL, NULL, '{"S": "text"}'),
  ('nulls', 'null', 'null', 'null', 'null', NULL, NULL, '{"NULL": true}'),
  ('numbers', '12345678901234567890123456789012345678', '1e125', '5', '-0.5', NULL, NULL, '{"N": "1.5"}');
INSERT INTO documents SELECT * FROM local_documents;
SELECT id FROM documents w JOIN local_documents l USING (id) WHERE to_jsonb(w) = to_jsonb(l) AND w.j_text::text = l.j_text::text ORDER BY id;
SELECT id, name, value FROM items, jsonb_each(item) AS attribute (name, value) WHERE name <> 'id' ORDER BY id, name COLLATE "C";
SELECT refused($$UPDATE documents SET j_map = '[1]' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET j_map = 'null' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET b_list = '{}' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET b = '123456789012345678901234567890123456789' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET b = '{"a": [1e126]}' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET b = (repeat('[', 40) || repeat(']', 40))::jsonb WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET typed = '5' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET typed = '{"x": 1}' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET typed = '{"SS": []}' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET typed = '{"NS": ["1", "1.0"]}' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET typed = '{"N": "NaN"}' WHERE id = 'documents'$$);
SELECT refused($$UPDATE documents SET typed = '{"B": "no base64"}' WHERE id = 'documents'$$);
SELECT refused($$INSERT INTO items VALUES ('x', '[]')$$);
DELETE FROM documents;

-- what is replaced keeps its type, unless ddb_type or time_unit says otherwise
CREATE FOREIGN TABLE kept (id text OPTIONS (partition_key 'true') NOT NULL, tags text[], tags_list text[] OPTIONS (mapped_attr 'tags', ddb_type 'L'), marks int[], hashes bytea[], at timestamptz,
  at_text timestamptz OPTIONS (mapped_attr 'at', ddb_type 'S'), times timestamptz[], note json, inside jsonb) SERVER write_types_test OPTIONS (table_name 'Write-Types');
INSERT INTO items VALUES ('kept', '{"tags": {"SS": ["a"]}, "marks": {"NS": ["1"]}, "hashes": {"BS": ["AQ=="]}, "at": {"N": "1"}, "times": {"NS": ["1"]}, "note": {"S": "{}"},
  "inside": {"M": {"ss": {"SS": ["a"]}, "b": {"B": "AQ=="}, "l": {"L": [{"NS": ["1"]}]}}}}');
UPDATE kept SET tags = '{b}', marks = '{2}', hashes = '{"\\x02"}', at = '2024-01-02 03:04:05.5', times = '{2024-01-02}', note = '{"a": 1}',
  inside = '{"ss": ["b"], "b": "\\x02", "l": [[2]]}' WHERE id = 'kept';
SELECT name, value FROM items, jsonb_each(item) AS attribute (name, value) WHERE id = 'kept' AND name <> 'id' ORDER BY name COLLATE "C";
-- what a set cannot hold becomes a list
UPDATE kept SET tags = '{b,b}', marks = '{}', hashes = '{NULL}', at = 'infinity', inside = '{"ss": ["b", "b"], "b": "text", "l": [[2, "x"]]}' WHERE id = 'kept';
SELECT name, value FROM items, jsonb_each(item) AS attribute (name, value) WHERE id = 'kept' AND name <> 'id' ORDER BY name COLLATE "C";
DELETE FROM kept;
INSERT INTO items VALUES ('declared', '{"tags": {"SS": ["a"]}, "at": {"N": "1"}}');
UPDATE kept SET tags_list = '{b}', at_text = '2024-01-02 03:04:05.5' WHERE id = 'declared';
SELECT name, value FROM items, jsonb_each(item) AS attribute (name, value) WHERE id = 'declared' AND name <> 'id' ORDER BY name COLLATE "C";
DELETE FROM kept;

-- numbers that DynamoDB does not have
SELECT refused($$INSERT INTO numbers (id, n) VALUES ('x', 123456789012345678901234567890123456789)$$);
SELECT refused($$INSERT INTO numbers (id, n) VALUES ('x', 1e126)$$);
SELECT refused($$INSERT INTO numbers (id, n) VALUES ('x', 1e-131)$$);
SELECT refused($$INSERT INTO numbers (id, n) VALUES ('x', 'NaN')$$);
SELECT refused($$INSERT INTO numbers (id, n) VALUES ('x', '-Infinity')$$);
SELECT refused($$INSERT INTO numbers (id, f8) VALUES ('x', 1e308)$$);
SELECT refused($$INSERT INTO numbers (id, f8) VALUES ('x', 5e-324)$$);
SELECT refused($$INSERT INTO numbers (id, f8) VALUES ('x', 'NaN')$$);
SELECT refused($$INSERT INTO numbers (id, f4) VALUES ('x', 'Infinity')$$);
SELECT refused($$INSERT INTO numbers (id, s) VALUES ('x', 'infinity')$$);
SELECT refused($$INSERT INTO numbers (id, us) VALUES ('x', '-infinity')$$);

-- keys: not NULL, not empty, not too long; of an index they may be missing
CREATE FOREIGN TABLE keys (p text OPTIONS (partition_key 'true'), s bytea OPTIONS (sort_key 'true'), i numeric OPTIONS (lsi_name 'by-i')) SERVER write_types_test
  OPTIONS (table_name 'Write-Keys');
SELECT refused($$INSERT INTO keys VALUES (NULL, '\x01')$$);
SELECT refused($$INSERT INTO keys VALUES ('x', NULL)$$);
SELECT refused($$INSERT INTO keys (s) VALUES ('\x01')$$);
SELECT refused($$INSERT INTO keys VALUES ('', '\x01')$$);
SELECT refused($$INSERT INTO keys VALUES ('x', '')$$);
SELECT refused($$INSERT INTO keys VALUES (repeat('é', 1025), '\x01')$$);
SELECT refused($$INSERT INTO keys VALUES ('x', repeat('x', 1025)::bytea)$$);
SELECT refused($$INSERT INTO keys VALUES ('x', '\x01', 'NaN')$$);
INSERT INTO keys VALUES (repeat('é', 1024), repeat('x', 1024)::bytea, NULL), ('x', '\x00', 1.50);
SELECT char_length(p), length(s), i FROM keys ORDER BY i;
DELETE FROM keys;
-- key columns of other types are written with the key's type
CREATE FOREIGN TABLE uuid_keys (p uuid OPTIONS (partition_key 'true'), s bytea OPTIONS (sort_key 'true'), i timestamptz OPTIONS (lsi_name 'by-i')) SERVER write_types_test
  OPTIONS (table_name 'Write-Keys');
INSERT INTO uuid_keys VALUES ('7d444840-9dc0-11d1-b245-5ffdce74fad2', '\x01', '2024-01-02 03:04:05.5');
SELECT * FROM uuid_keys;
SELECT p, i FROM keys;
DELETE FROM uuid_keys;
CREATE FOREIGN TABLE json_keys (p jsonb OPTIONS (partition_key 'true'), s bytea OPTIONS (sort_key 'true')) SERVER write_types_test OPTIONS (table_name 'Write-Keys');
INSERT INTO json_keys VALUES ('"a key"', '\x01');
SELECT p, i FROM keys;
SELECT refused($$INSERT INTO json_keys VALUES ('5', '\x01')$$);
DELETE FROM json_keys;

\! for t in Write-Types Write-Keys; do "$DYNAMODB_CALL" DeleteTable "{\"TableName\": \"$t\"}" >/dev/null; done
DROP SCHEMA write_types_test CASCADE;
DROP SERVER write_types_test CASCADE;
