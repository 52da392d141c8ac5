# IMPORT FOREIGN SCHEMA from a service that the test plays: many tables, tables that come and go, missing permissions,
# index keys of several attributes, errors and silence.

use strict;
use warnings;

use lib 'test/perl';
use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use Test::More;

# The description of a table with partition key id, as the service gives it.
sub description
{
	my ($name, %more) = @_;
	my %types = (id => 'S', %{ delete $more{types} // {} });
	return {
		TableName            => $name,
		TableStatus          => 'ACTIVE',
		AttributeDefinitions => [ map { { AttributeName => $_, AttributeType => $types{$_} } } sort keys %types ],
		KeySchema            => [ { AttributeName => 'id', KeyType => 'HASH' } ],
		ItemCount            => 0,
		TableSizeBytes       => 0,
		%more
	};
}

sub key_schema
{
	my ($hash, $range) = @_;
	return [ (map { { AttributeName => $_, KeyType => 'HASH' } } @$hash), map { { AttributeName => $_, KeyType => 'RANGE' } } @$range ];
}

my %special = (
	deleting   => description('deleting', TableStatus => 'DELETING', KeySchema => undef),
	creating   => description('creating', TableStatus => 'CREATING'),
	multi_keys => description(
		'multi_keys',
		types                  => { a => 'S', b => 'N', c => 'B', d => 'S', e => 'N' },
		GlobalSecondaryIndexes => [
			{
				IndexName   => 'wide',
				IndexStatus => 'ACTIVE',
				KeySchema   => key_schema([ 'a', 'b', 'c' ], [ 'd', 'id', 'e' ]),
				Projection  => { ProjectionType => 'ALL' }
			},
			{
				IndexName   => 'being_made',
				IndexStatus => 'CREATING',
				KeySchema   => key_schema([ 'b' ], [ 'a' ]),
				Projection  => { ProjectionType => 'ALL' }
			},
			{
				IndexName   => 'being_deleted',
				IndexStatus => 'DELETING',
				KeySchema   => key_schema([ 'e' ], []),
				Projection  => { ProjectionType => 'ALL' }
			},
			{
				IndexName   => 'keys_only',
				IndexStatus => 'ACTIVE',
				KeySchema   => key_schema([ 'e' ], []),
				Projection  => { ProjectionType => 'KEYS_ONLY' }
			}
		]));

my @names = sort((map { sprintf 'many_%03d', $_ } 1 .. 230), 'deleting', 'creating', 'multi_keys', 'gone', 'forbidden');

# ListTables in pages of 100.
sub list_tables
{
	my ($json) = @_;
	my $after = $json->{ExclusiveStartTableName} // '';
	my @rest = grep { $_ gt $after } @names;
	my @page = splice @rest, 0, 100;
	return { json => { TableNames => \@page, (@rest ? (LastEvaluatedTableName => $page[-1]) : ()) } };
}

my $service = FaultServer->start(
	handler => sub {
		my ($request, $settings) = @_;
		my $name = $request->{json}{TableName} // '';
		if ($request->{operation} eq 'ListTables')
		{
			return { hang => 1 } if $settings->{silent};
			return service_error('AccessDeniedException', 'not authorized to perform dynamodb:ListTables') if $settings->{no_list};
			return { json => { TableNames => [], LastEvaluatedTableName => 'again' } } if $settings->{endless};
			return list_tables($request->{json});
		}
		if ($request->{operation} eq 'DescribeTable')
		{
			return { hang => 1 } if $settings->{silent_describe};
			return throttled() if $settings->{throttled} && $request->{n} % 3;
			return service_error('ResourceNotFoundException', 'Requested resource not found') if $name eq 'gone';
			return service_error('AccessDeniedException', 'not authorized to perform dynamodb:DescribeTable')
			  if $name eq 'forbidden';
			return service_error('ResourceNotFoundException', 'Requested resource not found') unless grep { $_ eq $name } @names;
			return { json => { Table => $special{$name} // description($name) } };
		}
		return service_error('AccessDeniedException', 'not authorized to perform dynamodb:Scan') if $name =~ /0$/;
		return service_error('ResourceNotFoundException', 'Requested resource not found') if $name eq 'creating';
		return items([ { id => { S => $name }, n => { N => '1' } } ]);
	});
my $node = dynamodb_node('import', endpoint => $service->endpoint, options => { max_connections => 8 });

# Runs statements; their output, and what was said besides.
sub run_sql
{
	my ($sql) = @_;
	my ($status, $output, $messages) = $node->psql('postgres', "DROP SCHEMA IF EXISTS imported CASCADE; CREATE SCHEMA imported;\n$sql",
		extra_params => [ '--quiet', '--set=ON_ERROR_STOP=0' ]);
	return ($output, $messages =~ s/^.*(?:drop cascades|schema "imported" does not exist|and \d+ other objects).*\n//gmr);
}

sub imported
{
	return $node->safe_psql('postgres', "SELECT count(*) FROM pg_class WHERE relnamespace = 'imported'::regnamespace AND relkind = 'f'");
}

# --- everything there is
$service->forget;
my ($output, $messages) = run_sql('IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO imported');
is(imported(), scalar(@names) - 3, 'all tables but three are imported');
is($service->requests(operation => 'ListTables'), 3, 'names came in three pages');
is($service->requests(operation => 'DescribeTable'), scalar @names, 'each table was described once');
like($messages, qr/NOTICE:  DynamoDB table "gone" does not exist, skipping/, 'a table that went meanwhile');
like($messages, qr/NOTICE:  DynamoDB table "deleting" is being deleted, skipping/, 'a table that is being deleted');
like($messages, qr/WARNING:  no permission for DescribeTable on DynamoDB table "forbidden", skipping/, 'a table that may not be seen');
like($messages, qr/NOTICE:  indexes of DynamoDB table "multi_keys" that do not hold all attributes are left out: "keys_only"/, 'an index left out');
is( $node->safe_psql(
		'postgres', "SELECT attname, format_type(atttypid, atttypmod), array_to_string(attfdwoptions, ' ') FROM pg_attribute
		  WHERE attrelid = 'imported.multi_keys'::regclass AND attnum > 0 ORDER BY attnum"),
	join("\n",
		'id|text|partition_key=true gsi_sort_key_gsi_name=wide',
		'a|text|gsi_partition_key_gsi_name=wide gsi_sort_key_gsi_name=being_made',
		'b|numeric|gsi_partition_key_gsi_name=wide,being_made',
		'c|bytea|gsi_partition_key_gsi_name=wide',
		'd|text|gsi_sort_key_gsi_name=wide',
		'e|numeric|gsi_sort_key_gsi_name=wide',
		'document|jsonb|ddb_document=true'),
	'index keys of several attributes');

# --- named tables need no permission to list
$service->set({ no_list => 1 });
$service->forget;
($output, $messages) = run_sql('IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (many_001, many_002, many_001x) FROM SERVER dynamodb INTO imported');
is(imported(), 2, 'LIMIT TO imports what it names');
is($service->requests(operation => 'ListTables'), 0, 'LIMIT TO does not list');
is($service->requests(operation => 'DescribeTable'), 3, 'LIMIT TO asks only for what it names');
like($messages, qr/NOTICE:  DynamoDB table "many_001x" does not exist, skipping/, 'a table that is not there');
($output, $messages) = run_sql('\set VERBOSITY verbose
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO imported');
like($messages, qr/ERROR:  42501: DynamoDB ListTables failed: not authorized/, 'everything needs the permission to list');
($output, $messages) = run_sql('\set VERBOSITY verbose
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (many_001, forbidden) FROM SERVER dynamodb INTO imported');
like($messages, qr/ERROR:  42501: DynamoDB DescribeTable on table "forbidden" failed/, 'what is named must be there to see');

$service->set({ endless => 1 });
($output, $messages) = run_sql('\set VERBOSITY verbose
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO imported');
like($messages, qr/ERROR:  HV00M: DynamoDB ListTables failed: ListTables has not come to an end after 1000 pages/, 'a list without end');

# --- samples
$service->set({});
($output, $messages) = run_sql("IMPORT FOREIGN SCHEMA dynamodb EXCEPT (gone, deleting, forbidden) FROM SERVER dynamodb INTO imported OPTIONS (sample_items '10')");
like($messages, qr/WARNING:  items of DynamoDB table "many_010" cannot be sampled\n.*DETAIL:  not authorized/, 'no permission to sample');
like($messages, qr/WARNING:  items of DynamoDB table "creating" cannot be sampled/, 'a table that cannot be read yet');
is($node->safe_psql('postgres', "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND attrelid = 'imported.many_001'::regclass"),
	'id n document', 'a sampled column');
is($node->safe_psql('postgres', "SELECT string_agg(attname, ' ' ORDER BY attnum) FROM pg_attribute WHERE attnum > 0 AND attrelid = 'imported.many_010'::regclass"),
	'id document', 'a table without a sample is imported all the same');

# --- throttling, silence
$service->set({ throttled => 1 });
($output, $messages) = run_sql('IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (many_001, many_002, many_003, many_004) FROM SERVER dynamodb INTO imported');
is(imported(), 4, 'throttled requests are sent again');
for my $silent ('silent', 'silent_describe')
{
	$service->set({ $silent => 1 });
	my $began = time;
	($output, $messages) = run_sql("SET statement_timeout = '500ms'; IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO imported");
	like($messages, qr/canceling statement due to statement timeout/, "an import can be cancelled ($silent)");
	cmp_ok(time - $began, '<', 10, "at once ($silent)");
}

ok(!server_log_has($node, qr/terminated by signal|PANIC/), 'no crash');

done_testing();
