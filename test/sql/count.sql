-- count(*) with conditions: DynamoDB counts where all of them are exact, and else the items are read; the number is the same.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER count FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', parallel_scan_count '4');
CREATE USER MAPPING FOR CURRENT_USER SERVER count OPTIONS (access_key_id 'a', secret_access_key 'b');
CREATE SCHEMA count;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (fdwtest2, fdwtest3, numkeys) FROM SERVER count INTO count;
SET search_path = count, public;
-- what EXPLAIN ANALYZE says of DynamoDB, without what varies
CREATE FUNCTION asked(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
    IF line ~ '(Foreign Scan|Filter|DynamoDB (Operation|Index|Filter)|Key Condition|Limit:|Projection|Not Pushed|Requests|Items|Consumed)' THEN
      RETURN NEXT regexp_replace(regexp_replace(line, '(rows=\d+)\.00', '\1'), '^ +', '');
    END IF;
  END LOOP;
END $$;

-- keys of tables and indexes
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey BETWEEN 'event-003' AND 'event-007'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id IN ('device-40', 'device-41', 'nope', NULL) AND skey LIKE 'event-01%'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE pkey2 = 'group-1' AND skey2 IS NOT NULL$$);
SELECT asked($$SELECT count(*) FROM numkeys WHERE p = -3 AND s BETWEEN 0 AND 1$$);
-- a filter in a Query and in a Scan, a Scan of an index
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey2 LIKE '%9%'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE skey2 > 'rank-05' AND pkey2 NOT IN ('group-1', 'group-2')$$);
-- bounds that BETWEEN makes inclusive, a pattern of which only the start is sent, a LIKE that contains says too much of
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey > 'event-003' AND skey <= 'event-007'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey LIKE 'event-0_5'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey2 LIKE '%9'$$);
-- conditions that only check the values of a key
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id IN ('device-40', 'device-41') AND id LIKE 'device%' AND id > 'device-40'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id IN ('device-40', 'device-41') AND id < 'device-41' AND skey >= 'event-010' AND skey IS NOT NULL$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND id < 'device-40'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey > '' AND skey LIKE '%' AND starts_with(skey, '')$$);
-- what DynamoDB cannot say, or only roughly
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey2 IS DISTINCT FROM 'rank-09'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND pkey2 <> ALL ('{group-1}') AND skey2 > ANY ('{rank-05,rank-09}')$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND length(skey) > 3$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND document->>'active' = 'true'$$);
SELECT asked($$SELECT count(skey2) FROM fdwtest2 WHERE id = 'device-40'$$);
-- whole keys are looked up
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey IN ('event-003', 'nope')$$);
-- nothing to ask
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND skey < ''$$);
-- more conditions than a request has room for
SELECT operation FROM asked(format('SELECT count(*) FROM fdwtest2 WHERE skey2 IN (%s) AND skey2 <> ''rank-01''',
  (SELECT string_agg(quote_literal(format('rank-%s', i)), ', ') FROM generate_series(1, 2000) i))) operation WHERE operation ~ 'Operation';

-- more than the count is not read: limits, EXISTS
SELECT asked($$SELECT count(*) FROM (SELECT FROM fdwtest2 WHERE skey2 >= 'rank' LIMIT 10) q$$);
SELECT asked($$SELECT EXISTS (SELECT FROM fdwtest2 WHERE id = 'device-40' AND skey > 'event')$$);
SELECT asked($$SELECT n FROM generate_series(1, 2) n, fdwtest2 WHERE id = 'device-40' AND skey >= 'event-018'$$);
-- one value after the other: joins, generic plans
SELECT asked($$SELECT k, n FROM (VALUES ('device-40'), ('device-41'), ('nope'), (NULL)) v(k), LATERAL (SELECT count(*) AS n FROM fdwtest2 WHERE id = k AND skey >= 'event-004') q$$);
SELECT k, n FROM (VALUES ('device-40'), ('device-41'), ('nope'), (NULL)) v(k), LATERAL (SELECT count(*) AS n FROM fdwtest2 WHERE id = k AND skey >= 'event-005') q;
SELECT p, n FROM (VALUES ('event-01%'), ('event-0_5'), ('%'), (NULL), ('event')) v(p), LATERAL (SELECT count(*) AS n FROM fdwtest2 WHERE id = 'device-40' AND skey LIKE p) q;
SET plan_cache_mode = force_generic_plan;
PREPARE matching (text, text) AS SELECT count(*) FROM fdwtest2 WHERE id = $1 AND skey LIKE $2;
EXPLAIN (COSTS OFF) EXECUTE matching ('device-40', 'event-01%');
EXPLAIN (COSTS OFF) EXECUTE matching ('device-40', 'event-0_5');
EXECUTE matching ('device-40', 'event-01%');
EXECUTE matching ('device-40', 'event-0_5');
EXECUTE matching ('device-40', NULL);
RESET plan_cache_mode;
-- several tables below one
CREATE TABLE both_of (LIKE fdwtest2);
CREATE FOREIGN TABLE part_of () INHERITS (both_of) SERVER count OPTIONS (table_name 'fdwtest2');
ALTER FOREIGN TABLE part_of ALTER id OPTIONS (ADD partition_key 'true'), ALTER skey OPTIONS (ADD sort_key 'true'), ALTER document OPTIONS (ADD ddb_document 'true');
INSERT INTO both_of VALUES ('device-40', 'local'), ('device-41', 'local');
SELECT asked($$SELECT count(*) FROM both_of WHERE id = 'device-40'$$);
SELECT count(*) FROM both_of WHERE id = 'device-40';

