# Connections and clients: kept across statements, renewed when options change, signed, and never leaked.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256_hex);
use DynamoDBTest;
use FaultServer;
use JSON::PP ();
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;

my %tables  = (events => 'p:S,s:N', others => 'p:S,s:N');
my $server  = FaultServer->start(handler => prepared(%tables));
my $second  = FaultServer->start(handler => prepared(%tables));
my $columns = q{p text OPTIONS (partition_key 'true') COLLATE "C", s numeric OPTIONS (sort_key 'true'), v text};
my $node    = dynamodb_node('main', endpoint => $server->endpoint, options => { scan_policy => 'allow', max_attempts => 2 });
create_foreign_table($node, 'events', $columns);
create_foreign_table($node, 'others', $columns);

sub item
{
	my ($number, $text) = @_;
	return { p => { S => 'a' }, s => { N => "$number" }, v => { S => $text // 'x' } };
}
my $next_key = { p => { S => 'a' }, s => { N => '1' } };
my $page     = items([item(1)]);
my $query    = q{SELECT s FROM events WHERE p = 'a'};

my $session = PsqlSession->start($node);

# The rows, or whatever message came instead.
sub result
{
	my ($sql) = @_;
	return join '', $session->run($sql);
}

# The connections that the requests so far came by.
sub connections_used
{
	my %seen = map { $_->{connection} => 1 } @_;
	return scalar keys %seen;
}

# The operations so far, perhaps of another server.
sub operations
{
	my ($of) = @_;
	return join ' ', map { $_->{operation} } ($of // $server)->requests;
}

sub last_request
{
	my ($of) = @_;
	return (($of // $server)->requests)[-1];
}

# --- kept

subtest 'keep-alive' => sub {
	$server->set({ Query => [$page], Scan => [$page] });
	is(result($query), 1, 'a statement') for 1 .. 20;
	is(scalar(my @requests = $server->requests), 21, 'the table is described once');
	is(connections_used($server->requests), 1, 'one connection is enough for twenty statements');
	$server->forget;
	is(result('SELECT count(*) FROM events'), 8, 'a Scan') for 1 .. 5;
	cmp_ok(connections_used($server->requests), '<=', 8, 'five Scans of eight segments need no more than eight');
	is($server->connections, connections_used($server->requests), 'they stay open');

	$server->forget;
	$server->set({ Query => [ service_error('ValidationException', 'no'), $page ] });
	like(result($query), qr/ERROR/, 'an error');
	is(result($query), 1, 'the next statement');
	is(connections_used($server->requests), 1, 'an error of the service does not cost the connection');

	$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '1')});
	$server->set({ Query => [ { %$page, close => 1 } ] });
	is(result($query), 1, 'a connection that the service closed meanwhile is opened again') for 1 .. 5;

	$server->set({ Query => [{ hang => 1 }] });
	$session->run(q{SET statement_timeout = '0.1s'});
	like(result($query), qr/57014/, 'a request that was dropped');
	$session->run('RESET statement_timeout');
	$server->set({ Query => [$page] });
	is(result($query), 1, 'does not leave its answer to the next statement');
	my $other = PsqlSession->start($node);
	is(join('', $other->run($query)), 1, 'another session');
	my $busy = $server->connections;
	$other->quit;
	ok($server->wait_until_idle && $node->poll_query_until('postgres', q{SELECT count(*) = 2 FROM pg_stat_activity WHERE backend_type = 'client backend'}),
		'ends');
	cmp_ok($server->connections, '<', $busy, 'with its connections');
};

# --- renewed

subtest 'ALTER' => sub {
	$_->set({ Query => [$page], Scan => [$page] }) foreach $server, $second;
	$session->run("PREPARE kept AS $query");
	$session->run("SET plan_cache_mode = force_generic_plan");
	is(result('EXECUTE kept'), 1, 'a prepared statement');
	my $endpoint = $second->endpoint;

	$node->safe_psql('postgres', "ALTER SERVER dynamodb OPTIONS (SET endpoint '$endpoint')");
	$server->forget;
	is(result($query), 1, 'another endpoint');
	is(result('EXECUTE kept'), 1, 'also for the prepared statement');
	is(operations($second), 'DescribeTable Query Query', 'is used by the next statement');
	is(operations(), '', 'instead of the old one');
	is($server->connections, 0, 'whose connections are closed');

	$node->safe_psql('postgres', q{ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (SET access_key_id 'another')});
	is(result('EXECUTE kept'), 1, 'another key');
	like(last_request($second)->{headers}{authorization}, qr/Credential=another\//, 'is used by the next statement');
	$node->safe_psql('postgres', q{ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (ADD session_token 'sesame')});
	is(result($query), 1, 'a session token');
	is(last_request($second)->{headers}{'x-amz-security-token'}, 'sesame', 'is used by the next statement');
	$node->safe_psql('postgres', q{ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (SET access_key_id 'test', DROP session_token)});

	$node->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (ADD table_name 'others')});
	is(result('EXECUTE kept'), 1, 'another table');
	is(last_request($second)->{json}{TableName}, 'others', 'is used by the next statement');
	$node->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (DROP table_name, ADD aws_region 'eu-central-1')});
	is(result('EXECUTE kept'), 1, 'another region');
	like(last_request($second)->{headers}{authorization}, qr{/eu-central-1/dynamodb/aws4_request}, 'is used by the next statement');
	$node->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (DROP aws_region)});
	$node->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (ADD parallel_scan_count '3')});
	is(result('SELECT count(*) FROM events'), 3, 'another number of segments is used by the next statement');
	$node->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (DROP parallel_scan_count)});

	# What is under way goes on with what it began with.
	$second->set({ Scan => [ items([ map { item($_) } 1 .. 5 ], $next_key) ] });
	$session->run('BEGIN; DECLARE c CURSOR FOR SELECT s FROM events');
	is(result('FETCH 3 FROM c'), "1\n2\n3", 'a cursor');
	$session->run("ALTER SERVER dynamodb OPTIONS (SET endpoint '" . $server->endpoint . "')");
	is(result($query), 1, 'after the server has been altered, a new statement uses the new endpoint');
	is(operations(), 'DescribeTable Query', 'indeed');
	is(result('FETCH 4 FROM c'), "4\n5\n1\n2", 'and the cursor goes on with the old one');
	$session->run('COMMIT');
	ok($second->wait_until_idle, 'until it ends');
	is(result($query), 1, 'the next statement');
	is($second->connections, 0, 'then the old connections are closed');
	$session->run('DEALLOCATE kept; RESET plan_cache_mode');
};

