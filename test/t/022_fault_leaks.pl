# Many statements in one backend, a half of them failing, cancelled or ended early, leave nothing behind: no
# connection, no descriptor, no memory.
#
# In the environment: FAULT_REPETITIONS, how many (1000).
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no /proc' unless -d "/proc/$$/fd";

my ($repetitions) = ($ENV{FAULT_REPETITIONS} // 1000) =~ /^(\d+)$/ or BAIL_OUT('FAULT_REPETITIONS is no number');
my $warm_up         = $repetitions / 5;
my $most_kilobytes  = 4096;
my $most_connections = 8;

# --- a service of which a third of the answers is bad

my $text = 'x' x 200;

sub item
{
	my ($p, $s) = @_;
	return { p => { S => $p }, s => { N => "$s" }, v => { S => $text } };
}

my $internal = service_error('InternalServerError', 'Internal server error', 500);
my @faults   = (
	sub { return { reset => 1 } },
	sub { return { raw => '' } },
	sub { return { raw => "no HTTP\r\n\r\n" } },
	sub { return { %{ $_[0] }, cut => 0.5 } },
	sub { return { %{ $_[0] }, cut => 0.5, reset => 1 } },
	sub { return { %{ $_[0] }, cut => 0.5, chunked => 1 } },
	sub { return { hang => 1 } },
	sub { return { %{ $_[0] }, pause => 600 } },
	sub { return { %{ $_[0] }, short => 0.6 } },
	sub { return { body => 'garbage' } },
	sub { return { %{ $_[0] }, crc => 'wrong' } },
	sub { return { %{ $_[0] }, crc => 'wrong', gzip => 1 } },
	sub { return { %{ $_[0] }, gzip => 'short' } },
	sub { return { %{ $_[0] }, headers => { 'Content-Encoding' => 'gzip' } } },
	sub { return $internal },
	sub { return { status => 500, body => '' } },
	sub { return { status => 503, body => '<html>', crc => 'none' } },
	sub { return { status => 429, body => '' } },
	sub { return throttled() },
	sub { return service_error('ExpiredTokenException', 'expired') },
	sub { return service_error('ValidationException', 'no') },
	sub { return service_error('AccessDeniedException', 'no') },
	sub { return { %{ service_error('InvalidSignatureException', 'no') }, headers => { Date => 'Mon, 23 Nov 2099 10:00:00 GMT' } } },
	sub { return { %{ $_[0] }, headers => { 'X-Long' => 'x' x 90_000 } } });

sub good
{
	my ($request) = @_;
	my ($operation, $asked) = @$request{qw(operation json)};
	return table_description('events', 'p:S,s:N') if $operation eq 'DescribeTable';
	if ($operation eq 'Scan' || $operation eq 'Query')
	{
		my $from = $asked->{ExclusiveStartKey}{s}{N} // 0;
		return items([ map { item("p$operation", $from + $_) } 1 .. 20 ], $from < 60 ? { p => { S => "p$operation" }, s => { N => $from + 20 } } : undef);
	}
	if ($operation eq 'BatchGetItem')
	{
		my @keys = @{ $asked->{RequestItems}{events}{Keys} };
		my @left = @keys > 5 ? splice @keys, 5 : ();
		return { json => { Responses => { events => [ map { item($_->{p}{S}, $_->{s}{N}) } @keys ] },
			UnprocessedKeys => @left ? { events => { Keys => \@left } } : {} } };
	}
	return { json => { Item => item('a', 1) } } if $operation eq 'GetItem';
	return { json => {} };
}

my $server = FaultServer->start(
	handler => do {
		my $seen = -1;
		sub {
			my ($request, $settings, $current) = @_;
			srand(($seen = $current) + 5) if $seen != $current;
			my $good = good($request);
			return $good if $settings->{well} || rand() > 1 / 3;
			return $faults[rand @faults]->($good);
		};
	});

# --- statements

my %options = (scan_policy => 'allow', parallel_scan_count => 3, max_connections => $most_connections, max_attempts => 2, request_timeout => 0.05);
my $columns = q{p text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, s numeric OPTIONS (sort_key 'true') NOT NULL, v text};
my $node = dynamodb_node('main', endpoint => $server->endpoint, options => \%options);
create_foreign_table($node, 'events', $columns);
create_foreign_table($node, 'put_events', $columns, options => { table_name => 'events', insert_mode => 'put', commit_mode => 'batch' });
create_foreign_table($node, 'single_events', $columns, options => { table_name => 'events', commit_mode => 'batch' });

my @statements = (
	'SELECT count(v) FROM events',
	q{SELECT max(v) FROM events WHERE p = 'pQuery'},
	q{SELECT max(v) FROM events WHERE p IN ('a', 'b', 'c', 'd')},
	q{SELECT max(v) FROM events WHERE p = 'a' AND s IN (1, 2, 3, 4, 5, 6, 7, 8, 9)},
	q{SELECT v FROM events WHERE p = 'a' AND s = 1 LIMIT 1},
	'SELECT s FROM events LIMIT 3',
	'BEGIN; DECLARE c CURSOR FOR SELECT v FROM events; MOVE 30 FROM c; CLOSE c; COMMIT',
	'BEGIN; DECLARE c CURSOR FOR SELECT v FROM events; MOVE 5 FROM c; ROLLBACK',
	q{SET statement_timeout = '5ms'; SELECT count(v) FROM events; RESET statement_timeout},
	q{SET statement_timeout = '5ms'; INSERT INTO put_events SELECT 'i', i FROM generate_series(1, 200) i; RESET statement_timeout},
	q{INSERT INTO events VALUES ('i', 1, 'x')},
	q{INSERT INTO events SELECT 'i', i, 'x' FROM generate_series(1, 10) i},
	q{INSERT INTO put_events SELECT 'i', i, 'x' FROM generate_series(1, 80) i},
	q{INSERT INTO single_events SELECT 'i', i, 'x' FROM generate_series(1, 20) i},
	q{UPDATE events SET v = 'y' WHERE p = 'a' AND s IN (1, 2, 3)},
	q{BEGIN; DELETE FROM events WHERE p = 'a' AND s = 1; SAVEPOINT a; INSERT INTO events VALUES ('i', 2); ROLLBACK TO a; SELECT count(*) FROM events; COMMIT},
	q{BEGIN; DELETE FROM single_events WHERE p = 'pQuery'; ROLLBACK},
	q{DO $$ BEGIN PERFORM count(*) FROM events; EXCEPTION WHEN OTHERS THEN PERFORM v FROM events WHERE p = 'a' AND s = 1; END $$},
	q{EXPLAIN ANALYZE SELECT a.s FROM events a JOIN events b ON a.p = b.p AND a.s = b.s WHERE a.p = 'pQuery' AND a.s < 30},
	'INSERT INTO put_events SELECT * FROM events LIMIT 40');

my $session = PsqlSession->start($node);
$session->run('\o /dev/null');
my %seen;

# So many statements in turn; now and then with a new client, whose supply of retries is full.
sub run_statements
{
	my ($count) = @_;
	for (my $done = 0; $done < $count; $done += @statements)
	{
		$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '2')}) if $done % (3 * @statements) == 0;
		my (undef, $messages) = $session->run(join ";\n", @statements);
		$seen{$_}++ foreach $messages =~ /^ERROR:  (\w{5}): /mg;
	}
	return;
}

