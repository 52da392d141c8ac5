# Mixed statements under random faults, for a long time: whatever succeeds gives what a copy of the table gives, and
# whatever fails says truly what it has done. Not a part of ./check.
#
#   make soak            (needs no running server, but a user who may run one; see CONTRIBUTING.md)
#
# In the environment:
#   SOAK_SECONDS   how long (600)
#   SOAK_SEED      which statements and faults (from the time); which of them meet depends on the time they take
#   SOAK_FAULTS    how many of a hundred requests go wrong (8)
use strict;
use warnings;

use lib 'test/perl';
use DynamoDBTest;
use FaultServer;
use HTTP::Tiny;
use JSON::PP ();
use POSIX ();
use PostgreSQL::Test::Utils;
use PsqlSession;
use TableItems;
use Test::More;
use Time::HiRes qw(time);

my $seconds = $ENV{SOAK_SECONDS} // 600;
my $seed    = $ENV{SOAK_SEED}    // time % 1_000_000;
my $faults  = ($ENV{SOAK_FAULTS} // 8) / 100;
my $workers = 3;
my $until   = time + $seconds;
my $json    = JSON::PP->new->canonical;
my $read    = "soak_read_$$";

sub pick { return $_[ rand @_ ]; }
sub chance { return rand() < $_[0]; }

# --- the service: DynamoDB, in small pages, and sometimes something else

my $internal = service_error('InternalServerError', 'Internal server error', 500);

# What goes wrong and is repeated; more often, because a statement may survive them.
my @passing = (
	sub { return { reset => 1 } },
	sub { return { %{ $_[1] }, reset => 1 } },
	sub { return { raw => '' } },
	sub { return { %{ $_[1] }, cut => 0 } },
	sub { return { %{ $_[1] }, cut => rand } },
	sub { return { %{ $_[1] }, cut => rand, reset => 1 } },
	sub { return { %{ $_[1] }, cut => rand, chunked => 1 } },
	sub { return { hang => 1 } },
	sub { return { %{ $_[1] }, hang => 1 } },
	sub { return { %{ $_[1] }, pause => 600 } },
	sub { return { %{ $_[1] }, parts => 20, pause => 0.002 } },
	sub { return { %{ $_[1] }, delay => rand 0.5 } },
	sub { return { %{ $_[1] }, close => 1 } },
	sub { return { %{ $_[1] }, crc => 'wrong' } },
	sub { return { %{ $_[1] }, crc => 'none', chunked => 1 } },
	sub { return { %{ $_[1] }, gzip => 1, chunked => 1 } },
	sub { return { %{ $_[1] }, gzip => 'short' } },
	sub { return { %{ $_[1] }, headers => { 'Content-Encoding' => 'gzip' } } },
	sub { return $internal },
	sub { return { %{ $_[1] }, %$internal } },
	sub { return { status => pick(500, 503, 504), body => '' } },
	sub { return { %{ $_[1] }, status => 502, body => '<html>', crc => 'none' } },
	sub { return { status => 429, body => '' } },
	sub { return throttled() },
	sub { return $_[0]{operation} =~ /Scan|Query|Get/ ? $internal : service_error('TransactionConflictException', 'Transaction is ongoing for the item') },
	sub { return service_error('ExpiredTokenException', 'expired') },
	sub { return { refuse => 0.2 } });

# What is an error.
my @final = (
	sub { return { raw => "garbage\r\n\r\n" } },
	sub { return { %{ $_[1] }, body => "\x00garbage" } },
	sub { return { %{ $_[1] }, short => 0.5 } },
	sub { return { %{ $_[1] }, short => 0.5, crc => 'none', chunked => 1 } },
	sub { return { status => 407, body => '<html>proxy</html>', crc => 'none' } },
	sub { return service_error('AccessDeniedException', 'no') });

# A page of some items; some of the keys, some of the writes.
sub good_answer
{
	my ($request) = @_;
	my ($asked, $of) = @$request{qw(json operation)};
	my %good = (pass => 1);
	$good{send} = { %$asked, Limit => 5 + int rand 100 } if $of =~ /Scan|Query/ && !$asked->{Limit} && chance(0.8);
	return \%good unless $of =~ /Batch/ && chance(0.3);
	my ($table, $what) = %{ $asked->{RequestItems} };
	my $reads = $of eq 'BatchGetItem';
	my @some  = $reads ? @{ $what->{Keys} } : @$what;
	return \%good if @some < 2;
	my @left = splice @some, 1 + int rand $#some;
	my ($sent, $rest) = $reads ? ({ %$what, Keys => \@some }, { %$what, Keys => \@left }) : (\@some, \@left);
	$good{send} = { %$asked, RequestItems => { $table => $sent } };
	$good{change} = sub { $_[0]{ $reads ? 'UnprocessedKeys' : 'UnprocessedItems' } = { $table => $rest }; return; };
	return \%good;
}

sub service
{
	my ($number) = @_;
	my $seeded = 0;
	return sub {
		my ($request, $settings) = @_;
		srand($seed * 100 + 50 + $number) unless $seeded++;
		my $good = good_answer($request);
		return $good unless $settings->{faults} && chance($settings->{faults});
		return pick(chance(0.05) ? @final : @passing)->($request, $good);
	};
}

# --- tables

sub read_items
{
	my @items;
	foreach my $i (1 .. 600)
	{
		push @items, { p => 'p' . $i % 13, s => $i, g => 'g' . $i % 7, n => $i * 37 % 101, v => 'value ' . 'x' x ($i % 50) . $i };
	}
	return @items;
}

sub create_read_table
{
	my ($node) = @_;
	dynamodb_call('CreateTable',
		{
			TableName            => $read,
			BillingMode          => 'PAY_PER_REQUEST',
			AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' }, { AttributeName => 's', AttributeType => 'N' }, { AttributeName => 'g', AttributeType => 'S' } ],
			KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ],
			GlobalSecondaryIndexes => [ { IndexName => 'by_g', Projection => { ProjectionType => 'ALL' },
				KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ] } ]
		});
	my @items = read_items();
	$node->safe_psql('postgres', 'CREATE TABLE local_read (p text COLLATE "C", s numeric, g text, n numeric, v text); INSERT INTO local_read VALUES '
		. join ', ', map { "('$_->{p}', $_->{s}, '$_->{g}', $_->{n}, '$_->{v}')" } @items);
	my @puts = map { { PutRequest => { Item => { p => { S => $_->{p} }, s => { N => "$_->{s}" }, g => { S => $_->{g} }, n => { N => "$_->{n}" }, v => { S => $_->{v} } } } } } @items;
	while (my @some = splice @puts, 0, 25) { dynamodb_call('BatchWriteItem', { RequestItems => { $read => \@some } }); }
	return;
}

