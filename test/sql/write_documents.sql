-- Items built and changed by documents, mapped columns and paths: which wins, what is kept, what is removed.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER documents_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER documents_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA documents_test;
SET search_path = documents_test;
\pset null '(null)'
CREATE FOREIGN TABLE plain (id text OPTIONS (partition_key 'true') COLLATE "C", a int, tags text[] OPTIONS (ddb_type 'SS'), city text OPTIONS (mapped_path 'address.city'), zip text OPTIONS (mapped_path 'address.zip'),
  sku text OPTIONS (mapped_path 'lines[0].sku'), second text OPTIONS (mapped_path 'lines[1].sku'), document jsonb OPTIONS (ddb_document 'true')) SERVER documents_test OPTIONS (table_name 'writes2');
CREATE FOREIGN TABLE typed (id text OPTIONS (partition_key 'true') COLLATE "C", a int, item json OPTIONS (ddb_document 'true', document_format 'dynamodb')) SERVER documents_test OPTIONS (table_name 'writes2');
CREATE FUNCTION item(text) RETURNS text LANGUAGE sql AS 'SELECT item::jsonb::text FROM documents_test.typed WHERE id = $1';

-- INSERT: a column that is not NULL wins, one that is NULL or not named leaves the document's attribute alone
INSERT INTO plain (id, a, document) VALUES ('1', 5, '{"a": 1, "b": true, "n": null, "l": [1, "x"], "m": {"x": 1.50}}');
INSERT INTO plain (id, a, city, document) VALUES ('2', NULL, 'Oslo', '{"a": 1, "address": {"city": "Bergen", "zip": "5003"}, "lines": [{"sku": "x", "n": 1}]}');
INSERT INTO plain (document) VALUES ('{"id": "3", "a": 1}'), ('{"id": "4"}') RETURNING *;
INSERT INTO plain (id, document) VALUES ('5', '{"id": "5", "a": 1}');
INSERT INTO plain (id, city, zip) VALUES ('6', 'Oslo', '0150');
INSERT INTO plain (id, sku) VALUES ('7', 'x');
INSERT INTO plain (id, second, document) VALUES ('8', 'changed', '{"lines": [{"sku": "x"}, {"sku": "y", "n": 2}]}');
SELECT id, item(id) FROM plain ORDER BY id;
-- a document that contradicts a key column, has no key, or is no object
INSERT INTO plain (id, document) VALUES ('9', '{"id": "other"}');
INSERT INTO plain (document) VALUES ('{"a": 1}');
INSERT INTO plain (document) VALUES ('{"id": 5}');
INSERT INTO plain (document) VALUES ('{"id": ""}');
INSERT INTO plain (id, document) VALUES ('9', '[1]');
INSERT INTO plain (id, document) VALUES ('9', 'null');
INSERT INTO plain (id, city, document) VALUES ('9', 'Oslo', '{"address": "none"}');

-- UPDATE SET document = ... replaces the other attributes by difference, SET column = NULL removes, the column wins
UPDATE plain SET document = '{"a": 2, "new": "x"}' WHERE id = '1' RETURNING document;
UPDATE plain SET document = document || '{"more": [1]}' WHERE id = '1' RETURNING document;
UPDATE plain SET document = document - 'new' - 'more', a = 7 WHERE id = '1' RETURNING document;
UPDATE plain SET a = NULL, document = '{"a": 1, "b": 2}' WHERE id = '1' RETURNING document;
UPDATE plain SET document = '{"id": "1", "b": 3}' WHERE id = '1' RETURNING document;
UPDATE plain SET document = '{"id": "other"}' WHERE id = '1';
UPDATE plain SET document = '{"id": "moved", "b": 4}', id = 'moved' WHERE id = '1' RETURNING document;
UPDATE plain SET document = document || '{"c": 5}', id = 'again' WHERE id = 'moved' RETURNING document;
UPDATE plain SET document = '{"d": 6}', id = '1' WHERE id = 'again' RETURNING document;
UPDATE plain SET document = NULL WHERE id = '1' RETURNING document;
UPDATE plain SET document = '[]' WHERE id = '1';
UPDATE plain SET document = jsonb_set(document, '{address,zip}', '"0001"') WHERE id = '2' RETURNING document;
-- paths
UPDATE plain SET city = 'Tromsø' WHERE id = '2' RETURNING document;
UPDATE plain SET city = NULL WHERE id = '2' RETURNING document;
UPDATE plain SET zip = NULL WHERE id = '2' RETURNING document;
UPDATE plain SET sku = 'y', second = 'z' WHERE id = '2';
UPDATE plain SET sku = 'y' WHERE id = '2' RETURNING document;
UPDATE plain SET second = 'z' WHERE id = '8' RETURNING document;
UPDATE plain SET sku = NULL, second = 'zz' WHERE id = '8' RETURNING document;
UPDATE plain SET city = 'x' WHERE id = '7' RETURNING document;
UPDATE plain SET sku = 'x' WHERE id = '6';
UPDATE plain SET tags = '{b,a}' WHERE id = '6' RETURNING item(id);
UPDATE plain SET tags = NULL WHERE id = '6' RETURNING tags;
SELECT id, item(id) FROM plain ORDER BY id;
-- paths and documents in one transaction
BEGIN;
UPDATE plain SET city = 'one' WHERE id = '6';
UPDATE plain SET document = document || '{"b": 1}' WHERE id = '6';
UPDATE plain SET zip = NULL, a = 1 WHERE id = '6';
UPDATE plain SET city = city || ' two' WHERE id = '6';
UPDATE plain SET document = document - 'b' WHERE id = '6' RETURNING document;
COMMIT;
SELECT item('6');