# Kilobytes of its own, descriptors, and connections at the server, when nothing is under way.
sub state
{
	$server->set({ well => 1 });
	my (undef, $messages) = $session->run('SELECT count(v) FROM events');
	is($messages, '', 'a statement that goes well');
	ok($server->wait_until_idle, 'no request is left');
	my $pid = $session->pid;
	my ($memory) = slurp_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+) kB/m;
	my $descriptors = () = glob "/proc/$pid/fd/*";
	$server->set({});
	return ($memory, $descriptors, $server->connections);
}

run_statements($warm_up);
my ($memory, $descriptors, $connections) = state();
run_statements($repetitions - $warm_up);
my ($memory_now, $descriptors_now, $connections_now) = state();
note "memory $memory -> $memory_now kB, descriptors $descriptors -> $descriptors_now, connections $connections -> $connections_now";
note join ', ', map { "$_: $seen{$_}" } sort keys %seen;

cmp_ok($memory_now - $memory, '<', $most_kilobytes, "memory of the backend after $repetitions statements");
cmp_ok($connections_now, '<=', $most_connections, 'no more connections than max_connections');
is($descriptors_now - $connections_now, $descriptors - $connections, 'no descriptor but those of connections');
cmp_ok(keys %seen, '>', 5, 'there were errors of many kinds');
$session->run(q{\o});
ok($session->is_alive, 'all of this was one backend');
$session->quit;
$node->stop;
done_testing();
