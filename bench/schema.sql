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

-- Once more in 32 segments, and for the other way of writing.
SELECT format($table$CREATE FOREIGN TABLE %I (
  pk text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  sk text OPTIONS (sort_key 'true') COLLATE "C" NOT NULL,
  total numeric, quantity bigint, paid boolean,
  tags text[] OPTIONS (ddb_type 'SS'), address jsonb, email text, note text
) SERVER %I OPTIONS (table_name 'orders' %s)$table$, name, :'face', options)
FROM (VALUES ('orders', ''),
             ('orders_32', $$, parallel_scan_count '32'$$),
             ('orders_put', $$, insert_mode 'put', commit_mode 'batch'$$)) AS tables (name, options) \gexec

CREATE FOREIGN TABLE orders_json (
  pk text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  sk text OPTIONS (sort_key 'true') COLLATE "C" NOT NULL,
  document json OPTIONS (ddb_document 'true')
) SERVER :"face" OPTIONS (table_name 'orders');

CREATE FOREIGN TABLE orders_jsonb (
  pk text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  sk text OPTIONS (sort_key 'true') COLLATE "C" NOT NULL,
  document jsonb OPTIONS (ddb_document 'true')
) SERVER :"face" OPTIONS (table_name 'orders');

CREATE FOREIGN TABLE orders_by_id (
  sk text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  total numeric
) SERVER :"face" OPTIONS (table_name 'orders_by_id');

CREATE FOREIGN TABLE wide (
  pk text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  sk text OPTIONS (sort_key 'true') COLLATE "C" NOT NULL,
  measure_1 numeric, measure_2 numeric, measure_3 numeric, measure_4 numeric,
  measure_5 numeric, measure_6 numeric, measure_7 numeric, measure_8 numeric,
  text_1 text, text_2 text, text_3 text, text_4 text, text_5 text, text_6 text, text_7 text, text_8 text,
  paid boolean, shipped boolean, active boolean, deleted text,
  billing jsonb, shipping jsonb, contact jsonb, price jsonb, history jsonb, lines jsonb,
  tags text[], digest bytea
) SERVER :"face" OPTIONS (table_name 'wide');

CREATE FOREIGN TABLE wide_jsonb (
  pk text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  sk text OPTIONS (sort_key 'true') COLLATE "C" NOT NULL,
  document jsonb OPTIONS (ddb_document 'true')
) SERVER :"face" OPTIONS (table_name 'wide');
