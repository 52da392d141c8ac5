-- Each way to read, with what it asks of DynamoDB and what that costs; and rows that filters must not lose.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = error;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER access_paths FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', parallel_scan_count '4');
CREATE USER MAPPING FOR CURRENT_USER SERVER access_paths OPTIONS (access_key_id 'a', secret_access_key 'b');
CREATE SCHEMA access_paths;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (fdwtest2, fdwtest3, alltypes, numkeys) FROM SERVER access_paths INTO access_paths;
SET search_path = access_paths, public;
-- what EXPLAIN ANALYZE says of DynamoDB, without what varies
CREATE FUNCTION asked(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
    IF line ~ '(DynamoDB (Operation|Index|Filter)|Key Condition|Direction|Limit:|Projection|Not Pushed|Left Out|Requests|Items|Consumed)' THEN
      RETURN NEXT regexp_replace(replace(line, '(InitPlan 1).col1', '$0'), '^ +', '');
    END IF;
  END LOOP;
END $$;

-- whole keys
SELECT asked($$SELECT document FROM fdwtest2 WHERE id = 'device-40' AND skey = 'event-001'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND skey IN ('event-001', 'event-003', 'nope')$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE (id, skey) IN (('device-40', 'event-001'), ('device-41', 'event-002'), ('device-41', 'event-002'))$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE (id = 'device-40' AND skey = 'event-001') OR (skey = 'event-002' AND 'device-41' = id AND pkey2 > '')$$);
-- a partition, and a range in it
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND skey > 'event-003' AND skey >= 'event-005' AND skey < 'event-008' AND skey LIKE 'event%'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND skey LIKE 'event-01%' AND skey > 'event-015'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' OR id = 'device-41'$$);
SELECT asked($$SELECT s FROM numkeys WHERE p = -3 AND s BETWEEN 0 AND 1$$);
-- indexes: used where the conditions prove that the item is in it
SELECT asked($$SELECT id FROM fdwtest2 WHERE id = 'device-40' AND skey2 >= 'rank-09'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE pkey2 = 'group-1' AND skey2 >= 'rank-09'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE pkey2 = 'group-1'$$);
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD sparse_indexes 'use');
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE pkey2 = 'group-1'$$);
ALTER FOREIGN TABLE fdwtest2 OPTIONS (SET sparse_indexes 'auto', ADD consistent_read 'true');
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE pkey2 = 'group-1' AND skey2 >= 'rank-09'$$);
ALTER FOREIGN TABLE fdwtest2 OPTIONS (DROP sparse_indexes, DROP consistent_read);
-- order and limits
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' ORDER BY skey DESC LIMIT 10$$);
-- (since PostgreSQL 17 the planner knows by itself that a NOT NULL column is not null)
ALTER FOREIGN TABLE fdwtest2 ALTER skey DROP NOT NULL;
SELECT asked($$SELECT max(skey) FROM fdwtest2 WHERE id = 'device-40'$$);
ALTER FOREIGN TABLE fdwtest2 ALTER skey SET NOT NULL;
SELECT asked($$SELECT id FROM fdwtest2 LIMIT 1$$);
SELECT asked($$SELECT count(*) FROM fdwtest2$$);
-- joins
SELECT asked($$SELECT v FROM (VALUES ('device-40', 'event-001'), ('device-41', 'event-002')) k(a, v), fdwtest2 WHERE id = a AND skey = v$$);
-- nothing to ask
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND skey > 'f' AND skey < 'e'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = '' OR id = NULL$$);
SELECT asked($$SELECT id FROM fdwtest2 WHERE document @> '[1]'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND skey = 'event-001' AND skey > 'event-002'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND skey = 'event-001' AND skey LIKE 'x%'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND id IN ('device-41', 'device-42')$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND id = concat('device-', 41) AND skey = 'event-001'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE (id, skey) IN (('device-40', 'event-001'), ('device-41', 'event-002')) AND skey > 'event-003'$$);
-- conditions on one attribute hold together
SELECT asked($$SELECT skey FROM fdwtest2 WHERE (id, skey) IN (('device-40', 'event-001'), ('device-41', 'event-002')) AND id IN ('device-41', 'x') AND skey LIKE 'event%'$$);
SELECT asked($$SELECT count(*) FROM fdwtest2 WHERE id IN ('device-40', 'device-41', 'device-42') AND id IN ('device-42', 'device-41') AND id < 'device-42'$$);
SELECT asked($$SELECT skey FROM fdwtest2 WHERE id = 'device-40' AND skey IN ('event-001', 'event-003', 'event-009') AND skey >= 'event-003'$$);
PREPARE two (text, text, text[]) AS SELECT count(*) FROM fdwtest2 WHERE id = $1 AND id = $2 AND id = ANY ($3);
SET plan_cache_mode = force_generic_plan;
SELECT asked($$EXECUTE two ('device-40', 'device-41', '{device-40}')$$);
SELECT asked($$EXECUTE two ('device-40', 'device-40', '{device-41,device-40}')$$);
RESET plan_cache_mode;
DEALLOCATE two;
-- filters and projection
SELECT asked($$SELECT document->>'number' FROM fdwtest2 WHERE id = 'device-40' AND document->>'active' = 'true'$$);
SELECT asked($$SELECT id FROM fdwtest2 WHERE document->'details'->>'ticket' = 'T-1234' AND pkey2 IS NOT NULL$$);
SELECT asked($$SELECT id FROM fdwtest2 WHERE (document->>'number')::int BETWEEN 5 AND 7 OR skey2 NOT LIKE 'rank%'$$);

