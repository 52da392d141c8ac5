# What users who are no superusers cannot get: the server process's identity, files and programs, another user's
# credentials, metadata, plans or pending writes. (Whose credentials sign what is tested in 040_credentials.pl.)
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;

# Each account has a table of another size, and carol may not describe hers.
my %sizes   = (KEYALICE => 111_111, KEYBOB => 22, KEYSUPER => 3);
my $handler = sub {
	my ($request) = @_;
	my ($key) = ($request->{headers}{authorization} // '') =~ m{Credential=([^/]+)/};
	my $operation = $request->{operation} // '';
	if ($operation eq 'DescribeTable')
	{
		return service_error('AccessDeniedException', 'no') unless $key && $sizes{$key};
		return table_description('events', 'p:S', ItemCount => $sizes{$key}, TableSizeBytes => 1000 * $sizes{$key});
	}
	return { json => { TableNames => ['events'] } } if $operation eq 'ListTables';
	return { json => {} } if $operation =~ /GetItem|Write|Put|Update|Delete/;
	return items([ { p => { S => "of $key" } } ]);
};
my $server = FaultServer->start(handler => $handler);
my $evil   = FaultServer->start(handler => $handler);

my $process_secret = 'SECRET-of-process';
my $node = dynamodb_node(
	'main',
	endpoint => $server->endpoint,
	mapping  => 0,
	options  => { scan_policy => 'allow', parallel_scan_count => 1 },
	conf     => "log_statement = none\nlog_min_messages = debug1",
	env      => { AWS_ACCESS_KEY_ID => 'KEYPROCESS', AWS_SECRET_ACCESS_KEY => $process_secret, AWS_SESSION_TOKEN => 'TOKEN-of-process' });
my $columns = q{p text OPTIONS (partition_key 'true') COLLATE "C", v text};
my @users   = qw(alice bob carol);
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach @users, 'dora', 'owner';
$node->safe_psql('postgres', qq{
	GRANT USAGE ON FOREIGN SERVER dynamodb TO alice, bob, carol, dora;
	GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_fdw TO owner;
	GRANT CREATE ON DATABASE postgres TO owner;
	GRANT CREATE ON SCHEMA public TO alice, bob, owner;
	CREATE FOREIGN TABLE events ($columns) SERVER dynamodb;
	GRANT ALL ON events TO alice, bob, carol, dora});
sub keys_of { my ($key) = @_; return "access_key_id 'KEY" . uc($key) . "', secret_access_key 'SECRET-of-$key'" }
$node->safe_psql('postgres', "CREATE USER MAPPING FOR $_ SERVER dynamodb OPTIONS (" . keys_of($_) . ')') foreach @users;

my %sessions;

sub run
{
	my ($user, $sql) = @_;
	my $session = $sessions{$user} //= PsqlSession->start($node, ($user ? (user => $user) : ()));
	my ($rows, $messages) = $session->run($sql);
	diag "$user: $sql: $rows $messages" if $ENV{SHOW};
	return ($rows, $messages);
}

sub state_of { return sqlstate((run(@_))[1]) }

# The keys that requests were signed with, since the last forget.
sub signers
{
	my ($of, %only) = @_;
	my %keys = map { $_->{headers}{authorization} =~ m{Credential=([^/]+)/} ? ($1 => 1) : ('unsigned' => 1) } $of->requests(%only);
	return join ' ', sort keys %keys;
}

# --- options

my $role    = q{role_arn 'arn:aws:iam::123456789012:role/r'};
my @options = (
	[ 'bob',   'a server, without USAGE on the wrapper', q{CREATE SERVER s FOREIGN DATA WRAPPER dynamodb_fdw} ],
	[ 'bob',   'options of the wrapper',   q{ALTER FOREIGN DATA WRAPPER dynamodb_fdw NO VALIDATOR} ],
	[ 'owner', 'a wrapper without validator', q{CREATE FOREIGN DATA WRAPPER w HANDLER dynamodb_fdw_handler} ],
	[ 'bob',   'another\'s server',        q{ALTER SERVER dynamodb OPTIONS (SET endpoint 'http://127.0.0.1:1')} ],
	[ 'bob',   'another\'s mapping',       q{ALTER USER MAPPING FOR alice SERVER dynamodb OPTIONS (SET access_key_id 'x')} ],
	[ 'bob',   'PUBLIC\'s mapping',        q{CREATE USER MAPPING FOR PUBLIC SERVER dynamodb} ],
	[ 'owner', 'files to be read',         q{CREATE SERVER s FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ca_bundle '/etc/passwd')} ],
	[ 'owner', 'the process\'s credentials', q{CREATE SERVER s FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ambient_credentials 'on')} ],
	[ 'owner', 'a profile',                q{CREATE USER MAPPING FOR owner SERVER theirs OPTIONS (profile 'default')} ],
	[ 'owner', 'a profile for all',        q{CREATE USER MAPPING FOR PUBLIC SERVER theirs OPTIONS (profile 'default')} ],
	[ 'owner', 'a role of the process',    qq{CREATE USER MAPPING FOR owner SERVER theirs OPTIONS ($role)} ],
	[ 'dora',  'a profile in a new mapping', q{CREATE USER MAPPING FOR dora SERVER dynamodb OPTIONS (profile 'default')} ],
	[ 'dora',  'a role in a new mapping',  qq{CREATE USER MAPPING FOR dora SERVER dynamodb OPTIONS ($role)} ]);

