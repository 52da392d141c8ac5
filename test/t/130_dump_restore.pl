# pg_dump, pg_restore and pg_upgrade: what is defined survives, and restoring does to DynamoDB what docs/dump.md says.
use strict;
use warnings;

use Cwd qw(getcwd);
use DynamoDBTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $items = "dump_items_$$";
my $odd   = "dump_odd_$$";
load_tables("alltypes=$items", "writes2=$odd");
my $node = dynamodb_node('main', options => { scan_policy => 'allow' });
my $new  = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ]);
my $folder = PostgreSQL::Test::Utils::tempdir();

sub rows
{
	my ($database, $sql) = @_;
	return $node->safe_psql($database, $sql, extra_params => ['-q']);
}

# Runs a program of PostgreSQL with the node's address: its output, or undef where it fails; the messages in $messages.
my $messages;

sub program
{
	my ($name, @arguments) = @_;
	local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGUSER => scalar getpwuid($<));
	my $output = '';
	$messages = '';
	my $is_good = IPC::Run::run([ $node->installed_command($name), @arguments ], '<', \undef, '>', \$output, '2>', \$messages);
	return $is_good ? $output : undef;
}

# A dump without what differs from one run to the next.
sub dump_of
{
	my ($database, @options) = @_;
	my $dump = program('pg_dump', @options, $database) // die $messages;
	return $dump =~ s/^\\(un)?restrict .*\n//mgr;
}

sub new_database
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	return $name;
}

# --- what is defined

my $endpoint = dynamodb_endpoint();
$node->safe_psql('postgres', <<"SQL" . <<'SQL');
CREATE ROLE reader;
CREATE SERVER "We""ird \\'é" TYPE 'a''b' VERSION '1\\2' FOREIGN DATA WRAPPER dynamodb_fdw
  OPTIONS (endpoint '$endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE FOREIGN TABLE items (
  id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  document jsonb OPTIONS (ddb_document 'true', document_format 'dynamodb')
) SERVER dynamodb OPTIONS (table_name '$items');
CREATE SEQUENCE numbers;
CREATE FOREIGN TABLE "odd ""name\\ é" (
  id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL DEFAULT 'id-' || nextval('numbers'),
  "co""l\\ é" numeric OPTIONS (mapped_attr E'a''b"c\\\\d é\\te') NOT NULL CHECK ("co""l\\ é" > 0),
  twice numeric OPTIONS (mapped_path 'm."x y"') GENERATED ALWAYS AS ("co""l\\ é" * 2) STORED,
  ts timestamptz OPTIONS (time_unit 'ms', ddb_type 'N', on_type_mismatch 'null') DEFAULT '2026-01-02 03:04:05.678+00',
  seen text,
  CONSTRAINT named CHECK (ts > '2000-01-01')
) SERVER "We""ird \\'é" OPTIONS (table_name '$odd', insert_mode 'put', batch_size '5');
SQL
CREATE USER MAPPING FOR CURRENT_USER SERVER "We""ird \'é" OPTIONS (access_key_id 'test', secret_access_key E'o''b"b\\s$;--');
GRANT USAGE ON FOREIGN SERVER dynamodb TO reader;
GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_fdw TO reader;
CREATE SERVER allowed FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ambient_credentials 'true', ca_bundle '/ca.pem');
CREATE USER MAPPING FOR reader SERVER allowed OPTIONS (profile 'of superusers');
ALTER SERVER allowed OWNER TO reader;
GRANT SELECT (id) ON items TO reader;
COMMENT ON FOREIGN TABLE "odd ""name\ é" IS 'it''s \this';
COMMENT ON COLUMN "odd ""name\ é".ts IS 'é';
ALTER FOREIGN TABLE "odd ""name\ é" ALTER ts SET STATISTICS 500;
CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen := TG_NAME; RETURN NEW; END $$;
CREATE TRIGGER marked BEFORE INSERT ON "odd ""name\ é" FOR EACH ROW EXECUTE FUNCTION mark();
CREATE TABLE parent (id text NOT NULL, document jsonb) PARTITION BY LIST (id);
CREATE FOREIGN TABLE part PARTITION OF parent DEFAULT SERVER dynamodb;
ALTER FOREIGN TABLE part ALTER id OPTIONS (ADD partition_key 'true');
ALTER FOREIGN TABLE part ALTER document OPTIONS (ADD ddb_document 'true');
CREATE VIEW documents AS SELECT document FROM items WHERE document->>'id' = 'all';
CREATE MATERIALIZED VIEW names AS SELECT id FROM items;
CREATE FUNCTION ends() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE LOG 'event %', TG_TAG; END $$;
CREATE EVENT TRIGGER ends ON ddl_command_end EXECUTE FUNCTION ends();
SQL
$node->safe_psql('postgres', qq{ALTER FOREIGN TABLE part OPTIONS (ADD table_name '$items')});
$node->safe_psql('postgres', q{INSERT INTO "odd ""name\ é" ("co""l\ é") VALUES (3), (4.50)});
my $expected_odd = join "\n", map { join '|', @$_ } [ 'id-1', '3', '6', '2026-01-02 03:04:05.678+00', 'marked' ],
  [ 'id-2', '4.5', '9', '2026-01-02 03:04:05.678+00', 'marked' ];
my $odd_rows = q{SET timezone = 'UTC'; SELECT * FROM "odd ""name\ é" ORDER BY id};
is(rows('postgres', $odd_rows), $expected_odd, 'a table with odd names is written and read');

