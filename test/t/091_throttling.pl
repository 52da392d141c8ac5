# A DynamoDB that is too busy: scans end late, not failed, as long as something comes; then with one clear error.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use PsqlSession;
use Test::More;
use Time::HiRes qw(time);

# A table of `pages` pages with one item in each segment. `refused`: for each segment, or for all, how many of its
# requests are throttled before each page; `reason`: why.
my $server = FaultServer->start(
	handler => do {
		my ($version, %refusals) = (0);
		sub {
			my ($request, $settings, $current) = @_;
			return table_description('events', 'p:S,s:N') if $request->{operation} eq 'DescribeTable';
			return $settings->{ $request->{operation} } if $settings->{ $request->{operation} };
			($version, %refusals) = ($current) if $current != $version;
			my $segment = $request->{json}{Segment} // 0;
			my $page    = 1 + ($request->{json}{ExclusiveStartKey}{s}{N} // 0);
			my $refused = $settings->{refused}{$segment} // $settings->{refused}{all} // 0;
			if ($refusals{"$segment $page"}++ < $refused)
			{
				my $error = throttled();
				my $reason = "TableRead$settings->{reason}ThroughputExceeded";
				$error->{json}{ThrottlingReasons} = [{ reason => $reason, resource => 'arn:aws:dynamodb:x:1:table/events' }] if $settings->{reason};
				return { %$error, headers => $settings->{headers} // {} };
			}
			my $item = { p => { S => "segment $segment" }, s => { N => "$page" } };
			return { %{ items([$item], $page < $settings->{pages} ? $item : undef) }, delay => $settings->{delay} // 0 };
		};
	});

my $node = dynamodb_node(
	'main',
	endpoint => $server->endpoint,
	options  => { scan_policy => 'allow', parallel_scan_count => 4, max_attempts => 2, request_timeout => 30 });
my $columns = q{p text OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true')};
create_foreign_table($node, 'events', $columns);
create_server($node, 'hasty', endpoint => $server->endpoint, options => { scan_policy => 'allow', parallel_scan_count => 4, max_attempts => 2, request_timeout => 1 });
create_foreign_table($node, 'hasty_events', $columns, server => 'hasty', options => { table_name => 'events' });
my $session = PsqlSession->start($node);

sub scans { return $server->requests(operation => 'Scan'); }

subtest 'as long as something comes' => sub {
	$server->set({ pages => 3, refused => { all => 3 } });
	my ($status, $out, $notices) = $node->psql('postgres', 'SELECT p, s FROM events');
	is(join(' ', sort split /\n/, $out), join(' ', sort map { my $segment = $_; map { "segment $segment|$_" } 1 .. 3 } 0 .. 3), 'every row, once');
	is(scalar(my @seen = scans()), 48, 'each page was asked for until it came, whatever max_attempts is');
	like($notices, qr/NOTICE:  DynamoDB FDW retrieved 12 pages containing 12 records; DynamoDB scanned 12 records server-side$/m, 'the NOTICE');
	like($notices, qr/NOTICE:  DynamoDB throttled 36 of 48 requests, which slowed the scan$/m, 'a second one counts the throttles');

	$server->set({ pages => 3, refused => { all => 1 } });
	my ($plan) = $session->run('EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT p, s FROM events');
	my $scan = JSON::PP->new->decode($plan)->[0]{Plan};
	is("$scan->{Requests} $scan->{Retries} $scan->{Throttled} $scan->{Pages}", '24 12 12 12', 'so does EXPLAIN ANALYZE');

	$server->set({ pages => 2 });
	(undef, undef, $notices) = $node->psql('postgres', 'SELECT p, s FROM events');
	unlike($notices, qr/throttled/, 'nothing is said where there were none');
};

subtest 'how many at once' => sub {
	$server->set({ pages => 6, refused => { 0 => 5, all => 0 }, reason => 'KeyRange', delay => 0.05 });
	$server->forget;
	is(($session->run('SELECT count(s) FROM events'))[0], 24, 'a hot partition');
	my @seen  = scans();
	my $first = $seen[-1]{time};
	foreach my $request (@seen) { $first = $request->{time} if $request->{json}{Segment} == 0 && $request->{time} < $first; }
	my @others = grep { $_->{json}{Segment} != 0 } @seen;
	is(scalar @others, 18, 'the other segments were read without repetition');
	my ($last) = sort { $b <=> $a } map { $_->{time} } @others;
	cmp_ok($last - $first, '<', 3, 'and without waiting for it');
	cmp_ok((sort { $b <=> $a } map { $_->{in_flight} } @others[ 9 .. 17 ])[0], '>=', 3, 'all at once');

	$server->set({ pages => 6, refused => { all => 3 }, reason => 'Provisioned', delay => 0.05 });
	$server->forget;
	is(($session->run('SELECT count(s) FROM events'))[0], 24, 'a busy table');
	@seen = scans();
	cmp_ok((sort { $b <=> $a } map { $_->{in_flight} } @seen[ 10 .. $#seen ])[0], '<', 4, 'fewer at once');
};

subtest 'nothing comes' => sub {
	$server->set({ pages => 1, refused => { all => 1e9 }, reason => 'AccountLimit' });
	my $began = time;
	my ($rows, $messages) = $session->run('SELECT p, s FROM hasty_events');
	is(sqlstate($messages), '53400', 'an error');
	like($messages, qr/DynamoDB Scan on table "events" failed: The level of configured provisioned throughput was exceeded/, 'that says so');
	like($messages, qr/DETAIL:.*TableReadAccountLimitThroughputExceeded on arn:/, 'why');
	like($messages, qr/DETAIL:.*Tried \d+ times/, 'and how often it was tried');
	cmp_ok(time - $began, '>', 2, 'patience is as long as max_attempts time-outs');
	cmp_ok(time - $began, '<', 15, 'and not much longer');

	$server->set({ BatchGetItem => { json => { Responses => {}, UnprocessedKeys => { events => { Keys => [ { p => { S => 'a' }, s => { N => '1' } } ] } } } } });
	$began = time;
	($rows, $messages) = $session->run(q{SELECT p, s FROM hasty_events WHERE p = 'a' AND s IN (1, 2)});
	is(sqlstate($messages), '53400', 'keys that are left unprocessed for ever');
	like($messages, qr/BatchGetItem on table "events" failed: the service left the keys unprocessed/, 'the message says so');
	cmp_ok(time - $began, '<', 15, 'in time');
};

subtest 'cancelling' => sub {
	foreach my $headers ({}, { 'x-amz-retry-after' => 60000 })
	{
		$server->set({ pages => 1, refused => { all => 1e9 }, headers => $headers });
		my $began = time;
		my (undef, $messages) = $session->run("SET statement_timeout = '1s'; SELECT p, s FROM events");
		is(sqlstate($messages), '57014', 'statement_timeout');
		cmp_ok(time - $began, '<', 3, 'at once');
	}
	$session->run('RESET statement_timeout');
	$server->set({ pages => 1 });
	is(($session->run('SELECT count(s) FROM events'))[0], 4, 'the session goes on');
};

$session->quit;
$node->stop;
done_testing();
