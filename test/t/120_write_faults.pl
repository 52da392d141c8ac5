# A commit whose requests get lost, refused or garbled, each in turn: either it succeeds and the items are right, or it
# fails and says truly how many were written. Nothing is done twice.
#
# In the environment:
#   WRITE_FAULTS_ALL     1: every fault in every situation, which takes several minutes
#   WRITE_FAULTS_SHAPE   only commits whose names match, such as '120 updates'
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use JSON::PP ();
use PsqlSession;
use TableItems;
use Test::More;
use Time::HiRes qw(time);

my $json  = JSON::PP->new->canonical;
my $table = "write_faults_$$";
create_table($table);

# --- faults

# Each answers one request. Before: it never arrives. After: it is carried out, but nobody hears of it.
my $internal    = service_error('InternalServerError', 'Internal server error', 500);
my $unavailable = service_error('ServiceUnavailable', 'Service is currently unavailable', 503);
my %anywhere    = (
	'reset before'               => sub { return { reset => 1 } },
	'reset after'                => sub { return { pass => 1, reset => 1 } },
	'closed before'              => sub { return { raw => '' } },
	'closed after'               => sub { return { pass => 1, body => '{"x":1}', cut => 0 } },
	'cut in the body after'      => sub { return { pass => 1, body => '{"ConsumedCapacity":{}}', cut => 9 } },
	'reset in the body after'    => sub { return { pass => 1, body => '{"ConsumedCapacity":{}}', cut => 9, reset => 1 } },
	'status 500 before'          => sub { return $internal },
	'status 500 after'           => sub { return { %$internal, pass => 1 } },
	'status 503 before'          => sub { return $unavailable },
	'status 503 after'           => sub { return { %$unavailable, pass => 1 } },
	'wrong checksum after'       => sub { return { pass => 1, crc => 'wrong' } },
	'no JSON after'              => sub { return { pass => 1, status => 200, body => 'Hello' } },
	'ProvisionedThroughputExceededException' => sub { return throttled() },
	'ThrottlingException'        => sub { return service_error('ThrottlingException', 'Rate exceeded') },
	'TransactionConflictException' => sub { return service_error('TransactionConflictException', 'Transaction is ongoing for the item') });
my %slow = (
	'silence before' => sub { return { hang => 1 } },
	'silence after'  => sub { return { pass => 1, hang => 1 } });

sub cancelled
{
	my ($request, $code) = @_;
	my $count   = @{ $request->{json}{TransactItems} };
	my @reasons = map { { Code => $_ == 1 ? $code : 'None' } } 1 .. $count;
	my $list    = join ', ', map { $_->{Code} } @reasons;
	my $answer  = service_error('TransactionCanceledException', "Transaction cancelled, please refer cancellation reasons for specific reasons [$list]");
	$answer->{json}{CancellationReasons} = \@reasons;
	return $answer;
}

my %of_transactions = (
	'cancelled by TransactionConflict' => sub { return cancelled($_[0], 'TransactionConflict') },
	'cancelled by ThrottlingError'     => sub { return cancelled($_[0], 'ThrottlingError') },
	'TransactionInProgressException before' =>
	  sub { return service_error('TransactionInProgressException', 'The transaction with the given request token is already in progress.') },
	'TransactionInProgressException after' =>
	  sub { return { pass => 1, %{ service_error('TransactionInProgressException', 'The transaction with the given request token is already in progress.') } } });

