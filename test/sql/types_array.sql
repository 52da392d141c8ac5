-- Sets and lists: what columns of array types read.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER types_array_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER types_array_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA types_array_test;
SET search_path = types_array_test;
\pset null '(null)'

-- A set has no order: this gives it one.
CREATE FUNCTION sorted(anyarray) RETURNS anyarray LANGUAGE sql AS 'SELECT array_agg(e ORDER BY e) FROM unnest($1) e';

-- the three sets
CREATE FOREIGN TABLE sets (id text OPTIONS (partition_key 'true'), ss text[], ns numeric[], bs bytea[]) SERVER types_array_test
  OPTIONS (table_name 'alltypes', on_type_mismatch 'null');
SELECT id, sorted(ss) AS ss, sorted(ns) AS ns, sorted(bs) AS bs FROM sets WHERE id IN ('all', 'missing', 'nulls') ORDER BY id;
SELECT id, array_length(ss, 1), 'é' = ANY (ss) AS composed, U&'e\0301' = ANY (ss) AS decomposed, '🐘' = ANY (ss) AS elephant
  FROM sets WHERE id = 'unicode';
SELECT ns @> '{1E-130,9.9999999999999999999999999999999999999E+125,-1E-130,-9.9999999999999999999999999999999999999E+125}' AS all_digits,
  cardinality(ns) FROM sets WHERE id = 'numbers';
SELECT id FROM sets WHERE ss @> '{b}' ORDER BY id;
SELECT id, tag FROM sets, unnest(ss) AS tag WHERE id = 'all' ORDER BY tag;

-- number sets in other number types, string sets in other types that strings can be read into
CREATE FOREIGN TABLE other_sets (
  id text OPTIONS (partition_key 'true'),
  as_varchar varchar[] OPTIONS (mapped_attr 'ss'),
  as_name name[] OPTIONS (mapped_attr 'ss'),
  as_bpchar char(3)[] OPTIONS (mapped_attr 'ss'),
  as_float8 float8[] OPTIONS (mapped_attr 'ns'),
  as_float4 float4[] OPTIONS (mapped_attr 'ns'),
  as_numeric_4_1 numeric(4,1)[] OPTIONS (mapped_attr 'ns')
) SERVER types_array_test OPTIONS (table_name 'alltypes');
\x on
SELECT id, sorted(as_varchar) AS as_varchar, sorted(as_name) AS as_name, sorted(as_bpchar) AS as_bpchar,
  sorted(as_float8) AS as_float8, sorted(as_float4) AS as_float4, sorted(as_numeric_4_1) AS as_numeric_4_1
  FROM other_sets WHERE id = 'all';
\x off
CREATE FOREIGN TABLE scores (id text OPTIONS (partition_key 'true'), skey text OPTIONS (sort_key 'true'), tags text[],
  scores float8[], checksums bytea[], history text[], numbers numeric[] OPTIONS (mapped_attr 'scores')) SERVER types_array_test
  OPTIONS (table_name 'fdwtest2', on_type_mismatch 'null');
SELECT skey, sorted(tags) AS tags, sorted(scores) AS scores, sorted(checksums) AS checksums, history FROM scores
  WHERE id = 'device-07' AND skey < 'event-004' ORDER BY skey;
SELECT sorted(numbers) = '{1E-130,1E+125}' AS same FROM scores WHERE id = 'special' AND skey = 'numbers';

-- lists: order and duplicates stay, NULL is SQL NULL, an empty list is an empty array
CREATE FOREIGN TABLE lists (id text OPTIONS (partition_key 'true'), ints int[] OPTIONS (mapped_attr 'l'),
  numerics numeric[] OPTIONS (mapped_attr 'l'), texts text[] OPTIONS (mapped_attr 'l'), jsonbs jsonb[] OPTIONS (mapped_attr 'l'))
  SERVER types_array_test OPTIONS (table_name 'badvalues', on_type_mismatch 'null');
SELECT * FROM lists WHERE id IN ('good', 'ragged', 'gap') ORDER BY id;
SELECT array_dims(ints), array_lower(ints, 1), ints[2] FROM lists WHERE id = 'good';
CREATE FOREIGN TABLE more_lists (id text OPTIONS (partition_key 'true'), texts text[] OPTIONS (mapped_attr 'l'),
  numerics numeric[] OPTIONS (mapped_attr 'l'), jsonbs jsonb[] OPTIONS (mapped_attr 'l'), "null" text[])
  SERVER types_array_test OPTIONS (table_name 'alltypes', on_type_mismatch 'null');
SELECT id, texts, jsonbs, "null" FROM more_lists WHERE id IN ('all', 'empty', 'false', 'missing', 'nulls', 'nested') ORDER BY id;
SELECT texts = '{}' AS empty, array_ndims(texts), pg_typeof(texts) FROM more_lists WHERE id = 'empty';
SELECT numerics = '{0.1,-0.5,100,1000,1.5,0.00000000000000000000000000000000000001,99999999999999999999999999999999999999}' AS all_digits
  FROM more_lists WHERE id = 'numbers';
-- a set or list in a path
CREATE FOREIGN TABLE paths (id text OPTIONS (partition_key 'true'), inner_set text[] OPTIONS (mapped_path 'm.ss'),
  numbers int[] OPTIONS (mapped_path 'm.a.b.e'), inner_list jsonb[] OPTIONS (mapped_path 'm.a.b.c')) SERVER types_array_test
  OPTIONS (table_name 'alltypes');
SELECT id, sorted(inner_set) AS inner_set, sorted(numbers) AS numbers, inner_list FROM paths WHERE id IN ('all', 'nested') ORDER BY id;

-- domains: over elements, and over the array; their constraints are checked
CREATE DOMAIN large AS numeric CHECK (VALUE > 100);
CREATE DOMAIN short_list AS numeric[] CHECK (cardinality(VALUE) <= 2);
CREATE DOMAIN no_null AS int NOT NULL;
CREATE FOREIGN TABLE domains (id text OPTIONS (partition_key 'true'), ns large[]) SERVER types_array_test OPTIONS (table_name 'alltypes');
CREATE FOREIGN TABLE short_lists (id text OPTIONS (partition_key 'true'), ns short_list) SERVER types_array_test OPTIONS (table_name 'alltypes');
CREATE FOREIGN TABLE no_nulls (id text OPTIONS (partition_key 'true'), l no_null[]) SERVER types_array_test OPTIONS (table_name 'badvalues');
SELECT ns FROM domains WHERE id = 'all';
SELECT ns FROM short_lists WHERE id = 'all';
SELECT l, pg_typeof(l) FROM no_nulls WHERE id = 'good';
SELECT l FROM no_nulls WHERE id = 'gap';
ALTER FOREIGN TABLE no_nulls OPTIONS (SET table_name 'alltypes'), ALTER COLUMN l OPTIONS (ADD mapped_path 'm.l');
SELECT l, pg_typeof(l) FROM no_nulls WHERE id = 'all';

-- what does not fit names the element
ALTER FOREIGN TABLE lists OPTIONS (SET on_type_mismatch 'error');
SELECT ints FROM lists WHERE id = 'ragged';
SELECT texts FROM lists WHERE id = 'good';
ALTER FOREIGN TABLE more_lists OPTIONS (SET on_type_mismatch 'error');
SELECT numerics FROM more_lists WHERE id = 'nested';
SELECT numerics FROM more_lists WHERE id = 'mixed';

DROP SCHEMA types_array_test CASCADE;
DROP SERVER types_array_test CASCADE;
