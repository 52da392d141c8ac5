# Several scans below one Append: all under way at once, whatever one of them waits for, fails at or is cut off by.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my @tables  = map { "tab$_" } 1 .. 40;
my $columns = q{p text OPTIONS (partition_key 'true') COLLATE "C", s numeric OPTIONS (sort_key 'true'), v text};

# As set() says for a table, or
#   barrier => N   pages without items until N tables have been asked for
#   pages => N, items => N, delay => SECONDS
my (%asked, %told);
my $version = 0;
my $server  = FaultServer->start(
	handler => sub {
		my ($request, $settings, $current) = @_;
		my $json = $request->{json};
		if ($current != $version)
		{
			$version = $current;
			(%asked, %told) = ();
		}
		return table_description($json->{TableName}, 'p:S,s:N') if $request->{operation} eq 'DescribeTable';
		my $name = $json->{TableName} // (keys %{ $json->{RequestItems} })[0];
		$asked{$name} = 1;
		if (my $answers = $settings->{$name})
		{
			return $answers->[ $told{$name}++ ] // $answers->[-1];
		}
		my $page = ($json->{ExclusiveStartKey} // { s => { N => 0 } })->{s}{N};
		return { %{ items([], { p => { S => 'a' }, s => { N => "$page" } }) }, delay => 0.01 } if keys %asked < ($settings->{barrier} // 0);
		my $more  = ++$page < ($settings->{pages} // 1);
		my @items = map { { p => { S => 'a' }, s => { N => "$page" }, v => { S => $name } } } 1 .. ($settings->{items} // 1);
		return { %{ items(\@items, $more ? { p => { S => 'a' }, s => { N => "$page" } } : undef) }, delay => $settings->{delay} // 0 };
	});
my %allow = (scan_policy => 'allow', parallel_scan_count => 1);
my $node  = dynamodb_node('main', endpoint => $server->endpoint, options => {%allow});
create_server($node, 'other', endpoint => $server->endpoint, options => {%allow});
create_foreign_table($node, $_, $columns) foreach @tables;
create_foreign_table($node, "oth$_", $columns, server => 'other', options => { table_name => "tab$_" }) foreach 1 .. 3;
my $session = PsqlSession->start($node);
# What goes wrong here waits for ever.
$session->run(q{SET statement_timeout = '60s'});

sub union
{
	return join ' UNION ALL ', map { "SELECT v FROM $_" } @_;
}

sub counted
{
	return 'SELECT count(*), count(DISTINCT v) FROM (' . union(@_) . ') x';
}

# The rows, or whatever message came instead.
sub result
{
	my ($sql) = @_;
	return join '', $session->run($sql);
}

sub requests
{
	return grep { $_->{operation} ne 'DescribeTable' } $server->requests;
}

# Has all tables described, so that the next statement begins with its reads.
sub prepare
{
	my ($settings) = @_;
	result("EXPLAIN $_") foreach map { "SELECT * FROM $_" } @tables, 'oth1', 'oth2', 'oth3';
	$server->set($settings);
	$server->forget;
	return;
}

subtest 'at the same time' => sub {
	foreach my $of ([qw(tab1 tab2 tab3)], [qw(tab1 oth2 tab3)], [ @tables[ 0 .. 19 ] ])
	{
		my ($first, $count) = ("@$of[0 .. 2] ...", scalar @$of);
		prepare({ barrier => $count });
		is(result(counted(@$of)), "$count|$count", "$first: none gets its items before all have been asked");
		prepare({ barrier => $count });
		$session->run(q{SET enable_async_append = off; SET statement_timeout = '1s'});
		like(result(counted(@$of)), qr/57014/, "$first: which is not so one after the other");
		$session->run(q{RESET enable_async_append; SET statement_timeout = '60s'});
	}
	prepare({ barrier => 3 });
	is(result('SELECT count(v) FROM (SELECT v FROM tab1 UNION ALL SELECT v FROM tab2 WHERE p = \'a\' UNION ALL SELECT v FROM tab3 WHERE v > \'\') x'), 3, 'different ways to read');
	prepare({ barrier => 2 });
	is(result('SELECT count(*) FROM (' . union('tab1', 'tab2') . ') x, generate_series(1, 3) n'), 6, 'below a join');
	prepare({ barrier => 2 });
	is(result('SELECT count(v) FROM generate_series(1, 3) n, LATERAL (SELECT v FROM tab1 WHERE s <= n UNION ALL SELECT v FROM tab2 WHERE s <= n OFFSET 0) x'), 6, 'again and again');
	prepare({ barrier => 2 });
	is(result('SELECT count(*) FROM (SELECT generate_series(1, 100)::text UNION ALL SELECT v FROM tab1 UNION ALL SELECT \'x\' UNION ALL SELECT v FROM tab2) x'), 103, 'among other plans');
};

subtest 'many rows' => sub {
	prepare({ pages => 5, items => 300, delay => 0.002 });
	is(result(counted(@tables[ 0 .. 4 ])), '7500|5', 'five tables');
	is(result(counted(@tables[ 0 .. 4 ], 'oth1', 'oth2')), '10500|5', 'and two of another server');
	is(result(counted(@tables)), 5 * 300 * 40 . '|40', 'forty tables');
	is(result(counted(('tab1') x 30)), 5 * 300 * 30 . '|1', 'one of them thirty times');
	is(result('SELECT count(*) FROM (' . union('tab1', 'tab2') . ') a JOIN (' . union('tab2', 'oth3') . ') b USING (v)'), 1500 * 1500, 'two Appends');
	is(result('BEGIN; DECLARE c CURSOR FOR ' . union('tab1', 'tab2', 'tab3')), '', 'a cursor');
	my @rows = map { split /\n/, result("FETCH $_ FROM c; " . ($_ % 3 ? '' : counted('tab2', 'tab3'))) } (100) x 20, (99) x 30;
	my %rows;
	$rows{$_}++ foreach @rows;
	is(join(' ', map { $rows{$_} } qw(tab1 tab2 tab3)), '1500 1500 1500', 'has its rows');
	is($rows{'3000|2'}, 30, 'so have other statements in between');
	$session->run('COMMIT');
	is(result('SELECT count(*) FROM (' . union('tab1', 'tab2', 'tab3') . ' LIMIT 3000) x'), 3000, 'a part of them');
	ok($server->wait_until_idle, 'the rest is dropped');
};

subtest 'few connections' => sub {
	$session->run(q{ALTER SERVER dynamodb OPTIONS (ADD max_connections '4')});
	prepare({ pages => 3, delay => 0.01 });
	is(result(counted(@tables)), '120|40', 'forty tables');
	my @at_once = sort { $b <=> $a } map { $_->{in_flight} } requests();
	is($at_once[0], 4, 'with four connections');
	$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_connections '12', SET parallel_scan_count '8')});
	prepare({ delay => 0.2 });
	is(result(counted('tab1', 'tab2', 'tab3')), '24|3', 'three Scans of eight segments');
	my %first;
	$first{ $_->{json}{TableName} }++ foreach (requests())[ 0 .. 11 ];
	is(join(' ', map { $first{$_} } qw(tab1 tab2 tab3)), '4 4 4', 'share twelve');
	$session->run(q{ALTER SERVER dynamodb OPTIONS (DROP max_connections, SET parallel_scan_count '1')});
};

subtest 'few rows' => sub {
	my $asked = sub { return join ' ', map { $_->{json}{TableName} } requests(); };
	prepare({ pages => 100, items => 10 });
	is(result(union(@tables) . ' LIMIT 10'), join("\n", ('tab1') x 10), 'the first table has enough');
	is($asked->(), 'tab1', 'and is the only one that is asked');
	prepare({ pages => 100, items => 10 });
	is(result('SELECT EXISTS (' . union(@tables) . ')'), 't', 'EXISTS');
	is($asked->(), 'tab1', 'does with one request, too');
	prepare({ tab1 => [ items([]) ] });
	is(result(union(@tables) . ' LIMIT 1') =~ /^tab[23]$/, 1, 'the first table is empty');
	like($asked->(), qr/^tab1 tab[23]( tab[23])?$/, 'after one page two more are asked at once, and the answer of one is enough');
	prepare({ map { $_ => [ items([]) ] } @tables });
	is(result(union(@tables) . ' LIMIT 1'), '', 'all are empty');
	my @at_once = sort { $b <=> $a } map { $_->{in_flight} } requests();
	is(scalar(@at_once), 40, 'all are asked');
	cmp_ok($at_once[0], '>', 2, 'more and more at once');
	prepare({ tab1 => [ map { items([], { p => { S => 'a' }, s => { N => "$_" } }) } 1 .. 3 ], tab2 => [{ hang => 1 }] });
	is(result(union('tab1', 'tab2', 'oth3') . ' LIMIT 1'), 'tab3', 'one that does not answer is no hindrance');
	ok($server->wait_until_idle, 'it is dropped');
};

subtest 'waiting for a time' => sub {
	my $later = { %{ throttled() }, headers => { 'x-amz-retry-after' => 300 } };
	my $one   = items([{ p => { S => 'a' }, s => { N => '1' }, v => { S => 'late' } }]);
	prepare({ tab1 => [ $later, $one ], tab2 => [ $later, $later, $one ] });
	is(result(union('tab1', 'tab2', 'tab3')), "tab3\nlate\nlate", 'throttled requests are repeated');
	my $keys  = { Keys => [ map { { p => { S => 'a' }, s => { N => "$_" } } } 1, 2 ] };
	my $found = { json => { Responses => { tab1 => [{ p => { S => 'a' }, s => { N => '1' }, v => { S => 'found' } }] }, UnprocessedKeys => {} } };
	prepare({ tab1 => [ ({ json => { Responses => {}, UnprocessedKeys => { tab1 => $keys } } }) x 3, $found ], tab2 => [{ hang => 1 }] });
	my $mixed = q{SELECT v FROM (SELECT v FROM tab1 WHERE p = 'a' AND s IN (1, 2) UNION ALL SELECT v FROM tab3 UNION ALL SELECT v FROM tab4) x};
	is(result($mixed) =~ /found/, 1, 'so are keys left unprocessed');
	$session->run(q{ALTER FOREIGN TABLE tab1 OPTIONS (ADD read_capacity_limit '10')});
	my $dear = items([{ p => { S => 'a' }, s => { N => '1' }, v => { S => 'dear' } }], { p => { S => 'a' }, s => { N => '1' } });
	$dear->{json}{ConsumedCapacity} = { CapacityUnits => 12 };
	my $last = items([]);
	prepare({ tab1 => [ $dear, $dear, $last ] });
	my $began = time;
	is(join(' ', sort split /\n/, result(union('tab1', 'tab2'))), 'dear dear tab2', 'a limit of capacity');
	cmp_ok(time - $began, '>', 1, 'is kept');
	cmp_ok(time - $began, '<', 10, 'and ends');
	$session->run(q{ALTER FOREIGN TABLE tab1 OPTIONS (DROP read_capacity_limit)});
};

subtest 'errors' => sub {
	prepare({ tab2 => [ service_error('ValidationException', 'no') ], tab1 => [{ hang => 1 }] });
	like(result(union('tab1', 'tab2', 'tab3')), qr/ERROR.*\bno\b/s, 'one of three fails');
	ok($server->wait_until_idle, 'the others are dropped');
	prepare({ tab1 => [{ hang => 1 }] });
	like(result('SELECT 1 / (length(v) - 4) FROM (' . union('tab1', 'tab2') . ') x'), qr/22012/, 'the statement fails');
	ok($server->wait_until_idle, 'its requests are dropped');
	result('BEGIN; SAVEPOINT s; DECLARE c CURSOR FOR ' . union('tab2', 'tab1', 'tab3'));
	is(result('FETCH 2 FROM c'), "tab2\ntab3", 'a cursor');
	$session->run('ROLLBACK TO s; COMMIT');
	ok($server->wait_until_idle, 'of a subtransaction that ends');
};

subtest 'interrupts' => sub {
	my $pid = $session->pid;
	my $waits = sub {
		prepare({ tab1 => [{ hang => 1 }], tab2 => [{ hang => 1 }] });
		$session->send(union('tab1', 'tab2', 'oth3'));
		$node->poll_query_until('postgres', "SELECT wait_event = 'AppendReady' FROM pg_stat_activity WHERE pid = $pid");
		return time;
	};
	my $began = $waits->();
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	like(join('', $session->receive), qr/57014/, 'cancel');
	cmp_ok(time - $began, '<', 5, 'acts');
	ok($server->wait_until_idle, 'nobody waits for an answer any more');
	prepare({ tab1 => [{ hang => 1 }] });
	like(result("SET statement_timeout = '0.3s'; " . union('tab1', 'tab2')), qr/57014/, 'statement_timeout');
	$session->run(q{SET statement_timeout = '60s'});
	ok($session->is_alive, 'in one backend');
};

sub descriptors
{
	opendir my $folder, '/proc/' . $session->pid . '/fd' or die "/proc: $!";
	return scalar grep { !/^\./ } readdir $folder;
}

sub many_statements
{
	my ($rounds) = @_;
	for (1 .. $rounds)
	{
		$server->set({});
		result(counted('tab1', 'tab2', 'oth3'));
		result(union('tab1', 'tab2') . ' LIMIT 1');
		result('SELECT 1 / (length(v) - 4) FROM (' . union('tab1', 'tab2') . ') x');
		$server->set({ tab1 => [ service_error('ValidationException', 'no') ], tab2 => [{ hang => 1 }] });
		result(union('tab1', 'tab2', 'oth3'));
		result('BEGIN; DECLARE c CURSOR FOR ' . union('tab3', 'tab2') . '; FETCH 1 FROM c; ROLLBACK');
		result("SET statement_timeout = '10ms'; " . union('tab2', 'oth2'));
		result(q{SET statement_timeout = '60s'});
	}
	$server->set({});
	result(counted('tab1', 'tab2', 'tab3', 'oth1', 'oth2', 'oth3'));
	return;
}

subtest 'nothing is left behind' => sub {
	plan skip_all => 'there is no /proc' unless -d "/proc/$$/fd";
	many_statements(5);
	my $descriptors = descriptors();
	many_statements(25);
	cmp_ok(descriptors(), '<=', $descriptors + 4, 'file descriptors after more than a hundred statements');
	ok($server->wait_until_idle, 'no request is left');
};

ok($session->is_alive, 'all of this was one backend');
$session->quit;
$node->stop;
done_testing();