-- what an UPDATE of a document leaves unchanged is not written, and what it changes keeps its type where it can
\! "$DYNAMODB_CALL" PutItem '{"TableName": "writes2", "Item": {"id": {"S": "k"}, "ss": {"SS": ["a", "b"]}, "ns": {"NS": ["1", "2.50"]}, "bs": {"BS": ["AQ==", "Ag=="]}, "b": {"B": "AQID"}, "n": {"N": "12345678901234567890123456789012345678"}, "small": {"N": "1E-130"}, "m": {"M": {"ss": {"SS": ["x"]}, "n": {"N": "0.1"}, "b": {"B": "AA=="}}}, "l": {"L": [{"NS": ["1"]}, {"B": "AA=="}]}, "null": {"NULL": true}, "s": {"S": "\\x01"}}}'
UPDATE plain SET document = document WHERE id = 'k';
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes2", "Key": {"id": {"S": "k"}}}'
UPDATE plain SET document = document || '{"new": 1}' WHERE id = 'k';
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes2", "Key": {"id": {"S": "k"}}}'
UPDATE plain SET document = document || '{"ss": ["a", "c"], "ns": [3], "bs": ["\\x03"], "b": "\\xff", "n": 98765432109876543210987654321098765432, "null": 5, "s": "\\x02"}' WHERE id = 'k';
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes2", "Key": {"id": {"S": "k"}}}'
UPDATE plain SET document = jsonb_set(jsonb_set(document, '{m,ss}', '["y", "z"]'), '{l,0}', '[2, 3]') || '{"ns": ["x"], "bs": [], "b": "no binary"}' WHERE id = 'k';
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes2", "Key": {"id": {"S": "k"}}}'
-- two changes of one list
UPDATE plain SET document = jsonb_set(document, '{l}', '[1, {"a": [1]}, 3]') WHERE id = 'k' RETURNING document -> 'l';
BEGIN;
UPDATE plain SET document = jsonb_set(document, '{l,1,a,0}', '2') WHERE id = 'k';
UPDATE plain SET document = jsonb_set(document, '{l,1,a,1}', '3') WHERE id = 'k';
COMMIT;
SELECT document -> 'l' FROM plain WHERE id = 'k';

