-- S, N, B, BOOL and NULL attributes: what columns of the SQL types for them read.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER types_scalar_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER types_scalar_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA types_scalar_test;
SET search_path = types_scalar_test;
\pset null '(null)'

CREATE FOREIGN TABLE alltypes (
  id text OPTIONS (partition_key 'true'),
  s text, n numeric, b bytea, bool boolean, "null" text
) SERVER types_scalar_test OPTIONS (on_type_mismatch 'null');

-- one attribute of each type; missing and NULL attributes are SQL NULL
SELECT * FROM alltypes WHERE id IN ('all', 'missing', 'false', 'nulls') ORDER BY id;
SELECT * FROM alltypes WHERE id = 'all';
SELECT id FROM alltypes WHERE "null" IS NULL ORDER BY id;
SELECT count(*), count(s), count(n), count(b), count(bool), count("null") FROM alltypes;

-- a column for an attribute that no item has
CREATE FOREIGN TABLE nowhere (id text, what int OPTIONS (mapped_attr 'no such attribute')) SERVER types_scalar_test
  OPTIONS (table_name 'alltypes');
SELECT count(*), count(what) FROM nowhere;

-- conditions on such columns are PostgreSQL's
SELECT id, n FROM alltypes WHERE n < 100 ORDER BY id;
SELECT id, bool FROM alltypes WHERE NOT bool;
SELECT id, b FROM alltypes WHERE b = '\xdeadbeef';
SELECT id, b FROM alltypes WHERE b > '\xdead';
SELECT id, s FROM alltypes WHERE s LIKE 't_xt';

-- characters of one to four bytes, JSON's escapes, control characters
SELECT s = E'naïve Straße 日本語 🐘 \u2028 "quoted" \\ / \b\f\n\r\t \u0001' AS same, length(s), octet_length(s)
  FROM alltypes WHERE id = 'unicode';

-- the same in varchar, and strings of a number, a boolean and so on stay strings
CREATE FOREIGN TABLE texts (id text OPTIONS (partition_key 'true'), s varchar, s_again text OPTIONS (mapped_attr 's'))
  SERVER types_scalar_test;
SELECT id, s, s::text = s_again AS same FROM texts WHERE id IN ('word', 'number', 'trailing spaces') ORDER BY id;

-- numbers: NULL here is what does not fit; numeric has every digit
CREATE FOREIGN TABLE limits (
  id text OPTIONS (partition_key 'true'),
  "numeric" numeric OPTIONS (mapped_attr 'n'),
  "int2" int2 OPTIONS (mapped_attr 'n'),
  "int4" int4 OPTIONS (mapped_attr 'n'),
  "int8" int8 OPTIONS (mapped_attr 'n'),
  "float4" float4 OPTIONS (mapped_attr 'n'),
  "float8" float8 OPTIONS (mapped_attr 'n')
) SERVER types_scalar_test OPTIONS (on_type_mismatch 'null');
SELECT id, "numeric" = id::numeric AS "numeric", "int2", "int4", "int8", "float4", "float8" FROM limits ORDER BY id::numeric, id;
SELECT id, "numeric" FROM limits WHERE id IN ('12345678901234567890123456789012345678', '-12.345', '1E+2', '0') ORDER BY id;
SELECT sum("numeric") = sum(id::numeric) AS same_sum FROM limits;

-- columns of the table itself: dropped, added later, renamed, the whole row
ALTER FOREIGN TABLE alltypes DROP COLUMN b, ADD COLUMN b_later bytea OPTIONS (mapped_attr 'b');
ALTER FOREIGN TABLE alltypes RENAME COLUMN bool TO truth;
SELECT * FROM alltypes WHERE id = 'all';
ALTER FOREIGN TABLE alltypes ALTER COLUMN truth OPTIONS (ADD mapped_attr 'bool');
SELECT alltypes FROM alltypes WHERE id = 'all';
SELECT tableoid::regclass, id FROM alltypes WHERE id = 'all';

DROP SCHEMA types_scalar_test CASCADE;
DROP SERVER types_scalar_test CASCADE;