subtest 'options' => sub {
	is(state_of('owner', q{CREATE SERVER theirs FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint '} . $server->endpoint . q{', scan_policy 'allow', parallel_scan_count '1')}), '', 'a server of one\'s own');
	is(state_of($_->[0], $_->[2]), '42501', "$_->[0] cannot have $_->[1]") foreach @options;
	is(state_of('owner', "ALTER SERVER theirs OPTIONS (ADD $_)"), '42501', "nor add $_") foreach q{ca_bundle '/etc/passwd'}, q{ambient_credentials '1'};

	# What a superuser has set cannot be turned to something else.
	run('', q{ALTER SERVER theirs OPTIONS (ADD ambient_credentials 'true')});
	my $elsewhere = q{SET endpoint '} . $evil->endpoint . q{'};
	is(state_of('owner', "ALTER SERVER theirs OPTIONS ($elsewhere)"), '42501', 'the owner cannot redirect a server with ambient_credentials');
	is(state_of('owner', "ALTER SERVER theirs OPTIONS (DROP ambient_credentials, $elsewhere)"), '', 'but without it');
	run('', 'ALTER SERVER theirs OPTIONS (SET endpoint \'' . $server->endpoint . q{', ADD ca_bundle '/etc/ssl/certs/ca-certificates.crt')});
	is(state_of('owner', "ALTER SERVER theirs OPTIONS ($elsewhere)"), '42501', 'nor one with ca_bundle');
	is(state_of('owner', 'ALTER SERVER theirs OPTIONS (DROP ca_bundle)'), '', 'which can be dropped');
	run('', "CREATE USER MAPPING FOR dora SERVER dynamodb OPTIONS (profile 'default')");
	is(state_of('dora', "ALTER USER MAPPING FOR dora SERVER dynamodb OPTIONS ($_)"), '42501', "a mapping with a profile: $_ is not possible")
	  foreach q{SET profile 'other'}, "ADD $role";
	run('', "ALTER USER MAPPING FOR dora SERVER dynamodb OPTIONS (DROP profile, ADD $role)");
	is(state_of('dora', "ALTER USER MAPPING FOR dora SERVER dynamodb OPTIONS ($_)"), '42501', "a mapping with a role: $_ is not possible")
	  foreach q{SET role_arn 'arn:aws:iam::123456789012:role/admin'}, q{ADD external_id 'xx'};
	is(state_of('dora', 'DROP USER MAPPING FOR dora SERVER dynamodb'), '', 'both can be dropped');
};

# --- the catalogs

subtest 'catalogs' => sub {
	run('', 'CREATE USER MAPPING FOR PUBLIC SERVER theirs OPTIONS (' . keys_of('public') . '); CREATE USER MAPPING FOR bob SERVER theirs OPTIONS (' . keys_of('bob') . ')');
	is(state_of('bob', 'SELECT umoptions FROM pg_user_mapping'), '42501', 'pg_user_mapping cannot be read');
	my $seen = q{SELECT string_agg(srvname || '.' || usename, ' ' ORDER BY srvname, usename) FROM pg_user_mappings WHERE umoptions IS NOT NULL};
	is((run('carol', $seen))[0], 'dynamodb.carol', 'pg_user_mappings shows one\'s own');
	is((run('bob', $seen))[0], 'dynamodb.bob', 'only with USAGE on the server');
	is((run('owner', $seen))[0], 'theirs.public', 'and PUBLIC\'s to the owner of the server');
	my $options = q{SELECT count(option_value) FROM information_schema.user_mapping_options WHERE authorization_identifier <> current_user::text AND authorization_identifier <> 'PUBLIC'};
	is((run($_, $options))[0], 0, "$_ sees no other's options in information_schema") foreach 'bob', 'owner';
	unlike((run('bob', 'SELECT srvoptions FROM pg_foreign_server; SELECT ftoptions FROM pg_foreign_table'))[0], qr/SECRET|KEY/, 'servers and tables have no secrets');
	run('', 'DROP USER MAPPING FOR PUBLIC SERVER theirs; DROP USER MAPPING FOR bob SERVER theirs');
};

# --- a server of somebody who means harm

subtest 'servers of others' => sub {
	run('owner', 'ALTER SERVER theirs OPTIONS (SET endpoint \'' . $evil->endpoint . '\')');
	run('owner', "CREATE FOREIGN TABLE bait ($columns) SERVER theirs OPTIONS (table_name 'events'); GRANT SELECT ON bait TO PUBLIC; CREATE VIEW bait_view AS SELECT * FROM bait; GRANT SELECT ON bait_view TO PUBLIC");
	foreach my $sql ('SELECT * FROM bait', 'SELECT * FROM bait_view', 'ANALYZE bait', 'EXPLAIN SELECT * FROM bait', 'BEGIN; CREATE SCHEMA i; IMPORT FOREIGN SCHEMA x FROM SERVER theirs INTO i')
	{
		is(state_of('', $sql), '28000', "a superuser's $sql does not use the process's credentials");
		run('', 'ROLLBACK');
	}
	is(scalar(my @requests = $evil->requests), 0, 'and sends nothing');

	foreach my $mapping ("profile 'default'", $role)
	{
		run('', "CREATE USER MAPPING FOR CURRENT_USER SERVER theirs OPTIONS ($mapping)");
		is(state_of('', 'SELECT * FROM bait'), '28000', "nor is a mapping with $mapping of use there");
		run('', 'DROP USER MAPPING FOR CURRENT_USER SERVER theirs');
	}
	is(scalar(@requests = $evil->requests), 0, 'and nothing is sent');

	# As with postgres_fdw, who has a user mapping for a server trusts its owner. But the secret stays here.
	run('', 'CREATE USER MAPPING FOR CURRENT_USER SERVER theirs OPTIONS (' . keys_of('super') . ')');
	is((run('', 'SELECT p FROM bait'))[0], 'of KEYSUPER', 'the keys of a user mapping are used');
	is((run('', 'ANALYZE bait'))[1] =~ /28000/ ? 'refused' : '', 'refused', 'ANALYZE has the credentials of the table\'s owner');
	my $sent = join "\n", map { my $r = $_; ($r->{body}, map { "$_: $r->{headers}{$_}" } sort keys %{ $r->{headers} }) } $evil->requests;
	unlike($sent, qr/SECRET|KEYPROCESS|TOKEN-of/, 'the endpoint gets to see neither a secret nor anything of the process');

	# Somebody who may create servers can have requests sent to any address that the database server reaches: POST / to
	# it, signed with what they have themselves, and the beginning of an answer.
	my $internal = FaultServer->start(answers => [ { status => 404, body => 'internal: ' . 'x' x 5000, crc => 'none' } ]);
	run('owner', 'ALTER SERVER theirs OPTIONS (SET endpoint \'' . $internal->endpoint . '\'); CREATE USER MAPPING FOR owner SERVER theirs OPTIONS (' . keys_of('owner') . ')');
	my (undef, $messages) = run('owner', 'SELECT * FROM bait');
	like($messages, qr/^DETAIL:  The answer begins: "internal: x{190,200}/m, 'they see the beginning of an answer');
	cmp_ok(length $messages, '<', 900, 'and no more');
	is(join(' ', signers($internal), map { "$_->{method} $_->{path}" } $internal->requests(operation => 'Scan')), 'KEYOWNER POST /', 'what is sent');
	is(state_of('owner', "ALTER SERVER theirs OPTIONS (SET endpoint '$_')"), 'HV024', "no endpoint: $_")
	  foreach 'http://169.254.169.254/latest/meta-data', 'http://169.254.170.2/v2/credentials?x', 'file:///etc/passwd', 'gopher://127.0.0.1', 'unix:///tmp', "http://a\r\nX-aws-ec2-metadata-token: x";
	run('owner', 'DROP SERVER theirs CASCADE');
};

# --- what a session remembers

sub capacity
{
	my ($user, $sql) = @_;
	return (run($user, $sql))[0] =~ /Estimated Read Capacity: (\S+)/ ? $1 : 'none';
}

subtest 'metadata' => sub {
	my $explain = 'EXPLAIN SELECT * FROM events';
	run('', 'SET ROLE alice');
	my $alices = capacity('', $explain);
	cmp_ok($alices, '>', 1000, 'alice\'s table is large');
	$server->forget;
	run('', 'SET ROLE bob');
	my $bobs = capacity('', $explain);
	cmp_ok($bobs, '<', 100, 'bob\'s is small');
	is(signers($server, operation => 'DescribeTable'), 'KEYBOB', 'what is known of it was asked with his key');
	run('', 'SET ROLE carol');
	isnt(capacity('', $explain), $alices, 'who may not describe the table does not see how large it is');
	run('', 'RESET ROLE');
};

subtest 'plans' => sub {
	run('', q{SET plan_cache_mode = force_generic_plan; PREPARE q AS SELECT p FROM events; SET ROLE alice;
		CREATE FUNCTION invoker() RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT p FROM events); END'});
	is((run('', 'EXECUTE q'))[0], 'of KEYALICE', 'a prepared statement');
	my $alices = capacity('', 'EXPLAIN EXECUTE q');
	is((run('', 'SELECT invoker()'))[0], 'of KEYALICE', 'a function');
	run('', 'SET ROLE bob');
	is((run('', 'EXECUTE q'))[0], 'of KEYBOB', 'of another user has that user\'s credentials');
	is((run('', 'SELECT invoker()'))[0], 'of KEYBOB', 'the function, too');
	isnt(capacity('', 'EXPLAIN EXECUTE q'), $alices, 'and is planned anew');
	run('', 'SET ROLE carol');
	isnt(capacity('', 'EXPLAIN EXECUTE q'), $alices, 'also where nothing is known');
	run('', 'SET ROLE dora');
	is(state_of('', 'EXECUTE q'), '28000', 'a plan is no credentials');
	run('', 'RESET ROLE; DEALLOCATE q; RESET plan_cache_mode; DROP FUNCTION invoker()');
};

subtest 'ANALYZE and materialized views' => sub {
	run('alice', "CREATE FOREIGN TABLE alices ($columns) SERVER dynamodb OPTIONS (table_name 'events'); CREATE MATERIALIZED VIEW stored AS SELECT * FROM alices");
	$server->forget;
	run('', 'ANALYZE alices; REFRESH MATERIALIZED VIEW stored');
	is(signers($server), 'KEYALICE', 'are done with the owner\'s credentials');
	run('', 'DROP FOREIGN TABLE alices CASCADE');
};

# --- pending writes

subtest 'pending writes' => sub {
	my $cannot = qr/^ERROR:  0A000: user "bob" cannot read DynamoDB table "events" in this transaction: user "alice" has written to it$/m;
	my $insert = q{BEGIN; SET ROLE alice; INSERT INTO events VALUES ('secret', 'x')};
	foreach my $sql ('SELECT * FROM events', q{SELECT * FROM events WHERE p = 'secret'}, q{SELECT count(*) FROM events}, q{UPDATE events SET v = 'y'}, q{DELETE FROM events WHERE p = 'secret'})
	{
		my ($rows, $messages) = run('', "$insert; SET ROLE bob; $sql");
		like($messages, $cannot, "other credentials: $sql");
		unlike("$rows$messages", qr/secret\|/, 'nothing of it is shown');
		run('', 'ROLLBACK');
	}
	my ($rows) = run('', "$insert; SET ROLE bob; SELECT v FROM events WHERE p = 'other'");
	run('', 'ROLLBACK');
	run('', q{CREATE FUNCTION definer() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$INSERT INTO events VALUES ('secret', 'x')$$; ALTER FUNCTION definer() OWNER TO alice});
	like((run('bob', 'BEGIN; SELECT definer(); SELECT * FROM events'))[1], $cannot, 'by a SECURITY DEFINER function');
	run('bob', 'ROLLBACK');
	($rows) = run('', 'BEGIN; SET ROLE alice; SAVEPOINT s; SELECT definer(); ROLLBACK TO s; SET ROLE bob; SELECT * FROM events; ROLLBACK');
	like($rows, qr/of KEYBOB/, 'what is rolled back does not matter');

	run('', 'ALTER USER MAPPING FOR carol SERVER dynamodb OPTIONS (SET access_key_id \'KEYALICE\', SET secret_access_key \'SECRET-of-alice\')');
	like((run('', "$insert; SET ROLE carol; SELECT * FROM events; ROLLBACK"))[0], qr/^secret\|x$/m, 'the same credentials see it');
	run('', q{ALTER USER MAPPING FOR carol SERVER dynamodb OPTIONS (SET secret_access_key 'guessed')});
	is(state_of('', "$insert; SET ROLE carol; SELECT * FROM events WHERE p = 'secret'"), '0A000', 'the key\'s name alone does not');
	run('', 'ROLLBACK');

	$server->forget;
	($rows, my $messages) = run('', q{BEGIN; SET ROLE alice; INSERT INTO events VALUES ('of alice'); SET ROLE bob; INSERT INTO events VALUES ('of bob'); RESET ROLE; COMMIT});
	is($messages, '', 'two users write in one transaction');
	foreach my $user ('alice', 'bob')
	{
		my @theirs = grep { $_->{operation} =~ /Put|Write/ && $_->{headers}{authorization} =~ /=KEY\U$user\E\// } $server->requests;
		is(scalar(grep { $_->{body} =~ /of $user/ } @theirs), 1, "what $user wrote is sent with the key of $user");
		is(scalar(grep { $_->{body} =~ /of (?!$user)/ } @theirs), 0, 'and nothing else');
	}
};

# --- the same session for several users, as a connection pool has it

subtest 'DISCARD ALL' => sub {
	$server->forget;
	run('', 'SET SESSION AUTHORIZATION alice; SELECT * FROM events; RESET SESSION AUTHORIZATION; DISCARD ALL; SET SESSION AUTHORIZATION bob');
	is((run('', 'SELECT p FROM events'))[0], 'of KEYBOB', 'the next user has other credentials');
	run('', 'RESET SESSION AUTHORIZATION; DISCARD ALL; SET SESSION AUTHORIZATION dora');
	is(state_of('', 'SELECT p FROM events'), '28000', 'or none');
	my %users_of;
	$users_of{ $_->{connection} }{ $_->{headers}{authorization} =~ m{Credential=([^/]+)/} ? $1 : '' } = 1 foreach $server->requests;
	is(scalar(grep { keys %$_ > 1 } values %users_of), 0, 'users never share a connection');
	run('', 'RESET SESSION AUTHORIZATION');
};

$_->quit foreach values %sessions;
$node->stop;
unlike(slurp_file($node->logfile), qr/SECRET-of|TOKEN-of/, 'the log has no secret');
done_testing();
