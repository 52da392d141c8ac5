-- Whole items and single attributes as json and jsonb, in the plain and the dynamodb format.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER types_json_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER types_json_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA types_json_test;
SET search_path = types_json_test;
\pset null '(null)'
\pset format unaligned
\pset tuples_only on

-- A set has no order: this gives one to the sets at the end of these paths.
CREATE FUNCTION sorted(document jsonb, VARIADIC paths text[] DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  path text;
BEGIN
  FOREACH path IN ARRAY paths LOOP
    IF jsonb_typeof(document #> path::text[]) = 'array' THEN
      document = jsonb_set(document, path::text[], (SELECT jsonb_agg(e ORDER BY e) FROM jsonb_array_elements(document #> path::text[]) e));
    END IF;
  END LOOP;
  RETURN document;
END $$;

CREATE FOREIGN TABLE plain (id text OPTIONS (partition_key 'true'), document jsonb OPTIONS (ddb_document 'true'))
  SERVER types_json_test OPTIONS (table_name 'alltypes');
CREATE FOREIGN TABLE plain_text (id text OPTIONS (partition_key 'true'), document json OPTIONS (ddb_document 'true'))
  SERVER types_json_test OPTIONS (table_name 'alltypes');
CREATE FOREIGN TABLE typed (id text OPTIONS (partition_key 'true'),
  document jsonb OPTIONS (ddb_document 'true', document_format 'dynamodb')) SERVER types_json_test OPTIONS (table_name 'alltypes');
CREATE FOREIGN TABLE typed_text (id text OPTIONS (partition_key 'true'),
  document json OPTIONS (ddb_document 'true', document_format 'dynamodb')) SERVER types_json_test OPTIONS (table_name 'alltypes');

-- plain documents
SELECT sorted(document, '{ss}', '{ns}', '{bs}', '{m,ss}') FROM plain WHERE id = 'all';
SELECT document FROM plain WHERE id IN ('empty', 'missing', 'false', 'nulls', 'mixed') ORDER BY id;
SELECT sorted(document, '{m,a,b,e}') FROM plain WHERE id = 'nested';
-- the dynamodb format, which loses nothing
SELECT sorted(document, '{ss,SS}', '{ns,NS}', '{bs,BS}', '{m,M,ss,SS}') FROM typed WHERE id = 'all';
SELECT document FROM typed WHERE id IN ('empty', 'missing', 'false', 'nulls') ORDER BY id;
SELECT document FROM typed WHERE id = 'mixed';
SELECT sorted(document, '{m,M,a,M,b,M,e,NS}') FROM typed WHERE id = 'nested';
-- json has the same in it as jsonb
SELECT count(*), bool_and(p.document = t.document::jsonb) FROM plain p JOIN plain_text t USING (id);
SELECT count(*), bool_and(p.document = t.document::jsonb) FROM typed p JOIN typed_text t USING (id);
-- it is written without spaces
SELECT document FROM plain_text WHERE id = 'missing';
SELECT document FROM typed_text WHERE id = 'missing';
SELECT document -> 'l' FROM plain_text WHERE id = 'all';
SELECT document #> '{l,L}' FROM typed_text WHERE id = 'all';

-- numbers: all 38 digits in all four
SELECT document -> 'n', document #> '{m,big}', document #> '{m,small}', document #> '{m,third}', document #> '{l,6}' FROM plain WHERE id = 'numbers';
SELECT document -> 'n', document #> '{m,big}', document #> '{m,small}', document #> '{m,third}', document #> '{l,6}' FROM plain_text WHERE id = 'numbers';
SELECT document -> 'n', document #> '{m,M,big}', document #> '{m,M,third}' FROM typed WHERE id = 'numbers';
SELECT document -> 'n', document #> '{m,M,big}', document #> '{m,M,third}' FROM typed_text WHERE id = 'numbers';
SELECT array_agg(trim_scale(e::numeric)) = '{0.1,-0.5,100,1000,1.5,0.00000000000000000000000000000000000001,99999999999999999999999999999999999999}'
  FROM plain, jsonb_array_elements(document -> 'l') e WHERE id = 'numbers';
-- and both ends of the range
SELECT array_agg(e::numeric ORDER BY e::numeric) = '{-9.9999999999999999999999999999999999999E+125,-1E-130,1E-130,9.9999999999999999999999999999999999999E+125}'
  FROM plain, jsonb_array_elements(document -> 'ns') e WHERE id = 'numbers';
SELECT array_agg(e::text::numeric ORDER BY e::text::numeric) = '{-9.9999999999999999999999999999999999999E+125,-1E-130,1E-130,9.9999999999999999999999999999999999999E+125}'
  FROM plain_text, json_array_elements(document -> 'ns') e WHERE id = 'numbers';
SELECT array_agg(e::numeric ORDER BY e::numeric) = '{-9.9999999999999999999999999999999999999E+125,-1E-130,1E-130,9.9999999999999999999999999999999999999E+125}'
  FROM typed, jsonb_array_elements_text(document #> '{ns,NS}') e WHERE id = 'numbers';

-- text: one to four bytes, quotes, backslash, control characters, names
SELECT document ->> 's' = E'naïve Straße 日本語 🐘 \u2028 "quoted" \\ / \b\f\n\r\t \u0001', document -> 'm' FROM plain WHERE id = 'unicode';
SELECT document ->> 's' = E'naïve Straße 日本語 🐘 \u2028 "quoted" \\ / \b\f\n\r\t \u0001', document -> 'm' ->> E'a"b\\c' FROM plain_text WHERE id = 'unicode';
SELECT document #>> '{s,S}' = E'naïve Straße 日本語 🐘 \u2028 "quoted" \\ / \b\f\n\r\t \u0001', document -> 'm' FROM typed WHERE id = 'unicode';
-- an item that is nested as deep as items can be
CREATE FOREIGN TABLE fdwtest2 (id text OPTIONS (partition_key 'true'), skey text OPTIONS (sort_key 'true'),
  document jsonb OPTIONS (ddb_document 'true'), details json) SERVER types_json_test;
SELECT document FROM fdwtest2 WHERE id = 'special' AND skey = 'nested';
SELECT details FROM fdwtest2 WHERE id = 'special' AND skey = 'nested';
SELECT document #>> '{details,text}' = E'naïve café, Straße, 日本語, 🐘, "quoted", back\\slash,\ttab,\nnewline'
  FROM fdwtest2 WHERE id = 'special' AND skey = 'unicode';
SELECT document -> 'number', document -> 'price', details FROM fdwtest2 WHERE id = 'special' AND skey = 'numbers';

-- attributes of every type in columns of both types and both formats
CREATE FOREIGN TABLE attributes (
  id text OPTIONS (partition_key 'true'),
  s jsonb, n jsonb, b jsonb, bool jsonb, "null" jsonb, ss jsonb, ns jsonb, bs jsonb, l jsonb, m jsonb,
  n_json json OPTIONS (mapped_attr 'n'), b_json json OPTIONS (mapped_attr 'b'), null_json json OPTIONS (mapped_attr 'null'),
  l_json json OPTIONS (mapped_attr 'l'),
  s_typed jsonb OPTIONS (mapped_attr 's', document_format 'dynamodb'), b_typed json OPTIONS (mapped_attr 'b', document_format 'dynamodb'),
  null_typed json OPTIONS (mapped_attr 'null', document_format 'dynamodb'), l_typed jsonb OPTIONS (mapped_attr 'l', document_format 'dynamodb')
) SERVER types_json_test OPTIONS (table_name 'alltypes');
\x on
SELECT id, s, n, b, bool, "null", sorted(ss, '{}') AS ss, sorted(ns, '{}') AS ns, sorted(bs, '{}') AS bs, l, sorted(m, '{ss}') AS m,
  n_json, b_json, null_json, l_json, s_typed, b_typed, null_typed, l_typed
  FROM attributes WHERE id IN ('all', 'missing', 'nulls') ORDER BY id;
\x off
-- a NULL attribute is JSON's null here, a missing one SQL's
SELECT id, s IS NULL, s = 'null' FROM attributes WHERE id IN ('missing', 'nulls') ORDER BY id;
SELECT id FROM attributes WHERE s @> '"text"';
SELECT id FROM attributes WHERE m @> '{"n": 1.5}';
SELECT id FROM plain WHERE document @> '{"m": {"a": {"b": {"c": [{"d": "deep"}]}}}}';
SELECT id, document ->> 'n' FROM plain WHERE (document ->> 'n') ~ '^\d+$' AND (document ->> 'n')::numeric > 40 ORDER BY id;

-- S with JSON text in it: json reads that text, jsonb reads a string; ddb_type makes either do what the other does
CREATE FOREIGN TABLE texts (
  id text OPTIONS (partition_key 'true'),
  j json OPTIONS (mapped_attr 's'),
  b jsonb OPTIONS (mapped_attr 's'),
  b_of_text jsonb OPTIONS (mapped_attr 's', ddb_type 'S'),
  j_of_string json OPTIONS (mapped_attr 's', ddb_type 'L')
) SERVER types_json_test;
\x on
SELECT * FROM texts WHERE id = 'json';
\x off
SELECT b FROM texts WHERE id IN ('no json', 'word') ORDER BY id;
SELECT j FROM texts WHERE id = 'number';
SELECT j FROM texts WHERE id = 'no json';
SELECT b_of_text FROM texts WHERE id = 'no json';
SELECT j FROM texts WHERE id = 'word';

-- U+0000: json keeps it, although not even its own operators take it then; jsonb cannot, and the error names the attribute
CREATE FOREIGN TABLE badvalues (id text OPTIONS (partition_key 'true'), document jsonb OPTIONS (ddb_document 'true'),
  document_text json OPTIONS (ddb_document 'true'), s jsonb, m jsonb, m_typed jsonb OPTIONS (mapped_attr 'm', document_format 'dynamodb'))
  SERVER types_json_test;
SELECT id, document_text::text LIKE '%"before\\u0000after"%' FROM badvalues WHERE id = 'nul';
\set SHOW_CONTEXT never
SELECT document_text -> 's' FROM badvalues WHERE id = 'nul';
\set SHOW_CONTEXT errors
SELECT document FROM badvalues WHERE id = 'nul';
SELECT document FROM badvalues WHERE id = 'nul in a map';
SELECT s FROM badvalues WHERE id = 'nul';
SELECT m FROM badvalues WHERE id = 'nul in a map';
SELECT m_typed FROM badvalues WHERE id = 'nul in a map';
-- or NULL
ALTER FOREIGN TABLE badvalues OPTIONS (ADD on_type_mismatch 'null');
SELECT id, document IS NULL, s IS NULL, m IS NULL FROM badvalues WHERE id IN ('good', 'nul', 'nul in a map') ORDER BY id;

-- domains over json and jsonb
CREATE DOMAIN object AS jsonb CHECK (jsonb_typeof(VALUE) = 'object');
CREATE FOREIGN TABLE domains (id text OPTIONS (partition_key 'true'), document object OPTIONS (ddb_document 'true'), m object)
  SERVER types_json_test OPTIONS (table_name 'alltypes');
SELECT document -> 'id', m FROM domains WHERE id = 'empty';
SELECT m FROM domains WHERE id = 'mixed';

DROP SCHEMA types_json_test CASCADE;
DROP SERVER types_json_test CASCADE;
