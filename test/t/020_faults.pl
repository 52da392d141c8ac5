# Servers that fail, lie or break off: the right rows or one clear error, and a backend that goes on.
use strict;
use warnings;

use Compress::Zlib ();
use DynamoDBTest;
use FaultServer;
use JSON::PP ();
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

# Where the connection that is lost was used before, the request is sent once more, at once and beyond max_attempts.
my $renewed = 1;

my $server = FaultServer->start(handler => prepared(events => 'p:S,s:N'));
my $node   = dynamodb_node(
	'main',
	endpoint => $server->endpoint,
	options  => { scan_policy => 'allow', parallel_scan_count => 1, max_attempts => 3, request_timeout => 20 });
my $columns = q{p text OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true'), v text, n numeric};
create_foreign_table($node, 'events', $columns);

# The same server, where a request may take a second only, and where it may be tried once only.
create_server($node, 'hasty', endpoint => $server->endpoint,
	options => { scan_policy => 'allow', parallel_scan_count => 1, max_attempts => 2, request_timeout => 1 });
create_foreign_table($node, 'hasty_events', $columns, server => 'hasty', options => { table_name => 'events' });

sub item
{
	my ($number, $text) = @_;
	return { p => { S => 'a' }, s => { N => "$number" }, v => { S => $text // 'x' } };
}
my $next_key = { p => { S => 'a' }, s => { N => '1' } };
my $page     = items([item(1)]);
my $body     = JSON::PP->new->canonical->encode($page->{json});
my $internal = service_error('InternalServerError', 'Internal server error', 500);

# A page whose body is this text, by default with the right checksum.
sub text
{
	my ($text, %more) = @_;
	return { body => $text, %more };
}

my $session = PsqlSession->start($node);

# Runs EXPLAIN ANALYZE and returns the properties of the foreign scan.
sub explain_analyze
{
	my ($query) = @_;
	my ($rows, $messages) = $session->run("EXPLAIN (ANALYZE, FORMAT JSON) $query");
	is($messages, '', 'EXPLAIN ANALYZE');
	return $messages ? {} : JSON::PP->new->decode($rows)->[0]{Plan};
}

# --- what ends well

# Name, answers, and of requests how many repetitions and throttled.
my @recoveries = (
	[ 'HTTP status 500',                   [ $internal, $page ],                                                   1, 0 ],
	[ 'HTTP status 500 without a body',    [ text('', status => 500), $page ],                                     1, 0 ],
	[ 'HTTP status 502 with HTML',         [ text('<html>Bad Gateway</html>', status => 502, crc => 'none'), $page ], 1, 0 ],
	[ 'HTTP status 503 twice',             [ text('', status => 503), text('', status => 503), $page ],            2, 0 ],
	[ 'HTTP status 504',                   [ text('{}', status => 504), $page ],                                   1, 0 ],
	[ 'HTTP status 429',                   [ text('', status => 429), $page ],                                     1, 1 ],
	[ 'throttling twice',                  [ throttled(), throttled(), $page ],                                    2, 2 ],
	[ 'ThrottlingException',               [ service_error('ThrottlingException', 'Rate exceeded'), $page ],       1, 1 ],
	[ 'RequestLimitExceeded',              [ service_error('RequestLimitExceeded', 'Too many requests'), $page ],  1, 1 ],
	[ 'throttling, then status 500',       [ throttled(), $internal, $page ],                                      2, 1 ],
	[ 'connections reset',                 [ { reset => 1 }, { reset => 1 }, $page ],                              1 + $renewed, 0 ],
	[ 'connections closed',                [ { raw   => '' }, { raw => '' }, $page ],                              1 + $renewed, 0 ],
	[ 'a connection closed in the header', [ { raw   => "HTTP/1.1 200 OK\r\nContent-Le" }, $page ],                1, 0 ],
	[ 'a body that breaks off',            [ { %$page, cut => 20 }, $page ],                                       1, 0 ],
	[ 'a body that does not come',         [ { %$page, cut => 0 }, $page ],                                        1, 0 ],
	[ 'a reset in the body',               [ { %$page, cut => 20, reset => 1 }, $page ],                           1, 0 ],
	[ 'chunks that break off',             [ { %$page, cut => 20, chunked => 1 }, $page ],                         1, 0 ],
	[ 'a wrong checksum',                  [ { %$page, crc => 'wrong' }, $page ],                                  1, 0 ],
	[ 'a wrong checksum of gzip',          [ { %$page, crc => 'wrong', gzip => 1 }, $page ],                       1, 0 ],
	[ 'a wrong checksum of an error',      [ { %{ service_error('ValidationException', 'x') }, crc => 'wrong' }, $page ], 1, 0 ],
	[ 'gzip that is none',                 [ { %$page, headers => { 'Content-Encoding' => 'gzip' } }, $page ],     1, 0 ],
	[ 'an answer without a body',          [ text(''), $page ],                                                    1, 0 ],
	[ 'expired credentials',               [ service_error('ExpiredTokenException', 'expired'), $page ],           1, 0 ],
	[ 'gzip',                              [ { %$page, gzip => 1 } ],                                              0, 0 ],
	[ 'gzip without a checksum',           [ { %$page, gzip => 1, crc => 'none' } ],                               0, 0 ],
	[ 'no checksum',                       [ { %$page, crc => 'none' } ],                                          0, 0 ],
	[ 'chunks',                            [ { %$page, chunked => 1 } ],                                           0, 0 ],
	[ 'chunks of gzip',                    [ { %$page, gzip => 1, chunked => 1 } ],                                0, 0 ],
	[ 'one byte after the other',          [ { %$page, parts => length $body, pause => 0.002 } ],                  0, 0 ],
	[ 'members that are not known',        [ { json => { %{ $page->{json} }, New => [{ Member => 1 }] } } ],       0, 0 ],
	[ 'white space',                       [ text(" \r\n\t$body\n ") ],                                            0, 0 ]);

foreach my $case (@recoveries)
{
	my ($name, $answers, $retries, $throttled) = @$case;
	subtest $name => sub {
		$server->set({ Scan => $answers });
		my ($rows, $messages) = $session->run('SELECT s, v FROM events');
		is($rows,     '1|x', 'the right row');
		is($messages, '',    'and no error');
		$server->set({ Scan => $answers });
		$server->forget;
		my $scan = explain_analyze('SELECT s, v FROM events');
		is($scan->{Requests},                        1 + $retries, 'requests in EXPLAIN');
		is(scalar(my @seen = $server->requests(operation => 'Scan')), 1 + $retries, 'as many as were seen');
		is($scan->{Retries},   $retries,   'repetitions');
		is($scan->{Throttled}, $throttled, 'throttled');
	};
}

# Since version 8.22 libcurl looks at most once in a second whether a kept connection is still open; then it is found
# closed by sending.
subtest 'a connection that ends unannounced' => sub {
	$server->set({ Scan => [ { %$page, close => 1 } ] });
	is(($session->run('SELECT s, v FROM events'))[0], '1|x', 'the right row');
	$server->forget;
	my $scan = explain_analyze('SELECT s, v FROM events');
	is(scalar(my @seen = $server->requests(operation => 'Scan')), 1, 'one request is seen');
	cmp_ok($scan->{Retries}, '<=', 1, 'one repetition at most');
	is($scan->{Requests}, 1 + $scan->{Retries}, 'requests in EXPLAIN');
};

# --- what ends with an error

my $lost     = 'HV00N';    # no connection
my $no_reply = 'HV00M';    # an answer of no use
my $elsewhere = FaultServer->start(answers => [$page]);
my $redirect = { headers => { Location => $elsewhere->endpoint . '/' }, body => 'Moved' };
my $long     = '{' . ' ' x 999_999;

# Name, answers, SQLSTATE, message, requests.
my @failures = (
	[ 'validation', [ service_error('ValidationException', 'One or more parameter values were invalid') ],
		'HV000', qr/One or more parameter values were invalid/, 1 ],
	[ 'no permission', [ service_error('AccessDeniedException', 'User x is not authorized to perform: dynamodb:Scan') ],
		'42501', qr/is not authorized to perform: dynamodb:Scan/, 1 ],
	[ 'no table', [ service_error('ResourceNotFoundException', 'Requested resource not found') ],
		'HV00R', qr/Requested resource not found/, 1 ],
	[ 'an unknown key', [ service_error('UnrecognizedClientException', 'The security token included in the request is invalid.') ],
		'28000', qr/security token included in the request is invalid/, 2 ],
	[ 'a wrong signature', [ service_error('InvalidSignatureException', 'The request signature we calculated does not match') ],
		'28000', qr/signature we calculated does not match/, 1 ],
	[ 'an unknown error', [ service_error('BrandNewException', 'something new') ], 'HV000', qr/something new/, 1 ],
	[ 'an error without a message', [ { status => 400, json => { __type => 'OddException' } } ], 'HV000', qr/OddException without a message/, 1 ],
	[ 'HTTP status 500 without end', [ $internal ], $no_reply, qr/Internal server error/, 3 ],
	[ 'HTTP status 503 without end', [ text('', status => 503) ], $no_reply, qr/HTTP status 503/, 3 ],
	[ 'resets without end', [ { reset => 1 } ], $lost, qr/connection to 127\.0\.0\.1:\d+ broke/, 3 + $renewed ],
	[ 'closed connections without end', [ { raw => '' } ], $lost, qr/closed without an answer/, 3 + $renewed ],
	[ 'broken bodies without end', [ { %$page, cut => 20 } ], $lost, qr/closed before the answer was complete/, 3 ],
	[ 'wrong checksums without end', [ { %$page, crc => 'wrong' } ], $no_reply, qr/CRC-32/, 3 ],
	[ 'a checksum that is no number', [ { %$page, headers => { 'x-amz-crc32' => 'none' } } ], $no_reply, qr/CRC-32/, 3 ],
	[ 'gzip that is none, without end', [ { %$page, headers => { 'Content-Encoding' => 'gzip' } } ], $no_reply, qr/cannot be decompressed/, 3 ],
	[ 'gzip that ends early', [ text(substr(Compress::Zlib::memGzip($body), 0, 40), headers => { 'Content-Encoding' => 'gzip' }) ],
		$no_reply, qr/cannot be decompressed/, 3 ],
	[ 'an unknown encoding', [ { %$page, headers => { 'Content-Encoding' => 'br' } } ], $lost, qr/unknown content encoding/, 1 ],
	[ 'no body without end', [ text('') ], $no_reply, qr/without a body/, 3 ],
	[ 'JSON that ends early', [ text(substr $body, 0, -30) ], $no_reply, qr/./, 1 ],
	[ 'JSON that ends within an item', [ text('{"Count":1,"Items":[{"p":{"S":"a') ], $no_reply, qr/./, 1 ],
	[ 'bytes that are no UTF-8', [ text(qq({"Count":1,"ScannedCount":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"v":{"S":"\xff\xfe"}}]})) ], $no_reply, qr/./, 1 ],
	[ 'something after the JSON', [ text("$body}") ], $no_reply, qr/./, 1 ],
	[ 'items that are no list', [ text('{"Count":1,"Items":{"p":{"S":"a"}}}') ], $no_reply, qr/./, 1 ],
	[ 'an item that is none', [ text('{"Count":1,"Items":[7]}') ], $no_reply, qr/./, 1 ],
	[ 'a value without a type', [ text('{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"v":"x"}]}') ], $no_reply, qr/./, 1 ],
	[ 'a type that is not known', [ text('{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"v":{"XX":"x"}}]}') ], $no_reply, qr/./, 1 ],
	[ 'a number that is none', [ text('{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"n":{"N":"one"}}]}') ],
		'HV004', qr/attribute "n" \(type N\) of item \{"p": "a", "s": 1\}/, 1 ],
	[ 'JSON of another kind', [ text('{"hello":"world"}') ], $no_reply, qr/./, 1 ],
	[ 'nesting without end', [ text('{"Count":1,"Items":[{"p":' . '{"L":[' x 100_000) ], $no_reply, qr/./, 1 ],
	[ 'garbage', [ text("\x00\x01garbage\xff") ], $lost, qr/not as DynamoDB does/, 1 ],
	[ 'an HTML page', [ text('<!DOCTYPE html><html>Please log in</html>', crc => 'none') ], $lost, qr/not as DynamoDB does/, 1 ],
	[ 'an HTML page with status 404', [ text('<html>no</html>', status => 404, crc => 'none') ], $lost, qr/HTTP status 404, but not as DynamoDB does/, 1 ],
	[ 'no HTTP', [ { raw => "SSH-2.0-OpenSSH_9.2\r\n" } ], $lost, qr/is not HTTP/, 1 ],
	[ 'a redirect', [ { %$redirect, status => 301 } ], $lost, qr/redirect \(HTTP status 301\)/, 1 ],
	[ 'a redirect that keeps the method', [ { %$redirect, status => 307 } ], $lost, qr/redirect \(HTTP status 307\)/, 1 ],
	[ 'a length over the limit', [ { raw => "HTTP/1.1 200 OK\r\nContent-Length: 70000000\r\n\r\n{" } ], '54000', qr/longer than 64 MB/, 1 ],
	[ 'gzip of a body over the limit', [ text($long, times => 70, gzip => 1) ], '54000', qr/longer than 64 MB/, 1 ],
	[ 'a body over the limit', [ text($long, times => 70, chunked => 1) ], '54000', qr/longer than 64 MB/, 1 ],
	[ 'a header over the limit', [ { %$page, headers => { 'X-Long' => 'x' x 90_000 } } ], '54000', qr/./, 1 ]);

foreach my $case (@failures)
{
	my ($name, $answers, $state, $pattern, $requests) = @$case;
	subtest $name => sub {
		# A new client has all its retry tokens.
		$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '3')});
		$server->set({ Scan => $answers });
		$server->forget;
		my ($rows, $messages) = $session->run('SELECT s, v, n FROM events');
		diag $messages if $ENV{SHOW};
		is(sqlstate($messages), $state, 'SQLSTATE');
		like($messages, qr/^ERROR:  \w+: [^\n]*table "events"[^\n]*$/m, 'the table is named');
		like($messages, $pattern, 'so is the cause');
		is(scalar(() = $messages =~ /^ERROR/mg), 1, 'one error');
		is(scalar(my @seen = $server->requests(operation => 'Scan')), $requests, 'requests');
		$server->set({ Scan => [$page] });
		($rows, $messages) = $session->run('SELECT s, v FROM events');
		is($rows . $messages, '1|x', 'the next statement works');
	};
}
is(scalar(my @redirected = $elsewhere->requests), 0, 'no redirect was followed');

