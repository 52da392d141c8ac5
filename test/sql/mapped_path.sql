-- Columns by mapped_path: parts of documents, of every type, and what is not there.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER mapped_path_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (
  endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER mapped_path_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA mapped_path_test;
SET search_path = mapped_path_test;
SET datestyle = ISO;
\pset null '(null)'

CREATE FOREIGN TABLE paths (
  id text OPTIONS (partition_key 'true'),
  whole jsonb OPTIONS (mapped_path 'm'),
  s text OPTIONS (mapped_path 'm.s'),
  n numeric OPTIONS (mapped_path 'm.n'),
  b bytea OPTIONS (mapped_path 'm.b'),
  bool boolean OPTIONS (mapped_path 'm.bool'),
  "null" text OPTIONS (mapped_path 'm.null'),
  null_json jsonb OPTIONS (mapped_path 'm.null'),
  empty_list jsonb OPTIONS (mapped_path 'm.l'),
  empty_map jsonb OPTIONS (mapped_path 'm.m'),
  first numeric OPTIONS (mapped_path 'l[0]'),
  second text OPTIONS (mapped_path 'l[1]'),
  in_list numeric OPTIONS (mapped_path 'l[4][0]'),
  in_map numeric OPTIONS (mapped_path 'l[5].four')
) SERVER mapped_path_test OPTIONS (table_name 'alltypes');
\x on
SELECT * FROM paths WHERE id = 'all';
\x off

-- nothing there: the attribute, the name, an index behind the end, a step into what is no map or no list
CREATE FOREIGN TABLE nowhere (
  id text OPTIONS (partition_key 'true'),
  no_attribute text OPTIONS (mapped_path 'nothing.of.that.name'),
  no_member text OPTIONS (mapped_path 'm.nothing'),
  behind_the_end numeric OPTIONS (mapped_path 'l[6]'),
  far_behind numeric OPTIONS (mapped_path 'l[999999]'),
  in_a_string text OPTIONS (mapped_path 's.x'),
  index_of_map text OPTIONS (mapped_path 'm[0]'),
  name_in_list text OPTIONS (mapped_path 'l.two'),
  index_of_set text OPTIONS (mapped_path 'ss[0]'),
  in_null text OPTIONS (mapped_path 'm.null.x'),
  name_is_case_sensitive text OPTIONS (mapped_path 'M.s')
) SERVER mapped_path_test OPTIONS (table_name 'alltypes');
\x on
SELECT * FROM nowhere WHERE id = 'all';
\x off
SELECT count(*), count(no_member), count(in_a_string), count(index_of_set) FROM nowhere;

-- deep, and through both kinds of container
CREATE FOREIGN TABLE deep (
  id text OPTIONS (partition_key 'true'),
  d text OPTIONS (mapped_path 'm.a.b.c[1].d'),
  one numeric OPTIONS (mapped_path 'm.a.b.c[0]'),
  four numeric OPTIONS (mapped_path 'l[0][1][1][1][0]'),
  c text OPTIONS (mapped_path 'l[1].a[0].b'),
  part jsonb OPTIONS (mapped_path 'm.a.b.c'),
  part_typed json OPTIONS (mapped_path 'm.a.b.c', document_format 'dynamodb')
) SERVER mapped_path_test OPTIONS (table_name 'alltypes');
SELECT * FROM deep WHERE id = 'nested';
CREATE FOREIGN TABLE bottom (id text OPTIONS (partition_key 'true'), skey text OPTIONS (sort_key 'true'),
  bottom boolean OPTIONS (mapped_path 'details.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.down.bottom')
) SERVER mapped_path_test OPTIONS (table_name 'fdwtest2');
SELECT * FROM bottom WHERE id = 'special' AND skey = 'nested';

-- names with dots, brackets, quotes or spaces stand in double quotes
CREATE FOREIGN TABLE quoted (
  tenant text OPTIONS (mapped_attr 'Tenant-Id', partition_key 'true'),
  sort_key numeric OPTIONS (mapped_attr 'Sort.Key', sort_key 'true'),
  with_dot numeric OPTIONS (mapped_path '"with.dot"'),
  with_dot_too numeric OPTIONS (mapped_attr 'with.dot'),
  not_a_path numeric OPTIONS (mapped_path 'with.dot'),
  with_quote numeric OPTIONS (mapped_path '"with""quote"'),
  with_space numeric OPTIONS (mapped_path '"with space"'),
  with_apostrophe numeric OPTIONS (mapped_path 'with''apostrophe'),
  hash_colon numeric OPTIONS (mapped_path '#hash:colon'),
  "ünïcödé" numeric OPTIONS (mapped_path 'ünïcödé'),
  dotted text OPTIONS (mapped_path 'a."b.c"'),
  brackets text OPTIONS (mapped_path 'a."d[0]"')
) SERVER mapped_path_test OPTIONS (table_name 'Mixed.Case-Table');
\x on
SELECT * FROM quoted WHERE tenant = 'T2';
\x off
CREATE FOREIGN TABLE unicode_names (id text OPTIONS (partition_key 'true'), cle text OPTIONS (mapped_path 'm.clé'),
  nihon text OPTIONS (mapped_path 'm.日本'), odd text OPTIONS (mapped_path E'm."a""b\\c"')) SERVER mapped_path_test OPTIONS (table_name 'alltypes');
SELECT * FROM unicode_names WHERE id = 'unicode';

-- only the attributes that the paths start with are asked for, each once
CREATE FOREIGN TABLE fdwtest2 (
  id text OPTIONS (partition_key 'true'),
  skey text OPTIONS (sort_key 'true'),
  owner text OPTIONS (mapped_path 'details.owner.name'),
  level int OPTIONS (mapped_path 'details.owner.level'),
  since date OPTIONS (mapped_path 'history[2].at')
) SERVER mapped_path_test;
EXPLAIN (COSTS OFF) SELECT owner, level, since FROM fdwtest2 WHERE id = 'device-05';
SELECT * FROM fdwtest2 WHERE id = 'device-05' AND level >= 3 ORDER BY skey;
SELECT owner, count(*), min(since), max(level) FROM fdwtest2 WHERE id LIKE 'device-0%' GROUP BY owner ORDER BY owner;

-- an error names the path
CREATE FOREIGN TABLE unfit (id text OPTIONS (partition_key 'true'), skey text OPTIONS (sort_key 'true'),
  owner int OPTIONS (mapped_path 'details.owner.name'), ticket int OPTIONS (mapped_path 'details.ticket', on_type_mismatch 'null'))
  SERVER mapped_path_test OPTIONS (table_name 'fdwtest2');
SELECT owner FROM unfit WHERE id = 'device-05' AND skey = 'event-001';
SELECT ticket FROM unfit WHERE id = 'device-05' AND skey = 'event-001';

-- more than one column of one attribute, by name and by path
CREATE FOREIGN TABLE twice (id text OPTIONS (partition_key 'true'), id_again text OPTIONS (mapped_path 'id'), m jsonb, s text OPTIONS (mapped_path 'm.s'),
  document jsonb OPTIONS (ddb_document 'true')) SERVER mapped_path_test OPTIONS (table_name 'alltypes');
SELECT id, id_again, m ->> 's' AS by_operator, s, document #>> '{m,s}' AS by_document FROM twice WHERE id = 'all';

DROP SCHEMA mapped_path_test CASCADE;
DROP SERVER mapped_path_test CASCADE;