# A worker's: a server, the table that all read, and one that only it writes, in every mode.
my %modes = (auto => {}, batch => { commit_mode => 'batch' }, put => { insert_mode => 'put', commit_mode => 'batch' }, put_auto => { insert_mode => 'put' });

sub create_tables
{
	my ($node, $number, $endpoint) = @_;
	my %options = (scan_policy => 'allow', parallel_scan_count => 3, request_timeout => 1, connect_timeout => 1, max_connections => 6, max_attempts => 6);
	create_server($node, "soak$number", endpoint => $endpoint, options => \%options);
	create_foreign_table($node, "read$number",
		q{p text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, s numeric OPTIONS (sort_key 'true', gsi_sort_key_gsi_name 'by_g') NOT NULL,
		g text OPTIONS (gsi_partition_key_gsi_name 'by_g') COLLATE "C" NOT NULL, n numeric, v text},
		server => "soak$number", options => { table_name => $read });
	create_table("soak_write_$$\_$number");
	create_foreign_table($node, "$_$number", q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric, t text}, server => "soak$number",
		options => { table_name => "soak_write_$$\_$number", %{ $modes{$_} } })
	  foreach keys %modes;
	$node->safe_psql('postgres', "CREATE TABLE local$number (id text COLLATE \"C\" PRIMARY KEY, n numeric, t text)");
	return;
}

# --- statements

sub some_keys { return join ', ', map { "'k" . int(rand 80) . "'" } 1 .. 1 + int rand $_[0]; }

