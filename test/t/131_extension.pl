# The extension as an object: updates, other schemas, DROP in the middle of work, and owners who are no superusers.
use strict;
use warnings;

use DynamoDBTest;
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;

my $table = "extension_$$";
load_tables("writes2=$table");
my $endpoint = dynamodb_endpoint();
my $node     = dynamodb_node('main', options => { scan_policy => 'allow' });

# What a session does and says; \gset and the like work too.
my $session;

sub run
{
	my ($rows, $messages) = $session->run($_[0]);
	return $messages eq '' ? $rows : "$rows$messages";
}

sub new_database
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$session->quit if $session;
	$session = PsqlSession->start($node, dbname => $name);
	return;
}

my $foreign_table = qq{CREATE FOREIGN TABLE t (id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric)
	SERVER dynamodb OPTIONS (table_name '$table')};
my $definitions = qq{CREATE SERVER dynamodb FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint '$endpoint', aws_region 'us-west-2', scan_policy 'allow');
	CREATE USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (access_key_id 'test', secret_access_key 'test');
	$foreign_table};

# All that the extension has, with what can be said of it, without the names of schemas.
my $objects = <<'SQL';
SELECT i.type, regexp_replace(i.identity, '^(x|public)\.', ''), obj_description(d.objid, d.classid::regclass::name),
  replace(replace(pg_get_functiondef(p.oid), 'x.', ''), 'public.', ''), p.proacl, c.relacl, replace(replace(pg_get_viewdef(c.oid), 'x.', ''), 'public.', ''), w.fdwacl, w.fdwhandler <> 0, w.fdwvalidator <> 0
FROM pg_depend d
CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, d.objsubid) i
LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
LEFT JOIN pg_foreign_data_wrapper w ON d.classid = 'pg_foreign_data_wrapper'::regclass AND w.oid = d.objid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dynamodb_fdw')
ORDER BY 1, 2
SQL

# What comes of each view, and of each function that a foreign server is enough for: 'ok' or the SQLSTATE.
my $outcomes = <<'SQL';
CREATE OR REPLACE FUNCTION pg_temp.outcomes() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE call record;
BEGIN
  FOR call IN
    SELECT o.name, o.text FROM pg_depend d CROSS JOIN LATERAL (
      SELECT relname, oid::regclass::text FROM pg_class WHERE d.classid = 'pg_class'::regclass AND oid = d.objid AND relkind = 'v'
      UNION ALL
      SELECT proname, oid::regproc || '(''dynamodb'')' FROM pg_proc WHERE d.classid = 'pg_proc'::regclass AND oid = d.objid
        AND proargnames[1] = 'server' AND pronargs - pronargdefaults <= 1) o (name, text)
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dynamodb_fdw')
    ORDER BY 1
  LOOP
    BEGIN
      EXECUTE 'SELECT count(*) FROM ' || call.text;
      RETURN NEXT call.name || ': ok';
    EXCEPTION WHEN OTHERS THEN
      RETURN NEXT call.name || ': ' || SQLSTATE;
    END;
  END LOOP;
END $$;
SELECT * FROM pg_temp.outcomes();
SQL

# --- updates

new_database('fresh');
run('CREATE EXTENSION dynamodb_fdw');
my $fresh = run($objects);
like($fresh, qr/^foreign-data wrapper\|dynamodb_fdw\|/m, 'a fresh extension has objects');

new_database('updated');
run(qq{CREATE EXTENSION dynamodb_fdw VERSION '1.0'});
is(run("$definitions; INSERT INTO t VALUES ('a', 1); SELECT * FROM t"), 'a|1', 'version 1.0 works');
is(run('BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH c; ALTER EXTENSION dynamodb_fdw UPDATE; FETCH c; CLOSE c; COMMIT'), 'a|1', 'it is updated below an open cursor');
is(run('SELECT * FROM t'),                      'a|1',  'its tables go on');
is(run($objects),                               $fresh, 'and it has what a fresh one has');
is(run('ALTER EXTENSION dynamodb_fdw UPDATE'), '',     'a second update does nothing');

# --- schemas

