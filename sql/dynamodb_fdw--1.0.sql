-- dynamodb_fdw 1.0: the foreign data wrapper with its handler and validator

\echo Use "CREATE EXTENSION dynamodb_fdw" to load this file. \quit

CREATE FUNCTION dynamodb_fdw_handler()
RETURNS fdw_handler
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FUNCTION dynamodb_fdw_validator(text[], oid)
RETURNS void
AS 'MODULE_PATHNAME'
LANGUAGE C STRICT;

CREATE FOREIGN DATA WRAPPER dynamodb_fdw
  HANDLER dynamodb_fdw_handler
  VALIDATOR dynamodb_fdw_validator;