-- Values that do not fit their columns. With 'error', items are counted only where each of them could be read; with
-- 'null', only where the ones that cannot are not counted. count(id) reads them.
CREATE FOREIGN TABLE strict (id text OPTIONS (partition_key 'true') COLLATE "C", s text COLLATE "C", short varchar(3) OPTIONS (mapped_attr 's'), n numeric,
  i int OPTIONS (mapped_attr 'n'), f float8 OPTIONS (mapped_attr 'n'), scaled numeric(10,1) OPTIONS (mapped_attr 'n'), b bytea, bool boolean,
  inner_s text OPTIONS (mapped_path 'm.s'), any_n jsonb OPTIONS (mapped_attr 'n'), document jsonb OPTIONS (ddb_document 'true'))
  SERVER count OPTIONS (table_name 'alltypes');
CREATE FOREIGN TABLE lenient (id text OPTIONS (partition_key 'true') COLLATE "C", s text COLLATE "C", short varchar(3) OPTIONS (mapped_attr 's'), n numeric,
  i int OPTIONS (mapped_attr 'n'), f float8 OPTIONS (mapped_attr 'n'), scaled numeric(10,1) OPTIONS (mapped_attr 'n'), b bytea, bool boolean,
  inner_s text OPTIONS (mapped_path 'm.s'), any_n jsonb OPTIONS (mapped_attr 'n'), document jsonb OPTIONS (ddb_document 'true'))
  SERVER count OPTIONS (table_name 'alltypes', on_type_mismatch 'null');
CREATE FUNCTION outcome(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE query INTO result;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
CREATE FUNCTION operation(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
    IF line ~ 'DynamoDB Operation' THEN RETURN substring(line FROM ': (.*)'); END IF;
  END LOOP;
  RETURN 'none';
END $$;
CREATE FUNCTION counted(name text, condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE query text := format('FROM %I WHERE %s', name, condition);
DECLARE counted text := outcome('SELECT count(*) ' || query);
DECLARE from_rows text := outcome('SELECT count(id) ' || query);
BEGIN
  RETURN operation('SELECT count(*) ' || query) || ': ' || counted || CASE WHEN counted <> from_rows THEN ', but DIFFERS: ' || from_rows ELSE '' END;
END $$;
SELECT condition, counted('strict', condition) AS strict, counted('lenient', condition) AS lenient FROM unnest(ARRAY[
  's = ''text''', 's IN (''text'', ''x'')', 's > ''a''', 's <> ''text''', 's LIKE ''te%''', 's LIKE ''%x%''', 's LIKE ''%t''', 's NOT LIKE ''te%''', 's LIKE ''t__t''', 's = ''''',
  'starts_with(s, ''te'')', 'NOT starts_with(s, ''te'')', 's > ''a'' COLLATE "en-x-icu"', 'short = ''text''', 'short < ''z''',
  'n = 42', 'n > 5', 'n BETWEEN 5 AND 50', 'n NOT BETWEEN 5 AND 50', 'n <> ALL (''{}'')', 'n = ANY (''{}'')', 'n NOT IN (42, NULL)', 'n > ''NaN''', 'n < ''NaN''', 'n <> ''Infinity''',
  'n > 1e200', 'n < 1e200', 'n <> 1e200', 'n = 1e200',
  'i = 42', 'i = 42::bigint', 'i = 42::smallint', 'i IN (42, 7)', 'i > 5', 'i <> 42', 'f = 42', 'f > 5', 'scaled = 42', 'b = ''\x010203''', 'b > ''\x00''', 'b IS NULL', 'n IS NULL', 'i IS NULL',
  'n IS NOT NULL', 'any_n IS NOT NULL', 'any_n IS NULL', 'id IS NOT NULL', 'id > ''a''', 'id < ''m'' OR id > ''t''',
  'bool', 'NOT bool', 'bool IS TRUE', 'bool IS NOT TRUE', 'bool IS NOT FALSE', 'bool = true', 'inner_s = ''inner''', 'inner_s IS NULL',
  'n = 42 OR n > 100', 'n = 42 OR n IS NULL', 'n = 42 OR s = ''text''', 'n = 42 OR id > ''n''', '(n = 42 OR s = ''text'') AND s < ''z''', '(n = 42 OR s = ''text'') AND s < ''z'' AND n > 0',
  'n = 42 AND NOT (bool OR s = ''x'')', 'n = 42 AND document ? ''s''']) condition;

RESET search_path;
DROP SCHEMA count CASCADE;
DROP SERVER count CASCADE;
