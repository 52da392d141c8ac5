-- The predecessor's DDL works as it stands: the foreign table of fdwtest2, and the import of a region.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
RESET client_min_messages;
CREATE SCHEMA predecessor_test;
SET search_path = predecessor_test;

CREATE SERVER multicorn_dynamo FOREIGN DATA WRAPPER dynamodb_fdw;
ALTER SERVER multicorn_dynamo OPTIONS (ADD endpoint :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER multicorn_dynamo OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE fdwtest2 (oid TEXT, partition_key TEXT OPTIONS (mapped_attr 'id', partition_key 'true'),
sort_key TEXT OPTIONS (mapped_attr 'skey', sort_key 'true'), lsi_sort_key TEXT OPTIONS (mapped_attr 'skey2', lsi_name
'lsi1'), gsi_partition_key TEXT OPTIONS (mapped_attr 'pkey2', gsi_partition_key_gsi_name 'gsi1'), gsi_sort_key TEXT
OPTIONS (mapped_attr 'skey2', gsi_sort_key_gsi_name 'gsi1'), document JSON OPTIONS (ddb_document 'true')) SERVER
multicorn_dynamo OPTIONS (aws_region 'us-west-2', table_name 'fdwtest2');

-- a Scan says what it costs
SELECT count(*) FROM fdwtest2;
-- one partition, part of a partition, one item, several partitions
SELECT count(*) FROM fdwtest2 WHERE partition_key = 'device-42';
SELECT partition_key, sort_key, lsi_sort_key, gsi_partition_key, gsi_sort_key FROM fdwtest2 WHERE partition_key = 'device-42' AND sort_key BETWEEN 'event-008' AND 'event-010' ORDER BY sort_key;
SELECT sort_key, document ->> 'number' AS number FROM fdwtest2 WHERE partition_key = 'device-42' AND sort_key LIKE 'event-01%' ORDER BY sort_key;
SELECT oid, gsi_partition_key FROM fdwtest2 WHERE partition_key = 'device-42' AND sort_key = 'event-007';
SELECT partition_key, count(*), max(sort_key) FROM fdwtest2 WHERE partition_key IN ('device-00', 'device-99', 'device-100') GROUP BY partition_key ORDER BY partition_key;
-- no item has such keys
SELECT * FROM fdwtest2 WHERE partition_key = 'device-100';
SELECT * FROM fdwtest2 WHERE partition_key = '';

-- the document: JSON operators, every type, nested
SELECT document ->> 'price' AS price, (document ->> 'active')::boolean AS active, document -> 'history' -> 2 ->> 'at' AS at, document #>> '{details,owner,name}' AS owner
  FROM fdwtest2 WHERE partition_key = 'device-42' AND sort_key = 'event-007';
SELECT string_agg(tag, ' ' ORDER BY tag) AS tags FROM fdwtest2, json_array_elements_text(document -> 'tags') AS tag
  WHERE partition_key = 'device-42' AND sort_key = 'event-007';
SELECT string_agg(name, ' ' ORDER BY name) AS names FROM fdwtest2, json_object_keys(document) AS name
  WHERE partition_key = 'device-42' AND sort_key = 'event-007';
SELECT convert_from((document ->> 'payload')::bytea, 'UTF8') AS payload FROM fdwtest2 WHERE partition_key = 'device-42' AND sort_key = 'event-007';
SELECT sort_key, oid, json_typeof(document -> 'deleted') AS deleted, document ->> 'number' AS number, document ->> 'price' AS price
  FROM fdwtest2 WHERE partition_key = 'special' ORDER BY sort_key;
SELECT pg_typeof(document), json_typeof(document) FROM fdwtest2 WHERE partition_key = 'special' AND sort_key = 'keys only';

-- a question that its keys were not made for
SET client_min_messages = warning;
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD scan_policy 'allow');
SELECT oid, document ->> 'number' AS number FROM fdwtest2 WHERE document #>> '{details,ticket}' = 'T-0713';
SELECT gsi_partition_key, count(*), min(gsi_sort_key), sum((document ->> 'price')::numeric) AS price FROM fdwtest2
  WHERE partition_key LIKE 'device-%' GROUP BY gsi_partition_key ORDER BY gsi_partition_key NULLS LAST;
SELECT count(*) FROM fdwtest2 WHERE lsi_sort_key IS NULL;
SELECT count(*) FROM fdwtest2 WHERE lsi_sort_key IS DISTINCT FROM gsi_sort_key;
SELECT count(*), count(DISTINCT oid) FROM fdwtest2;

-- by the keys of the indexes: the same rows, however they are read
SELECT count(*) FROM fdwtest2 WHERE gsi_partition_key = 'group-3';
SELECT oid, gsi_sort_key FROM fdwtest2 WHERE gsi_partition_key = 'group-3' AND gsi_sort_key >= 'rank-1990' ORDER BY gsi_sort_key;
SELECT sort_key, lsi_sort_key FROM fdwtest2 WHERE partition_key = 'device-42' AND lsi_sort_key < 'rank-1200' ORDER BY lsi_sort_key;
-- two columns read skey2: each is the key of its own index
EXPLAIN (COSTS OFF) SELECT sort_key FROM fdwtest2 WHERE gsi_partition_key = 'group-3' AND gsi_sort_key >= 'rank-1990' ORDER BY gsi_sort_key;
EXPLAIN (COSTS OFF) SELECT sort_key FROM fdwtest2 WHERE partition_key = 'device-42' AND lsi_sort_key < 'rank-1200';
EXPLAIN (COSTS OFF) SELECT sort_key FROM fdwtest2 WHERE gsi_partition_key = 'group-3';

-- the import
CREATE SCHEMA ddb_usw2;
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER multicorn_dynamo INTO ddb_usw2 OPTIONS (aws_region 'us-west-2');
SELECT relname FROM pg_class WHERE relnamespace = 'ddb_usw2'::regnamespace AND relname IN ('fdwtest2', 'fdwtest3', 'alltypes', 'Mixed.Case-Table') ORDER BY relname COLLATE "C";
SELECT id, skey, document -> 'number' AS number FROM ddb_usw2.fdwtest2 WHERE id = 'device-42' AND skey = 'event-007';

DROP SCHEMA predecessor_test, ddb_usw2 CASCADE;
DROP SERVER multicorn_dynamo CASCADE;
