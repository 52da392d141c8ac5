# Random queries over foreign tables give what the same queries give over a copy of them: however DynamoDB is asked, the
# rows are the same.
#
# A report says how to run one query again. In the environment:
#   DIFFERENTIAL_SEED      which tables and queries (1)
#   DIFFERENTIAL_QUERIES   how many (3000), or one "from-to": 17-17

use strict;
use warnings;

use lib 'test/perl';
use DynamoDBTest;
use PostgreSQL::Test::Utils;
use RandomQueries;
use RandomTables;
use Test::More;

my $seed = $ENV{DIFFERENTIAL_SEED} // 1;
my ($first, $last) = ($ENV{DIFFERENTIAL_QUERIES} // 2000) =~ /^(?:(\d+)-)?(\d+)$/ or BAIL_OUT('DIFFERENTIAL_QUERIES is no number or range');
$first //= 1;
my $batch = 500;

# The service takes empty strings and binaries outside of keys; DynamoDB Local may refuse them.
sub takes_empty_values
{
	my $table = "differential_empty_$$";
	dynamodb_call('CreateTable',
		{
			TableName            => $table,
			BillingMode          => 'PAY_PER_REQUEST',
			AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
			KeySchema            => [ { AttributeName => 'id', KeyType => 'HASH' } ]
		});
	my $error = dynamodb_error('PutItem', { TableName => $table, Item => { id => { S => 'a' }, empty => { S => '' } } });
	dynamodb_call('DeleteTable', { TableName => $table });
	return $error eq '';
}

my $node    = dynamodb_node('differential');
my $tables  = RandomTables->new(seed => $seed, prefix => "differential_$$\_", empty_values => takes_empty_values());
my $queries = RandomQueries->new(seed => $seed);

# psql reads UTF-8.
sub run_sql
{
	my ($sql) = @_;
	utf8::encode($sql);
	my ($status, $output, $error) = $node->psql('postgres', "SET client_min_messages = error;\nSET statement_timeout = '60s';\n$sql", on_error_stop => 0);
	return $output . ($error ne '' ? "\n$error" : '');
}

$tables->create(\&dynamodb_call);
is(run_sql($tables->sql('dynamodb') . $queries->functions), '', "tables with items of seed $seed, and copies of them");

# The copies must have been read whole.
for my $table (RandomTables::table_names())
{
	is(run_sql("SELECT count(*) FROM local.$table"), $tables->count($table), "all items of $table were copied");
}

for (my $from = $first; $from <= $last; $from += $batch)
{
	my $to = $from + $batch - 1 < $last ? $from + $batch - 1 : $last;
	my $reports = run_sql(join '', map { $queries->statement($_) } $from .. $to);
	is($reports, '', "queries $from to $to of seed $seed")
	  or diag("Again, one alone: DIFFERENTIAL_SEED=$seed DIFFERENTIAL_QUERIES=number-number prove test/t/100_differential.pl");
}

$tables->drop(\&dynamodb_call);
ok(!server_log_has($node, qr/terminated by signal|PANIC/), 'no crash');

done_testing();
