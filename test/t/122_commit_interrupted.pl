# Commits that are cancelled, or whose backend, server or client dies, while they wait for DynamoDB: what was sent may be
# written, nothing is reported as done, and the next transactions work.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use TableItems;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $table = "commit_interrupted_$$";
create_table($table);

# Settings: hold: from which writing request on there are no answers; arrives => 1: these requests are carried out;
# delay: seconds until each answer.
my ($seen, $count) = (0, 0);
my $proxy = FaultServer->start(
	upstream => dynamodb_endpoint(),
	handler  => sub {
		my ($request, $settings, $current) = @_;
		($seen, $count) = ($current, 0) if $seen != $current;
		return { pass => 1 } if $request->{operation} !~ /Write|Put|Update|Delete/;
		return { pass => 1, delay => $settings->{delay} } if $settings->{delay};
		return { pass => 1 } if !$settings->{hold} || ++$count < $settings->{hold};
		return { hang => 1, pass => $settings->{arrives} };
	});

my $in_flight = 4;
my $node      = dynamodb_node(
	'main',
	endpoint => $proxy->endpoint,
	conf     => 'restart_after_crash = on',
	options  => { scan_policy => 'allow', max_connections => $in_flight });
create_foreign_table($node, 't', q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric}, options => { table_name => $table });
create_foreign_table($node, 't_put', q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric},
	options => { table_name => $table, insert_mode => 'put', commit_mode => 'batch' });
$node->safe_psql('postgres', 'CREATE TABLE committed (name text)');

sub item
{
	my ($id, $n) = @_;
	return { id => { S => "$id" }, n => { N => "$n" } };
}

my %few  = map { ($_ => item($_, 5)) } 'a' .. 'e';
my %many = map { ($_ => item($_, 5)) } 1001 .. 1120;

# What is committed; which of its requests is held; how many items are written by then, and how many at most.
my @commits = (
	[ 'one insert', q{INSERT INTO t VALUES ('x', 6)}, \%few, 1, 0, 1, 1 ],
	[ 'a transaction', q{INSERT INTO t VALUES ('x', 6), ('y', 6); UPDATE t SET n = n + 1 WHERE id IN ('a', 'b')}, \%few, 1, 0, 4, 4 ],
	[ '120 updates', 'UPDATE t SET n = n + 1', \%many, 50, 49, 49 + $in_flight, 120 ],
	[ 'batches', 'INSERT INTO t_put SELECT i, 6 FROM generate_series(1, 200) i', \%few, 3, 50, 50 + 25 * $in_flight, 200 ]);

# Begins a commit that gets stuck.
sub get_stuck
{
	my ($session, $commit, $arrives) = @_;
	my ($name, $sql, $items, $hold) = @$commit;
	set_items($table, $items);
	$proxy->set({});
	my (undef, $messages) = $session->run("BEGIN; INSERT INTO committed VALUES ('$name'); $sql");
	is($messages, '', $name);
	$proxy->set({ hold => $hold, arrives => $arrives });
	$proxy->forget;
	$session->send('COMMIT');
	ok($proxy->wait_for_requests($hold), 'its requests are on their way') or die;
	# Those behind the one that is held, as many as there can be.
	my $pid = $session->pid;
	$node->poll_query_until('postgres', "SELECT wait_event_type = 'Extension' FROM pg_stat_activity WHERE pid = $pid");
	Time::HiRes::sleep(0.3);
	return;
}

# How many items have the value that the commit gives them.
sub written
{
	my $items = get_items($table);
	return scalar grep { $_->{n}{N} == 6 } values %$items;
}

sub check_outcome
{
	my ($commit, $arrives) = @_;
	my ($name, $sql, $items, $hold, $least, $most) = @$commit;
	my $written = written();
	note "$written items were written";
	cmp_ok($written, '>=', $least, 'what was answered is written');
	cmp_ok($written, '<=', $most,  'and at most what was under way');
	is($written, $least, 'and nothing else') unless $arrives;
	is($written, $most, 'all of it') if $arrives && $name !~ /batches/;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM committed'), 0, 'PostgreSQL has committed nothing');
	return;
}

sub check_context
{
	my ($commit, $messages) = @_;
	my ($name, $sql, $items, $hold, $least, $most, $total) = @$commit;
	like($messages,
		qr/^CONTEXT:  commit of writes to DynamoDB: $least of $total items are known to be written; those under way may be, too$/m,
		'it says how far the commit was');
	return;
}

sub check_next
{
	my ($session) = @_;
	$proxy->set({});
	set_items($table, {});
	my (undef, $messages) = $session->run(q{BEGIN; INSERT INTO t VALUES ('n1', 6), ('n2', 6); INSERT INTO committed VALUES ('next'); COMMIT});
	is($messages, '', 'the next transaction commits');
	is(written(), 2, 'its items are there');
	is(($session->run('DELETE FROM committed RETURNING name'))[0], 'next', 'and so is its row');
	return;
}

