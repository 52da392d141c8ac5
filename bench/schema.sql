-- The foreign tables of the benchmark for one of the page server's ports, in a schema named after it.
-- Variables: face, endpoint, ca (a file, or empty).
\set ON_ERROR_STOP on
CREATE SCHEMA :"face";
CREATE SERVER :"face" FOREIGN DATA WRAPPER dynamodb_fdw
  OPTIONS (endpoint :'endpoint', aws_region 'us-east-1', scan_policy 'allow');
SELECT :'ca' <> '' AS has_ca \gset
\if :has_ca
ALTER SERVER :"face" OPTIONS (ADD ca_bundle :'ca');
\endif
CREATE USER MAPPING FOR CURRENT_USER SERVER :"face" OPTIONS (access_key_id 'bench', secret_access_key 'bench');
SET search_path = :"face";

CREATE FOREIGN TABLE orders (
  pk text COLLATE "C" NOT NULL OPTIONS (partition_key 'true'),
  sk text COLLATE "C" NOT NULL OPTIONS (sort_key 'true'),
  total numeric, quantity bigint, paid boolean,
  tags text[] OPTIONS (ddb_type 'SS'), address jsonb, email text, note text
) SERVER :"face" OPTIONS (table_name 'orders');

-- The same in 32 segments, and with the other ways of writing.
CREATE FOREIGN TABLE orders_32 (LIKE orders) SERVER :"face" OPTIONS (table_name 'orders', parallel_scan_count '32');
CREATE FOREIGN TABLE orders_put (LIKE orders) SERVER :"face"
  OPTIONS (table_name 'orders', insert_mode 'put', commit_mode 'batch');
SELECT format('ALTER FOREIGN TABLE %I ALTER pk OPTIONS (ADD partition_key ''true''),
  ALTER sk OPTIONS (ADD sort_key ''true''), ALTER tags OPTIONS (ADD ddb_type ''SS'')', name)
FROM unnest(ARRAY['orders_32', 'orders_put']) AS name \gexec

CREATE FOREIGN TABLE orders_json (
  pk text COLLATE "C" NOT NULL OPTIONS (partition_key 'true'),
  sk text COLLATE "C" NOT NULL OPTIONS (sort_key 'true'),
  document json OPTIONS (ddb_document 'true')
) SERVER :"face" OPTIONS (table_name 'orders');

CREATE FOREIGN TABLE orders_jsonb (
  pk text COLLATE "C" NOT NULL OPTIONS (partition_key 'true'),
  sk text COLLATE "C" NOT NULL OPTIONS (sort_key 'true'),
  document jsonb OPTIONS (ddb_document 'true')
) SERVER :"face" OPTIONS (table_name 'orders');

CREATE FOREIGN TABLE orders_by_id (
  sk text COLLATE "C" NOT NULL OPTIONS (partition_key 'true'),
  total numeric
) SERVER :"face" OPTIONS (table_name 'orders_by_id');

CREATE FOREIGN TABLE wide (
  pk text COLLATE "C" NOT NULL OPTIONS (partition_key 'true'),
  sk text COLLATE "C" NOT NULL OPTIONS (sort_key 'true'),
  measure_1 numeric, measure_2 numeric, measure_3 numeric, measure_4 numeric,
  measure_5 numeric, measure_6 numeric, measure_7 numeric, measure_8 numeric,
  text_1 text, text_2 text, text_3 text, text_4 text, text_5 text, text_6 text, text_7 text, text_8 text,
  paid boolean, shipped boolean, active boolean, deleted text,
  billing jsonb, shipping jsonb, contact jsonb, price jsonb, history jsonb, lines jsonb,
  tags text[], digest bytea
) SERVER :"face" OPTIONS (table_name 'wide');

CREATE FOREIGN TABLE wide_jsonb (
  pk text COLLATE "C" NOT NULL OPTIONS (partition_key 'true'),
  sk text COLLATE "C" NOT NULL OPTIONS (sort_key 'true'),
  document jsonb OPTIONS (ddb_document 'true')
) SERVER :"face" OPTIONS (table_name 'wide');