# --- time-outs and connections

subtest 'time-outs' => sub {
	$server->set({ Scan => [ { hang => 1 }, $page ] });
	my $scan = explain_analyze('SELECT s, v FROM hasty_events');
	is($scan->{Requests}, 2, 'a request that hangs is repeated');
	is($scan->{'Actual Rows'}, 1, 'with success');

	foreach my $answer ({ hang => 1 }, { %$page, pause => 600 }, { %$page, parts => length $body, pause => 1 })
	{
		$server->set({ Scan => [$answer] });
		my (undef, $messages) = $session->run('SELECT s, v FROM hasty_events');
		is(sqlstate($messages), $lost, 'one that hangs again fails');
		like($messages, qr/table "events" failed: no complete answer from \S+ within 1 s/, 'and says so');
		like($messages, qr/request_timeout/, 'and names the option');
		like($messages, qr/Tried 2 times/, 'and how often it was tried');
	}
};

subtest 'no connection' => sub {
	# With the attempts that are tried by default, too, an endpoint that is not there is soon said to be so.
	foreach my $case ([ refused => 'http://127.0.0.1:' . unused_port(), qr/Connection refused/ ], [ unnamed => 'http://no-such-host.invalid:8000', qr/no-such-host/ ])
	{
		my ($name, $endpoint, $pattern) = @$case;
		create_server($node, $name, endpoint => $endpoint, options => { scan_policy => 'allow' });
		create_foreign_table($node, "${name}_events", $columns, server => $name, options => { table_name => 'events' });
		my $began = time;
		my (undef, $messages) = $session->run("SELECT * FROM ${name}_events");
		like($messages, $pattern, "$name: an error");
		cmp_ok(time - $began, '<', 12, 'in time');
	}
	create_server($node, 'absent', endpoint => 'http://127.0.0.1:' . unused_port(), options => { scan_policy => 'allow', max_attempts => 2 });
	create_foreign_table($node, 'absent_events', $columns, server => 'absent', options => { table_name => 'events' });
	my (undef, $messages) = $session->run('SELECT * FROM absent_events');
	is(sqlstate($messages), $lost, 'refused');
	like($messages, qr/table "events" failed: could not connect to 127\.0\.0\.1:\d+: Connection refused/, 'the message says so');
	like($messages, qr/endpoint/, 'a hint names the option');

	create_server($node, 'nowhere', endpoint => 'http://no-such-host.invalid:8000', options => { scan_policy => 'allow', max_attempts => 1 });
	create_foreign_table($node, 'nowhere_events', $columns, server => 'nowhere', options => { table_name => 'events' });
	(undef, $messages) = $session->run('SELECT * FROM nowhere_events');
	is(sqlstate($messages), $lost, 'no such host');
	like($messages, qr/table "events" failed: (?:could not resolve host name "no-such-host\.invalid"|no connection to no-such-host\.invalid)/, 'the message says so');

	# A queue that is full: further connections are not answered.
	my $full = IO::Socket::INET->new(Listen => 0, LocalAddr => '127.0.0.1') or die "listen: $!";
	my @waiting;
	for (1 .. 20)
	{
		push @waiting, IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $full->sockport, Blocking => 0);
		last unless IO::Select->new($waiting[-1])->can_write(0.3);
	}
	create_server($node, 'busy', endpoint => 'http://127.0.0.1:' . $full->sockport,
		options => { scan_policy => 'allow', max_attempts => 1, connect_timeout => 0.5, request_timeout => 10 });
	create_foreign_table($node, 'busy_events', $columns, server => 'busy', options => { table_name => 'events' });
	(undef, $messages) = $session->run('SELECT * FROM busy_events');
	is(sqlstate($messages), $lost, 'no answer to the connection');
	like($messages, qr/table "events" failed: no connection to \S+ within 0\.5 s/, 'the message says so');
	like($messages, qr/connect_timeout/, 'and names the option');
};

