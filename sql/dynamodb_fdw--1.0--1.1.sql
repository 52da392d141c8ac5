-- dynamodb_fdw 1.1: functions and views for operators

\echo Use "ALTER EXTENSION dynamodb_fdw UPDATE TO '1.1'" to load this file. \quit

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