# A query: FROM is the table.
sub random_query
{
	my ($p, $g, $s) = ("'p" . int(rand 15) . "'", "'g" . int(rand 8) . "'", int rand 650);
	return pick(
		'SELECT p, s, n, v FROM FROM',
		'SELECT count(*) FROM FROM',
		"SELECT count(*), sum(n) FROM FROM WHERE n < $s",
		"SELECT p, s FROM FROM WHERE n BETWEEN 10 AND 20 OR v LIKE 'value xx%'",
		"SELECT s, v FROM FROM WHERE p = $p",
		"SELECT s, v FROM FROM WHERE p = $p AND s > $s",
		"SELECT s, v FROM FROM WHERE p = $p ORDER BY s DESC LIMIT 7",
		"SELECT count(*) FROM FROM WHERE p = $p AND s < $s",
		"SELECT s, n FROM FROM WHERE p IN ($p, 'p1', 'p2') AND s > $s",
		"SELECT v FROM FROM WHERE p = $p AND s = $s",
		'SELECT p, s, v FROM FROM WHERE ' . join(' OR ', map { my $i = 1 + int rand 620; "p = 'p" . $i % 13 . "' AND s = $i" } 1 .. 2 + int rand 30),
		"SELECT p, s, v FROM FROM WHERE g = $g",
		"SELECT p, s FROM FROM WHERE g = $g ORDER BY s LIMIT 5",
		"SELECT a.s, b.v FROM FROM a JOIN FROM b ON a.p = b.p AND a.s = b.s WHERE a.p = $p AND a.n > 50",
		"SELECT s FROM FROM WHERE p = $p UNION ALL SELECT s FROM FROM WHERE g = $g");
}

sub random_write_query
{
	return pick('SELECT * FROM FROM', 'SELECT count(*) FROM FROM', 'SELECT * FROM FROM WHERE id IN (' . some_keys(10) . ')', 'SELECT sum(n) FROM FROM WHERE n > 5',
		'SELECT * FROM FROM WHERE id = ' . some_keys(1), "SELECT id FROM FROM WHERE t LIKE 'a%' ORDER BY id LIMIT 3");
}

# A statement on the foreign table, and the same on the copy.
sub random_write
{
	my ($mode) = @_;
	my ($from, $n) = (int rand 80, int rand 100);
	my $to = $from + int rand pick(1, 5, 40);
	my $rows = "SELECT 'k' || i AS id, $n AS n, 'a' || i AS t FROM generate_series($from, $to) i";
	my @same = map { [ $_, $_ ] } (
		'UPDATE INTO SET n = n + 1 WHERE id IN (' . some_keys(10) . ')',
		"UPDATE INTO SET n = n + 1, t = t || '!' WHERE n < $n AND length(t) < 100",
		'UPDATE INTO SET t = NULL WHERE id = ' . some_keys(1),
		'DELETE FROM INTO WHERE id IN (' . some_keys(4) . ')',
		"DELETE FROM INTO WHERE n = $n");
	return pick(@same) if chance(0.6);
	return [ "INSERT INTO INTO $rows", "INSERT INTO INTO $rows ON CONFLICT (id) DO UPDATE SET n = excluded.n, t = excluded.t" ] if $mode =~ /put/;
	my $new = "INSERT INTO INTO SELECT * FROM ($rows) r WHERE id NOT IN (SELECT id FROM LOCAL)";
	return [ $new, $new ];
}

# --- a worker

# What a statement may end with, when a request in it went wrong.
my $excuse = qr/\A(?:HV00[NM]|53400|28000|42501|57014|25P02)\z/;