# --- scans of several pages and segments

subtest 'pages' => sub {
	my $empty = items([], $next_key);
	$server->set({ Scan => [ ($empty) x 1000, items([item(1)], $next_key), $empty, $page ] });
	my $scan = explain_analyze('SELECT s, v FROM events');
	is($scan->{'Actual Rows'}, 2, 'pages without items are not the end');
	is($scan->{Pages}, 1003, 'all were read');
	$server->set({ Scan => [$empty, items([])] });
	my ($rows, $messages) = $session->run('SELECT s, v FROM events');
	is($rows . $messages, '', 'a table may have nothing else');
	my @keys = map { $_->{json}{ExclusiveStartKey} } $server->requests(operation => 'Scan');
	is_deeply([ @keys[ -2, -1 ] ], [ undef, $next_key ], 'each page begins where the last one ended');

	foreach my $fault (service_error('ValidationException', 'bad page'), text('{"Items":['), { reset => 1 })
	{
		$server->set({ Scan => [ items([ map { item($_) } 1 .. 10 ], $next_key), $fault ] });
		($rows, $messages) = $session->run('SELECT s, v FROM events');
		like($messages, qr/^ERROR:  \w+: DynamoDB Scan on table "events" failed/, 'an error of a later page is one of the statement');
		$server->set({ Scan => [ items([ map { item($_) } 1 .. 10 ], $next_key), $fault ] });
		($rows, $messages) = $session->run('BEGIN; DECLARE c CURSOR FOR SELECT s FROM events; FETCH 10 FROM c;');
		is(scalar(split /\n/, $rows), 10, 'a cursor delivers what came before it');
		($rows, $messages) = $session->run('FETCH 1 FROM c');
		isnt(sqlstate($messages), '', 'then the error');
		$session->run('ROLLBACK');
	}
	$server->set({ Scan => [ throttled(), items([item(1)], $next_key), $internal, throttled(), items([item(2)], $next_key), { %$page, cut => 5 }, $page ] });
	$scan = explain_analyze('SELECT s, v FROM events');
	is($scan->{'Actual Rows'}, 3, 'every page may be repeated');
	is($scan->{Retries}, 4, 'each as often as necessary');
	is($scan->{Throttled}, 2, 'throttling is counted');
};

