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

-- what the backends do at DynamoDB, and what it has cost

CREATE FUNCTION dynamodb_fdw_get_activity(
  OUT pid integer, OUT leader_pid integer, OUT datid oid, OUT usesysid oid, OUT server_name text, OUT region text,
  OUT operation text, OUT table_name text, OUT index_name text, OUT foreign_table text,
  OUT since timestamp with time zone, OUT requests bigint, OUT retries bigint, OUT throttled bigint, OUT pages bigint,
  OUT items_returned bigint, OUT items_scanned bigint, OUT read_capacity double precision, OUT items_written bigint,
  OUT write_capacity double precision, OUT bytes_received bigint, OUT wait_time double precision,
  OUT items_expected bigint, OUT percent double precision, OUT remaining interval)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED ROWS 10;
COMMENT ON FUNCTION dynamodb_fdw_get_activity() IS 'what the backends do at DynamoDB now, for the view dynamodb_fdw_activity';

CREATE VIEW dynamodb_fdw_activity AS
  SELECT a.pid, a.leader_pid, a.datid, d.datname, a.usesysid, r.rolname AS usename, a.server_name, a.region,
         a.operation, a.table_name, a.index_name, a.foreign_table, a.since, a.requests, a.retries, a.throttled, a.pages,
         a.items_returned, a.items_scanned, a.read_capacity, a.items_written, a.write_capacity, a.bytes_received,
         a.wait_time, a.items_expected, a.percent, a.remaining
    FROM dynamodb_fdw_get_activity() AS a
         LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) a.datid
         LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) a.usesysid;
COMMENT ON VIEW dynamodb_fdw_activity IS 'what the backends of all databases do at DynamoDB now';
GRANT SELECT ON dynamodb_fdw_activity TO PUBLIC;

CREATE FUNCTION dynamodb_fdw_get_stats(
  OUT datid oid, OUT server_name text, OUT region text, OUT table_name text, OUT operation text, OUT calls bigint,
  OUT requests bigint, OUT retries bigint, OUT throttled bigint, OUT pages bigint, OUT items_returned bigint,
  OUT items_scanned bigint, OUT read_capacity double precision, OUT items_written bigint,
  OUT write_capacity double precision, OUT bytes_received bigint, OUT wait_time double precision,
  OUT since timestamp with time zone)
RETURNS SETOF record
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED ROWS 100;
COMMENT ON FUNCTION dynamodb_fdw_get_stats() IS 'what was asked of DynamoDB, for the view dynamodb_fdw_stats';

CREATE VIEW dynamodb_fdw_stats AS
  SELECT s.datid, d.datname, s.server_name, s.region, s.table_name, s.operation, s.calls, s.requests, s.retries,
         s.throttled, s.pages, s.items_returned, s.items_scanned, s.read_capacity, s.items_written, s.write_capacity,
         s.bytes_received, s.wait_time, s.since
    FROM dynamodb_fdw_get_stats() AS s
         LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.datid;
COMMENT ON VIEW dynamodb_fdw_stats IS
  'what the backends of all databases have asked of DynamoDB and what it cost, by table and operation';
GRANT SELECT ON dynamodb_fdw_stats TO PUBLIC;

CREATE FUNCTION dynamodb_fdw_stats_reset() RETURNS void
AS 'MODULE_PATHNAME' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dynamodb_fdw_stats_reset() IS 'begins the sums of dynamodb_fdw_stats anew';
REVOKE ALL ON FUNCTION dynamodb_fdw_stats_reset() FROM PUBLIC;