package Worker
{
	use Test::More;
	use Time::HiRes qw(time);

	sub new
	{
		my ($class, %more) = @_;
		my $self = bless { %more, done => {}, wrong => 0 }, $class;
		$self->begin;
		return $self;
	}

	sub begin
	{
		my ($self) = @_;
		$self->{session} = PsqlSession->start($self->{node}, timeout => 300);
		return;
	}

	sub run
	{
		my ($self, $sql) = @_;
		my ($rows, $messages) = $self->{session}->run($sql);
		my $state = PsqlSession::sqlstate($messages);
		++$self->{done}{ $state || 'success' };
		return ($rows, $messages, $state);
	}

	sub wrong
	{
		my ($self, @text) = @_;
		++$self->{wrong};
		print { $self->{report} } join("\n", @text), "\n\n";
		return;
	}

	# The same query over the foreign table and over its copy.
	sub compare
	{
		my ($self, $query, $remote, $local) = @_;
		my ($expected) = $self->{session}->run($query =~ s/FROM FROM|JOIN FROM/substr($&, 0, 4) . " $local"/ger);
		my $began = time;
		my ($rows, $messages, $state) = $self->run($query =~ s/FROM FROM|JOIN FROM/substr($&, 0, 4) . " $remote"/ger);
		my $took = time - $began;
		$self->wrong("took $took s: $query", $messages) if $took > 60;
		return $state =~ $excuse ? $state : $self->wrong("$query", $messages) if $state;
		my ($one, $other) = map { join "\n", sort split /\n/ } $rows, $expected;
		$self->wrong("$query over $remote gave", $rows, 'instead of', $expected) if $one ne $other;
		return '';
	}

	# Requests that were given up may still be on their way; they have arrived when the next one is answered.
	sub settle
	{
		my ($self) = @_;
		my $http = HTTP::Tiny->new(timeout => 30, keep_alive => 0);
		$self->{server}->set({ faults => 0 });
		for (1 .. 200)
		{
			my $answer = $http->post($self->{server}->endpoint, { headers => { 'X-Amz-Target' => 'DynamoDB_20120810.ListTables' }, content => '{}' });
			last if $answer->{status} < 599;
			Time::HiRes::sleep(0.02);
		}
		$self->{server}->wait_until_idle or $self->wrong('a request stays open after its statement');
		$self->{server}->set({ faults => $self->{faults} });
		return;
	}

	sub local_items
	{
		my ($self) = @_;
		my ($rows) = $self->{session}->run("SELECT id, n, t FROM local$self->{number}");
		my %items;
		foreach (split /\n/, $rows)
		{
			my ($id, $n, $t) = split /\|/, $_, -1;
			$items{$id} = { id => { S => $id }, ($n ne '' ? (n => { N => $n }) : ()), ($t ne '' ? (t => { S => $t }) : ()) };
		}
		return \%items;
	}

	# Makes the copy what the table is.
	sub copy_table
	{
		my ($self, $now) = @_;
		my $text = sub { my ($type, $value) = @_; return defined $value ? $type eq 'N' ? $value->{N} : "'$value->{S}'" : 'NULL' };
		my $rows = join ', ', map { "('$_->{id}{S}', " . $text->('N', $_->{n}) . ', ' . $text->('S', $_->{t}) . ')' } values %$now;
		$self->{session}->run("TRUNCATE local$self->{number}" . ($rows ? "; INSERT INTO local$self->{number} VALUES $rows" : ''));
		return;
	}

	# A transaction over the foreign table and its copy, with queries between its statements.
	sub transaction
	{
		my ($self) = @_;
		my $number = $self->{number};
		my $mode   = main::pick(sort keys %modes);
		my ($remote, $local) = ("$mode$number", "local$number");
		my $before = $self->local_items;
		my @said;
		$self->{session}->run('BEGIN');
		my $failed = '';
		for (1 .. main::pick(1, 1, 2, 4))
		{
			my $pair = main::random_write($mode);
			my $savepoint = main::chance(0.15);
			my ($on_remote, $on_local) = map { my $table = $_->[1]; $_->[0] =~ s/\bLOCAL\b/$local/gr =~ s/(INSERT INTO|UPDATE|FROM) INTO\b/$1 $table/gr } [ $pair->[0], $remote ], [ $pair->[1], $local ];
			$self->{session}->run('SAVEPOINT a') if $savepoint;
			my (undef, $messages, $state) = $self->run($on_remote);
			push @said, $on_remote;
			if ($state)
			{
				$failed = $state;
				$self->wrong(@said, $messages) if $state !~ $excuse;
				last;
			}
			my (undef, $problem) = $self->{session}->run($on_local);
			$self->wrong("the copy: $on_local", $problem) if $problem;
			if ($savepoint && main::chance(0.5)) { $self->{session}->run('ROLLBACK TO a'); push @said, 'ROLLBACK TO a'; }
			next if main::chance(0.5);
			$failed = $self->compare(main::random_write_query(), $remote, $local) and last;
		}
		my $after = $failed ? $before : $self->local_items;
		my $end = $failed || main::chance(0.1) ? 'ROLLBACK' : 'COMMIT';
		$after = $before if $end eq 'ROLLBACK';
		$self->{session}->run(q{SET LOCAL statement_timeout = '150ms'}) if $end eq 'COMMIT' && main::chance(0.1);
		my $began = time;
		my (undef, $messages, $state) = $self->run($end);
		my $took = time - $began;
		$self->wrong("took $took s: COMMIT", @said, $messages) if $took > 60;
		$self->wrong(@said, $end, $messages) if $state && $state !~ $excuse && $state ne '23505';
		$self->settle if $messages;
		my $now   = main::get_items("soak_write_$self->{owner}_$number");
		my $wrong = $self->judge($before, $after, $now, $messages);
		$self->wrong(@said, $end, "in mode $mode: $wrong", $messages, 'requests: ' . $self->last_requests) if $wrong;
		$self->copy_table($now) if $state || $wrong;
		return;
	}

	sub last_requests
	{
		my ($self) = @_;
		my @last = $self->{server}->requests;
		splice @last, 0, @last - 20 if @last > 20;
		return join "\n", '', map { substr "$_->{operation} $_->{body}", 0, 500 } @last;
	}

	# A cancelled commit tells in a context what is known.
	sub judge
	{
		my ($self, $before, $after, $now, $messages) = @_;
		return main::judge_commit($before, $after, $now, $messages) if $messages !~ /57014/;
		foreach my $key (keys %{ { %$before, %$after, %$now } })
		{
			return "item $key" unless main::same_item($now->{$key}, $after->{$key}) || main::same_item($now->{$key}, $before->{$key});
		}
		return '';
	}

	# Until the time is over, or too much was wrong.
	sub work
	{
		my ($self) = @_;
		while (time < $until && $self->{wrong} < 10)
		{
			$self->{server}->forget if ++$self->{rounds} % 50 == 0;
			if (main::chance(0.02)) { $self->{session}->quit; $self->begin; }
			# A new client has all its retry tokens.
			$self->{session}->run("ALTER SERVER soak$self->{number} OPTIONS (SET max_attempts '6')") if main::chance(0.1);
			if (main::chance(0.4)) { $self->transaction; }
			elsif (main::chance(0.1))
			{
				$self->{session}->run(q{SET statement_timeout = '30ms'});
				$self->compare(main::random_query(), "read$self->{number}", 'local_read');
				$self->{session}->run('RESET statement_timeout');
			}
			else { $self->compare(main::random_query(), "read$self->{number}", 'local_read'); }
			$self->wrong('the backend is gone') unless $self->{session}->is_alive;
		}
		return;
	}
}

