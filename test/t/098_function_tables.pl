# dynamodb_tables(): what it says of tables, and of those that vanish, are denied or cannot be described meanwhile.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use Test::More;

my $local = dynamodb_node('main');
my $prefix = "tables_$$";
dynamodb_call('CreateTable',
	{
		TableName              => "$prefix.rich",
		AttributeDefinitions   => [ map { { AttributeName => $_, AttributeType => $_ eq 'n' ? 'N' : 'S' } } qw(p n l g) ],
		KeySchema              => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 'n', KeyType => 'RANGE' } ],
		ProvisionedThroughput  => { ReadCapacityUnits => 5, WriteCapacityUnits => 6 },
		StreamSpecification    => { StreamEnabled => JSON::PP::true(), StreamViewType => 'NEW_IMAGE' },
		LocalSecondaryIndexes  => [ { IndexName => 'by_l', KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 'l', KeyType => 'RANGE' } ], Projection => { ProjectionType => 'KEYS_ONLY' } } ],
		GlobalSecondaryIndexes => [ { IndexName => 'by_g', KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' } ], Projection => { ProjectionType => 'INCLUDE', NonKeyAttributes => ['x'] }, ProvisionedThroughput => { ReadCapacityUnits => 7, WriteCapacityUnits => 8 } } ]
	});
dynamodb_call('PutItem', { TableName => "$prefix.rich", Item => { p => { S => 'a' }, n => { N => '1' } } });
dynamodb_call('CreateTable',
	{
		TableName            => "$prefix.plain",
		BillingMode          => 'PAY_PER_REQUEST',
		AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'B' } ],
		KeySchema            => [ { AttributeName => 'id', KeyType => 'HASH' } ]
	});
dynamodb_call('UpdateTimeToLive', { TableName => "$prefix.plain", TimeToLiveSpecification => { Enabled => JSON::PP::true(), AttributeName => 'expires' } });

my $rows = $local->safe_psql('postgres', qq{
	SELECT name, status, partition_key, partition_key_type, sort_key, sort_key_type, item_count, billing_mode,
	  read_capacity, write_capacity, stream_view, ttl_attribute, ttl_status, table_class, deletion_protection, error
	FROM dynamodb_tables('dynamodb', '$prefix.%') ORDER BY name});
is($rows, join("\n",
		"$prefix.plain|ACTIVE|id|B|||0|PAY_PER_REQUEST||||expires|ENABLED|STANDARD|f|",
		"$prefix.rich|ACTIVE|p|S|n|N|1|PROVISIONED|5|6|NEW_IMAGE||DISABLED|STANDARD|f|"),
	'tables of DynamoDB Local');
is( $local->safe_psql('postgres', qq{
	SELECT i->>'name', i->>'kind', i->'partition_keys', i->'sort_keys', i->>'projection', i->'non_key_attributes', i->>'status',
	  i->>'read_capacity' FROM dynamodb_tables('dynamodb', '$prefix.rich'), jsonb_array_elements(indexes) i}),
	join("\n",
		'by_l|local|[{"name": "p", "type": "S"}]|[{"name": "l", "type": "S"}]|KEYS_ONLY|||',
		'by_g|global|[{"name": "g", "type": "S"}]|[]|INCLUDE|["x"]|ACTIVE|7'),
	'and their indexes');
like($local->safe_psql('postgres', qq{SELECT stream_arn FROM dynamodb_tables('dynamodb', '$prefix.rich')}), qr{^arn:aws:.*/stream/}, 'the stream');
is($local->safe_psql('postgres', qq{SELECT now() - created < '10 min', arn LIKE 'arn:aws:%table/$prefix.rich', replicas FROM dynamodb_tables('dynamodb', '$prefix.rich')}),
	't|t|{}', 'when it was created');
is($local->safe_psql('postgres', q{SELECT count(*) FROM dynamodb_tables('dynamodb', 'no such table')}), '0', 'none');
dynamodb_call('DeleteTable', { TableName => "$prefix.$_" }) foreach qw(rich plain);