subtest 'segments' => sub {
	my $segments = FaultServer->start(
		handler => sub {
			my ($request, $settings) = @_;
			return table_description('segmented', 'p:S,s:N') if $request->{operation} eq 'DescribeTable';
			my $answers = $settings->{ $request->{json}{Segment} } // [$page];
			my $again   = exists $request->{json}{ExclusiveStartKey};
			return $answers->[$again] // $answers->[0];
		});
	create_server($node, 'segments', endpoint => $segments->endpoint, options => { scan_policy => 'allow', max_attempts => 2 });
	create_foreign_table($node, 'segmented', $columns, server => 'segments', options => { parallel_scan_count => 4 });

	my ($rows, $messages) = $session->run('SELECT count(*) FROM segmented');
	is($rows, 4, 'every segment is read');
	my $refused = service_error('ValidationException', 'bad segment');
	my $began   = time;
	$segments->set({ 0 => [{ hang => 1 }], 1 => [{ hang => 1 }], 3 => [$refused] });
	($rows, $messages) = $session->run('SELECT count(*) FROM segmented');
	like($messages, qr/bad segment/, 'an error of one segment');
	cmp_ok(time - $began, '<', 20, 'does not wait for the others');
	ok($segments->wait_until_idle, 'and drops them');
	$segments->set({ 2 => [ items([item(1)], $next_key), $refused ] });
	($rows, $messages) = $session->run('SELECT count(*) FROM segmented');
	like($messages, qr/bad segment/, 'so does one of a later page');
	$segments->set({ 2 => [ items([item(1)], $next_key), items([]) ], 3 => [ items([], $next_key), $page ] });
	($rows, $messages) = $session->run('SELECT count(*) FROM segmented');
	is($rows . $messages, 4, 'segments may differ in length');
	$segments->stop;
};