# --- all of them

my $node = dynamodb_node('soak');
create_read_table($node);
my @servers = map { FaultServer->start(upstream => dynamodb_endpoint(), handler => service($_)) } 1 .. $workers;
create_tables($node, $_, $servers[ $_ - 1 ]->endpoint) foreach 1 .. $workers;
my $folder = PostgreSQL::Test::Utils::tempdir();
my ($owner, %pids) = ($$);

foreach my $number (1 .. $workers)
{
	my $pid = fork // die "cannot fork: $!";
	if ($pid) { $pids{$pid} = $number; next; }
	# _exit, because what the test does at its end is not for this process.
	my $failed = !eval {
		srand($seed * 100 + $number);
		open my $report, '>', "$folder/report$number" or die "report: $!";
		$report->autoflush(1);
		my $server = $servers[ $number - 1 ];
		my $worker = Worker->new(node => $node, number => $number, server => $server, report => $report, owner => $owner, faults => $faults);
		$server->set({ faults => $faults });
		$worker->work;
		$worker->{session}->quit;
		open my $summary, '>', "$folder/summary$number" or die "summary: $!";
		print $summary $json->encode($worker->{done});
		close $summary;
		1;
	};
	print STDERR "worker $number: $@" if $failed;
	POSIX::_exit($failed);
}

while ((my $pid = waitpid -1, 0) > 0)
{
	my $number = delete $pids{$pid} // next;
	is($?, 0, "worker $number came to its end");
	is(-e "$folder/report$number" ? slurp_file("$folder/report$number") : 'no report', '', "worker $number found nothing wrong");
	note "worker $number: ", slurp_file("$folder/summary$number") if -e "$folder/summary$number";
	last unless %pids;
}

dynamodb_call('DeleteTable', { TableName => $_ }) foreach $read, map { "soak_write_$$\_$_" } 1 .. $workers;
ok(!server_log_has($node, qr/terminated by signal|PANIC|TRAP:/), 'no crash');
diag "Again: SOAK_SEED=$seed" unless Test::More->builder->is_passing;
$node->stop;
done_testing();
