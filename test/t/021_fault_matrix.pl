# Every fault in the middle of every operation, over real pages and items: a fault that passes leaves the right rows or
# items, one that stays ends in one clear error within the configured time; no row comes twice, no write is lost.
#
# In the environment: FAULT_MATRIX, a pattern: only faults whose names match.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use File::Basename qw(dirname);
use File::Spec;
use IO::Socket::IP;
use POSIX qw(strftime);
use PostgreSQL::Test::Utils;
use PsqlSession;
use TableItems;
use Test::More;
use Time::HiRes qw(time);

my $read    = "fault_matrix_read_$$";
my $columns = q{p text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, s numeric OPTIONS (sort_key 'true') NOT NULL, v text};

# --- what is read and written

my %size = (a => 150, b => 60, c => 30);

sub value { return 'v' x 20 . join '', @_; }

sub rows_of
{
	return [sort map { my $p = $_; map { "$p|$_|" . value($p, $_) } 1 .. $size{$p} } @_];
}

sub numbered
{
	my ($n, @ids) = @_;
	return { map { ($_ => { id => { S => "$_" }, n => { N => "$n" } }) } @ids };
}

# Each runs through a server of its own. TABLE stands for the foreign table. `from`: the request that fails first, of
# those of this operation and of those that look whether a write was done. What is read comes in pages of `limit`; of more keys the rest is left
# unprocessed.
my @operations = (
	{ name => 'Scan', sql => 'SELECT p, s, v FROM TABLE', rows => rows_of(qw(a b c)), limit => 20, from => 6 },
	{ name => 'Query', sql => q{SELECT p, s, v FROM TABLE WHERE p = 'b'}, rows => rows_of('b'), limit => 15, from => 3 },
	{ name => 'BatchGetItem', rows => [sort map { "$_|5" } 1 .. 150], items => numbered(5, 1 .. 150), limit => 40, from => 2,
		sql => 'SELECT id, n FROM TABLE WHERE id IN (' . join(', ', map { "'$_'" } 1 .. 150) . ')' },
	{ name => 'TransactWriteItems', from => 1, before => numbered(1, 'a' .. 'c'), after => { %{ numbered(2, 'a' .. 'c') }, %{ numbered(7, 'x', 'y') } },
		sql => q{UPDATE TABLE SET n = n + 1; INSERT INTO TABLE VALUES ('x', 7), ('y', 7)} },
	{ name => 'BatchWriteItem', from => 2, before => {}, after => numbered(7, 101 .. 160), options => { insert_mode => 'put', commit_mode => 'batch' },
		sql => 'INSERT INTO TABLE SELECT i, 7 FROM generate_series(101, 160) i' },
	{ name => 'UpdateItem', from => 6, before => numbered(1, 'a' .. 'l'), after => numbered(2, 'a' .. 'l'), options => { commit_mode => 'batch' },
		sql => 'UPDATE TABLE SET n = n + 1' });

# --- faults

sub reply
{
	my ($status, $body) = @_;
	return { status => $status, body => $body, ($body =~ /^\{/ ? () : (crc => 'none')) };
}

# As a server answers whose clock is so many seconds off the signature's; undef if it takes the signature.
sub skewed
{
	my ($request, $offset) = @_;
	my @parts  = $request->{headers}{'x-amz-date'} =~ /^(....)(..)(..)T(..)(..)(..)Z$/;
	my $signed = POSIX::mktime(@parts[ 5, 4, 3, 2 ], $parts[1] - 1, $parts[0] - 1900);
	my $now    = time + $offset;
	return if abs($now - $signed) < 300;
	my $error = service_error('InvalidSignatureException', 'Signature not yet current');
	return { %$error, headers => { Date => strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime $now) } };
}

# A page without items that goes on where the last one ended, or begins.
sub empty_page
{
	my ($request) = @_;
	my $start = $request->{json}{ExclusiveStartKey} // { p => { S => 'b' }, s => { N => '-1' } };
	return items([], $start);
}

sub unprocessed
{
	my ($request) = @_;
	my $items = $request->{json}{RequestItems};
	return { json => { Responses => {}, UnprocessedKeys => $items } } if $request->{operation} eq 'BatchGetItem';
	return { json => { UnprocessedItems => $items } };
}

my $internal    = service_error('InternalServerError', 'Internal server error', 500);
my $unavailable = service_error('ServiceUnavailable', 'Service is currently unavailable', 503);
my $expired     = service_error('ExpiredTokenException', 'The security token included in the request is expired');
my $connection  = qr/^ERROR:  HV00N: /m;
my $answer      = qr/^ERROR:  HV00M: /m;
my $unknown     = qr/^ERROR:  HV00[NM]: /m;
my $busy        = qr/^ERROR:  53400: /m;

