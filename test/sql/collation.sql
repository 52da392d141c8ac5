-- Collations: text ranges and order are DynamoDB's only where they are by bytes; equality and prefixes wherever the collation is
-- deterministic. The rows are those of PostgreSQL under every collation.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER collation_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER collation_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA collation_test;
SET search_path = collation_test;
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION german (provider = icu, locale = 'de');
CREATE COLLATION c_utf8 (provider = libc, locale = 'C.UTF-8');

-- one table under several collations, and a local copy of each
CREATE FUNCTION make_tables(name text, collation_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE %I (p text OPTIONS (partition_key ''true'') COLLATE %s, s text OPTIONS (sort_key ''true'') COLLATE %s, label text)
    SERVER collation_test OPTIONS (table_name ''strkeys'')', name, collation_name, collation_name);
  EXECUTE format('CREATE TABLE %I AS SELECT * FROM %I', name || '_copy', name);
END $$;
SELECT count(make_tables(name, collation_name)) FROM (VALUES ('by_c', '"C"'), ('by_posix', '"POSIX"'), ('by_ucs_basic', 'ucs_basic'), ('by_c_utf8', 'c_utf8'),
  ('by_default', '"default"'), ('by_english', '"en-x-icu"'), ('by_german', 'german'), ('by_any_case', 'any_case')) v (name, collation_name);

-- What DynamoDB is asked, and whether the rows are those of the copy, in the same order.
CREATE FUNCTION ask(name text, condition text, OUT asked text, OUT reason text, OUT rows int, OUT same boolean) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
  found text[];
  wanted text[];
BEGIN
  EXECUTE format('EXPLAIN (FORMAT JSON) SELECT * FROM %I WHERE %s', name, condition) INTO plan;
  plan = jsonb_path_query_first(plan, 'strict $.** ? (@."Node Type" == "Foreign Scan")');
  asked = coalesce(plan ->> 'Key Condition', plan ->> 'DynamoDB Operation');
  reason = substring(plan #>> '{Not Pushed Down,0}' FROM '.*: (.*)');
  BEGIN
    EXECUTE format('SELECT array_agg(s) FROM (SELECT s FROM %I WHERE %s ORDER BY s, p, label COLLATE "C") x', name, condition) INTO found;
    EXECUTE format('SELECT array_agg(s) FROM (SELECT s FROM %I WHERE %s ORDER BY s, p, label COLLATE "C") x', name || '_copy', condition) INTO wanted;
    rows = coalesce(cardinality(found), 0);
    same = found::text IS NOT DISTINCT FROM wanted::text;
  EXCEPTION WHEN feature_not_supported THEN
    reason = SQLERRM;
  END;
END $$;
\pset format unaligned
SELECT name, condition, ask.* FROM unnest('{by_c,by_posix,by_ucs_basic,by_c_utf8,by_default,by_english,by_german,by_any_case}'::text[]) name,
  unnest(ARRAY[$$p = 'plain' AND s = 'A'$$, $$p = 'plain' AND s > 'a'$$, $$p = 'plain' AND s BETWEEN 'a' AND 'b'$$, $$p = 'plain' AND s LIKE 'a%'$$,
  $$p = 'plain' AND s ^@ 'á'$$, $$p IN ('plain', '日本') AND s < 'é'$$, $$p = 'PLAIN'$$]) condition, ask(name, condition)
  WHERE NOT (name = 'by_any_case' AND condition LIKE '%LIKE%');

-- LIKE under such a collation is an error before PostgreSQL 18
SELECT asked, same IS NOT FALSE AS same FROM ask('by_any_case', $$p = 'plain' AND s LIKE 'a%'$$);

-- the collation of the comparison counts, not the column's
SELECT name, condition, ask.* FROM (VALUES ('by_c', $$p = 'plain' AND s > 'a' COLLATE "en-x-icu"$$), ('by_english', $$p = 'plain' AND s > 'a' COLLATE "C"$$),
  ('by_any_case', $$p = 'plain' COLLATE "C" AND s = 'a' COLLATE german$$), ('by_c', $$p = 'plain' AND s = 'A' COLLATE any_case$$),
  ('by_c', $$p COLLATE any_case = 'PLAIN' AND s COLLATE "C" < 'b'$$), ('by_english', $$p = 'plain' AND s COLLATE "C" > 'a' AND s < 'é'$$)) v (name, condition),
  ask(name, condition);

-- numbers and bytes have no collation
CREATE FOREIGN TABLE numkeys (p numeric OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true')) SERVER collation_test;
EXPLAIN (COSTS OFF) SELECT * FROM numkeys WHERE p = 1 AND s > 2 ORDER BY s;

-- ORDER BY: DynamoDB's order only where it is that collation's
EXPLAIN (COSTS OFF) SELECT s FROM by_c WHERE p = 'plain' ORDER BY s;
EXPLAIN (COSTS OFF) SELECT s FROM by_english WHERE p = 'plain' ORDER BY s;
EXPLAIN (COSTS OFF) SELECT s FROM by_english WHERE p = 'plain' ORDER BY s COLLATE "C" DESC;
SELECT array_agg(s) = (SELECT array_agg(s) FROM (SELECT s FROM by_c_copy WHERE p = 'plain' ORDER BY s COLLATE "en-x-icu") x) AS same
  FROM (SELECT s FROM by_c WHERE p = 'plain' ORDER BY s COLLATE "en-x-icu") x;
SELECT array_agg(s COLLATE "C") = (SELECT array_agg(s) FROM (SELECT s FROM by_c_copy WHERE p = 'plain' ORDER BY s DESC) x) AS same
  FROM (SELECT s FROM by_english WHERE p = 'plain' ORDER BY s COLLATE "C" DESC) x;

-- joins under a collation
SELECT count(*) = (SELECT count(*) FROM by_any_case_copy a JOIN by_any_case_copy b USING (p, s)) AS same FROM by_any_case a JOIN by_any_case b USING (p, s);
SELECT count(*) = (SELECT count(*) FROM by_english_copy a JOIN by_c_copy b ON a.p = b.p COLLATE "C" AND a.s < b.s COLLATE "en-x-icu" WHERE a.p = 'plain') AS same
  FROM by_english a JOIN by_c b ON a.p = b.p COLLATE "C" AND a.s < b.s COLLATE "en-x-icu" WHERE a.p = 'plain';

-- databases whose default collation is another
CREATE DATABASE collation_test_icu TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C';
\set database :DBNAME
\c collation_test_icu
SET client_min_messages = warning;
CREATE EXTENSION dynamodb_fdw;
CREATE SERVER collation_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER collation_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE strkeys (p text OPTIONS (partition_key 'true'), s text OPTIONS (sort_key 'true'), label text) SERVER collation_test;
CREATE TABLE strkeys_copy AS SELECT * FROM strkeys;
EXPLAIN (COSTS OFF) SELECT s FROM strkeys WHERE p = 'plain' AND s > 'a' ORDER BY s;
EXPLAIN (COSTS OFF) SELECT s FROM strkeys WHERE p = 'plain' AND s LIKE 'a%' AND s > 'a' COLLATE "C";
SELECT array_agg(s ORDER BY s) = (SELECT array_agg(s ORDER BY s) FROM strkeys_copy WHERE p = 'plain' AND s > 'a') AS same, count(*) FROM strkeys WHERE p = 'plain' AND s > 'a';
SELECT array_agg(s ORDER BY s) = (SELECT array_agg(s ORDER BY s) FROM strkeys_copy WHERE p = 'plain' AND s > 'a' COLLATE "C") AS same, count(*)
  FROM strkeys WHERE p = 'plain' AND s > 'a' COLLATE "C";
\c :database
DROP DATABASE collation_test_icu;
SET client_min_messages = warning;

DROP SCHEMA collation_test CASCADE;
DROP SERVER collation_test CASCADE;