# --- several at once

subtest 'several cursors, several servers' => sub {
	$server->set({});
	$second->set({});
	my $pages = FaultServer->start(
		handler => sub {
			my ($request) = @_;
			my $name = $request->{json}{TableName};
			return table_description($name, 'p:S,s:N') if $request->{operation} eq 'DescribeTable';
			my $begin = ($request->{json}{ExclusiveStartKey} // { s => { N => 0 } })->{s}{N};
			my @items = map { item($begin + $_, "$name $request->{headers}{host}") } 1 .. 10;
			return items(\@items, $begin + 10 < 100 ? { p => { S => 'a' }, s => { N => $begin + 10 . '' } } : undef);
		});
	foreach my $connections (1, 32)
	{
		create_server($node, "pages$connections", endpoint => $pages->endpoint,
			options => { scan_policy => 'allow', max_connections => $connections, parallel_scan_count => 1 });
		create_foreign_table($node, "a$connections", $columns, server => "pages$connections", options => { table_name => 'events' });
		create_foreign_table($node, "b$connections", $columns, server => "pages$connections", options => { table_name => 'others' });
		$session->run("BEGIN; DECLARE a CURSOR FOR SELECT s FROM a$connections; DECLARE b CURSOR FOR SELECT s FROM b$connections");
		my (@a, @b);
		for (1 .. 12)
		{
			push @a, split /\n/, result('FETCH 9 FROM a');
			push @b, split /\n/, result('FETCH 13 FROM b');
		}
		is_deeply(\@a, [ 1 .. 100 ], "a cursor has all its rows, with $connections connections");
		is_deeply(\@b, [ 1 .. 100 ], 'so has another in between');
		$session->run('COMMIT');
		is(result("SELECT count(*), sum(a.s) FROM a$connections a JOIN b$connections b USING (s)"), '100|5050', 'a join of both');
		is(result("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
			SELECT count(*) FROM a$connections a, b$connections b WHERE a.s < 4 AND b.s <= a.s;
			RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material"), 6, 'a join that reads one of them again and again');
	}

	create_server($node, 'second', endpoint => $second->endpoint, options => { scan_policy => 'allow', parallel_scan_count => 1 });
	create_foreign_table($node, 'second_events', $columns, server => 'second', options => { table_name => 'events' });
	$second->set({ Scan => [ items([ map { item($_, 'second') } 5 .. 7 ]) ] });
	is(result('SELECT string_agg(b.v || a.s, \',\' ORDER BY a.s) FROM a32 a JOIN second_events b USING (s)'), 'second5,second6,second7', 'two servers in one statement');
	is(result('SELECT count(DISTINCT s) FROM (SELECT s FROM a32 UNION ALL SELECT s FROM second_events UNION ALL SELECT s FROM b1) x'), 100, 'three');
	$pages->stop;
};

# --- plans

subtest 'cached plans' => sub {
	$server->set({ Query => [$page] });
	$session->run('PREPARE by_key(text, numeric) AS SELECT s FROM events WHERE p = $1 AND s < $2');
	$server->forget;
	result("EXECUTE by_key('key $_', $_)") for 1 .. 12;
	my @values = map { join ' ', sort map { values %$_ } values %{ $_->{json}{ExpressionAttributeValues} } } $server->requests(operation => 'Query');
	is_deeply(\@values, [ map { "$_ key $_" } 1 .. 12 ], 'every execution asks for its own values');
	like(result('SELECT generic_plans > 0 FROM pg_prepared_statements WHERE name = \'by_key\''), qr/^t$/, 'with a generic plan at last');
	$session->run('DEALLOCATE by_key');
	$session->run(q{
		CREATE FUNCTION by_key(key text) RETURNS numeric LANGUAGE plpgsql AS $$
		DECLARE n numeric; BEGIN SELECT s INTO n FROM events WHERE p = key; RETURN n; END $$});
	is(result(q{SELECT sum(by_key('a')) FROM generate_series(1, 10) n}), 10, 'PL/pgSQL');
};

# --- what goes over the wire

subtest 'compression' => sub {
	my $long = items([ map { item($_, 'x' x 1000) } 1 .. 20 ]);
	$server->set({ Query => [$long] });
	my $plain = JSON::PP->new->decode(result("EXPLAIN (ANALYZE, FORMAT JSON) $query"))->[0]{Plan}{'Bytes Received'};
	like(last_request()->{headers}{'accept-encoding'}, qr/gzip/, 'compressed answers are asked for');
	$server->set({ Query => [ { %$long, gzip => 1 } ] });
	my $gzip = JSON::PP->new->decode(result("EXPLAIN (ANALYZE, FORMAT JSON) $query"))->[0]{Plan}{'Bytes Received'};
	cmp_ok($plain, '>', 20000, 'the bytes of a plain one');
	cmp_ok($gzip, '<', 2000, 'and of a compressed one');
};

# Signature Version 4, computed anew from the request as it arrived.
sub signature
{
	my ($request, $secret) = @_;
	my $headers = $request->{headers};
	my ($scope, $names) = $headers->{authorization} =~ m{^AWS4-HMAC-SHA256 Credential=[^/]+/([^,]+), ?SignedHeaders=([^,]+), ?Signature=} or return '';
	my $canonical = join "\n", $request->{method}, $request->{path}, '', (map { "$_:$headers->{$_}" } split /;/, $names), '', $names, sha256_hex($request->{body});
	my $key = "AWS4$secret";
	$key = hmac_sha256($_, $key) foreach split m{/}, $scope;
	return hmac_sha256_hex(join("\n", 'AWS4-HMAC-SHA256', $headers->{'x-amz-date'}, $scope, sha256_hex($canonical)), $key);
}

subtest 'signatures' => sub {
	my $token = 'FwoGZXIvYXdzEJr//////////wEaD' . '+/=' x 100;
	$session->run(qq{ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb
		OPTIONS (SET access_key_id 'AKIDEXAMPLE', SET secret_access_key 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', ADD session_token '$token')});
	$server->set({ Query => [ items([item(1)], $next_key), $page ] });
	$server->forget;
	is(result(q{SELECT s FROM events WHERE p IN ('a', 'é "quoted" \ 🐘')}), "1\n1\n1", 'a Query of two pages and one of one');
	my @requests = $server->requests;
	is(scalar @requests, 4, 'with their DescribeTable');
	foreach my $request (@requests)
	{
		my $headers = $request->{headers};
		my $authorization = $headers->{authorization};
		like($authorization, qr{Credential=AKIDEXAMPLE/\d{8}/us-west-2/dynamodb/aws4_request}, 'the scope names region and service');
		like($authorization, qr/SignedHeaders=[^,]*\bhost\b[^,]*\bx-amz-date\b[^,]*\bx-amz-security-token\b[^,]*\bx-amz-target\b/, 'what matters is signed');
		is($headers->{'x-amz-security-token'}, $token, 'the session token is sent');
		my ($sent) = $authorization =~ /Signature=(\w+)/;
		is($sent, signature($request, 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'), 'the signature is right');
		is($headers->{'content-type'}, 'application/x-amz-json-1.0', 'Content-Type');
		like($headers->{'x-amz-target'}, qr/^DynamoDB_20120810\.(?:DescribeTable|Query)$/, 'X-Amz-Target');
		like($headers->{'user-agent'}, qr{^dynamodb_fdw/}, 'User-Agent');
	}
	$session->run(q{ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (DROP session_token)});
};

# --- nothing is left behind

sub descriptors
{
	my $pid = $session->pid;
	opendir my $folder, "/proc/$pid/fd" or die "/proc/$pid/fd: $!";
	return scalar grep { !/^\./ } readdir $folder;
}

sub memory
{
	my ($status) = slurp_file('/proc/' . $session->pid . '/status') =~ /^VmRSS:\s+(\d+) kB/m;
	return $status;
}

# Statements of every kind, each ending in its own way.
sub many_statements
{
	my ($rounds, %other) = @_;
	for my $round (1 .. $rounds)
	{
		$server->set({ Query => [$page], Scan => [$page] });
		result($query);
		result('SELECT count(*) FROM events');
		result('EXPLAIN SELECT * FROM events');
		result('BEGIN; DECLARE c CURSOR FOR SELECT * FROM events; FETCH 1 FROM c; ROLLBACK');
		result("SELECT s / 0 FROM events WHERE p = 'a'");
		$server->set({ Query => [ service_error('ValidationException', 'no') ], Scan => [ { %$page, cut => 5 } ] });
		result($query);
		result('SELECT * FROM absent');
		result(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '1')}) if $other{alter};
		result('SELECT count(*) FROM events') if $other{alter};
		$server->set({ Query => [{ hang => 1 }] });
		result("SET statement_timeout = '10ms'");
		result($query);
		result('RESET statement_timeout');
	}
	$server->set({ Query => [$page], Scan => [$page] });
	result('SELECT count(*) FROM events');
	return;
}

subtest 'nothing is left behind' => sub {
	plan skip_all => 'there is no /proc' unless -d "/proc/$$/fd";
	create_server($node, 'absent', endpoint => 'http://127.0.0.1:' . unused_port(), options => { scan_policy => 'allow', max_attempts => 1 });
	create_foreign_table($node, 'absent', $columns, server => 'absent');
	$session->run('SET client_min_messages = error');
	$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '1')});
	many_statements(10);
	my ($descriptors, $memory) = (descriptors(), memory());
	many_statements(30);
	# As many more as there may be connections, which come and go.
	cmp_ok(descriptors(), '<=', $descriptors + 8, 'file descriptors after hundreds of statements');
	note 'memory grew by ', memory() - $memory, ' kB';
	cmp_ok(memory(), '<', $memory + 1024, 'memory of the backend');
	many_statements(10, alter => 1);
	$memory = memory();
	many_statements(20, alter => 1);
	cmp_ok(descriptors(), '<=', $descriptors + 8, 'file descriptors where clients are renewed');
	note 'memory grew by ', memory() - $memory, ' kB';
	cmp_ok(memory(), '<', $memory + 1024, 'memory');
	ok($server->wait_until_idle, 'no request is left');
};

ok($session->is_alive, 'all of this was one backend');
$session->quit;
$node->stop;
done_testing();
