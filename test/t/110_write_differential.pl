# Random transactions over foreign tables do what they do on copies of them: each statement gives the same rows, and after
# each transaction the items that DynamoDB's API shows are those of the copy, attribute by attribute and type by type.
#
# In the environment:
#   DIFFERENTIAL_SEED      which tables and transactions (1)
#   DIFFERENTIAL_QUERIES   how many transactions (200); each depends on those before it

use strict;
use warnings;

use lib 'test/perl';
use DynamoDBTest;
use PostgreSQL::Test::Utils;
use PsqlSession;
use RandomWrites;
use Test::More;

my $seed = $ENV{DIFFERENTIAL_SEED} // 1;
my ($last) = ($ENV{DIFFERENTIAL_QUERIES} // 200) =~ /^(\d+)$/ or BAIL_OUT('DIFFERENTIAL_QUERIES is no number');
my $most_reports = 10;

my $node   = dynamodb_node('write_differential');
my $writes = RandomWrites->new(seed => $seed, prefix => "write_differential_$$\_");
my $session;

sub run_sql
{
	my ($sql) = @_;
	utf8::encode($sql);
	my ($rows, $messages) = $session->run($sql);
	utf8::decode($_) for $rows, $messages;
	return ($rows, $messages);
}

# The items of a table, as DynamoDB's API sends them
sub scan
{
	my ($table) = @_;
	my $answer = dynamodb_text('Scan', { TableName => "write_differential_$$\_$table", ConsistentRead => \1 });
	die 'the tables are too large for one page' if $answer =~ /"LastEvaluatedKey"/;
	return $answer;
}

# What DynamoDB has of these tables otherwise than the copies, one line for an item; the transactions to come learn the keys.
sub differences
{
	my (@tables) = @_;
	my @found;
	for my $table (@tables)
	{
		my ($rows, $messages) = $session->run(RandomWrites::comparison_sql($table, scan($table)));
		utf8::decode($rows);
		$writes->set_keys($table, $rows =~ /^keys: $table (.*)$/mg);
		push @found, grep { !/^keys: / } split(/\n/, $rows), split(/\n/, $messages);
	}
	return @found;
}

# Makes the copies what the tables are.
sub copy_tables
{
	my (@tables) = @_;
	my $messages = '';
	for my $table (@tables)
	{
		$messages .= join '', $session->run(RandomWrites::copy_sql($table, scan($table)));
	}
	return join "\n", $messages || (), differences(@tables);
}

sub begin_anew
{
	$session->quit if $session;
	$session = PsqlSession->start($node);
	run_sql("SET statement_timeout = '60s';\nSET timezone = 'UTC';\nSET search_path = public;");
	return copy_tables(RandomWrites::table_names());
}

my $parted = 0;

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
	my $expected;
	for my $line ($messages =~ /^((?:WARNING|ERROR|FATAL|PANIC): .*)$/mg)
	{
		if ($line =~ /^WARNING:  \S+ expected (\w{5})/) { $expected = $1; }
		elsif ($line =~ /^ERROR:  (25P02|3B001)/) { }
		elsif ($line =~ /^ERROR:  (\w{5})/ && ($1 eq ($expected // '') || $doomed && !defined $end && $1 eq '23505')) { undef $expected; }
		elsif ($line =~ /^WARNING:  \S+ doomed/) { undef $expected; }
		else { $wrong .= "unexpected: $line\n"; }
	}
	if (defined $end)
	{
		my ($still_doomed) = $end eq 'COMMIT' ? run_sql("SELECT 'doomed' FROM public.doomed") : ('');
		my (undef, $end_messages) = run_sql($end);
		my $state = sqlstate($end_messages);
		my $should = $still_doomed =~ /doomed/ ? '23505' : '';
		$wrong .= "$end gave '$state' instead of '$should': $end_messages\n" if $state ne $should;
		$messages .= $end_messages;
	}
	my @differences = differences(@{ $transaction->{tables} });
	# A commit that fails says how many items are written nevertheless.
	my ($written, $not_written) = $messages =~ /(\d+) items were written and (\d+) were not/;
	if ($written && !($transaction->{together} && $written + $not_written <= 10) && @differences <= $written)
	{
		++$parted;
		$wrong .= copy_tables(@{ $transaction->{tables} });
		@differences = ();
	}
	$wrong .= "$_\n" for @differences;
	return $wrong eq '' ? '' : "$wrong\nin transaction $number:\n$transaction->{sql}" . ($end // '(no transaction block)') . "\n$messages";
}

$writes->create(\&dynamodb_call);
{
	my $sql = $writes->sql('dynamodb');
	utf8::encode($sql);
	$node->psql('postgres', $sql, on_error_die => 1);
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
	begin_anew();
}
is($reports, 0, "$last transactions of seed $seed")
  or diag("Again: DIFFERENTIAL_SEED=$seed DIFFERENTIAL_QUERIES=$last prove test/t/110_write_differential.pl");

note("$parted commits failed half-way");

$session->quit;
$writes->drop(\&dynamodb_call);
ok(!server_log_has($node, qr/terminated by signal|PANIC/), 'no crash');

done_testing();
