-- Databases whose encoding is not UTF-8: what it has no character for is an error or NULL, everything else goes both ways.
\getenv endpoint DYNAMODB_ENDPOINT
\set database :DBNAME
CREATE DATABASE encoding_test_latin1 TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C';
\c encoding_test_latin1
SET client_encoding = 'UTF8';
SET client_min_messages = warning;
CREATE EXTENSION dynamodb_fdw;
CREATE SERVER encoding_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER encoding_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE strkeys (p text OPTIONS (partition_key 'true'), s text OPTIONS (sort_key 'true'), label text) SERVER encoding_test;
CREATE FOREIGN TABLE alltypes (id text OPTIONS (partition_key 'true'), s text, ss text[], m json,
  cle text OPTIONS (mapped_path 'm.clé'), document jsonb OPTIONS (ddb_document 'true'), document_text json OPTIONS (ddb_document 'true'),
  oid text) SERVER encoding_test;
CREATE FOREIGN TABLE odd_names (tenant text OPTIONS (mapped_attr 'Tenant-Id', partition_key 'true'), "ünïcödé" int, u int OPTIONS (mapped_path 'ünïcödé'))
  SERVER encoding_test OPTIONS (table_name 'Mixed.Case-Table');
CREATE FOREIGN TABLE texts (id text OPTIONS (partition_key 'true'), s text, s_6 varchar(6) OPTIONS (mapped_attr 's'), s_5 varchar(5) OPTIONS (mapped_attr 's', on_type_mismatch 'null'))
  SERVER encoding_test;

-- names and values that the encoding has
SELECT * FROM odd_names WHERE tenant = 'T1';
EXPLAIN (COSTS OFF) SELECT "ünïcödé" FROM odd_names WHERE tenant = 'ü';
SELECT s, octet_length(s), octet_length(s_6), s_5 FROM texts WHERE id = 'accents';
SELECT s, label FROM strkeys WHERE p = 'plain' AND s = 'é';
SELECT s, label FROM strkeys WHERE p = 'plain' AND s LIKE 'Straß%';
EXPLAIN (COSTS OFF) SELECT s FROM strkeys WHERE p = 'plain' AND s = 'é';
SELECT cle FROM alltypes WHERE id = 'unicode';
-- ranges of text are PostgreSQL's: its order need not be that of UTF-8
EXPLAIN (COSTS OFF) SELECT s FROM strkeys WHERE p = 'plain' AND s > 'z' AND s < 'é';

-- what it has not
SELECT s FROM strkeys WHERE p = 'plain' AND s LIKE '%a%' ORDER BY s;
SELECT s FROM alltypes WHERE id = 'unicode';
\set VERBOSITY terse
SELECT ss FROM alltypes WHERE id = 'unicode';
SELECT m FROM alltypes WHERE id = 'unicode';
SELECT document FROM alltypes WHERE id = 'unicode';
SELECT document_text FROM alltypes WHERE id = 'unicode';
\set VERBOSITY sqlstate
SELECT s FROM alltypes WHERE id = 'unicode';
\set VERBOSITY default
-- a key of which there is no text here is shown in JSON's escapes
CREATE FOREIGN TABLE strkeys_oid (oid text, p text OPTIONS (partition_key 'true', on_type_mismatch 'null')) SERVER encoding_test OPTIONS (table_name 'strkeys');
SELECT oid FROM strkeys_oid WHERE oid LIKE '%"s": "\\u%' AND p = 'plain' ORDER BY oid;
-- NULL instead
ALTER SERVER encoding_test OPTIONS (ADD on_type_mismatch 'null');
SELECT id, s, ss, m ->> 's' AS m_s, cle, document IS NULL AS no_document, oid FROM alltypes WHERE id IN ('all', 'unicode') ORDER BY id;
SELECT s FROM strkeys WHERE p = 'plain' AND s LIKE '%a%' ORDER BY s;
SELECT count(*), count(s), count(p) FROM strkeys;
SELECT count(*) FROM strkeys WHERE p IS NULL;
SELECT count(*), count(oid) FROM strkeys_oid;
\c :database
DROP DATABASE encoding_test_latin1;
