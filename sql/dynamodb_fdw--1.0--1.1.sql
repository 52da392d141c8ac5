-- dynamodb_fdw 1.1: functions and views for operators

\echo Use "ALTER EXTENSION dynamodb_fdw UPDATE TO '1.1'" to load this file. \quit

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
