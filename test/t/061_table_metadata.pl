# What a backend remembers of DescribeTable's answers, and for how long.

use strict;
use warnings;

use lib 'test/perl';
use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use Test::More;

my $service = FaultServer->start(
	handler => sub {
		my ($request, $settings) = @_;
		return items([]) if $request->{operation} ne 'DescribeTable';
		return { hang => 1 } if $settings->{silent};
		return service_error('AccessDeniedException', 'not authorized to perform dynamodb:DescribeTable') if $settings->{forbidden};
		return {
			json => {
				Table => {
					TableName            => $request->{json}{TableName},
					TableStatus          => 'ACTIVE',
					AttributeDefinitions => [ { AttributeName => 'id', AttributeType => $settings->{type} // 'S' } ],
					KeySchema            => [ { AttributeName => 'id', KeyType => 'HASH' } ],
				}
			}
		};
	});
my $node = dynamodb_node('metadata', endpoint => $service->endpoint);

$node->safe_psql('postgres', "CREATE FOREIGN TABLE t (id text OPTIONS (partition_key 'true')) SERVER dynamodb OPTIONS (table_name 'remembered')");

# How often DescribeTable is asked during these statements, which are run in one session.
sub describes
{
	my ($sql) = @_;
	$service->forget;
	$node->psql('postgres', $sql, on_error_stop => 0);
	return scalar $service->requests(operation => 'DescribeTable');
}

my $query = "EXPLAIN SELECT * FROM t WHERE id = 'a';\n";
is(describes($query x 5), 1, 'a description is asked for once');
is(describes("SET dynamodb_fdw.metadata_max_age = 0;\n" . $query x 3), 3, 'or every time');
is(describes("SET dynamodb_fdw.metadata_max_age = '1s';\n$query SELECT pg_sleep(1.1);\n$query"), 2, 'or when it is too old');
is(describes("$query ALTER SERVER dynamodb OPTIONS (SET aws_region 'us-west-1');\n$query"), 2, 'or when the server was altered');
is(describes("$query ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (SET secret_access_key 'other');\n$query"), 2, 'or the user mapping');
$service->set({ forbidden => 1 });
is(describes($query x 3), 1, 'that it is not permitted is remembered too');
is($node->safe_psql('postgres', "SET client_min_messages = error; SELECT id FROM t WHERE id = 'a'"), '', 'and a query works without');
$service->set({ type => 'N' });
is(describes($query x 3), 3, 'what contradicts the column options is asked for again before anybody is told');
(undef, undef, my $contradiction) = $node->psql('postgres', $query);
like($contradiction, qr/column "id" of foreign table "t" has type text, but partition key "id" of DynamoDB table "remembered" has type N/,
	'and then they are');
$service->set({ silent => 1 });
my (undef, undef, $error) = $node->psql('postgres', "SET statement_timeout = '500ms'; $query");
like($error, qr/canceling statement due to statement timeout/, 'planning can be cancelled');

ok(!server_log_has($node, qr/terminated by signal|PANIC/), 'no crash');

done_testing();
