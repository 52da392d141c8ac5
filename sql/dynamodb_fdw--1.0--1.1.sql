-- dynamodb_fdw 1.1: functions and views for operators

\echo Use "ALTER EXTENSION dynamodb_fdw UPDATE TO '1.1'" to load this file. \quit
