# read_capacity_limit and write_capacity_limit of several sessions: kept together with shared_preload_libraries, by each
# one without.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use PsqlSession;
use Test::More;
use Time::HiRes qw(time);

my $rate     = 100;
my $sessions = 3;
my $pages    = 8;    # of each session's scan, 10 units each

sub consumed
{
	my ($units) = @_;
	return { TableName => 'events', CapacityUnits => $units };
}

my $server = FaultServer->start(
	handler => sub {
		my ($request) = @_;
		my $operation = $request->{operation};
		return table_description('events', 'p:S') if $operation eq 'DescribeTable';
		if ($operation eq 'BatchWriteItem')
		{
			my $count = @{ $request->{json}{RequestItems}{events} };
			return { json => { UnprocessedItems => {}, ConsumedCapacity => [consumed($count)] } };
		}
		my $page   = 1 + ($request->{json}{ExclusiveStartKey}{p}{S} // 0);
		my $item   = { p => { S => "$page" } };
		my $answer = items([ ($item) x 10 ], $page < $pages ? $item : undef);
		$answer->{json}{ConsumedCapacity} = consumed(10);
		return $answer;
	});

sub node
{
	my ($name, $conf) = @_;
	my $node = dynamodb_node(
		$name,
		conf     => $conf,
		endpoint => $server->endpoint,
		options  => { scan_policy => 'allow', parallel_scan_count => 1, insert_mode => 'put', commit_mode => 'batch' });
	create_foreign_table($node, 'events', q{p text OPTIONS (partition_key 'true')},
		options => { read_capacity_limit => $rate, write_capacity_limit => $rate });
	return $node;
}

# Seconds that the sessions need for this statement, all at the same time.
sub seconds
{
	my ($statement, @sessions) = @_;
	$_->run('SELECT 1 FROM events LIMIT 0') foreach @sessions;
	my $began = time;
	$_->send($statement) foreach @sessions;
	is(join(' ', map { ($_->receive)[1] } @sessions), join(' ', ('') x @sessions), 'no error');
	return time - $began;
}

# What is consumed at this rate, less than what is saved up and what comes last, which nobody waits for.
sub least_seconds
{
	my ($units, $last) = @_;
	return ($units - 0.2 * $rate - 2 * $last) / $rate;
}

my %statements = (
	reading => [ 'SELECT count(p) FROM events', 10 * $pages, 10 ],
	writing => [ q{INSERT INTO events SELECT 'new ' || i FROM generate_series(1, 100) AS i}, 100, 25 ]);

foreach my $kind (sort keys %statements)
{
	my ($statement, $units, $last) = @{ $statements{$kind} };
	subtest $kind => sub {
		my $together = node("together_$kind", "shared_preload_libraries = 'dynamodb_fdw'");
		my @sessions = map { PsqlSession->start($together) } 1 .. $sessions;
		cmp_ok(seconds($statement, @sessions), '>', least_seconds($sessions * $units, $last), 'preloaded: the sessions share the limit');
		cmp_ok(seconds($statement, $sessions[0]), '>', least_seconds($units, $last), 'one of them has all of it');
		is($together->safe_psql('postgres', 'SHOW shared_preload_libraries'), 'dynamodb_fdw', 'it was preloaded');
		$_->quit foreach @sessions;
		$together->stop;

		my $apart = node("apart_$kind", '');
		@sessions = map { PsqlSession->start($apart) } 1 .. $sessions;
		cmp_ok(seconds($statement, @sessions), '>', least_seconds($units, $last), 'not preloaded: each keeps it');
		$_->quit foreach @sessions;
		$apart->stop;
	};
}

done_testing();