# --- look-ups by key

subtest 'keys' => sub {
	my $item = item(1);
	my $one  = q{SELECT s, v FROM events WHERE p = 'a' AND s = 1};
	my $two  = q{SELECT s, v FROM events WHERE p = 'a' AND s IN (1, 2)};
	my $found = { json => { Responses => { events => [ $item, item(2) ] }, UnprocessedKeys => {} } };
	$server->set({ GetItem => [ throttled(), $internal, { json => { Item => $item } } ], BatchGetItem => [ throttled(), $internal, $found ] });
	my $scan = explain_analyze($one);
	is("$scan->{'Actual Rows'} $scan->{Retries} $scan->{Throttled}", '1 2 1', 'a GetItem is repeated');
	$scan = explain_analyze($two);
	is("$scan->{'Actual Rows'} $scan->{Retries} $scan->{Throttled}", '2 2 1', 'a BatchGetItem is repeated');

	my $left = { json => { Responses => { events => [$item] }, UnprocessedKeys => { events => { Keys => [ { p => { S => 'a' }, s => { N => '2' } } ] } } } };
	my $none = { json => { Responses => {}, UnprocessedKeys => $left->{json}{UnprocessedKeys} } };
	my $rest = { json => { Responses => { events => [item(2)] }, UnprocessedKeys => {} } };
	$server->set({ BatchGetItem => [ $left, $none, $rest ] });
	$server->forget;
	is(($session->run($two))[0], "1|x\n2|x", 'keys that are left unprocessed are asked for again');
	my @asked = map { scalar @{ $_->{json}{RequestItems}{events}{Keys} } } $server->requests(operation => 'BatchGetItem');
	is_deeply(\@asked, [ 2, 1, 1 ], 'and only those');

	foreach my $fault (
		[ service_error('ValidationException', 'bad key'), 'HV000', qr/bad key/ ],
		[ text('{"Item":['), $no_reply, qr/not what DynamoDB sends/ ],
		[ text('{"Item":[]}'), $no_reply, qr/not what DynamoDB sends/ ],
		[ text('{"Responses":{"events":{}}}'), $no_reply, qr/not what DynamoDB sends/ ],
		[ text('<html>'), $lost, qr/not as DynamoDB does/ ])
	{
		my ($answer, $state, $pattern) = @$fault;
		foreach my $query ($one, $two)
		{
			next if $answer->{body} && $answer->{body} =~ ($query eq $one ? qr/Responses/ : qr/"Item"/);
			$server->set({ GetItem => [$answer], BatchGetItem => [$answer] });
			my (undef, $messages) = $session->run($query);
			is(sqlstate($messages), $state, 'SQLSTATE');
			like($messages, qr/^ERROR:  \w+: DynamoDB (?:GetItem|BatchGetItem) on table "events" failed: /, 'the operation and the table are named');
			like($messages, $pattern, 'so is the cause');
		}
	}
};

