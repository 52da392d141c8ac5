# Programs in other languages that test the extension through their driver, over TCP, as applications do.
#
#   my $node = client_node('main');
#   run_checks('JDBC', $node, 'java', '-cp', $path, 'JdbcClient');
#
# The program finds the server by PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, and prints a line for each thing it
# checks, 'ok NAME' or 'not ok NAME: WHAT IS WRONG', and 'done' at its end.

package ClientProgram;

use strict;
use warnings;

use DynamoDBTest;
use Exporter 'import';
use FaultServer;
use IPC::Run ();
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(client_node client_environment create_client_tables run_checks);

my $password = 'p' . int rand 1e9;

# A server as dynamodb_node() makes it, which listens on 127.0.0.1 too, for the role client, with a password.
sub client_node
{
	my ($name, %more) = @_;
	my $node = dynamodb_node($name, %more, conf => ($more{conf} // '') . "\nlisten_addresses = '127.0.0.1'\n");
	$node->safe_psql('postgres', <<"SQL");
SET password_encryption = 'scram-sha-256';
CREATE ROLE client LOGIN PASSWORD '$password';
GRANT CREATE ON SCHEMA public TO client;
GRANT USAGE ON FOREIGN SERVER dynamodb TO client;
CREATE USER MAPPING FOR client SERVER dynamodb OPTIONS (access_key_id 'test', secret_access_key 'test');
SQL
	my $file = $node->data_dir . '/pg_hba.conf';
	unlink $file;
	append_to_file($file, "local all all trust\nhost all client 127.0.0.1/32 scram-sha-256\n");
	$node->reload;
	return $node;
}

# The foreign tables that programs use, of the role client: events (a copy of fdwtest2), written (empty) and slow,
# whose server does not answer. They end with the test.
my @loaded;
END { local $?; drop_tables(@loaded) if @loaded }

sub create_client_tables
{
	my ($node) = @_;
	my ($events, $written) = ("client_events_$$", "client_written_$$");
	load_tables("fdwtest2=$events", "writes2=$written");
	@loaded = ($events, $written);
	my $silent = FaultServer->start(handler => prepared(slow => 'id:S'));
	$silent->set({ Scan => [{ hang => 1 }] });
	create_server($node, 'silent', endpoint => $silent->endpoint, options => { scan_policy => 'allow' });
	$node->safe_psql('postgres', <<"SQL");
GRANT USAGE ON FOREIGN SERVER silent TO client;
CREATE USER MAPPING FOR client SERVER silent OPTIONS (access_key_id 'test', secret_access_key 'test');
SET ROLE client;
CREATE FOREIGN TABLE events (
  id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  skey text OPTIONS (sort_key 'true') COLLATE "C" NOT NULL,
  number integer OPTIONS (on_type_mismatch 'null'),
  price numeric,
  document jsonb OPTIONS (ddb_document 'true')
) SERVER dynamodb OPTIONS (table_name '$events');
CREATE FOREIGN TABLE written (
  id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  amount numeric,
  small integer,
  is_good boolean,
  at timestamptz,
  data bytea,
  doc jsonb,
  tags text[] OPTIONS (ddb_type 'SS'),
  numbers numeric[]
) SERVER dynamodb OPTIONS (table_name '$written');
CREATE FOREIGN TABLE slow (id text OPTIONS (partition_key 'true')) SERVER silent;
SQL
	return;
}

# What tells programs where the server is.
sub client_environment
{
	my ($node) = @_;
	return (PGHOST => '127.0.0.1', PGPORT => $node->port, PGUSER => 'client', PGPASSWORD => $password, PGDATABASE => 'postgres');
}

# Runs a program and passes on what it checks.
sub run_checks
{
	my ($name, $node, @command) = @_;
	local %ENV = (%ENV, client_environment($node));
	my ($output, $errors) = ('', '');
	my $is_good = eval { IPC::Run::run(\@command, '<', \undef, '>', \$output, '2>', \$errors, IPC::Run::timeout(120)) };
	foreach my $line (split /\n/, $output)
	{
		if    ($line =~ /^ok (.*)/)     { pass("$name: $1") }
		elsif ($line =~ /^not ok (.*)/) { fail("$name: $1") }
		elsif ($line ne 'done')         { diag $line }
	}
	ok($is_good && $output =~ /^done$/m, "$name: came to its end") or diag $errors, $@;
	return;
}

1;
