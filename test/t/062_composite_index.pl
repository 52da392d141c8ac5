# Indexes whose key has several attributes, of which DynamoDB Local knows nothing: four of each at most.

use strict;
use warnings;

use lib 'test/perl';
use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use Test::More;

my @PARTITION = map { "p$_" } 1 .. 4;
my @SORT      = map { "s$_" } 1 .. 4;

my $service = FaultServer->start(
	handler => sub {
		my ($request) = @_;
		return items([]) if $request->{operation} ne 'DescribeTable';
		return {
			json => {
				Table => {
					TableName              => $request->{json}{TableName},
					TableStatus            => 'ACTIVE',
					ItemCount              => 1000000,
					TableSizeBytes         => 400000000,
					AttributeDefinitions   => [ map { { AttributeName => $_, AttributeType => 'S' } } 'id', @PARTITION, @SORT ],
					KeySchema              => [ { AttributeName => 'id', KeyType => 'HASH' } ],
					GlobalSecondaryIndexes => [
						{
							IndexName      => 'wide',
							IndexStatus    => 'ACTIVE',
							ItemCount      => 1000000,
							IndexSizeBytes => 400000000,
							Projection     => { ProjectionType => 'ALL' },
							KeySchema      => [ (map { { AttributeName => $_, KeyType => 'HASH' } } @PARTITION), (map { { AttributeName => $_, KeyType => 'RANGE' } } @SORT) ],
						}
					],
				}
			}
		};
	});
my $node = dynamodb_node('composite', endpoint => $service->endpoint);
$node->safe_psql('postgres', "CREATE FOREIGN TABLE t (id text OPTIONS (partition_key 'true'), "
	  . join(', ', (map { "$_ text OPTIONS (gsi_partition_key_gsi_name 'wide')" } @PARTITION), (map { "$_ text OPTIONS (gsi_sort_key_gsi_name 'wide')" } @SORT))
	  . ", v int) SERVER dynamodb OPTIONS (table_name 'composite')");

# What EXPLAIN says of a property, for a query with this condition and clause behind it.
sub explained
{
	my ($property, $condition) = @_;
	my $plan = $node->safe_psql('postgres', "SET client_min_messages = error; EXPLAIN (COSTS OFF) SELECT v FROM t WHERE $condition");
	return $plan =~ /^\s*\Q$property\E: (.*)$/m ? $1 : '';
}

my $partition = "p1 = 'a' AND p2 = 'b' AND p3 = 'c' AND p4 = 'd'";
my @cases     = (
	[ '',                                                  '' ],
	[ "s1 = 'x'",                                          " AND s1 = 'x'" ],
	[ "s1 > 'x'",                                          " AND s1 > 'x'" ],
	[ "s2 > 'z' AND s1 = 'x'",                             " AND s1 = 'x' AND s2 > 'z'" ],
	[ "s1 = 'x' AND s2 = 'y' AND s3 BETWEEN 'a' AND 'b'",  " AND s1 = 'x' AND s2 = 'y' AND s3 BETWEEN 'a' AND 'b'" ],
	[ "s1 = 'x' AND s2 = 'y' AND s3 = 'z' AND s4 LIKE 'k%'", " AND s1 = 'x' AND s2 = 'y' AND s3 = 'z' AND begins_with(s4, 'k')" ],
	[ "s4 = 'w' AND s3 = 'z' AND s2 = 'y' AND s1 = 'x'",   " AND s1 = 'x' AND s2 = 'y' AND s3 = 'z' AND s4 = 'w'" ],
	[ "s2 = 'y'",                                          '' ],
	[ "s1 = 'x' AND s3 = 'z'",                             " AND s1 = 'x'" ],
	[ "s1 > 'x' AND s2 = 'y'",                             " AND s1 > 'x'" ],
	[ "s1 IN ('x', 'y')",                                  '' ],
);
$node->safe_psql('postgres', "ALTER FOREIGN TABLE t OPTIONS (ADD sparse_indexes 'use', ADD scan_policy 'allow')");
for my $case (@cases)
{
	my ($condition, $expected) = @$case;
	is(explained('Key Condition', join ' AND ', grep { $_ } $partition, $condition), $partition . $expected, "sort key: $condition");
}
is(explained('Key Condition', "p1 IN ('a', 'A') AND p2 = 'b' AND p3 = 'c' AND p4 IN ('d', 'D') AND s1 > 'x'"),
	'(' . join(' OR ', map { my $p1 = $_; map { "(p1 = '$p1' AND p2 = 'b' AND p3 = 'c' AND p4 = '$_')" } 'D', 'd' } 'A', 'a') . ") AND s1 > 'x'", 'lists of partition key values');
is(explained('DynamoDB Operation', "$partition AND s1 = 'x' AND s2 = 'y' AND s1 > 'z'"), 'None', 'a contradiction before the last attribute');
like(explained('Not Pushed Down', "$partition AND s1 = 'x' AND s3 = 'z'"), qr/s3 = 'z'.*the sort key attribute before it has no equality/, 'a gap');
like(explained('DynamoDB Filter', "$partition AND v = 5"), qr/v = 5/, 'a filter beside it');

is(explained('DynamoDB Operation', "p1 = 'a' AND p2 = 'b' AND p3 = 'c'"), 'Scan', 'a part of the partition key is not enough');
like(explained('Indexes Left Out', "p1 = 'a' AND p2 = 'b' AND p3 = 'c'"), qr/^wide: add an equality on p4, which is part of its partition key/, 'and EXPLAIN says so');

# ORDER BY follows the first sort key attribute without an equality
my $ordered = sub { $node->safe_psql('postgres', "EXPLAIN (COSTS OFF) SELECT v FROM t WHERE $partition $_[0] LIMIT 3") !~ /Sort Key/ };
ok($ordered->("ORDER BY s1 DESC"),                           'in the order of the first');
ok($ordered->("AND s1 = 'x' ORDER BY s2"),                   'of the second');
ok($ordered->("AND s1 = 'x' AND s2 = 'y' AND s3 > 'z' ORDER BY s3"), 'of the third');
ok(!$ordered->("ORDER BY s2"),                               'not of a later one');

# and what is sent
$service->forget;
$node->safe_psql('postgres', "SET client_min_messages = error; SELECT v FROM t WHERE $partition AND s1 = 'x' AND s2 > 'y'");
my ($request) = $service->requests(operation => 'Query');
is($request->{json}{KeyConditionExpression}, '#0 = :0 AND #1 = :1 AND #2 = :2 AND #3 = :3 AND #4 = :4 AND #5 > :5', 'the key condition');
is_deeply([ map { $request->{json}{ExpressionAttributeNames}{"#$_"} } 0 .. 5 ], [ @PARTITION, 's1', 's2' ], 'its names');
is($request->{json}{IndexName}, 'wide', 'the index');

ok(!server_log_has($node, qr/terminated by signal|PANIC/), 'no crash');

done_testing();
