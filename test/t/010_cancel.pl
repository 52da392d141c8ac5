# Cancel, time-outs and termination act at once, whatever a statement waits for; so does the end of what is asked for.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# Each attempt of a request may take a minute, so what ends within seconds was ended.
my $at_once = 1;
my $server  = FaultServer->start(handler => prepared(events => 'p:S,s:N'));
my $silent  = FaultServer->start(accept => 0);
# DescribeTable is asked for by every statement.
my $node = dynamodb_node(
	'main',
	endpoint => $server->endpoint,
	options  => { scan_policy => 'allow' },
	conf     => 'dynamodb_fdw.metadata_max_age = 0');
create_server($node, 'silent', endpoint => $silent->endpoint, options => { scan_policy => 'allow', connect_timeout => 60 });

my $columns = q{p text OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true'), v text};
create_foreign_table($node, 'events', $columns);
create_foreign_table($node, 'behind', $columns, server => 'silent');

sub item
{
	my ($number, $text) = @_;
	return { p => { S => 'a' }, s => { N => "$number" }, v => { S => $text // 'x' } };
}
my $next_key = { p => { S => 'a' }, s => { N => '1' } };
my $good     = { Scan => [items([item(1)])], Query => [items([item(1)])] };
my $busy     = { %{ throttled() }, headers => { 'x-amz-retry-after' => 60000 } };

# What a statement may be waiting for: how the server answers, and how many requests of a kind say that it is so far.
my @situations = (
	[ 'DescribeTable, while planning', { DescribeTable => [{ hang => 1 }] }, 'SELECT * FROM events', DescribeTable => 1 ],
	[ 'a Query', { Query => [{ hang => 1 }] }, q{SELECT * FROM events WHERE p = 'a'}, Query => 1 ],
	[ 'many Queries', { Query => [{ hang => 1 }] }, q{SELECT * FROM events WHERE p IN ('a', 'b', 'c', 'd', 'e')}, Query => 5 ],
	[ 'a GetItem', { GetItem => [{ hang => 1 }] }, q{SELECT * FROM events WHERE p = 'a' AND s = 1}, GetItem => 1 ],
	[ 'a BatchGetItem', { BatchGetItem => [{ hang => 1 }] }, q{SELECT * FROM events WHERE p = 'a' AND s IN (1, 2)}, BatchGetItem => 1 ],
	[ 'keys left unprocessed', { BatchGetItem => [{ json => { Responses => {}, UnprocessedKeys => { events => { Keys => [$next_key] } } } }] },
		q{SELECT * FROM events WHERE p = 'a' AND s IN (1, 2)}, BatchGetItem => 3 ],
	[ 'a Scan of several segments', { Scan => [{ hang => 1 }] }, 'SELECT * FROM events', Scan => 8 ],
	[ 'one of many pages', { Scan => [{ %{ items([item(1)], $next_key) }, delay => 0.01 }] }, 'SELECT count(*) FROM events', Scan => 30 ],
	[ 'pages without items', { Scan => [items([], $next_key)] }, 'SELECT count(*) FROM events', Scan => 30 ],
	[ 'the repetition of a throttled request', { Query => [$busy] }, q{SELECT * FROM events WHERE p = 'a'}, Query => 1 ],
	[ 'the rest of a page', { Scan => [{ %{ items([item(1, 'x' x 50000)]) }, pause => 600 }] }, 'SELECT * FROM events', Scan => 8 ],
	[ 'ListTables', { ListTables => [{ hang => 1 }] }, 'IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO public', ListTables => 1 ],
	[ 'a server that does not accept connections', {}, 'SELECT * FROM behind' ]);

# Runs the statement, does something once the statement waits, and returns how long it then took to end.
sub interrupt
{
	my ($situation, $act, $session) = @_;
	my ($name, $answers, $statement, $operation, $count) = @$situation;
	my $pid = $session->pid;
	$server->set($answers);
	$server->forget;
	$session->send($statement);
	$server->wait_for_requests($count, operation => $operation) or die "$name: the requests did not come" if $operation;
	$node->poll_query_until('postgres', "SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = $pid")
	  or die "$name: the statement did not wait"
	  if !$operation || $answers->{$operation}[0]{hang};
	my $began = time;
	$act->($pid);
	my ($rows, $messages) = $session->receive;
	return (time - $began, $messages);
}

# Other processes may have the processors for a while: one try of three has to be fast.
sub fastest
{
	my ($try) = @_;
	my @seconds;
	for (1 .. 3)
	{
		push @seconds, $try->();
		last if $seconds[-1] < $at_once;
	}
	@seconds = sort { $a <=> $b } @seconds;
	note sprintf 'after %.3f s', $seconds[0];
	return $seconds[0];
}

sub signal
{
	my ($function) = @_;
	return sub { $node->safe_psql('postgres', "SELECT $function($_[0])"); };
}

foreach my $situation (@situations)
{
	my ($name) = @$situation;
	subtest "waiting for $name" => sub {
		my $session = PsqlSession->start($node);
		my $messages;
		my $works = sub {
			$server->set($good);
			is(($session->run('SELECT count(*) FROM events WHERE p = \'a\''))[0], 1, 'the next statement works');
			ok($session->is_alive, 'in the same backend');
		};

		my $seconds = fastest(sub { (my $time, $messages) = interrupt($situation, signal('pg_cancel_backend'), $session); $time });
		cmp_ok($seconds, '<', $at_once, 'cancel acts at once');
		like($messages, qr/^ERROR:  57014: canceling statement due to user request/, 'cancel says so');
		ok($server->wait_until_idle, 'nobody waits for an answer any more');
		$works->();

		# The time-out is long enough for the statement to get into the situation, most of the time.
		my $limit = 0.3;
		$session->run("SET statement_timeout = '${limit}s'");
		$seconds = fastest(
			sub {
				my $began = time;
				$server->set($situation->[1]);
				(undef, $messages) = $session->run($situation->[2]);
				return time - $began - $limit;
			});
		cmp_ok($seconds, '<', $at_once, 'statement_timeout acts at once');
		like($messages, qr/^ERROR:  57014: canceling statement due to statement timeout/, 'statement_timeout says so');
		$session->run('RESET statement_timeout');
		$works->();

		$seconds = fastest(
			sub {
				my $victim = PsqlSession->start($node);
				(my $time, $messages) = interrupt($situation, signal('pg_terminate_backend'), $victim);
				return $time;
			});
		cmp_ok($seconds, '<', $at_once, 'pg_terminate_backend acts at once');
		like($messages, qr/^FATAL:  57P01: terminating connection due to administrator command/, 'pg_terminate_backend says so');
		ok($server->wait_until_idle, 'nobody waits for an answer any more');
		$session->quit;
	};
}

# One segment answers, page by page; the others never do.
my $segments = FaultServer->start(
	handler => sub {
		my ($request) = @_;
		return table_description('segmented', 'p:S,s:N') if $request->{operation} eq 'DescribeTable';
		return { hang => 1 } if $request->{json}{Segment};
		return items([map { item($_) } 1 .. 10], $next_key);
	});
create_server($node, 'segments', endpoint => $segments->endpoint, options => { scan_policy => 'allow' });
create_foreign_table($node, 'segmented', $columns, server => 'segments', options => { parallel_scan_count => 4 });

subtest 'enough rows' => sub {
	my $session = PsqlSession->start($node);
	my ($rows, $messages);
	my $wanted = 100;
	my $limited = sub {
		my $began = time;
		($rows, $messages) = $session->run("SELECT count(*) FROM (SELECT * FROM segmented LIMIT $wanted) x");
		return time - $began;
	};
	cmp_ok(fastest($limited), '<', $at_once, 'a LIMIT that is satisfied does not wait for requests under way');
	is($rows,     $wanted, 'it has its rows');
	is($messages, '',      'and no error');
	my @others = grep { $_->{json}{Segment} } $segments->requests;
	cmp_ok(scalar @others, '>=', 3, 'requests for other segments were under way');
	ok($segments->wait_until_idle, 'they were dropped');

	$session->run('BEGIN; DECLARE c CURSOR FOR SELECT s FROM segmented');
	($rows) = $session->run('FETCH 50 FROM c');
	is(scalar(split /\n/, $rows), 50, 'a cursor fetches some rows');
	cmp_ok(fastest(sub { my $began = time; $session->run('CLOSE c'); return time - $began; }), '<', $at_once, 'it is closed at once');
	ok($segments->wait_until_idle, 'and its requests were dropped');
	$session->run('COMMIT');

	($rows) = $session->run('SELECT EXISTS (SELECT FROM segmented)');
	is($rows, 't', 'EXISTS is satisfied by the first row');
	($rows) = $session->run('SELECT x FROM generate_series(1, 3) x WHERE x IN (SELECT s FROM segmented LIMIT 20)');
	is($rows, "1\n2\n3", 'a LIMIT in a subquery too');
	ok($segments->wait_until_idle, 'nothing is left behind');

	($rows, $messages) = $session->run("SELECT 1 / (s - 5)::int FROM segmented");
	is(sqlstate($messages), '22012', 'an error of the query itself');
	ok($segments->wait_until_idle, 'drops them, too');
	$session->run('BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR SELECT s FROM segmented; FETCH 50 FROM c');
	$session->run('ROLLBACK TO s');
	ok($segments->wait_until_idle, 'so does the end of a subtransaction');
	$session->run('COMMIT');
	ok($session->is_alive, 'it was one backend');
	$session->quit;
};

subtest 'shutdown' => sub {
	my $session = PsqlSession->start($node);
	$server->set({ Scan => [{ hang => 1 }] });
	$server->forget;
	$session->send('SELECT * FROM events');
	ok($server->wait_for_requests(8, operation => 'Scan'), 'a statement waits');
	my $began = time;
	$node->stop('fast');
	cmp_ok(time - $began, '<', 15, 'a fast shutdown does not wait for it');
	$session->receive;
	$session->quit;
};

done_testing();