# 120 tables in two pages; answers for some of them as set() says.
my @names  = map { sprintf 'table%03d', $_ } 1 .. 120;
my $faults = FaultServer->start(
	handler => sub {
		my ($request, $settings) = @_;
		my $operation = $request->{operation};
		my $name = $request->{json}{TableName} // '';
		my $answer = $settings->{"$operation $name"} // $settings->{$operation};
		return $answer if $answer;
		return { json => { TableNames => [ @names[ 100 .. 119 ] ] } } if $operation eq 'ListTables' && $request->{json}{ExclusiveStartTableName};
		return { json => { TableNames => [ @names[ 0 .. 99 ] ], LastEvaluatedTableName => $names[99] } } if $operation eq 'ListTables';
		return { json => { TimeToLiveDescription => { TimeToLiveStatus => 'DISABLED' } } } if $operation eq 'DescribeTimeToLive';
		my $description = table_description($name, 'id:S', CreationDateTime => 1363729002.5, DeletionProtectionEnabled => JSON::PP::true(),
			Replicas => [ { RegionName => 'eu-west-1' } ], TableClassSummary => { TableClass => 'STANDARD_INFREQUENT_ACCESS' });
		return { %$description, delay => 0.02 };
	});
my $node = dynamodb_node('faults', endpoint => $faults->endpoint, options => { max_attempts => 1, max_connections => 10 });
my $session = PsqlSession->start($node);
sub tables { return $session->run("SELECT count(*), count(error), count(ttl_status), count(status) FROM dynamodb_tables('dynamodb')"); }

is((tables())[0], '120|0|120|120', 'all pages of ListTables');
my @describes = $faults->requests(operation => 'DescribeTable');
cmp_ok((sort { $b <=> $a } map { $_->{in_flight} } @describes)[0], '>', 5, 'several tables at once');
is(($session->run(q{SELECT created AT TIME ZONE 'UTC', deletion_protection, replicas, table_class FROM dynamodb_tables('dynamodb', 'table007')}))[0],
	'2013-03-19 21:36:42.5|t|{eu-west-1}|STANDARD_INFREQUENT_ACCESS', 'what DynamoDB Local does not know');
$faults->forget;
is(($session->run(q{SELECT count(*) FROM dynamodb_tables('dynamodb', 'table01_')}))[0], '10', 'a pattern');
is(scalar $faults->requests(operation => 'DescribeTable'), 10, 'asks about those only');

$faults->set({
	'DescribeTable table003'      => service_error('ResourceNotFoundException', 'Requested resource not found'),
	'DescribeTable table004'      => service_error('AccessDeniedException',     'User: x is not authorized'),
	'DescribeTable table005'      => { json => { Table => 'nonsense' } },
	'DescribeTimeToLive table006' => service_error('AccessDeniedException', 'User: x is not authorized'),
	'DescribeTimeToLive table007' => service_error('InternalServerError', 'Sorry', 500) });
is((tables())[0], '120|4|115|117', 'some tables cannot be described');
is(($session->run(q{SELECT name, error FROM dynamodb_tables('dynamodb') WHERE error IS NOT NULL}))[0], join("\n",
		'table003|DescribeTable ResourceNotFoundException: Requested resource not found',
		'table004|DescribeTable AccessDeniedException: User: x is not authorized',
		'table005|DescribeTable: the answer to DescribeTable is not what DynamoDB sends: Table is missing or wrong',
		'table007|DescribeTimeToLive InternalServerError: Sorry'),
	'and say why');
$faults->set({ DescribeTimeToLive => service_error('UnknownOperationException', '') });
is((tables())[0], '120|0|0|120', 'without DescribeTimeToLive');
$faults->set({ DescribeTable => { reset => 1 } });
is(sqlstate((tables())[1]), 'HV00N', 'without a connection');
$faults->set({ ListTables => service_error('AccessDeniedException', 'no') });
is(sqlstate((tables())[1]), '42501', 'without ListTables');
$faults->set({ DescribeTable => { hang => 1 } });
$session->run(q{SET statement_timeout = '300ms'});
is(sqlstate((tables())[1]), '57014', 'cancelled');

$session->run($_) foreach ('RESET statement_timeout', 'CREATE ROLE somebody LOGIN');
my $other = PsqlSession->start($node, user => 'somebody');
is(sqlstate(($other->run(q{SELECT FROM dynamodb_tables('dynamodb')}))[1]), '42501', 'USAGE is needed');
$session->run('GRANT USAGE ON FOREIGN SERVER dynamodb TO somebody');
is(sqlstate(($other->run(q{SELECT FROM dynamodb_tables('dynamodb')}))[1]), '28000', 'and credentials');
$other->quit;
is(sqlstate(($session->run(q{SELECT FROM dynamodb_tables(NULL)}))[1]), '22004', 'and a server');
$session->quit;
$_->stop foreach $node, $local;
done_testing();
