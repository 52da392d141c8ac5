-- dynamodb_fdw 1.1: functions and views for operators

\echo Use "ALTER EXTENSION dynamodb_fdw UPDATE TO '1.1'" to load this file. \quit

CREATE FUNCTION dynamodb_execute(server text, operation text, request jsonb DEFAULT '{}', pages integer DEFAULT 1,
                                 aws_region text DEFAULT NULL)
RETURNS SETOF jsonb AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 10;
COMMENT ON FUNCTION dynamodb_execute(text, text, jsonb, integer, text)
IS 'sends any DynamoDB API operation, at once and outside of the transaction; the answers as typed JSON, one row for each page';
REVOKE ALL ON FUNCTION dynamodb_execute(text, text, jsonb, integer, text) FROM PUBLIC;

CREATE FUNCTION dynamodb_tables(server text, pattern text DEFAULT NULL, aws_region text DEFAULT NULL)
RETURNS TABLE (name text, status text, partition_key text, partition_key_type text, sort_key text, sort_key_type text,
               indexes jsonb, item_count bigint, bytes bigint, billing_mode text, read_capacity bigint,
               write_capacity bigint, stream_view text, stream_arn text, ttl_attribute text, ttl_status text,
               table_class text, deletion_protection boolean, replicas text[], created timestamptz, arn text, error text)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100;
COMMENT ON FUNCTION dynamodb_tables(text, text, text)
IS 'the DynamoDB tables of a region, with keys, indexes, sizes, billing, streams and time to live; pattern as for LIKE';

CREATE FUNCTION dynamodb_check(server text, table_name text DEFAULT NULL, aws_region text DEFAULT NULL)
RETURNS TABLE (name text, status text, detail text, consequence text)
AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 20;
COMMENT ON FUNCTION dynamodb_check(text, text, text)
IS 'whether the DynamoDB of a server can be reached and used: credentials, identity, latency, clock, TLS, permissions';

CREATE FUNCTION dynamodb_check(foreign_table regclass)
RETURNS TABLE (name text, status text, detail text, consequence text)
AS 'MODULE_PATHNAME', 'dynamodb_check_table' LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 20;
COMMENT ON FUNCTION dynamodb_check(regclass)
IS 'the same for the server and the DynamoDB table of a foreign table';
CREATE FUNCTION dynamodb_profile(
  server text,
  table_name text,
  sample_items integer DEFAULT 1000,
  aws_region text DEFAULT NULL,
  OUT kind text,
  OUT name text,
  OUT index_name text,
  OUT items bigint,
  OUT share double precision,
  OUT table_items bigint,
  OUT types jsonb,
  OUT occurrences bigint,
  OUT min_bytes bigint,
  OUT avg_bytes double precision,
  OUT max_bytes bigint,
  OUT distinct_values bigint,
  OUT examples text[],
  OUT capacity_units double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100;
COMMENT ON FUNCTION dynamodb_profile(text, text, integer, text) IS
  'what a sample of a DynamoDB table says of its attributes and item collections';

CREATE FUNCTION dynamodb_suggest_table(
  server text,
  table_name text,
  sample_items integer DEFAULT 1000,
  foreign_table text DEFAULT NULL,
  schema_name text DEFAULT NULL,
  column_naming text DEFAULT 'preserve',
  guess_types boolean DEFAULT false,
  nested_columns boolean DEFAULT false,
  aws_region text DEFAULT NULL)
RETURNS text
AS 'MODULE_PATHNAME'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION dynamodb_suggest_table(text, text, integer, text, text, text, boolean, boolean, text) IS
  'the CREATE FOREIGN TABLE statement for a DynamoDB table, from a sample of its items';