-- document_format dynamodb
INSERT INTO typed (item) VALUES ('{"id": {"S": "t"}, "s": {"S": "\u00e9 \" \\"}, "n": {"N": "-1.2345678901234567890123456789012345678E+20"}, "b": {"B": "AP8="}, "bool": {"BOOL": false}, "null": {"NULL": true}, "ss": {"SS": ["b", "a"]},
  "ns": {"NS": ["2", "1.0"]}, "bs": {"BS": ["Ag==", "AQ=="]}, "l": {"L": [{"L": []}, {"M": {}}, {"N": "1"}, {"S": "x"}]}, "m": {"M": {"a.b": {"M": {"NS": {"NS": ["1"]}}}, "x": {"S": "y"}}}}');
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes2", "Key": {"id": {"S": "t"}}}'
INSERT INTO typed (id, item) SELECT 'copy', (item::jsonb - 'id')::json FROM typed WHERE id = 't';
SELECT (one.item::jsonb - 'id') = (two.item::jsonb - 'id') AS same FROM typed AS one, typed AS two WHERE one.id = 't' AND two.id = 'copy';
UPDATE typed SET item = jsonb_set(item::jsonb, '{m,M,x}', '{"NS": ["7"]}')::json, a = 5 WHERE id = 'copy';
SELECT item('copy');
-- every type of the sample table, copied
CREATE FOREIGN TABLE alltypes (id text OPTIONS (partition_key 'true'), item json OPTIONS (ddb_document 'true', document_format 'dynamodb')) SERVER documents_test;
INSERT INTO typed (id, item) SELECT id, item FROM alltypes;
-- (a number may be spelled in another way afterwards: as a plain document it is the same)
CREATE FOREIGN TABLE alltypes_plain (id text OPTIONS (partition_key 'true'), document jsonb OPTIONS (ddb_document 'true')) SERVER documents_test OPTIONS (table_name 'alltypes');
SELECT alltypes.id, alltypes.item::jsonb = typed.item::jsonb AS same, alltypes_plain.document = plain.document AS same_plain
FROM alltypes JOIN typed USING (id) JOIN alltypes_plain USING (id) JOIN plain USING (id) ORDER BY id COLLATE "C";
UPDATE typed SET item = alltypes.item FROM alltypes WHERE typed.id = 'all' AND alltypes.id = 'all';
-- what is refused
INSERT INTO typed (id, item) VALUES ('x', '{"a": 1}');
INSERT INTO typed (id, item) VALUES ('x', '{"a": {"S": 1}}');
INSERT INTO typed (id, item) VALUES ('x', '{"a": {"M": {"": {"S": "empty name"}}}}');
INSERT INTO typed (id, item) VALUES ('x', '{"a": {"SS": []}}');
INSERT INTO typed (id, item) VALUES ('x', '{"a": {"SS": ["a", "a"]}}');
INSERT INTO typed (id, item) VALUES ('x', '{"a": {"N": "1E+126"}}');
INSERT INTO typed (id, item) VALUES ('x', '{"a": {"N": "123456789012345678901234567890123456789"}}');
INSERT INTO typed (id, item) VALUES ('x', ('{"a": ' || repeat('{"L": [', 32) || repeat(']}', 32) || '}')::json);
INSERT INTO plain (id, document) VALUES ('x', ('{"a": ' || repeat('[', 33) || repeat(']', 33) || '}')::jsonb);
INSERT INTO plain (id, document) VALUES ('x', jsonb_build_object('long', repeat('x', 410000)));
UPDATE plain SET document = document || jsonb_build_object('a', '123456789012345678901234567890123456789'::numeric) WHERE id = 'k';

-- jsonb of a new item is taken apart, json is read as text: both come to the same, and are refused alike
CREATE FOREIGN TABLE by_jsonb (id text OPTIONS (partition_key 'true') COLLATE "C", d jsonb) SERVER documents_test OPTIONS (table_name 'writes2');
CREATE FOREIGN TABLE by_json (id text OPTIONS (partition_key 'true') COLLATE "C", d json) SERVER documents_test OPTIONS (table_name 'writes2');
CREATE TEMP TABLE documents AS SELECT * FROM (VALUES
  (1, '{"b": 1, "aa": 2, "A": 3, "é": 4, "ab": {"z": [], "y": {}}}'::jsonb),
  (2, '[null, true, false, "x", "ü\"\\\n", [[], [1]], {"a": {"b": [{"c": null}]}}]'),
  (3, '[0, -0.0, 1.50, 1e30, -1.5e45, 1e-130, 0.00012, 12345678901234567890123456789012345678, 100]'),
  (4, '{}'), (5, '[]'), (6, '7'), (7, 'null'), (8, (repeat('[', 31) || repeat(']', 31))::jsonb)) AS documents (n, d);
INSERT INTO by_jsonb SELECT 'jsonb ' || n, d FROM documents;
INSERT INTO by_json SELECT 'json ' || n, d FROM documents;
SELECT n, a.item::jsonb->'d' = b.item::jsonb->'d' AS same, a.item::jsonb->'d' AS d FROM documents
  JOIN typed a ON a.id = 'jsonb ' || n JOIN typed b ON b.id = 'json ' || n ORDER BY n;
INSERT INTO by_jsonb VALUES ('x', '{"a": [{"": 1}]}');
INSERT INTO by_json VALUES ('x', '{"a": [{"": 1}]}');
INSERT INTO by_jsonb VALUES ('x', '{"a": [1e130]}');
INSERT INTO by_json VALUES ('x', '{"a": [1e130]}');
INSERT INTO by_jsonb VALUES ('x', (repeat('[', 32) || repeat(']', 32))::jsonb);
INSERT INTO by_json VALUES ('x', (repeat('[', 32) || repeat(']', 32))::json);

ALTER SERVER documents_test OPTIONS (ADD commit_mode 'batch');
DELETE FROM plain;
DROP SCHEMA documents_test CASCADE;
DROP SERVER documents_test CASCADE;
