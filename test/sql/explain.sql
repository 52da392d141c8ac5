-- EXPLAIN: what it says of Scan, Query and look-ups, in every FORMAT; why conditions are not pushed down; what ANALYZE adds.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER explain_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER explain_test OPTIONS (access_key_id 'AKIDEXAMPLE', secret_access_key 'verysecret');
CREATE SCHEMA explain_test;
SET search_path = explain_test;
SET jit = off;

-- Output of EXPLAIN without numbers that vary, and as it was before PostgreSQL 17 and 18.
CREATE FUNCTION explain(options text, statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE format('EXPLAIN (%s) %s', options, statement) LOOP
    line = regexp_replace(line, '\(cost=[^)]*\)', '(cost)');
    line = regexp_replace(line, '((Startup|Total) Cost|Plan (Rows|Width)|Estimated Read Capacity|Bytes Received)("?: *)[0-9.]+', '\1\4N', 'g');
    line = regexp_replace(replace(line, '(InitPlan 1).col1', '$0'), 'InitPlan 1$', 'InitPlan 1 (returns $0)');
    line = regexp_replace(line, '(actual rows|Actual Rows)("?[=:] ?)(\d+)\.00', '\1\2\3');
    line = regexp_replace(line, '\n *[<"]?Disabled\y[^\n]*false[^\n]*', '', 'g');
    RETURN NEXT line;
  END LOOP;
END $$;
\pset format unaligned
\pset tuples_only on

CREATE FOREIGN TABLE fdwtest2 (
  oid text,
  partition_key text OPTIONS (mapped_attr 'id', partition_key 'true'),
  sort_key text OPTIONS (mapped_attr 'skey', sort_key 'true'),
  number numeric,
  tags text[],
  owner text OPTIONS (mapped_path 'details.owner.name'),
  document jsonb OPTIONS (ddb_document 'true')
) SERVER explain_test;
CREATE FOREIGN TABLE numkeys (p numeric OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true'), label text) SERVER explain_test;
CREATE FOREIGN TABLE binkeys (p bytea OPTIONS (partition_key 'true'), s bytea OPTIONS (sort_key 'true'), label text) SERVER explain_test;
CREATE FOREIGN TABLE odd_names (tenant text OPTIONS (mapped_attr 'Tenant-Id', partition_key 'true'),
  "Sort Key" int OPTIONS (mapped_attr 'Sort.Key', sort_key 'true'), u int OPTIONS (mapped_attr 'ünïcödé'), document json OPTIONS (ddb_document 'true'))
  SERVER explain_test OPTIONS (table_name 'Mixed.Case-Table', aws_region 'eu-central-1');

-- Scan: segments, region, and the attributes that are asked for: of the columns in use, and the key
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2;
EXPLAIN (COSTS OFF) SELECT count(*) FROM fdwtest2;
EXPLAIN (COSTS OFF) SELECT * FROM fdwtest2;
EXPLAIN (COSTS OFF) SELECT oid FROM fdwtest2;
EXPLAIN (COSTS OFF) SELECT tags, owner FROM fdwtest2;
EXPLAIN (COSTS OFF) SELECT u FROM odd_names;
ALTER FOREIGN TABLE odd_names OPTIONS (ADD parallel_scan_count '3');
EXPLAIN (COSTS OFF) SELECT * FROM odd_names;

-- Lists of whole keys are not checked again where PostgreSQL and DynamoDB read and compare the types alike; of all other
-- conditions there is a Filter
CREATE FOREIGN TABLE intkeys (p int OPTIONS (partition_key 'true'), s bigint OPTIONS (sort_key 'true'), label text)
  SERVER explain_test OPTIONS (table_name 'numkeys');
CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
CREATE FOREIGN TABLE domainkeys (p positive OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true'), label text)
  SERVER explain_test OPTIONS (table_name 'numkeys');
CREATE TEMPORARY TABLE binkeys_found AS SELECT p, s FROM binkeys;
CREATE FUNCTION checks(relation text, condition text) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(trim(line), '; ') FROM explain('COSTS OFF', format('SELECT label FROM %s WHERE %s', relation, condition)) AS line
  WHERE line ~ '(Filter|DynamoDB Operation):'
$$;
SELECT condition, checks(relation, condition) FROM (VALUES
  ('numkeys', 'p IN (1, 2.5) AND s = 10'),
  ('numkeys', '(p, s) IN ((1, 10), (2.5, 20))'),
  ('numkeys', $$p IN (1, 2.5) AND s = 10 AND label <> 'x'$$),
  ('numkeys', 'p IN (1, 2.5) AND s = 10 AND p < 2'),
  ('numkeys', '(p, s) IN ((1, 10), (2.5, 20)) AND p IN (2.5, 3)'),
  ('numkeys', $$(p = 1 AND s = 10) OR (p = 2 AND s = 20 AND label = 'x')$$),
  ('numkeys', '(p = 1 AND s = 10) OR (p = 2 AND s = 20 AND p < 3)'),
  ('numkeys', 'p = 1 AND s = 10'),
  ('intkeys', 'p IN (1, 2) AND s = 10'),
  ('intkeys', 'p = ANY (ARRAY[1, 5000000000]) AND s = 10'),
  ('intkeys', '(p = 1 AND s = 10) OR (p = 5000000000 AND s = 20)'),
  ('domainkeys', 'p IN (1, 2) AND s = 10'),
  ('binkeys', $$p IN ('\x01', '\x02') AND s = '\x03'$$)) AS tried (relation, condition);
-- an array whose values are known when it runs: with values twice, in other spellings, and such as no key can have
-- (rows are made dear, so that ten keys, as is supposed, cost less than the whole of a small table)
ALTER SERVER explain_test OPTIONS (ADD fdw_tuple_cost '100');
SELECT checks('numkeys', 's = 10 AND p = ANY (ARRAY(SELECT i / 2.0 FROM generate_series(1, 5) i))');
SELECT label FROM numkeys WHERE s = 10
  AND p = ANY (ARRAY(SELECT v::numeric FROM (VALUES ('1.00'), ('2.5'), ('1'), ('25e-1'), ('77'), (NULL), ('NaN'), ('1e200')) AS given (v)))
  ORDER BY p;
SELECT label FROM numkeys WHERE s = 10 AND p = ANY (ARRAY(SELECT 2.50 FROM generate_series(1, 3)));
SELECT count(*) FROM numkeys WHERE s = 10 AND p = ANY (ARRAY(SELECT NULL::numeric FROM generate_series(1, 3)));
SELECT checks('binkeys', $$s = '\xff00' AND p = ANY (ARRAY(SELECT p FROM binkeys_found))$$);
SELECT encode(p, 'hex'), encode(s, 'hex') FROM binkeys WHERE s = '\xff00' AND p = ANY (ARRAY(SELECT p FROM binkeys_found)) ORDER BY p;
-- each outer row its own keys
SELECT given.n, (SELECT string_agg(label, ',' ORDER BY p) FROM numkeys WHERE s = 10 AND p = ANY (ARRAY[given.n, 2.5]))
  FROM (VALUES (1.0), (2.5), (77), (NULL)) AS given (n);
ALTER SERVER explain_test OPTIONS (DROP fdw_tuple_cost);
-- what the transaction has written is found by just these keys, too
ALTER FOREIGN TABLE numkeys OPTIONS (ADD insert_mode 'put');
BEGIN;
INSERT INTO numkeys VALUES (70, 1, 'written'), (70, 2, 'not asked for');
SELECT * FROM numkeys WHERE (p, s) IN ((70.0, 1.00), (71, 1), (70, 3)) ORDER BY s;
SELECT label FROM numkeys WHERE p IN (70, 71) AND s = 1.0;
ROLLBACK;
ALTER FOREIGN TABLE numkeys OPTIONS (DROP insert_mode);

-- Query: the key condition with the values
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01';
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'it''s' AND sort_key BETWEEN 'a' AND 'b';
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key LIKE 'event-00%';
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key IN ('device-01', 'device-02') AND sort_key > 'event-018';
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'x' AND sort_key > 'b' AND sort_key < 'a';
EXPLAIN (COSTS OFF) SELECT label FROM numkeys WHERE p = 2.50 AND s >= -1e-3;
EXPLAIN (COSTS OFF) SELECT label FROM binkeys WHERE p = '\xcafe' AND s < '\x7f00';
EXPLAIN (COSTS OFF) SELECT u FROM odd_names WHERE tenant = 'ü"\' AND "Sort Key" <= 3;
-- of a long list the first ten
EXPLAIN (COSTS OFF) SELECT count(*) FROM fdwtest2 WHERE partition_key = ANY (string_to_array('a,b,c,d,e,f,g,h,i,j,k,l,a,b', ','));
-- the whole key
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key = 'event-003';
EXPLAIN (COSTS OFF) SELECT label FROM numkeys WHERE p IN (1, 2.5) AND s = 10;
-- LIMIT and the order of the sort key
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' ORDER BY sort_key DESC LIMIT 3;
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 LIMIT 3;

-- parameters: their values where there are some, else what gives them
PREPARE by_key (text, text) AS SELECT number FROM fdwtest2 WHERE partition_key = $1 AND sort_key >= $2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE by_key ('device-01', 'event-018');
EXPLAIN (COSTS OFF) EXECUTE by_key ('device-01', NULL);
DEALLOCATE by_key;
RESET plan_cache_mode;
SELECT explain('COSTS OFF', $$SELECT number FROM fdwtest2 WHERE partition_key = (SELECT 'device-0' || 1) AND sort_key > current_setting('explain_test.none', true)$$);
CREATE TABLE device (name text, since text);
INSERT INTO device VALUES ('device-01', 'event-018'), ('device-02', 'event-019');
ANALYZE device;
EXPLAIN (COSTS OFF) SELECT name, (SELECT max(number) FROM fdwtest2 f WHERE f.partition_key = d.name AND f.sort_key > d.since) FROM device d;
SELECT line FROM explain('COSTS OFF', $$SELECT name, f.number FROM device d JOIN fdwtest2 f ON f.partition_key = d.name AND f.sort_key = d.since$$) line WHERE line !~ 'Filter';
SELECT explain('COSTS OFF', $$SELECT number FROM fdwtest2 WHERE partition_key = ANY (ARRAY(SELECT name FROM device)) AND sort_key > 'event-018'$$);

-- indexes: used where every item that is asked for is in them, else left out with the reason
CREATE FOREIGN TABLE indexed (
  id text OPTIONS (partition_key 'true'),
  skey text OPTIONS (sort_key 'true'),
  skey2 text OPTIONS (lsi_name 'lsi1', gsi_sort_key_gsi_name 'gsi1'),
  pkey2 text OPTIONS (gsi_partition_key_gsi_name 'gsi1'),
  number numeric
) SERVER explain_test OPTIONS (table_name 'fdwtest2');
EXPLAIN (COSTS OFF) SELECT number FROM indexed WHERE id = 'device-01' AND skey2 > 'rank-1900';
EXPLAIN (COSTS OFF) SELECT number FROM indexed WHERE pkey2 = 'group-1' AND skey2 LIKE 'rank-19%';
EXPLAIN (COSTS OFF) SELECT number FROM indexed WHERE pkey2 = 'group-1';

-- what PostgreSQL does alone, and why
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE upper(partition_key) = 'DEVICE-01' AND sort_key || '' = 'x';
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key = owner;
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = random()::text;
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND partition_key IN ('device-01', 'device-02');
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key > 'a' COLLATE "en-x-icu";
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key ~ 'event-.0.';
CREATE FOREIGN TABLE other_types (p text OPTIONS (mapped_attr 'id', partition_key 'true'), s char(9) OPTIONS (mapped_attr 'skey', sort_key 'true')) SERVER explain_test
  OPTIONS (table_name 'fdwtest2');
EXPLAIN (COSTS OFF) SELECT * FROM other_types WHERE p = 'device-01' AND s = 'event-003';

CREATE FUNCTION long_text() RETURNS text STABLE LANGUAGE sql AS $$ SELECT repeat('z', 2000) $$;
CREATE FUNCTION many_numbers(count int) RETURNS numeric[] STABLE LANGUAGE sql AS $$ SELECT array_agg(i::numeric) FROM generate_series(1, count) i $$;
-- known only with the values: a pattern without a prefix, a bound and a value that nothing can have, a key in a document
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key LIKE '%1' AND sort_key > 'event-018';
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key < long_text();
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND document @> '{"skey": "event-018"}';
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE sort_key LIKE '%1' AND document->>'details' = '{}';
-- always true of a key; beside look-ups; no list of sort keys; the value or the type of another column
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key IS NOT NULL;
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key = 'event-018' AND sort_key IS NOT NULL AND number > 5;
EXPLAIN (COSTS OFF) SELECT number FROM indexed WHERE pkey2 = 'group-1' AND skey2 IN ('rank-01', 'rank-02');
EXPLAIN (COSTS OFF) SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND number = random()::numeric AND owner > 'a' COLLATE "en-x-icu";
-- what does not fit into an expression: whole conditions, and parts of one
EXPLAIN (COSTS OFF) SELECT count(*) FROM fdwtest2 WHERE number = ANY (many_numbers(1500)) AND owner <> 'x';
CREATE FUNCTION many_members(count int) RETURNS jsonb STABLE LANGUAGE sql AS $$ SELECT jsonb_object_agg('m' || i, i) FROM generate_series(1, count) i $$;
SELECT right(line, 600) FROM explain('COSTS OFF', 'SELECT count(*) FROM fdwtest2 WHERE document @> many_members(152)') line WHERE line ~ 'Filter|Not Pushed';
-- nothing is asked: no capacity
SELECT explain('COSTS ON', $$SELECT label FROM numkeys WHERE p = 'NaN'$$);

-- every FORMAT
SELECT explain('COSTS OFF, FORMAT JSON', $$SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key > 'event-018' AND sort_key ~ '9$'$$);
SELECT explain('COSTS OFF, FORMAT XML', $$SELECT number FROM fdwtest2 WHERE partition_key = '<&>' AND sort_key > 'event-018' AND sort_key ~ '9$'$$);
SELECT explain('COSTS OFF, FORMAT YAML', $$SELECT number FROM fdwtest2 WHERE partition_key = 'device: "01"' AND sort_key > 'event-018' AND sort_key ~ '9$'$$);
SELECT explain('FORMAT JSON', 'SELECT number FROM fdwtest2');

-- with costs there is an estimate of the capacity: more for a Scan than for a Query
SELECT explain('COSTS ON', $$SELECT label FROM numkeys WHERE p = 1$$);
CREATE FUNCTION capacity(statement text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || statement INTO plan;
  RETURN plan #> '{0,Plan,Estimated Read Capacity}';
END $$;
SELECT capacity('SELECT * FROM fdwtest2') > capacity($$SELECT * FROM fdwtest2 WHERE partition_key = 'device-01'$$),
  capacity($$SELECT * FROM fdwtest2 WHERE partition_key = 'device-01'$$) >= capacity($$SELECT * FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key = 'event-001'$$);
SELECT explain('VERBOSE, COSTS OFF', $$SELECT label FROM numkeys n WHERE p = 1 AND s > 2$$);

-- ANALYZE
SELECT explain('ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF', $$SELECT number FROM fdwtest2 WHERE partition_key = 'device-01' AND sort_key >= 'event-018'$$);
SELECT explain('ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF', $$SELECT label FROM numkeys WHERE p IN (1, 2.5) AND s > 10$$);
SELECT explain('ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF', $$SELECT number FROM fdwtest2 WHERE partition_key = ''$$);
SELECT explain('ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF', $$SELECT label FROM numkeys WHERE p = 1 AND s = 2$$);
SELECT line FROM explain('ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF', $$SELECT name, f.number FROM device d JOIN fdwtest2 f ON f.partition_key = d.name AND f.sort_key = d.since$$) line WHERE line !~ 'Filter';
SELECT explain('ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON', $$SELECT label FROM numkeys WHERE p = 1 AND s > 2$$);
-- a node that is never started
SELECT explain('ANALYZE, BUFFERS OFF, COSTS OFF, TIMING OFF, SUMMARY OFF', $$SELECT number FROM fdwtest2 LIMIT 0$$);
-- the messages come with ANALYZE, and only with it
SET client_min_messages = notice;
ALTER FOREIGN TABLE numkeys OPTIONS (ADD scan_policy 'warn', ADD parallel_scan_count '1');
SELECT count(*) FROM explain('COSTS OFF', 'SELECT * FROM numkeys');
SELECT count(*) > 0 FROM explain('ANALYZE', 'SELECT * FROM numkeys');
SET client_min_messages = warning;

-- no secret
SELECT count(*) FROM explain('ANALYZE, VERBOSE, SETTINGS, FORMAT JSON', 'SELECT * FROM numkeys') line WHERE line ~ 'AKIDEXAMPLE|verysecret|access_key|http';

DROP SCHEMA explain_test CASCADE;
DROP SERVER explain_test CASCADE;