# --- a clock that is wrong

subtest 'clock skew' => sub {
	my ($error, $rows, $messages);
	foreach my $case ([ 'InvalidSignatureException', 1200 ], [ 'RequestTimeTooSkewed', -1200 ], [ 'RequestExpired', 3600 ])
	{
		my ($type, $skew) = @$case;
		# A new client knows of no skew.
		$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '3')});
		my $date = POSIX::strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + $skew));
		$error = { %{ service_error($type, 'Signature expired') }, headers => { Date => $date } };
		$server->set({ Scan => [ $error, $page ] });
		$server->forget;
		($rows, $messages) = $session->run('SELECT s, v FROM events');
		is($rows . $messages, '1|x', "$type: a request is repeated with the time of the service");
		my @signed = map { my @parts = $_->{headers}{'x-amz-date'} =~ /^(....)(..)(..)T(..)(..)(..)Z$/; POSIX::mktime(@parts[ 5, 4, 3, 2 ], $parts[1] - 1, $parts[0] - 1900) }
		  $server->requests(operation => 'Scan');
		is(scalar @signed, 2, 'once');
		cmp_ok(abs($signed[1] - $signed[0] - $skew), '<', 10, 'with that time');
	}
	$server->set({ Scan => [$error] });
	($rows, $messages) = $session->run('SELECT s, v FROM events');
	is(sqlstate($messages), '28000', 'but not for ever');
	$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '3')});
};