# Leaves the last of a batch's requests unprocessed, all but so many.
sub unprocessed
{
	my ($request, $done) = @_;
	my ($name, $writes) = %{ $request->{json}{RequestItems} };
	my @left = @$writes[$done .. $#$writes];
	my $answer = { json => { UnprocessedItems => { $name => \@left } } };
	return $answer if $done == 0;
	return { %$answer, pass => 1, send => { RequestItems => { $name => [@$writes[0 .. $done - 1]] } } };
}

my %of_batches = (
	'all unprocessed'         => sub { return unprocessed($_[0], 0) },
	'all but one unprocessed' => sub { return unprocessed($_[0], 1) },
	'one unprocessed'         => sub { return unprocessed($_[0], $#{ (values %{ $_[0]{json}{RequestItems} })[0] }) });

my %faults = (%anywhere, %slow, %of_transactions, %of_batches);

# --- the proxy

# Settings: fault; from, to: the requests that have it, by number since set(); or each: every request has it the first
# time that its body is seen; looks => 1: also requests that read.
my ($seen, $count, %bodies) = (0);
my $proxy = FaultServer->start(
	upstream => dynamodb_endpoint(),
	handler  => sub {
		my ($request, $settings, $current) = @_;
		my $name = $settings->{fault} // return { pass => 1 };
		($seen, $count, %bodies) = ($current, 0) if $seen != $current;
		return { pass => 1 } if $request->{operation} eq 'DescribeTable';
		return { pass => 1 } if $request->{operation} !~ /Write|Put|Update|Delete/ && !$settings->{looks};
		++$count;
		my $chosen = $settings->{each} ? !$bodies{ $request->{body} }++ : $count >= $settings->{from} && $count <= $settings->{to};
		return { pass => 1 } unless $chosen;
		return { pass => 1 } if $of_transactions{$name} && $request->{operation} ne 'TransactWriteItems';
		return { pass => 1 } if $of_batches{$name} && $request->{operation} ne 'BatchWriteItem';
		return $faults{$name}->($request);
	});

# The proxy carries out one request after the other: with many in flight some would wait for too long.
my %options = (scan_policy => 'allow', request_timeout => 1, max_connections => 8);
my $node = dynamodb_node('main', endpoint => $proxy->endpoint, options => \%options);
create_server($node, 'impatient', endpoint => $proxy->endpoint, options => { %options, max_attempts => 2 });
my $columns = q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric};
foreach my $server ('dynamodb', 'impatient')
{
	my %modes = (
		''       => {},
		'_put'   => { insert_mode => 'put', commit_mode => 'batch' },
		'_batch' => { commit_mode => 'batch' });
	create_foreign_table($node, "$server$_", $columns, server => $server, options => { table_name => $table, %{ $modes{$_} } })
	  foreach keys %modes;
}

# --- what is committed

sub item
{
	my ($id, $n, %more) = @_;
	return { id => { S => "$id" }, n => { N => "$n" }, %more };
}

my %old = map { ($_ => item($_, 5, other => { S => 'kept' })) } 'a' .. 'e';
my %many = map { ($_ => item($_, $_, other => { S => 'kept' })) } map { 1000 + $_ } 1 .. 120;

# By copies: what was used as a number would be a number in JSON, too.
sub counted
{
	my ($items) = @_;
	return { map { my $n = $items->{$_}{n}{N}; ($_ => item($_, $n + 1, other => { S => 'kept' })) } keys %$items };
}

# Name, statement (TABLE stands for the foreign table), what is there before and after, and how many requests it takes.
my @shapes = (
	{ name => 'one insert', sql => q{INSERT INTO TABLE VALUES ('x', 1)}, before => \%old, after => { %old, x => item('x', 1) }, requests => 1 },
	{ name => 'one update', sql => q{UPDATE TABLE SET n = n + 1 WHERE id = 'b'}, before => \%old,
		after => { %old, b => item('b', 6, other => { S => 'kept' }) }, requests => 1 },
	{ name => 'one delete', sql => q{DELETE FROM TABLE WHERE id = 'c'}, before => \%old, after => { map { ($_ => $old{$_}) } qw(a b d e) }, requests => 1 },
	{
		name => 'a transaction of five',
		sql  => q{INSERT INTO TABLE VALUES ('x', 1), ('y', 2); UPDATE TABLE SET n = n + 1 WHERE id IN ('a', 'b'); DELETE FROM TABLE WHERE id = 'c'},
		before => \%old,
		after  => {
			x => item('x', 1), y => item('y', 2), a => item('a', 6, other => { S => 'kept' }), b => item('b', 6, other => { S => 'kept' }),
			d => $old{d}, e => $old{e}
		},
		requests => 1
	},
	{ name => 'a batch of 60', mode => '_put', sql => 'INSERT INTO TABLE SELECT i, i FROM generate_series(1001, 1060) i', before => {},
		after => { map { ($_ => item($_, $_)) } 1001 .. 1060 }, requests => 3 },
	{ name => '60 inserts', mode => '_batch', sql => 'INSERT INTO TABLE SELECT i, i FROM generate_series(1001, 1060) i', before => {},
		after => { map { ($_ => item($_, $_)) } 1001 .. 1060 }, requests => 60 },
	{ name => '120 updates', sql => 'UPDATE TABLE SET n = n + 1', before => \%many, after => counted(\%many), requests => 120 });

my $session = PsqlSession->start($node);

# Runs the shape's statements, prepares the proxy, commits: the messages.
sub commit
{
	my ($shape, $server, $settings) = @_;
	set_items($table, $shape->{before});
	$proxy->set({});
	my $sql = "BEGIN; $shape->{sql}" =~ s/TABLE/$server . ($shape->{mode} \/\/ '')/ger;
	my (undef, $messages) = $session->run($sql);
	die "$shape->{name}: $messages" if $messages;
	$proxy->set($settings);
	$proxy->forget;
	(undef, $messages) = $session->run('COMMIT');
	return $messages;
}

sub names_for
{
	my ($shape) = @_;
	return (
		keys %anywhere,
		($shape->{name} =~ /transaction/ ? keys %of_transactions : ()),
		($shape->{name} =~ /batch/ ? keys %of_batches : ()));
}

sub check
{
	my ($shape, $server, $settings, $what) = @_;
	my $began    = time;
	my $messages = commit($shape, $server, $settings);
	my $seconds  = sprintf '%.1f s', time - $began;
	my $wrong    = judge_commit(@$shape{qw(before after)}, get_items($table), $messages);
	is($wrong, '', "$what ($seconds)");
	if ($wrong)
	{
		$proxy->set({});
		diag(join "\n", map { substr "$_->{operation} $_->{body}", 0, 300 } grep { $_->{operation} ne 'DescribeTable' } ($proxy->requests)[0 .. 5]) if $ENV{FAULTS_SHOWN};
	}
	return $messages;
}

# --- tests

# Some faults are not thought to pass: what is not DynamoDB may not become DynamoDB.
sub succeeds
{
	my ($name, @case) = @_;
	my $messages = check(@case);
	is($messages, '', 'it succeeds') unless $name =~ /no JSON/;
	return;
}

sub new_session
{
	$session->quit;
	$session = PsqlSession->start($node);
	return;
}

# Which requests have which fault: each of few has each; of many, each (or a dozen) has one of them.
sub cases
{
	my ($requests, @names) = @_;
	return map { my $n = $_; map { [ $n, $_ ] } @names } 1 .. $requests if $requests <= 3;
	my $step = $ENV{WRITE_FAULTS_ALL} ? 1 : $requests / 12;
	return map { [ 1 + $_ * $step, $names[ $_ % @names ] ] } 0 .. $requests / $step - 1;
}

foreach my $shape (@shapes)
{
	my ($commit, $requests) = @$shape{qw(name requests)};
	next if $ENV{WRITE_FAULTS_SHAPE} && $commit !~ /$ENV{WRITE_FAULTS_SHAPE}/;
	my @names = sort(names_for($shape));
	my @chosen = $ENV{WRITE_FAULTS_ALL} ? @names : grep { /reset|500 after|Provisioned|ThrottlingError|InProgress|all but one/ } @names;

	subtest "$commit, nothing goes wrong" => sub {
		is(check($shape, 'dynamodb', { fault => 'reset before', from => 0, to => 0 }, 'success'), '', 'no message');
		is(scalar(my @seen = $proxy->requests), $requests, 'so many requests');
	};

	subtest "$commit, one request fails" => sub {
		succeeds($_->[1], $shape, 'dynamodb', { fault => $_->[1], from => $_->[0], to => $_->[0] }, "$_->[1] at request $_->[0]")
		  foreach cases($requests, @names);
	};

	subtest "$commit, several requests fail" => sub {
		foreach my $name (@chosen)
		{
			new_session();
			succeeds($name, $shape, 'dynamodb', { fault => $name, from => 1, to => 3 }, "$name three times");
		}
	};

	subtest "$commit, every request fails at first" => sub {
		plan skip_all => 'there is one only' if $requests == 1;
		foreach my $name (@chosen)
		{
			new_session();
			succeeds($name, $shape, 'dynamodb', { fault => $name, each => 1 }, $name);
		}
	};

	subtest "$commit, silence" => sub {
		succeeds($_, $shape, 'dynamodb', { fault => $_, from => 1, to => 1 }, $_) foreach sort keys %slow;
	};

	# Throttling and the like would be waited for for minutes.
	subtest "$commit, a fault that stays" => sub {
		foreach my $name (grep { !/Throughput|Throttling|Conflict|InProgress|unprocessed/ } @chosen, keys %slow)
		{
			foreach my $looks (0, 1)
			{
				new_session();
				my $number   = $looks ? 1 : int(($requests + 1) / 2);
				my $messages = check($shape, 'impatient', { fault => $name, from => $number, to => 100000, looks => $looks },
					"$name from request $number" . ($looks ? ', also of looks' : ''));
				like($messages, qr/^ERROR:  HV00[NM]: /, 'it fails') if $name =~ /before/ || ($looks && $name =~ /reset after|500|silence/);
				note $messages if $name =~ /reset/;
			}
		}
	};
}

$session->quit;
dynamodb_call('DeleteTable', { TableName => $table });
done_testing();
