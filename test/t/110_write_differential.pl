# Random transactions over foreign tables do what they do on copies of them: each statement gives the same rows, and after
# each transaction the items that DynamoDB's API shows are those of the copy, attribute by attribute and type by type.
#
# In the environment:
#   DIFFERENTIAL_SEED      which tables and transactions (1)
#   DIFFERENTIAL_QUERIES   how many transactions (250); each depends on those before it

use strict;
use warnings;

use lib 'test/perl';
use DynamoDBTest;
use PostgreSQL::Test::Utils;
use PsqlSession;
use RandomWrites;
use Test::More;

my $seed = $ENV{DIFFERENTIAL_SEED} // 1;
my ($last) = ($ENV{DIFFERENTIAL_QUERIES} // 250) =~ /^(\d+)$/ or BAIL_OUT('DIFFERENTIAL_QUERIES is no number');
my $most_reports = 10;

my $node   = dynamodb_node('write_differential');
my $writes = RandomWrites->new(seed => $seed, prefix => "write_differential_$$\_");
my $session;
my %unlike = map { $_ => 1 } RandomWrites::table_names();

# DynamoDB takes 100 items in one TransactWriteItems; old versions of DynamoDB Local take 10. Then nothing is written.
my $too_long = 0;

sub takes_100_items
{
	my @items = map { { Put => { TableName => "write_differential_$$\_plain", Item => { id => { S => "probe $_" } }, ConditionExpression => 'attribute_exists(id)' } } } 1 .. 100;
	return dynamodb_error('TransactWriteItems', { TransactItems => \@items }) eq 'TransactionCanceledException';
}

my $is_limited;

sub is_too_long
{
	my ($messages) = @_;
	return $is_limited && $messages =~ /Member must have length less than or equal to/ && ++$too_long;
}

sub run_sql
{
	my ($sql) = @_;
	utf8::encode($sql);
	my ($rows, $messages) = $session->run($sql);
	utf8::decode($rows);
	return ($rows, $messages);
}

# What DynamoDB has of these tables otherwise than the copies, as lines; the transactions to come learn the keys.
sub differences
{
	my (@tables) = @_;
	my $found = '';
	for my $table (@tables)
	{
		my $scan = dynamodb_text('Scan', { TableName => "write_differential_$$\_$table", ConsistentRead => \1 });
		die 'the tables are too large for one page' if $scan =~ /"LastEvaluatedKey"/;
		my ($rows, $messages) = $session->run(RandomWrites::comparison_sql($table, $scan));
		utf8::decode($rows);
		$writes->set_keys($table, $rows =~ /^keys: $table (.*)$/mg);
		$found .= join '', map { "$_\n" } grep { !/^keys: / } split(/\n/, $rows), split(/\n/, $messages);
	}
	return $found;
}

sub begin_anew
{
	$session->quit if $session;
	$session = PsqlSession->start($node);
	my ($rows, $messages) = run_sql("SET statement_timeout = '60s';\nSET timezone = 'UTC';\n" . $writes->fill_sql);
	return "$rows$messages" . differences(RandomWrites::table_names());
}

# What was wrong in a transaction, as text.
sub run_transaction
{
	my ($number) = @_;
	my $transaction = $writes->transaction($number);
	my $end = $transaction->{end};
	run_sql($transaction->{set_up}) if $transaction->{set_up};
	my ($rows, $messages) = run_sql($transaction->{sql});
	my $wrong = $rows;
	my $doomed = $messages =~ /^WARNING:  \S+ doomed/m;
	my $aborted = 0;
	my $expected;
	for my $line ($messages =~ /^((?:WARNING|ERROR|FATAL|PANIC): .*)$/mg)
	{
		if ($line =~ /^WARNING:  \S+ expected (\w{5})/) { $expected = $1; }
		elsif ($line =~ /^ERROR:  (25P02|3B001)/ || is_too_long($line)) { }
		elsif ($line =~ /^ERROR:  (\w{5})/ && ($1 eq ($expected // '') || $doomed && !defined $end && $1 eq '23505')) { undef $expected; }
		elsif ($line =~ /^WARNING:  \S+ doomed/) { undef $expected; }
		else { $wrong .= "unexpected: $line\n"; }
	}
	if (defined $end)
	{
		my ($still_doomed) = $end eq 'COMMIT' ? run_sql("SELECT 'doomed' FROM public.doomed") : ('');
		my ($left, $end_messages) = run_sql($end);
		my $state = sqlstate($end_messages);
		my $should = $still_doomed =~ /doomed/ ? '23505' : '';
		$wrong .= "$end gave '$state' instead of '$should': $end_messages\n" if $state ne $should && !is_too_long($end_messages);
	}
	$wrong .= differences(@{ $transaction->{tables} });
	return $wrong eq '' ? '' : "$wrong\nin transaction $number:\n$transaction->{sql}" . ($end // '(no transaction block)') . "\n$messages";
}

$writes->create(\&dynamodb_call);
$is_limited = !takes_100_items();
$writes->limit_transactions if $is_limited;
{
	my $sql = $writes->sql('dynamodb');
	utf8::encode($sql);
	my ($status, $output, $error) = $node->psql('postgres', $sql, on_error_die => 1);
}
is(begin_anew(), '', "tables with items of seed $seed, and copies of them") or BAIL_OUT('without these there is nothing to compare');

my $reports = 0;
for my $number (1 .. $last)
{
	my $wrong = run_transaction($number) or next;
	utf8::encode($wrong);
	fail("transaction $number of seed $seed");
	diag($wrong);
	last if ++$reports >= $most_reports;
	$writes->restore(\&dynamodb_call);
	begin_anew();
}
is($reports, 0, "$last transactions of seed $seed")
  or diag("Again: DIFFERENTIAL_SEED=$seed DIFFERENTIAL_QUERIES=$last prove test/t/110_write_differential.pl");

cmp_ok($too_long, '<', $last / 10, 'most commits were not too long for this DynamoDB') if $is_limited;
note("too long for this DynamoDB: $too_long");

$session->quit;
$writes->drop(\&dynamodb_call);
ok(!server_log_has($node, qr/terminated by signal|PANIC/), 'no crash');

done_testing();