# Name, the faulty answer by request and good answer, what a fault that stays ends in; then, with defaults:
#   times   how many requests have a fault that passes (2)
#   passes  what that ends in: right, or either that or the error, where nothing says that the next answer is better
#   only    of these operations
#   stays   0: it does not
my @faults = (
	[ 'connections refused',           sub { return { refuse => $_[2] ? 600 : 0.3 } }, $connection, times => 1 ],
	[ 'reset',                         sub { return { reset  => 1 } }, $connection ],
	[ 'reset after it was done',       sub { return { %{ $_[1] }, reset => 1 } }, $connection ],
	[ 'closed',                        sub { return { raw    => '' } }, $connection ],
	[ 'closed after the header',       sub { return { %{ $_[1] }, cut => 0 } }, $connection ],
	[ 'closed half-way through',       sub { return { %{ $_[1] }, cut => 0.5 } }, $connection ],
	[ 'closed within a chunk',         sub { return { %{ $_[1] }, cut => 0.5, chunked => 1 } }, $connection ],
	[ 'reset half-way through',        sub { return { %{ $_[1] }, cut => 0.5, reset => 1 } }, $connection ],
	[ 'closed before the last byte',   sub { return { %{ $_[1] }, cut => -1 } }, $connection ],
	[ 'no answer',                     sub { return { hang   => 1 } }, $connection, times => 1 ],
	[ 'stalled half-way through',      sub { return { %{ $_[1] }, pause => 600 } }, $connection, times => 1 ],
	[ 'too slow, byte by byte',        sub { return { %{ $_[1] }, parts => 1e6, pause => 0.3 } }, $connection, times => 1 ],
	[ 'byte by byte',                  sub { return { %{ $_[1] }, parts => 1e6, pause => 0.0001 } }, undef, stays => 0 ],
	[ 'no HTTP',                       sub { return { raw    => "\x00\x01\xff garbage \r\n\r\n" x 20 } }, $connection, passes => 'either' ],
	[ 'garbage',                       sub { return { %{ $_[1] }, body => "\x00\xffgarbage{" x 100 } }, $connection, passes => 'either' ],
	[ 'a login page',                  sub { return { %{ $_[1] }, %{ reply(200, '<!DOCTYPE html><html>Log in</html>') } } }, $connection, passes => 'either' ],
	[ 'truncated JSON',                sub { return { %{ $_[1] }, short => 0.7 } }, $answer, passes => 'either' ],
	[ 'truncated JSON, no checksum',   sub { return { %{ $_[1] }, short => 0.7, crc => 'none', chunked => 1 } }, $answer, passes => 'either' ],
	[ 'wrong CRC',                     sub { return { %{ $_[1] }, crc => 'wrong' } }, $answer ],
	[ 'wrong CRC of gzip',             sub { return { %{ $_[1] }, crc => 'wrong', gzip => 1 } }, $answer ],
	[ 'gzip that is none',             sub { return { %{ $_[1] }, headers => { 'Content-Encoding' => 'gzip' } } }, $answer ],
	[ 'gzip without its end',          sub { return { %{ $_[1] }, gzip => 'short' } }, $answer ],
	[ 'HTTP 500',                      sub { return $internal }, $answer ],
	[ 'HTTP 500 after it was done',    sub { return { %{ $_[1] }, %$internal } }, $answer ],
	[ 'HTTP 500 without a body',       sub { return reply(500, '') }, $answer ],
	[ 'HTTP 502 with HTML',            sub { return reply(502, '<html>Bad Gateway</html>') }, $answer ],
	[ 'HTTP 503',                      sub { return $unavailable }, $answer ],
	[ 'HTTP 503 without a body',       sub { return reply(503, '') }, $answer ],
	[ 'HTTP 504 after it was done',    sub { return { %{ $_[1] }, %{ reply(504, '') } } }, $answer ],
	[ 'HTTP 429',                      sub { return { %{ throttled() }, status => 429 } }, $busy, stays => 0 ],
	[ 'HTTP 429 without a body',       sub { return reply(429, '') }, $busy ],
	[ 'throttling',                    sub { return throttled() }, $busy, stays => 0 ],
	[ 'all left unprocessed',          sub { return unprocessed($_[0]) }, $busy, only => qr/Batch/ ],
	[ 'a thousand empty pages',        sub { return empty_page($_[0]) }, undef, only => qr/Scan|Query/, times => 1000, stays => 0 ],
	[ 'expired credentials',           sub { return $expired }, qr/^ERROR:  28000: /m, times => 1 ],
	[ 'a clock 20 minutes slow',       sub { return skewed($_[0], 1200) // $_[1] }, undef, times => 1e9, stays => 0 ],
	[ 'a clock 20 minutes fast',       sub { return skewed($_[0], -1200) // $_[1] }, undef, times => 1e9, stays => 0 ],
	[ 'a clock that is set right',     sub { return skewed($_[0], 1200) // $_[1] }, undef, times => 3, stays => 0 ],
	[ 'a signature never current',     sub { my $date = strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + 1200));
		return { %{ service_error('InvalidSignatureException', 'Signature not yet current') }, headers => { Date => $date } } },
		qr/^ERROR:  28000: /m, times => 1 ]);

# What goes well.
sub good_answer
{
	my ($request, $limit) = @_;
	my $asked = $request->{json};
	return { pass => 1 } unless $limit;
	return { pass => 1, send => { %$asked, Limit => $limit } } if $request->{operation} ne 'BatchGetItem';
	my ($table, $of) = %{ $asked->{RequestItems} };
	my @keys = @{ $of->{Keys} };
	my @left = @keys > $limit ? splice @keys, $limit : ();
	return {
		pass   => 1,
		send   => { %$asked, RequestItems => { $table => { %$of, Keys => \@keys } } },
		change => sub { $_[0]{UnprocessedKeys} = { $table => { %$of, Keys => \@left } } if @left; return; }
	};
}

# What a FaultServer answers for one operation. Settings: fault (by number), times, stays, create (a file); or rotated, the key that is
# good from then on, and is only then to be found in the file.
sub answering
{
	my ($operation) = @_;
	my ($seen, $count) = (0, 0);
	return sub {
		my ($request, $settings, $current) = @_;
		($seen, $count) = ($current, 0) if $seen != $current;
		my $of = $request->{operation} // '';
		# A table so large that to look keys up is the cheapest way.
		return { pass => 1, change => sub { @{ $_[0]{Table} }{qw(ItemCount TableSizeBytes)} = (1_000_000, 1_000_000_000); return; } }
		  if $of eq 'DescribeTable' && $operation->{name} eq 'BatchGetItem';
		my $good = good_answer($request, $of eq $operation->{name} ? $operation->{limit} : 0);
		return $good if !defined($settings->{fault} // $settings->{rotated}) || ($of ne $operation->{name} && $of ne 'GetItem');
		my $n = ++$count - $operation->{from};
		if (my $key = $settings->{rotated})
		{
			write_keys($key) if $n == 0;
			return $n < 0 || $request->{headers}{authorization} =~ /Credential=$key\// ? $good
			  : service_error('UnrecognizedClientException', 'The security token included in the request is invalid.');
		}
		return $good if $n < 0 || $n >= $settings->{times};
		append_to_file($settings->{create}, '') if $settings->{create};
		return $faults[ $settings->{fault} ][1]->($request, $good, $settings->{stays});
	};
}

# --- set-up

dynamodb_call('CreateTable',
	{
		TableName            => $read,
		BillingMode          => 'PAY_PER_REQUEST',
		AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' }, { AttributeName => 's', AttributeType => 'N' } ],
		KeySchema            => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ]
	});
my @puts = map { my $p = $_; map { { PutRequest => { Item => { p => { S => $p }, s => { N => "$_" }, v => { S => value($p, $_) } } } } } 1 .. $size{$p} } keys %size;
while (my @some = splice @puts, 0, 25) { dynamodb_call('BatchWriteItem', { RequestItems => { $read => \@some } }); }

my %options = (scan_policy => 'allow', parallel_scan_count => 2, request_timeout => 1, max_connections => 8);
my $folder = PostgreSQL::Test::Utils::tempdir();
my ($away, $key_file) = ("$folder/names_away", "$folder/credentials");
# Its settings: `operation`, by number, and those of that.
my $proxy = FaultServer->start(
	upstream => dynamodb_endpoint(),
	handler  => do {
		my @answering = map { answering($_) } @operations;
		sub { return $answering[ $_[1]{operation} // 0 ]->(@_) };
	});

# A library that makes host names known, or not; '' where there is no compiler.
sub names_library
{
	my $source = File::Spec->rel2abs(dirname(__FILE__) . '/../tools/names_away.c');
	my $done = system "\${CC:-cc} -shared -fPIC -o $folder/names_away.so $source -ldl 2>$folder/names_away.log";
	return $done == 0 ? "$folder/names_away.so" : '';
}

sub write_keys
{
	my ($key) = @_;
	open my $out, '>', "$key_file.new" or die "$key_file: $!";
	print $out "[default]\naws_access_key_id = $key\naws_secret_access_key = secret\n";
	close $out;
	rename "$key_file.new", $key_file or die "$key_file: $!";
	return;
}

write_keys('KEY0');
my $names = names_library();
my $node  = dynamodb_node('main',
	env => {
		($names ? (LD_PRELOAD => $names, NAMES_AWAY => $away) : ()),
		AWS_SHARED_CREDENTIALS_FILE => $key_file,
		http_proxy                  => $proxy->endpoint,
		no_proxy                    => '127.0.0.1,::1,dynamodb.test.invalid'
	});

# The servers of an operation: one with patience, one with little; their tables have their names. More options.
sub create_tables
{
	my ($operation, $prefix, $endpoint, %more) = @_;
	foreach my $kind ('passes', 'stays')
	{
		my $name = "${prefix}_$kind";
		create_server($node, $name, endpoint => $endpoint, options => { %options, ($kind eq 'stays' ? (max_attempts => 2) : ()) }, %more);
		create_foreign_table($node, $name, $operation->{table} eq $read ? $columns : q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric},
			server => $name, options => { table_name => $operation->{table}, %{ $operation->{options} // {} } });
	}
	return;
}

foreach my $operation (@operations)
{
	my $name = lc $operation->{name};
	$operation->{table} = $name =~ /scan|query/ ? $read : "fault_matrix_${name}_$$";
	create_table($operation->{table}) if $operation->{table} ne $read;
	set_items($operation->{table}, $operation->{items}) if $operation->{items};
	$operation->{server} = FaultServer->start(upstream => dynamodb_endpoint(), handler => answering($operation));
	create_tables($operation, $name, $operation->{server}->endpoint);
	# So that rows that came before an error are seen, too.
	$operation->{session} = PsqlSession->start($node);
	$operation->{session}->run("\\set FETCH_COUNT 7");
}

# --- one case: all operations at the same time, each in its session

# Until what is to fail, which is sent by start_case(). A new client has all its retry tokens and knows of no skew.
sub prepare_case
{
	my ($operation, $prefix, $kind) = @_;
	my ($session, $name) = ($operation->{session}, "${prefix}_$kind");
	$operation->{server}->set({});
	$session->run("ALTER SERVER $name OPTIONS (SET request_timeout '1')");
	$operation->{sent} = $operation->{sql} =~ s/TABLE/$name/gr;
	return if $operation->{rows};
	set_items($operation->{table}, $operation->{before});
	my (undef, $messages) = $session->run("BEGIN; $operation->{sent}");
	die "$operation->{name}: $messages" if $messages;
	$operation->{sent} = 'COMMIT';
	return;
}

# What is wrong with the result, '' if nothing is.
sub judge
{
	my ($operation, $rows, $messages) = @_;
	return judge_commit(@$operation{qw(before after)}, get_items($operation->{table}), $messages) if $operation->{before};
	my @came = sort split /\n/, $rows;
	my %right = map { $_ => 1 } @{ $operation->{rows} };
	my %times;
	return 'a row came twice' if grep { $times{$_}++ } @came;
	return 'a wrong row' if grep { !$right{$_} } @came;
	return '' if $messages;
	return @came == keys %right ? '' : 'success, but only ' . @came . ' rows';
}

# Sends what prepare_case() left, does something, and judges what comes; `what` is that, `expected` the pattern of the
# messages.
sub finish_case
{
	my ($what, $expected, $act, @chosen) = @_;
	my $began = time;
	$_->{session}->send($_->{sent}) foreach @chosen;
	$act->() if $act;
	foreach my $operation (@chosen)
	{
		my ($rows, $messages) = $operation->{session}->receive;
		my $seconds = time - $began;
		my $title = sprintf '%s: %s (%.1f s)', $operation->{name}, $what, $seconds;
		$operation->{server}->set({});
		is(judge($operation, $rows, $messages), '', $title);
		like($messages, $expected, 'the message') or diag $title;
		cmp_ok($seconds, '<', 15, 'in time');
		note $messages if $messages;
	}
	return;
}

# Runs one fault of one kind for these operations.
sub run_case
{
	my ($number, $kind, $prefix, @chosen) = @_;
	my ($name, undef, $error, %fault) = @{ $faults[$number] };
	my $stays = $kind eq 'stays' ? 1 : 0;
	my $either = ($fault{passes} // '') eq 'either';
	@chosen = grep { $_->{name} =~ ($fault{only} // qr/./) } @chosen;
	prepare_case($_, $prefix . lc $_->{name}, $kind) foreach @chosen;
	$_->{server}->set({ %{ $_->{more} // {} }, fault => $number, stays => $stays, times => $stays ? 1e9 : $fault{times} // 2 }) foreach @chosen;
	finish_case($name, $stays ? $error : $either ? qr/\A\z|$error/ : qr/\A\z/, undef, @chosen);
	return;
}

sub fault_number
{
	my ($name) = @_;
	my ($number) = grep { $faults[$_][0] eq $name } 0 .. $#faults;
	return $number // die "no fault $name";
}

# --- everywhere

foreach my $number (0 .. $#faults)
{
	my ($name, undef, undef, %more) = @{ $faults[$number] };
	next if $ENV{FAULT_MATRIX} && $name !~ /$ENV{FAULT_MATRIX}/;
	subtest "$name, and passes" => sub { run_case($number, 'passes', '', @operations); };
	subtest "$name, and stays" => sub { run_case($number, 'stays', '', @operations); } if $more{stays} // 1;
}

# --- on the way

subtest 'IPv6' => sub {
	plan skip_all => 'this machine has no IPv6' unless IO::Socket::IP->new(Listen => 1, LocalAddr => '::1');
	my @six = map { { %$_, server => FaultServer->start(upstream => dynamodb_endpoint(), handler => answering($_), address => '::1') } } @operations;
	create_tables($_, 'six_' . lc $_->{name}, $_->{server}->endpoint) foreach @six;
	run_case(fault_number($_), 'passes', 'six_', @six) foreach 'connections refused', 'reset', 'closed half-way through';
	run_case(fault_number('connections refused'), 'stays', 'six_', @six);
};

# One after the other: they share it.
subtest 'a proxy' => sub {
	foreach my $number (0 .. $#operations)
	{
		my %through = (%{ $operations[$number] }, server => $proxy, more => { operation => $number });
		create_tables(\%through, 'proxied_' . lc $through{name}, 'http://proxied.test.invalid:8000');
		$proxy->forget;
		run_case(fault_number($_), 'passes', 'proxied_', \%through) foreach 'connections refused', 'closed half-way through', 'HTTP 502 with HTML';
		cmp_ok(scalar(my @requests = $proxy->requests), '>', 2, 'by the proxy');
		run_case(fault_number('connections refused'), 'stays', 'proxied_', \%through);
	}
};

subtest 'rotated credentials' => sub {
	foreach my $number (0 .. $#operations)
	{
		my $operation = $operations[$number];
		my $name = 'rotated_' . lc $operation->{name};
		create_tables($operation, $name, $operation->{server}->endpoint, mapping => 0);
		prepare_case($operation, $name, 'passes');
		$operation->{server}->set({ rotated => 'KEY' . ($number + 1) });
		finish_case('rotated credentials', qr/\A\z/, undef, $operation);
	}
};

subtest 'host names' => sub {
	plan skip_all => 'there is no compiler' unless $names;
	create_tables($_, 'named_' . lc $_->{name}, 'http://dynamodb.test.invalid:' . $_->{server}->port) foreach @operations;
	foreach my $kind ('passes', 'stays')
	{
		prepare_case($_, 'named_' . lc $_->{name}, $kind) foreach @operations;
		# Before an UPDATE is committed it has read, and so found the host.
		my @chosen = $kind eq 'passes' ? @operations : grep { $_->{rows} } @operations;
		$_->{session}->run('ROLLBACK') foreach grep { $kind eq 'stays' && !$_->{rows} } @operations;
		append_to_file($away, '');
		my $back = sub { Time::HiRes::sleep(0.4); unlink $away; };
		finish_case("no host name, and $kind", $kind eq 'passes' ? qr/\A\z/ : qr/^ERROR:  HV00N: .*could not resolve host name/m, $kind eq 'passes' ? $back : undef, @chosen);
		unlink $away;
	}
	# A name that was found is good for a minute. One after the other: each has to have found it first, which the first
	# requests of a BatchWriteItem do at the same time.
	foreach my $operation (grep { $_->{name} ne 'BatchWriteItem' } @operations)
	{
		prepare_case($operation, 'named_' . lc $operation->{name}, 'passes');
		$operation->{server}->set({ fault => fault_number('reset'), times => 2, create => $away });
		finish_case('no host name in the middle', qr/\A\z/, undef, $operation);
		unlink $away;
	}
};

foreach my $operation (@operations)
{
	ok($operation->{session}->is_alive, "$operation->{name}: all of this was one backend");
	$operation->{session}->quit;
	dynamodb_call('DeleteTable', { TableName => $operation->{table} }) if $operation->{table} ne $read;
}
dynamodb_call('DeleteTable', { TableName => $read });
$node->stop;
done_testing();