sub at_once
{
	my ($began) = @_;
	cmp_ok(time - $began, '<', 5, 'it ends at once');
	return;
}

my $session = PsqlSession->start($node);
foreach my $commit (@commits)
{
	foreach my $arrives (0, 1)
	{
		my $name = "$commit->[0], requests " . ($arrives ? 'carried out' : 'lost');

		subtest "$name, pg_cancel_backend" => sub {
			get_stuck($session, $commit, $arrives);
			my $began = time;
			$node->safe_psql('postgres', 'SELECT pg_cancel_backend(' . $session->pid . ')');
			my (undef, $messages) = $session->receive;
			at_once($began);
			like($messages, qr/^ERROR:  57014: canceling statement due to user request$/m, 'an error');
			check_context($commit, $messages);
			check_outcome($commit, $arrives);
			ok($proxy->wait_until_idle, 'nobody waits for an answer any more');
			check_next($session);
			ok($session->is_alive, 'in the same backend');
		};

		subtest "$name, pg_terminate_backend" => sub {
			my $victim = PsqlSession->start($node);
			get_stuck($victim, $commit, $arrives);
			my $began = time;
			$node->safe_psql('postgres', 'SELECT pg_terminate_backend(' . $victim->pid . ')');
			my (undef, $messages) = $victim->receive;
			at_once($began);
			like($messages, qr/^FATAL:  57P01: terminating connection due to administrator command$/m, 'the end');
			check_context($commit, $messages);
			check_outcome($commit, $arrives);
			check_next($session);
		};
	}

	subtest "$commit->[0], kill -9" => sub {
		my $victim = PsqlSession->start($node);
		get_stuck($victim, $commit, 1);
		kill 'KILL', $victim->pid;
		$victim->receive;
		$session->quit;
		$node->poll_query_until('postgres', 'SELECT true') or die 'the server did not come back';
		check_outcome($commit, 1);
		$session = PsqlSession->start($node);
		check_next($session);
	};

	subtest "$commit->[0], immediate shutdown" => sub {
		get_stuck($session, $commit, 1);
		$node->stop('immediate');
		$session->receive;
		$session->quit;
		$node->start;
		check_outcome($commit, 1);
		$session = PsqlSession->start($node);
		check_next($session);
	};
}

subtest 'statement_timeout' => sub {
	my $commit = $commits[2];
	$session->run(q{SET statement_timeout = '2s'});
	get_stuck($session, $commit, 1);
	my (undef, $messages) = $session->receive;
	like($messages, qr/^ERROR:  57014: canceling statement due to statement timeout$/m, 'an error');
	check_context($commit, $messages);
	check_outcome($commit, 1);
	$session->run('RESET statement_timeout');
	check_next($session);
};

# Without statement_timeout nobody would wait so long: throttling does not fail.
subtest 'throttled without end' => sub {
	my $busy  = FaultServer->start(answers => [ throttled() ]);
	create_server($node, 'busy', endpoint => $busy->endpoint, options => { max_attempts => 2 });
	create_foreign_table($node, 'throttled', q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL}, server => 'busy',
		options => { insert_mode => 'put', commit_mode => 'batch' });
	my $patient = PsqlSession->start($node);
	my (undef, $messages) = $patient->run(q{SET statement_timeout = '3s'; INSERT INTO throttled SELECT i FROM generate_series(1, 3) i});
	like($messages, qr/^ERROR:  57014: canceling statement due to statement timeout$/m, 'it waits until it is cancelled') or diag $messages;
	like($messages, qr/0 of 3 items are known to be written/, 'and says how far it was');
	cmp_ok(scalar(my @requests = $busy->requests(operation => 'BatchWriteItem')), '>', 2, 'it tried more than max_attempts times');
	$patient->quit;
};

# The server does not notice that the client is gone until it has something to say.
subtest 'the client is gone' => sub {
	my $victim = PsqlSession->start($node);
	set_items($table, \%few);
	$proxy->set({});
	$victim->run(q{BEGIN; INSERT INTO committed VALUES ('alone'); INSERT INTO t VALUES ('x', 6), ('y', 6)});
	$proxy->set({ delay => 1 });
	$proxy->forget;
	$victim->send('COMMIT');
	ok($proxy->wait_for_requests(1), 'a commit waits');
	$victim->{psql}->kill_kill(grace => 0);
	ok($node->poll_query_until('postgres', 'SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ' . $victim->pid . ')'), 'its backend ends');
	is(written(), 2, 'the items are written');
	is($node->safe_psql('postgres', 'DELETE FROM committed RETURNING name'), 'alone', 'and PostgreSQL has committed');
	check_next($session);
};

$session->quit;
$node->stop;
dynamodb_call('DeleteTable', { TableName => $table });
done_testing();