-- the same rows as over a local copy
CREATE FOREIGN TABLE mixed (id text OPTIONS (partition_key 'true') NOT NULL, s text, n numeric, i int OPTIONS (mapped_attr 'n'), f float8 OPTIONS (mapped_attr 'n'),
  r real OPTIONS (mapped_attr 'n'), b bytea, bool boolean, inner_s text OPTIONS (mapped_path 'm.s'), document jsonb OPTIONS (ddb_document 'true'))
  SERVER access_paths OPTIONS (table_name 'alltypes', on_type_mismatch 'null');
CREATE TABLE mixed_copy AS SELECT * FROM mixed;
CREATE FUNCTION differs(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE remote text; local text;
BEGIN
  EXECUTE 'SELECT string_agg(id, '','' ORDER BY id) FROM mixed WHERE ' || condition INTO remote;
  EXECUTE 'SELECT string_agg(id, '','' ORDER BY id) FROM mixed_copy WHERE ' || condition INTO local;
  RETURN CASE WHEN remote IS DISTINCT FROM local THEN format('DIFFERS: %s, but local %s', remote, local) ELSE local END;
END $$;
SELECT condition, differs(condition) FROM unnest(ARRAY[
  'n <> ALL (''{}'')', 'NOT n = ANY (''{}'')', 'f <> ALL (''{}'')', 'n NOT IN (42, 7)', 'n NOT IN (42, NULL)',
  's <> ''text''', 'NOT (n < 50 AND bool)', 's IS NULL', 'bool IS NOT TRUE', 'NOT bool', 'bool IS NOT FALSE',
  's LIKE ''te%''', 's NOT LIKE ''te%''', 's LIKE ''%x%''', 's LIKE ''%t''', 's LIKE ''t__t''', 's LIKE ''''',
  'f = 42', 'r = 42', 'f <> 42', 'f < ''NaN''', 'n > ''Infinity''', 'i = 42', 'b > ''\x00''', 'inner_s = ''inner''',
  'document ? ''n''', 'document ?| ''{bs,nope}''', 'document ?& ''{n,s}''', 'document @> ''{"bool": true, "m": {"n": 1.50}}''',
  'document @> ''{"l": [1]}''', 'document->>''n'' = ''42''', 'document->>''n'' = ''42.0''', 'document->>''bool'' IN (''true'', ''false'')',
  'document #>> ''{l,+1}'' = ''two''', 'document #>> ''{m,s}'' = ''inner''', 'document->''m''->>''b'' = ''\x0102''',
  '(document->>''n'')::text = ''seven''', 'document->''l''->>1 = ''two''', 'document->>''l'' IS NOT NULL',
  'n IS DISTINCT FROM 42', 'n IS NOT DISTINCT FROM 42', 'n IS DISTINCT FROM NULL::numeric', 's IS DISTINCT FROM ''text''', 's IS NOT DISTINCT FROM (SELECT NULL)', 'f IS NOT DISTINCT FROM 42',
  'f IS DISTINCT FROM 42', 's IS DISTINCT FROM ''''', 'n = ALL (''{42,42.0}'')', 'n < ANY (''{1,NULL,50}'')', 'n >= ALL (''{1,NULL}'')', 'n > ALL (''{}'')', 'n > ANY (''{}'')',
  's LIKE ANY (''{te%,%x}'')', 's LIKE ALL (''{te%,%xt}'')', 'n BETWEEN SYMMETRIC 50 AND 40', 'bool = true', 'bool <> true', 'bool IS TRUE',
  'document->>''s'' IS NULL', 'document->''s'' IS NULL', 'document->>''null'' IS NULL', 'document->''null'' IS NULL', 'document->''null'' IS NOT NULL', 'document->>''null'' IS NOT NULL',
  'document->''m''->>''s'' IS NULL', 'document #>> ''{m,s}'' IS NOT NULL', 'document->''l''->>''s'' IS NULL', 'document->>''s'' <> ''text''', 'document->>''n'' <> ''42''', 'document->>''n'' <> ''42.0''',
  'document->>''s'' NOT IN (''text'', ''x'')', 'document->>''s'' <> ALL (''{text,NULL}'')', 'document->''id''->>''x'' IS NULL', 'document @> ''{"id": {"x": 1}}''',
  '(CASE WHEN document->>''n'' ~ ''^[0-9]{1,5}$'' THEN document END->>''n'')::int IN (42, 7)']) condition;
-- the same where a document is read without fail; and below a key there is nothing to ask for
ALTER FOREIGN TABLE mixed OPTIONS (SET on_type_mismatch 'error');
CREATE FUNCTION asked_and_given(condition text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  RETURN QUERY EXECUTE format('SELECT string_agg(document->>%L, %L ORDER BY document->>%L) FROM mixed WHERE %s', 'id', ',', 'id', condition);
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) SELECT document FROM mixed WHERE ' || condition LOOP
    IF line ~ 'DynamoDB Filter|Not Pushed' THEN RETURN NEXT regexp_replace(line, '^ +', ''); END IF;
  END LOOP;
END $$;
SELECT asked_and_given(condition) FROM unnest(ARRAY['document->>''null'' IS NULL', 'document->''null'' IS NULL', 'document->''m''->>''s'' IS NOT NULL', 'document->>''s'' <> ALL (''{text,x}'')',
  'document->>''s'' = ''x'' AND (document->>''n'')::float8 IN (1.5, 2)', 'document->>''s'' = ''x'' AND (document->>''n'')::int = ANY (''{1,2}'')', 'document->''id''->>''x'' IS NULL',
  'document @> ''{"id": {"x": 1}}''']) condition;
-- a Query's filter does not name its own keys, in whatever way the condition does
SELECT count(*) FROM fdwtest2 WHERE id = 'device-40' AND document @> '{"id": "device-40"}' AND document ? 'skey';
-- an unknown key beside a filter
EXPLAIN (COSTS OFF) SELECT (SELECT count(*) FROM fdwtest2 k WHERE k.id = x.id AND k.skey2 = x.skey2) FROM fdwtest2 x WHERE x.id = 'device-40';
-- limits on Scans
SET dynamodb_fdw.max_scan_capacity = 10;
SELECT count(*) FROM fdwtest2;
SELECT count(*) FROM fdwtest2 WHERE id = 'device-40';
-- with a LIMIT it is what is wanted, unless items are sorted or filtered out
SELECT count(*) FROM (SELECT id FROM fdwtest2 LIMIT 5) few;
SELECT id FROM fdwtest2 LIMIT 2000;
SELECT id FROM fdwtest2 WHERE document->>'number' > '5' LIMIT 5;
SELECT id FROM fdwtest2 ORDER BY id LIMIT 5;
PREPARE few(int) AS SELECT count(*) FROM (SELECT id FROM fdwtest2 LIMIT $1) few;
EXECUTE few(5);
SET plan_cache_mode = force_generic_plan;
EXECUTE few(5);
RESET plan_cache_mode;
DEALLOCATE few;
RESET dynamodb_fdw.max_scan_capacity;

-- bounds that are above all numbers, and attributes that none can be
SELECT asked($$SELECT s FROM numkeys WHERE p = 1 AND s > 'NaN'$$);
SELECT asked($$SELECT count(*) FROM numkeys WHERE p = 1 AND s < 'NaN' AND s > '-Infinity'$$);
SELECT count(*) FROM fdwtest2 WHERE document->repeat('a', 70000) IS NULL AND id = 'device-40';
-- of a small table, too, a partition is queried rather than all scanned
SELECT asked($$SELECT s FROM numkeys WHERE p = 1 AND s = ANY (ARRAY(SELECT i::numeric FROM generate_series(0, 2) i))$$);
-- what would have helped where a Scan is denied
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD scan_policy 'deny');
SELECT count(*) FROM fdwtest2 WHERE pkey2 = 'group-1';
SELECT count(*) FROM fdwtest2 WHERE skey2 = 'rank-09';
ALTER FOREIGN TABLE fdwtest2 OPTIONS (DROP scan_policy);

RESET search_path;
DROP SCHEMA access_paths CASCADE;
DROP SERVER access_paths CASCADE;