my $dump = dump_of('postgres');
foreach my $restored ([ 'restored', 'psql', '-X', '-1', '-q', '-v', 'ON_ERROR_STOP=1', '-f', "$folder/dump.sql", '-d' ],
	[ 'restored_custom', 'pg_restore', '-1', "$folder/dump.custom", '-d' ])
{
	my ($name, @command) = @$restored;
	append_to_file("$folder/dump.sql", program('pg_dump', 'postgres')) if $command[0] eq 'psql';
	program('pg_dump', '-Fc', '-f', "$folder/dump.custom", 'postgres') // die $messages;
	ok(defined program(@command, new_database($name)), "$command[0] restores") or diag $messages;
	is(dump_of($name), $dump, 'and all is as it was');
	is(rows($name, $odd_rows), $expected_odd, 'also what is read');
	is(rows($name, q{SELECT count(*), (SELECT count(*) FROM names), (SELECT count(*) FROM parent) FROM items}), '9|9|9', 'by whatever way');
}
is(rows('restored', q{INSERT INTO "odd ""name\ é" ("co""l\ é") VALUES (5) RETURNING id, twice, seen}), 'id-3|10|marked',
	'defaults, generated columns and triggers act');
rows('restored', q{DELETE FROM "odd ""name\ é" WHERE id = 'id-3'});

# --- secrets

like($dump, qr/secret_access_key E'o''b"b\\\\s\$;--'/, 'a dump of a superuser has the keys of user mappings');
$node->safe_psql('postgres', 'CREATE ROLE owner LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO owner; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO owner');
my $of_another = dump_of('postgres', '-U', 'owner');
like($of_another, qr/^CREATE USER MAPPING .* SERVER dynamodb;$/m, 'one of another user has the mappings');
unlike($of_another, qr/access_key|o''b/, 'without their options');

# --- what is stored in DynamoDB

my @with_data = ('--include-foreign-data=*', '-t', 'items', '-t', '"odd ""name\\ é"');
program('pg_dump', @with_data, '-a', '-Fc', '-f', "$folder/data.custom", 'postgres') // die $messages;
program('pg_dump', @with_data, '-a', '-f', "$folder/data.sql", 'postgres') // die $messages;
program('pg_dump', @with_data, '-a', '-f', "$folder/inserts.sql", '--rows-per-insert=4', '--on-conflict-do-nothing', 'postgres') // die $messages;
unlike(slurp_file("$folder/dump.sql"), qr/^(COPY|INSERT) /m, 'a dump has no items');
unlike(dump_of('postgres', '--include-foreign-data=dynamodb', '-t', 'items'), qr/^COPY .*odd/m, 'with --include-foreign-data it has those of the server');
my $count = 'SELECT (SELECT count(*) FROM items), (SELECT count(*) FROM "odd ""name\ é")';
# Equal values: numbers may be spelt in another way.
rows('postgres', 'CREATE TABLE kept AS SELECT * FROM items');
my $changed = q{SELECT count(*) FROM items FULL JOIN kept USING (id) WHERE id <> 'numbers' AND items.document IS DISTINCT FROM kept.document};

my @psql = ('psql', '-X', '-q', '-1', '-v', 'ON_ERROR_STOP=1', '-d', 'postgres', '-f');
is(program(@psql, "$folder/data.sql"), undef, 'items that are there are not replaced');
like($messages, qr/duplicate key value violates the primary key of DynamoDB table "\Q$items\E"/, 'as an error says');
# Of a dump in which the table is made as well, since only then pg_restore may be sure that a table is empty, and truncate it.
program('pg_dump', '--include-foreign-data=dynamodb', '-Fc', '-f', "$folder/both.custom", 'restored') // die $messages;
is(program('pg_restore', '-j', '2', '-d', new_database('parallel'), "$folder/both.custom"), undef, 'by parallel workers neither');
like($messages, qr/duplicate key/, 'as their error says');
program('pg_restore', '--clean', '-d', 'parallel', "$folder/both.custom");
is(rows('parallel', $count), '9|2', 'nor does --clean touch items');

foreach my $way ([ @psql, "$folder/data.sql" ], [ 'pg_restore', '-d', 'postgres', "$folder/data.custom" ], [ @psql, "$folder/inserts.sql" ])
{
	rows('postgres', 'TRUNCATE items, "odd ""name\ é"');
	is(rows('postgres', $count), '0|0', 'there are no items');
	ok(defined program(@$way), "$way->[0] restores items") or diag $messages;
	is(rows('postgres', $count),    '9|2', 'all of them');
	is(rows('postgres', $changed),  '0',   'as they were');
	is(rows('postgres', $odd_rows), $expected_odd, 'also what is not stored as it is shown');
}
ok(defined program(@psql, "$folder/inserts.sql"), 'with --on-conflict-do-nothing it may be repeated') or diag $messages;

# --- pg_upgrade

foreach my $database ('restored_custom', 'parallel') { $node->safe_psql('postgres', "DROP DATABASE $database") }
$dump = dump_of('restored');
$node->stop;
my $start = getcwd();
chdir $folder;    # it writes files there
my $bindir = $node->config_data('--bindir');
chomp $bindir;
command_ok(
	[
		$node->installed_command('pg_upgrade'), '-b', $bindir, '-B', $bindir, '-d', $node->data_dir, '-D', $new->data_dir,
		'-p', $node->port, '-P', $new->port, '-s', $node->host
	],
	'pg_upgrade upgrades');
chdir $start;
$new->start;
$node = $new;
is(dump_of('restored'), $dump, 'and all is as it was');
is(rows('restored', $count),    '9|2',          'items are read');
is(rows('restored', $odd_rows), $expected_odd, 'and their values');
is(rows('restored', q{ALTER EXTENSION dynamodb_fdw UPDATE; SELECT extversion = default_version FROM pg_extension, pg_available_extensions WHERE extname = 'dynamodb_fdw' AND name = extname}),
	't', 'the extension has the newest version');

drop_tables($items, $odd);
done_testing();
