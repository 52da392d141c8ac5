# dynamodb_fdw_activity and dynamodb_fdw_stats: what is shown while statements run, what is left of it, and who sees it.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use PsqlSession;
use Test::More;

my $page_delay = 0.3;

# Table `events`: pages of 10 items that take a while, 100 of them, in as many segments as are asked for.
my $server = FaultServer->start(
	handler => sub {
		my ($request, $settings) = @_;
		my $operation = $request->{operation};
		my $table     = $request->{json}{TableName} // 'events';
		if ($operation eq 'DescribeTable')
		{
			my $answer = table_description($table, 'p:S');
			$answer->{json}{Table}{ItemCount} = 1000;
			return $answer;
		}
		my $consumed = { TableName => $table, CapacityUnits => 2 };
		return { delay => $settings->{delay} // 0, json => { Item => { p => { S => 'a' } }, ConsumedCapacity => $consumed } }
		  if $operation eq 'GetItem';
		return {
			delay => $settings->{delay} // 0,
			json  => { UnprocessedItems => {}, ConsumedCapacity => [ { TableName => 'events', CapacityUnits => 25 } ] }
		} if $operation eq 'BatchWriteItem';
		return { status => 400, json => { __type => 'x#ValidationException', message => 'no' } } if $settings->{refuse};
		my $segments = $request->{json}{TotalSegments} // 1;
		my $page     = 1 + ($request->{json}{ExclusiveStartKey}{p}{S} // 0);
		my $pages    = int(($settings->{pages} // 100) / $segments);
		my $item     = { p => { S => "$page" } };
		my $answer   = items([ ($item) x 10 ], $page < $pages ? $item : undef);
		$answer->{json}{ConsumedCapacity} = $consumed;
		$answer->{delay} = $settings->{delay} // 0;
		return $answer;
	});

sub node
{
	my ($name, $conf) = @_;
	my $node = dynamodb_node(
		$name,
		conf     => $conf,
		endpoint => $server->endpoint,
		options  => { scan_policy => 'allow', parallel_scan_count => 1, insert_mode => 'put', commit_mode => 'batch',
			max_connections => 1 });
	create_foreign_table($node, $_, q{p text OPTIONS (partition_key 'true')}, options => { table_name => 'events' })
	  foreach 'events', 'more_events';
	return $node;
}

my $node = node('preloaded', "shared_preload_libraries = 'dynamodb_fdw'\nrestart_after_crash = on");
my $sql  = sub { return $node->safe_psql('postgres', $_[0]) };

# Waits until a query has this answer; the last answer.
sub answer_becomes
{
	my ($query, $wanted, $name) = @_;
	my $answer = '';
	foreach (1 .. 100)
	{
		$answer = $sql->($query);
		last if $answer eq $wanted;
		select undef, undef, undef, 0.1;
	}
	return is($answer, $wanted, $name);
}

# Whether a Scan with a capacity limit would be parallel; it has the limit from now on.
sub scans_in_parallel
{
	my ($node) = @_;
	$node->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (ADD read_capacity_limit '1000')});
	my $plan = $node->safe_psql('postgres', q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
		SET min_parallel_table_scan_size = 0; EXPLAIN SELECT count(p) FROM events});
	return $plan =~ /Parallel Foreign Scan/ ? 1 : 0;
}

my $none = 'SELECT count(*) FROM dynamodb_fdw_activity';
my $scan = 'SELECT count(p) FROM events';

subtest 'a scan while it runs' => sub {
	$server->set({ delay => $page_delay });
	my $session = PsqlSession->start($node);
	$session->send($scan);
	answer_becomes(q{SELECT count(*) FROM dynamodb_fdw_activity WHERE pages >= 2}, 1, 'it is shown and goes on');
	is($sql->(q{SELECT leader_pid IS NULL, datname, usename = current_user, server_name, region, operation, table_name, index_name,
	              foreign_table, items_returned = pages * 10, items_scanned = pages * 10, read_capacity = pages * 2,
	              requests >= pages, retries, throttled, bytes_received > 0, wait_time > 0, items_expected, items_written,
	              abs(percent - items_scanned / 10.0) < 0.01, remaining BETWEEN '1 s' AND '2 min',
	              since BETWEEN now() - interval '30 s' AND now()
	            FROM dynamodb_fdw_activity}),
		't|postgres|t|dynamodb|us-west-2|Scan|events||public.events|t|t|t|t|0|0|t|t|1000|0|t|t|t', 'all about it');
	is($sql->(q{SELECT count(*) FROM dynamodb_fdw_activity JOIN pg_stat_activity USING (pid)}), 1, 'by its backend');
	is($sql->(q{SELECT count(*) FROM dynamodb_fdw_stats}), 0, 'it is not added up before its end');
	$sql->(q{SELECT pg_cancel_backend(pid) FROM dynamodb_fdw_activity});
	like(($session->receive)[1], qr/57014/, 'canceled');
	answer_becomes($none, 0, 'it is gone after a cancel');
	is($sql->(q{SELECT datname, server_name, table_name, operation, calls, pages >= 2, items_scanned = pages * 10,
	              read_capacity = pages * 2 FROM dynamodb_fdw_stats}),
		'postgres|dynamodb|events|Scan|1|t|t|t', 'and what it has cost is counted');
	$session->quit;
};

subtest 'rows go, however the statement ends' => sub {
	my $terminated = PsqlSession->start($node);
	$terminated->send($scan);
	answer_becomes($none, 1, 'one scan');
	$sql->('SELECT pg_terminate_backend(pid) FROM dynamodb_fdw_activity');
	answer_becomes($none, 0, 'terminated');
	is($sql->('SELECT calls FROM dynamodb_fdw_stats'), 2, 'and counted');

	$server->set({ refuse => 1 });
	my ($status, undef, $error) = $node->psql('postgres', $scan);
	like($error, qr/ValidationException|no/, 'an error');
	is($sql->($none), 0, 'leaves nothing');
	is($sql->('SELECT calls FROM dynamodb_fdw_stats'), 3, 'and is counted');

	$server->set({});
	$sql->("BEGIN; DECLARE c CURSOR FOR SELECT p FROM events; FETCH 15 FROM c; CLOSE c; COMMIT");
	is($sql->($none), 0, 'a cursor that is closed early');
	is($sql->('SELECT calls FROM dynamodb_fdw_stats'), 4, 'is counted');
	$sql->("BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR SELECT p FROM events; FETCH 15 FROM c; ROLLBACK TO s; COMMIT");
	is($sql->($none), 0, 'and one whose savepoint is rolled back');
	is($sql->('SELECT calls FROM dynamodb_fdw_stats'), 5, 'is, too');
};

subtest 'several at once in one backend' => sub {
	my $session = PsqlSession->start($node);
	$session->run('BEGIN');
	$session->run("DECLARE $_ CURSOR FOR SELECT p FROM $_") foreach 'events', 'more_events';
	$session->run("FETCH 5 FROM $_") foreach 'events', 'more_events';
	is($sql->('SELECT count(DISTINCT pid), string_agg(foreign_table, $$ $$ ORDER BY foreign_table) FROM dynamodb_fdw_activity'),
		'1|public.events public.more_events', 'two rows');
	$session->run('COMMIT');
	is($sql->($none), 0, 'none after the transaction');
	$session->quit;
};

subtest 'look-ups of a join count as one scan' => sub {
	$server->set({});
	$sql->('SELECT dynamodb_fdw_stats_reset()');
	$sql->(q{SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
		SELECT count(*) FROM generate_series(1, 20) AS i, LATERAL (SELECT p FROM events WHERE p = i::text OFFSET 0) AS e});
	is($sql->(q{SELECT operation, calls, requests, items_returned, read_capacity FROM dynamodb_fdw_stats}), 'GetItem|1|20|20|40', 'sums');
};

subtest 'a parallel scan' => sub {
	$server->set({ delay => $page_delay });
	my $session = PsqlSession->start($node);
	$session->run(q{SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
		SET max_parallel_workers_per_gather = 2});
	$sql->(q{ALTER FOREIGN TABLE events OPTIONS (ADD parallel_scan_count '4'); ALTER SERVER dynamodb OPTIONS (SET max_connections '4')});
	$session->send($scan);
	answer_becomes('SELECT count(*) > 1, count(*) FILTER (WHERE leader_pid IS NULL), count(DISTINCT percent) FROM dynamodb_fdw_activity',
		't|1|1', 'leader and workers, with one percentage');
	$sql->('SELECT pg_cancel_backend(pid) FROM dynamodb_fdw_activity WHERE leader_pid IS NULL');
	$session->receive;
	answer_becomes($none, 0, 'all are gone');
	$session->quit;

	is(scans_in_parallel($node), 1, 'a Scan with a capacity limit may be parallel, too, because the processes share it');
	$sql->('ALTER FOREIGN TABLE events OPTIONS (DROP parallel_scan_count, DROP read_capacity_limit)');
};

subtest 'commits' => sub {
	$sql->('SELECT dynamodb_fdw_stats_reset()');
	$server->set({ delay => 0.5 });
	$sql->(q{ALTER SERVER dynamodb OPTIONS (SET max_connections '1')});
	my $session = PsqlSession->start($node);
	$session->send(q{INSERT INTO events SELECT i::text FROM generate_series(1, 250) AS i});
	answer_becomes(q{SELECT operation, items_written > 0, items_expected, round(percent) = round(items_written / 2.5), write_capacity = items_written,
		remaining > '0' FROM dynamodb_fdw_activity WHERE items_written > 0}, 'Write|t|250|t|t|t', 'shown while it is written');
	is(($session->receive)[1], '', 'written');
	is($sql->($none), 0, 'gone');
	is($sql->(q{SELECT operation, calls, requests, items_written, write_capacity FROM dynamodb_fdw_stats}), 'Write|1|10|250|250', 'sums');
	$server->set({});
	$sql->(q{INSERT INTO events SELECT i::text FROM generate_series(1, 25) AS i});
	$sql->('ANALYZE events');
	is($sql->(q{SELECT operation, calls, items_written, items_scanned > 0 FROM dynamodb_fdw_stats ORDER BY 1}),
		"ANALYZE|1|0|t\nWrite|2|275|f", 'more commits, and ANALYZE');
	$session->quit;
};

subtest 'who sees what' => sub {
	$server->set({ delay => $page_delay });
	$sql->('CREATE ROLE other LOGIN; CREATE ROLE reader LOGIN IN ROLE pg_read_all_stats; CREATE DATABASE elsewhere');
	$node->safe_psql('elsewhere', 'CREATE EXTENSION dynamodb_fdw');
	my $session = PsqlSession->start($node);
	$session->send($scan);
	answer_becomes($none, 1, 'a scan of the superuser');
	my $row   = 'SELECT pid > 0, datname, usename = current_user, server_name, operation, table_name, foreign_table, pages, since IS NULL FROM dynamodb_fdw_activity';
	my $as    = sub { my ($role, $query, $database) = @_; return $node->safe_psql($database // 'postgres', $query, extra_params => [ '-U', $role ]) };
	is($as->('other',  $row), 't|postgres|f||||||t', 'others see that there is one');
	like($as->('reader', $row), qr/^t\|postgres\|f\|dynamodb\|Scan\|events\|public\.events\|\d+\|f$/, 'members of pg_read_all_stats see all');
	like($as->('reader', $row, 'elsewhere'), qr/^t\|postgres\|f\|dynamodb\|Scan\|events\|public\.events\|\d+\|f$/, 'in other databases, too');
	isnt($as->('other', 'SELECT count(*) FROM dynamodb_fdw_stats'), 0, 'sums of their database');
	is($as->('other', 'SELECT count(*) FROM dynamodb_fdw_stats', 'elsewhere'), 0, 'but not of another');
	isnt($as->('reader', 'SELECT count(*) FROM dynamodb_fdw_stats', 'elsewhere'), 0, 'which members of pg_read_all_stats see');
	my ($status, undef, $error) = $node->psql('postgres', 'SELECT dynamodb_fdw_stats_reset()', extra_params => [ '-U', 'other' ]);
	like($error, qr/permission denied/, 'nor may they reset them');
	$sql->('SELECT pg_cancel_backend(pid) FROM dynamodb_fdw_activity');
	$session->receive;
	$session->quit;
};

subtest 'kill -9' => sub {
	my $session = PsqlSession->start($node);
	$session->send($scan);
	answer_becomes($none, 1, 'a scan');
	is(kill('KILL', $session->pid), 1, 'killed');
	eval { $session->receive };
	ok($node->poll_query_until('postgres', 'SELECT true'), 'the server has started again');
	is($sql->($none), 0, 'and shows nothing that was before');
	is($sql->('SELECT count(*) FROM dynamodb_fdw_stats'), 0, 'the sums begin anew');
};

subtest 'more tables than there is room for' => sub {
	$server->set({ pages => 1 });
	$sql->(q{DO $$ BEGIN
		FOR i IN 1 .. 2100 LOOP
			EXECUTE format('CREATE FOREIGN TABLE many_%s (p text OPTIONS (partition_key ''true'')) SERVER dynamodb', i);
			EXECUTE format('SELECT p FROM many_%s WHERE p = ''a''', i);
			EXECUTE format('DROP FOREIGN TABLE many_%s', i);
		END LOOP; END $$});
	is($sql->(q{SELECT sum(calls), sum(read_capacity), count(*) <= 2048, bool_or(table_name IS NULL AND server_name IS NULL)
		FROM dynamodb_fdw_stats WHERE operation = 'GetItem'}), '2100|4200|t|t', 'the rest is added up together');
	$sql->('SELECT dynamodb_fdw_stats_reset()');
	is($sql->('SELECT count(*) FROM dynamodb_fdw_stats'), 0, 'reset');
};
$node->stop;

subtest 'not preloaded' => sub {
	$server->set({});
	my $apart = node('apart', '');
	is($apart->safe_psql('postgres', 'SELECT count(p) FROM events'), 1000, 'scans work');
	if ($apart->safe_psql('postgres', 'SHOW server_version_num') >= 170000)
	{
		is($apart->safe_psql('postgres', 'SELECT calls, pages FROM dynamodb_fdw_stats'), '1|100', 'and are counted');
		$apart->stop;
		return;
	}
	foreach my $query ('SELECT * FROM dynamodb_fdw_activity', 'SELECT * FROM dynamodb_fdw_stats', 'SELECT dynamodb_fdw_stats_reset()')
	{
		my ($status, undef, $error) = $apart->psql('postgres', "\\set VERBOSITY verbose\n$query");
		like($error, qr/ERROR:  55000: .*shared_preload_libraries.*HINT:  Add dynamodb_fdw to shared_preload_libraries/s, $query);
	}
	$apart->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (ADD parallel_scan_count '4')});
	is(scans_in_parallel($apart), 0, 'each process would keep a limit of its own');
	$apart->stop;
};

done_testing();