# --- planning and IMPORT

subtest 'DescribeTable' => sub {
	$session->run('SET dynamodb_fdw.metadata_max_age = 0');
	foreach my $fault (
		service_error('AccessDeniedException', 'no'), service_error('ResourceNotFoundException', 'no'), $internal, throttled(),
		text('garbage'), text('{"Table":'), text('{}'), text('{"Table":{"TableName":7}}'), text('<html>', crc => 'none'),
		{ %$page, crc => 'wrong' }, { reset => 1 }, { status => 302, headers => { Location => 'http://127.0.0.1:1/' } })
	{
		$server->set({ DescribeTable => [$fault], Query => [$page] });
		my ($rows, $messages) = $session->run(q{SELECT s, v FROM events WHERE p = 'a'});
		is($rows . $messages, '1|x', 'without an answer the options of the columns are enough');
	}
	$session->run('RESET dynamodb_fdw.metadata_max_age');
	$server->set({ DescribeTable => [$internal], Query => [$page] });
	$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '3')});
	$server->forget;
	$session->run(q{SELECT s, v FROM events WHERE p = 'a'}) for 1 .. 3;
	is(scalar(my @asked = $server->requests(operation => 'DescribeTable')), 2, 'a failure is remembered for a while');
};

subtest 'IMPORT' => sub {
	my $import = 'IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO imported';
	$session->run('CREATE SCHEMA imported');
	foreach my $case (
		[ { ListTables => [$internal, { json => { TableNames => [] } }] }, '' ],
		[ { ListTables => [text('garbage')] }, $lost ],
		[ { ListTables => [text('{"TableNames":7}')] }, $no_reply ],
		[ { ListTables => [service_error('AccessDeniedException', 'not authorized')] }, '42501' ],
		[ { DescribeTable => [text('{"Table":')] }, $no_reply ],
		[ { DescribeTable => [text('{"Table":{"TableName":"events"}}')] }, $no_reply ],
		[ { DescribeTable => [$internal] }, $no_reply ])
	{
		my ($answers, $state) = @$case;
		$server->set($answers);
		my ($rows, $messages) = $session->run($import);
		diag $messages if $ENV{SHOW};
		is(sqlstate($messages), $state, $state ? 'one clear error' : 'a repetition');
		like($messages, qr/^ERROR:  \w+: DynamoDB \w+ (?:on table "events" )?failed: [^\n]+$/m, 'that says what failed') if $state;
	}
	$server->set({});
	my ($rows, $messages) = $session->run("$import; SELECT ftrelid::regclass FROM pg_foreign_table WHERE ftrelid::regclass::text ~ 'imported'");
	is($rows . $messages, 'imported.events', 'the next one works');
};

ok($session->is_alive, 'all of this was one backend');
$session->quit;
$node->stop;
done_testing();
