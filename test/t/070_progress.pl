# A long scan says how far it is, and a capacity limit makes it long.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# One segment of `pages` pages with 10 items and 20 capacity units each.
my ($version, $page) = (0, 0);
my $server = FaultServer->start(
	handler => sub {
		my ($request, $settings, $current) = @_;
		if ($request->{operation} eq 'DescribeTable')
		{
			my $answer = table_description('events', 'p:S,s:N');
			$answer->{json}{Table}{ItemCount} = $settings->{item_count} // 0;
			return $answer;
		}
		return {
			delay => $settings->{write_delay},
			json  => { UnprocessedItems => {}, ConsumedCapacity => [ { TableName => 'events', CapacityUnits => 25 } ] }
		} if $request->{operation} eq 'BatchWriteItem';
		($version, $page) = ($current, 0) if $version != $current;
		my $last = ++$page >= $settings->{pages};
		return {
			delay => $settings->{delay} // 0,
			json  => {
				Count            => 10,
				ScannedCount     => 10,
				Items            => [ map { { p => { S => 'a' }, s => { N => "$_" } } } 1 .. 10 ],
				ConsumedCapacity => { TableName => 'events', CapacityUnits => 20 },
				$last ? () : (LastEvaluatedKey => { p => { S => 'a' }, s => { N => '1' } })
			}
		};
	});
my $node = dynamodb_node('main', endpoint => $server->endpoint,
	options => { scan_policy => 'allow', parallel_scan_count => 1, max_connections => 1, insert_mode => 'put', commit_mode => 'batch' });
create_foreign_table($node, 'events', q{p text OPTIONS (partition_key 'true') COLLATE "C", s numeric OPTIONS (sort_key 'true')});

# The notices of a scan of that many pages, and how long it took.
sub scan
{
	my ($settings, $sql) = @_;
	$server->set($settings);
	my $start = time;
	my ($status, $out, $notices) = $node->psql('postgres', "SET dynamodb_fdw.metadata_max_age = 0; $sql SELECT count(s) FROM events");
	is($out, $settings->{pages} * 10, 'all items are read');
	return ($notices, time - $start);
}

my ($notices) = scan({ pages => 4, delay => 0.6 }, 'SET dynamodb_fdw.progress_interval = 1;');
like($notices, qr/NOTICE:  DynamoDB FDW is reading table "events": \d+ items; \d+\.0 capacity units consumed in \d+ s/,
	'a scan of unknown length says what it has read and consumed');
($notices) = scan({ pages => 4, delay => 0.6, item_count => 40 }, 'SET dynamodb_fdw.progress_interval = 1;');
like($notices, qr/"events": \d+ items of about 40 \(\d+ %\), about \d+ s left; /, 'and one of known length how far it is');
($notices) = scan({ pages => 4, delay => 0.6 }, 'SET dynamodb_fdw.progress_interval = 0;');
unlike($notices, qr/is reading table/, 'nothing is said where that is turned off');
($notices) = scan({ pages => 4 }, '');
unlike($notices, qr/is reading table/, 'nor of a short scan');

# The wait for a single answer is no reason to say nothing.
($notices) = scan({ pages => 1, delay => 2.5 }, 'SET dynamodb_fdw.progress_interval = 1;');
my $count = () = $notices =~ /is reading table "events": 0 items; 0\.0 capacity units consumed in \d s/g;
is($count, 2, 'while nothing comes');

# Nor is that nothing passes the conditions.
$server->set({ pages => 4, delay => 0.6, item_count => 40 });
(undef, undef, $notices) = $node->psql('postgres',
	q{SET dynamodb_fdw.metadata_max_age = 0; SET dynamodb_fdw.progress_interval = 1; SELECT s FROM events WHERE s::text LIKE '%x' LIMIT 1});
like($notices, qr/"events": \d+ items of about 40/, 'while no row comes');

$server->set({ pages => 4, delay => 0.6, item_count => 40 });
(undef, undef, $notices) = $node->psql('postgres',
	q{SET dynamodb_fdw.metadata_max_age = 0; SET dynamodb_fdw.progress_interval = 1; ANALYZE events});
like($notices, qr/NOTICE:  DynamoDB FDW is sampling table "events": \d+ items of about 40 .* left; [1-9]\d*\.0 capacity units/, 'ANALYZE');

# A commit in 4 requests, one after the other.
$server->set({ write_delay => 0.6 });
(undef, undef, $notices) = $node->psql('postgres',
	q{SET dynamodb_fdw.progress_interval = 1; INSERT INTO events SELECT 'a', i FROM generate_series(1, 100) AS i});
like($notices, qr/NOTICE:  DynamoDB FDW is writing table "events": (25|50|75) items of 100 \(\d+ %\), about \d+ s left; (25|50|75)\.0 capacity/,
	'a commit');

# 5 pages of 20 units at 40 units a second: little is saved up, so each page has to wait for those before to be paid.
# The first may be asked for at once, and the last need not be paid.
$node->safe_psql('postgres', q{ALTER FOREIGN TABLE events OPTIONS (ADD read_capacity_limit '40')});
my (undef, $seconds) = scan({ pages => 5 }, '');
cmp_ok($seconds, '>', 1.2, 'read_capacity_limit is kept');

done_testing();
