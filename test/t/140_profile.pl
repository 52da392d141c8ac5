# dynamodb_profile() reads a bounded sample of a large table, within the limits that are set, and can be cancelled.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use Test::More;
use Time::HiRes qw(time);

# A table that is as large as `count` of the settings says; its pages hold what is asked for, and never end it.
my $server = FaultServer->start(
	handler => sub {
		my ($request, $settings) = @_;
		my $table = $request->{json}{TableName};
		return service_error('AccessDeniedException', 'no DescribeTable') if $settings->{no_description} && $request->{operation} eq 'DescribeTable';
		return table_description($table, 'p:S,s:N', ItemCount => $settings->{count} // 0, TableSizeBytes => 400 * ($settings->{count} // 0))
		  if $request->{operation} eq 'DescribeTable';
		return { hang => 1 } if $settings->{hang} && $request->{n} > $settings->{hang};
		my $segment = $request->{json}{Segment} // 0;
		my $count   = $request->{json}{Limit} // 2600;
		$count = $settings->{segment_items} if $settings->{segment_items};
		my $answer = items(
			[map { { p => { S => "p$segment" }, s => { N => "$_" }, v => { S => 'x' x 380 } } } 1 .. $count],
			$settings->{segment_items} ? undef : { p => { S => "p$segment" }, s => { N => "$count" } });
		$answer->{json}{ConsumedCapacity} = { CapacityUnits => $count * 400 / 8192 };
		return $answer;
	});
my $node = dynamodb_node('profile', endpoint => $server->endpoint);
my $profile = sub {
	my ($arguments, $columns, $where) = @_;
	return "SELECT $columns FROM dynamodb_profile('dynamodb', 'events'$arguments) WHERE " . ($where // q{kind = 'sample'});
};

# ---- how much is read

$server->set({ count => 1_000_000, segment_items => 16 });
my ($items, $share, $units) = split /\|/, $node->safe_psql('postgres', $profile->('', 'items, share, capacity_units'));
my @scans = $server->requests(operation => 'Scan');
is($items, 16 * 69, 'the default is some thousand items');
is($share, '0.0011', 'and their share of the table is known');
is(scalar @scans, 69, 'of as many random segments as are needed');
is($scans[0]{json}{TotalSegments}, 62500, 'which are small');
my %segments = map { $_->{json}{Segment} => 1 } @scans;
is(scalar keys %segments, 69, 'and each another one');
cmp_ok($units, '>', 50, 'the capacity is reported');
cmp_ok($units, '<', 60, 'as the service counts it');

# What DynamoDB says of the table is hours old: it may have become a hundred times as large meanwhile.
for my $count (1_000_000, 500, 0)
{
	$server->set({ count => $count });
	$server->forget;
	my $read = $node->safe_psql('postgres', $profile->('', 'items'));
	cmp_ok($read, '<=', 1500, "items of an endless table that is said to have $count");
	cmp_ok($read, '>=', 1000, 'but enough');
	my $asked = 0;
	$asked += $_->{json}{Limit} for $server->requests(operation => 'Scan');
	cmp_ok($asked, '<=', 1500 + 16 * 250, 'and not many more are asked for');
}
$server->set({ no_description => 1 });
my ($rows, $stderr);
(undef, $rows, $stderr) = $node->psql('postgres', $profile->(', 400', q{items, table_items IS NULL, share IS NULL}));
like($rows,   qr/^400\|t\|t$/, 'without DescribeTable the sample is as large as was asked for');
like($stderr, qr/NOTICE:  no permission for DescribeTable on DynamoDB table "events"/, 'and a NOTICE says what is missing');
like($node->safe_psql('postgres', q{SELECT dynamodb_suggest_table('dynamodb', 'events', 400)}),
	qr/keys are not known.*\n.*CREATE FOREIGN TABLE events \(\n  p text/, 'a table can be suggested all the same');

# ---- limits

$server->set({ count => 1_000_000, segment_items => 16 });
(undef, undef, $stderr) = $node->psql('postgres', "SET dynamodb_fdw.max_scan_capacity = 20; " . $profile->('', 'items'));
like($stderr, qr/sample of DynamoDB table "events" would consume about \d+\.\d capacity units, more than dynamodb_fdw\.max_scan_capacity \(20\.0\)/,
	'a sample that is too dear is refused');
$server->set({ count => 0 });
(undef, $rows, $stderr) = $node->psql('postgres', "SET dynamodb_fdw.max_scan_capacity = 20; " . $profile->('', 'items'));
like($stderr, qr/ends early, for it has consumed/, 'one that turns out so ends');
cmp_ok($rows, '<', 1000, 'with less');
$server->set({ count => 3000, segment_items => 16 });
$node->safe_psql('postgres', q{ALTER SERVER dynamodb OPTIONS (scan_policy 'deny')});
(undef, undef, $stderr) = $node->psql('postgres', $profile->(', 5000', 'items'));
like($stderr, qr/denied by scan_policy/, 'scan_policy forbids to read a table of several pages whole');
is($node->safe_psql('postgres', $profile->(', 160', 'items')), 176, 'but not to sample it');
$node->safe_psql('postgres', q{ALTER SERVER dynamodb OPTIONS (SET scan_policy 'allow', ADD read_capacity_limit '40')});
my $start = time;
$node->safe_psql('postgres', $profile->(', 1500', 'items'));
cmp_ok(time - $start, '>', 0.8, 'read_capacity_limit holds');
$node->safe_psql('postgres', q{ALTER SERVER dynamodb OPTIONS (DROP read_capacity_limit)});

# ---- cancel, progress

my $session = PsqlSession->start($node);
$server->set({ count => 1_000_000, segment_items => 16, hang => 20 });
$server->forget;
$session->run(q{SET statement_timeout = '1500ms'; SET dynamodb_fdw.progress_interval = 1});
$start = time;
like(join("\n", $session->run($profile->('', 'items'))), qr/canceling statement due to statement timeout/, 'cancelled while it reads');
cmp_ok(time - $start, '<', 5, 'at once');
ok($server->wait_until_idle, 'and nothing goes on');
$server->set({ count => 1_000_000, segment_items => 16 });
like(join("\n", $session->run($profile->('', 'items > 0'))), qr/^t$/m, 'the session goes on');
$session->quit;

ok(!server_log_has($node, qr/terminated by signal|PANIC/), 'no crash');

done_testing();