new_database('relocated');
run('CREATE SCHEMA x; CREATE SCHEMA y; CREATE EXTENSION dynamodb_fdw SCHEMA x');
is(run($objects),                            $fresh, 'in a schema that search_path lacks there is the same');
is(run("$definitions; SELECT * FROM t"),     'a|1',  'and it works');
my $before = run($outcomes);
is(run("INSERT INTO t VALUES ('b', 2); BEGIN; INSERT INTO t VALUES ('c', 3); PREPARE q AS SELECT * FROM t WHERE id = 'b'; EXECUTE q;"
	  . 'ALTER EXTENSION dynamodb_fdw SET SCHEMA y; EXECUTE q; SELECT count(*) FROM t; COMMIT; SELECT count(*) FROM t'),
	"b|2\nb|2\n3\n3", 'ALTER EXTENSION SET SCHEMA, in the middle of a transaction');
is(run("SELECT DISTINCT nspname FROM pg_proc p, pg_namespace n WHERE proname ^@ 'dynamodb' AND n.oid = pronamespace"), 'y', 'moves all');
is(run('DISCARD ALL; SELECT count(*) FROM t'), '3', 'and all goes on');
is(run($outcomes), $before, 'functions and views too');
run("DELETE FROM t WHERE id <> 'a'");

# --- DROP

new_database('dropped');
my $create = "CREATE EXTENSION dynamodb_fdw; $definitions";
run($create);
like(run('DROP EXTENSION dynamodb_fdw'), qr/^ERROR:  2BP01: .*\n.*server dynamodb depends on/m, 'DROP EXTENSION needs CASCADE');
like(run('BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH c; DROP EXTENSION dynamodb_fdw CASCADE'), qr/^a\|1ERROR:  55006: /,
	'and no scan that is open');
run('ROLLBACK');
is(run('SELECT * FROM t'), 'a|1', 'after it was rolled back all is there');
is(run('BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH c; CLOSE c; DROP EXTENSION dynamodb_fdw CASCADE; COMMIT'), 'a|1', 'with a closed cursor it is dropped');
is(run("$create; SELECT * FROM t"), 'a|1', 'and created again');

# A write is DynamoDB's affair: that its foreign table is gone does not undo it.
is(run("BEGIN; INSERT INTO t VALUES ('b', 2); DROP EXTENSION dynamodb_fdw CASCADE; COMMIT"), '', 'what was written before DROP');
is(run("BEGIN; $create; SELECT * FROM t WHERE id = 'b'; COMMIT"), 'b|2', 'is sent by the commit');
is(run("BEGIN; INSERT INTO t VALUES ('c', 3); DROP EXTENSION dynamodb_fdw CASCADE; $create; SELECT count(*) FROM t"), 2, 'a server made anew is another one: what is written by the old one is sent');
is(run('ROLLBACK; SELECT count(*) FROM t'), 2, 'and not if all of it is rolled back');
is(run("BEGIN; INSERT INTO t VALUES ('c', 3); SAVEPOINT s; DROP EXTENSION dynamodb_fdw CASCADE; ROLLBACK TO s; DELETE FROM t WHERE id <> 'a'; COMMIT; SELECT * FROM t"),
	'a|1', 'DROP rolled back to a savepoint');
is(run('PREPARE q AS SELECT * FROM t; EXECUTE q'), 'a|1', 'a prepared statement');
like(run("DROP EXTENSION dynamodb_fdw CASCADE; EXECUTE q"), qr/^ERROR:  42P01: /, 'ends with its table');
is(run("$create; EXECUTE q"), 'a|1', 'and finds the new one');

# Another session uses what is dropped: DROP waits for its transaction.
my $other = PsqlSession->start($node, dbname => 'dropped');
is(($other->run("BEGIN; INSERT INTO t VALUES ('d', 4); SELECT count(*) FROM t"))[0], 2, 'another session is in a transaction');
$session->send('DROP EXTENSION dynamodb_fdw CASCADE');
$node->poll_query_until('postgres', 'SELECT count(*) > 0 FROM pg_locks WHERE NOT granted') or die 'DROP does not wait';
is(($other->run('COMMIT'))[1], '', 'which commits');
is(($session->receive)[1],     '', 'before the extension is dropped');
is(sqlstate(($other->run('SELECT * FROM t'))[1]), '42P01', 'then the other one sees so');
is(run("$create; DELETE FROM t WHERE id = 'd'; SELECT count(*) FROM t"), 1, 'its item is there');
is(($other->run('SELECT * FROM t'))[0], 'a|1', 'the other session uses the new extension as well');
$other->quit;

# --- owners who are no superusers

$node->safe_psql('postgres', 'CREATE ROLE carol LOGIN; CREATE DATABASE hers OWNER carol');
my $carol = PsqlSession->start($node, dbname => 'hers', user => 'carol');
is(sqlstate(($carol->run('CREATE EXTENSION dynamodb_fdw'))[1]), '42501', 'the owner of a database cannot create the extension: it is not trusted');
$carol->quit;

new_database('owned');
$node->safe_psql('owned', <<'SQL');
CREATE EXTENSION dynamodb_fdw;
CREATE ROLE alice LOGIN;
CREATE ROLE bob LOGIN;
GRANT CREATE ON DATABASE owned TO alice;
SQL
$session = PsqlSession->start($node, dbname => 'owned', user => 'alice');
is(sqlstate(run('DROP EXTENSION dynamodb_fdw')), '42501', 'the extension is not theirs');
is(sqlstate(run($definitions)), '42501', 'a server needs USAGE on the wrapper');
is(sqlstate(run('CREATE FOREIGN DATA WRAPPER mine HANDLER dynamodb_fdw_handler')), '42501', 'of which only superusers make more');
$node->safe_psql('owned', 'GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_fdw TO alice');
is(run('CREATE SCHEMA alice'), '', 'alice has a schema');
is(run("$definitions; SELECT * FROM t"), 'a|1', 'and with it a server, a user mapping, a table');
is(run(qq{CREATE SCHEMA imported; IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("$table") FROM SERVER dynamodb INTO imported; SELECT id FROM imported."$table"}), 'a', 'imported ones');
is(run(qq{BEGIN; INSERT INTO t VALUES ('b', 2); UPDATE t SET n = n + 1; DELETE FROM t WHERE id = 'a'; COMMIT; SELECT * FROM t}), 'b|3', 'alice writes');
is(run(q{DELETE FROM t; INSERT INTO t VALUES ('a', 1); ANALYZE t; SELECT reltuples FROM pg_class WHERE oid = 't'::regclass}), '1', 'and has it analyzed');
is(run(q{ALTER SERVER dynamodb OPTIONS (ADD parallel_scan_count '2'); ALTER FOREIGN TABLE t OPTIONS (ADD scan_policy 'allow')}), '', 'changes options');
is(sqlstate(run(q{ALTER SERVER dynamodb OPTIONS (ADD ambient_credentials 'true')})), '42501', 'but not those of superusers');
my ($dump, $messages) = ('', '');
IPC::Run::run([ $node->installed_command('pg_dump'), '-d', $node->connstr('owned'), '-U', 'alice', '-n', 'alice', '--include-foreign-data=dynamodb' ], '>', \$dump, '2>', \$messages)
  or diag $messages;
like($dump, qr/^CREATE FOREIGN TABLE alice\.t /m, 'alice may dump');
like($dump, qr/^COPY alice\.t \(id, n\) FROM stdin;\na\t1\n/m, 'with items');

$node->safe_psql('owned', 'REASSIGN OWNED BY alice TO bob; GRANT USAGE ON SCHEMA alice TO bob');
my $bob = PsqlSession->start($node, dbname => 'owned', user => 'bob');
is(sqlstate(($bob->run('SELECT * FROM alice.t'))[1]), '28000', 'a new owner has no credentials');
is(($bob->run(q{CREATE USER MAPPING FOR bob SERVER dynamodb OPTIONS (access_key_id 'test', secret_access_key 'test'); SELECT * FROM alice.t}))[0], 'a|1', 'until he has a user mapping');
is(sqlstate(run('SELECT * FROM alice.t')), '42501', 'the old one has no table');
$bob->run('BEGIN');
is(($bob->run(q{INSERT INTO alice.t VALUES ('b', 2); DROP OWNED BY bob CASCADE; COMMIT}))[1], '', 'DROP OWNED with a write pending');
is(($bob->run('SELECT count(*) FROM pg_foreign_server'))[0], 0, 'drops all');
is(dynamodb_call('Scan', { TableName => $table })->{Count}, 2, 'but items');
$_->quit foreach $bob, $session;
is($node->safe_psql('owned', 'DROP OWNED BY alice, bob; DROP ROLE alice, bob; SELECT count(*) FROM pg_user_mapping'), 0, 'roles can be dropped');

ok(!server_log_has($node, qr/terminated by signal|WARNING:  01000/), 'nothing is said of leaks');
drop_tables($table);
done_testing();
