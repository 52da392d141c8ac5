# An endpoint that means harm: it cannot crash a backend, take all of its memory, send it elsewhere or make it wait for ever.
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

# Large bodies are not sent through set(), but made in the server: `big` is [before, unit, times, behind].
my $prepared = prepared(events => 'p:S,s:N');
my $server   = FaultServer->start(
	handler => sub {
		my ($request, @settings) = @_;
		my %answer = %{ $prepared->($request, @settings) };
		if (my $big = delete $answer{big})
		{
			$answer{ $answer{raw} ? 'raw' : 'body' } = $big->[0] . $big->[1] x $big->[2] . $big->[3];
		}
		$answer{raw} = $answer{head} . $answer{body} if $answer{head};
		return \%answer;
	});
my $elsewhere = FaultServer->start(answers => [ items([]) ]);
my $node      = dynamodb_node(
	'main',
	endpoint => $server->endpoint,
	conf     => 'dynamodb_fdw.metadata_max_age = 0',
	options  => { scan_policy => 'allow', parallel_scan_count => 1, max_attempts => 2, request_timeout => 10 });
my $columns = q{p text OPTIONS (partition_key 'true') COLLATE "C", s numeric OPTIONS (sort_key 'true'), v text, n numeric};
create_foreign_table($node, 'events', "$columns, document jsonb OPTIONS (ddb_document 'true')");
create_foreign_table($node, 'indexed', "$columns, g text OPTIONS (gsi_partition_key_gsi_name 'gsi')", options => { table_name => 'events' });
create_foreign_table($node, 'limited', $columns, options => { table_name => 'events', read_capacity_limit => 10 });

my $json = JSON::PP->new->canonical;

sub item
{
	my ($p, $s, %more) = @_;
	return { p => { S => $p }, s => { N => "$s" }, %more };
}

sub text
{
	my ($text, %more) = @_;
	return { body => $text, %more };
}

# A page around what is between the brackets of Items.
sub page
{
	my ($items, $more) = @_;
	return text(qq({"Count":1,"ScannedCount":1,"Items":[$items]) . ($more ? ",$more" : '') . '}');
}
my $good     = items([ item('a', 1, v => { S => 'x' }) ]);
my $one      = '{"p":{"S":"a"},"s":{"N":"1"}}';
my $scan     = 'SELECT p, s, v FROM events';
my $document = 'SELECT octet_length(document::text) FROM events';
my $query    = q{SELECT p, s FROM events WHERE p = 'a'};
my $get      = q{SELECT p, s FROM events WHERE p = 'a' AND s = 1};
my $batch    = q{SELECT p, s FROM events WHERE p = 'a' AND s IN (1, 2)};

my $session = PsqlSession->start($node);
$session->run(q{SET statement_timeout = '30s'});
my $has_proc = -r "/proc/$$/status";

# How much memory the backend had at most, in MB.
sub peak
{
	my ($of) = @_;
	return 0 unless $has_proc;
	my ($peak) = slurp_file('/proc/' . $of->pid . '/status') =~ /^VmHWM:\s+(\d+) kB/m;
	return $peak / 1024;
}

my $stale    = 'HV00M';    # an answer of no use
my $strange  = 'HV00N';    # not DynamoDB
my $too_long = '54000';
my $time_out = '57014';

# Runs a statement against these answers: SQLSTATE ('' for none) and what the rows are, where that is said.
sub attempt
{
	my ($name, $answers, $sql, $state, $rows) = @_;
	# What an answer before has taught the client, such as another time, is forgotten.
	$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '2')});
	$server->set($answers);
	my $began = time;
	my ($got, $messages) = $session->run($sql);
	diag "$name: $got $messages" if $ENV{SHOW};
	like(sqlstate($messages), qr/\A(?:$state)\z/, "$name: SQLSTATE") or diag substr($got, 0, 200) . substr($messages, 0, 2000);
	unlike($messages, qr/[^\n\t -\x{10ffff}]/, "$name: no control characters in its message");
	cmp_ok(length $messages, '<', 8000, "$name: a message of reasonable length");
	is($got, $rows, "$name: rows") if defined $rows;
	cmp_ok(time - $began, '<', 40, "$name: in time");
	$session->run('ROLLBACK') if $messages =~ /ERROR/ && $sql =~ /BEGIN/;
	$server->set({ Scan => [$good] });
	($got, $messages) = $session->run($scan);
	is("$got$messages", 'a|1|x', "$name: the next statement works") or BAIL_OUT("the backend is lost after: $name");
	return;
}

# --- being sent elsewhere

subtest 'elsewhere' => sub {
	my $location = $elsewhere->endpoint . '/';
	foreach my $status (300 .. 303, 305, 307, 308)
	{
		my $redirect = text('Moved', status => $status, headers => { Location => $location, Refresh => "0; url=$location" });
		attempt("status $status", { $_->[0] => [$redirect] }, $_->[1], $strange)
		  foreach [ Scan => $scan ], [ Query => $query ], [ GetItem => $get ], [ BatchGetItem => $batch ];
		attempt("status $status for a description", { DescribeTable => [$redirect], Scan => [$good] }, $scan, '', 'a|1|x');
	}
	my %fields = (
		Location           => $location,
		'Alt-Svc'          => 'http/1.1="127.0.0.1:' . $elsewhere->port . '"',
		'Content-Location' => $location,
		'Set-Cookie'       => 'a=b',
		Upgrade            => 'h2c',
		Link               => "<$location>; rel=preload");
	attempt('fields that other clients follow', { Scan => [ { %$good, headers => \%fields } ] }, $scan, '', 'a|1|x');
	attempt('credentials that are asked for', { Scan => [ text('{}', status => 401, headers => { 'WWW-Authenticate' => 'Basic realm="x"' }) ] }, $scan, $strange);
	is(scalar(grep { $_->{headers}{cookie} } $server->requests), 0, 'no cookie is sent back');
	is(scalar(my @requests = $elsewhere->requests), 0, 'nothing was sent elsewhere');
};

# --- HTTP

my $head = "HTTP/1.1 200 OK\r\n";
my $body = $json->encode($good->{json});
my @exchanges = (
	[ 'headers without end', { raw => 1, big => [ $head, 'X-Header: ' . 'x' x 1000 . "\r\n", 20_000, '' ] }, $too_long ],
	[ 'one header without end', { raw => 1, big => [ "${head}X-Header: ", 'x' x 1000, 20_000, '' ] }, $too_long ],
	[ 'interim answers without end', { raw => 1, big => [ '', "HTTP/1.1 100 Continue\r\n\r\n", 100_000, '' ] }, "$too_long|$strange" ],
	[ 'trailers without end', { raw => 1, big => [ "${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n", "X-Trailer: y\r\n", 100_000, '' ] }, "$too_long|$strange" ],
	[ 'chunk extensions', { raw => 1, big => [ "${head}Transfer-Encoding: chunked\r\n\r\n2;", 'x' x 1000, 20_000, '' ] }, "$too_long|$strange" ],
	[ 'a chunk of absurd size', { raw => "${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}" }, $strange ],
	[ 'a chunk of negative size', { raw => "${head}Transfer-Encoding: chunked\r\n\r\n-5\r\n{}" }, $strange ],
	[ 'a body without end', { chunked => 1, big => [ '{', ' ' x 1_000_000, 70, '}' ] }, $too_long ],
	[ 'a length that is too long', { raw => "${head}Content-Length: 60000000\r\n\r\n$body" }, $strange ],
	[ 'a negative length', { raw => "${head}Content-Length: -5\r\n\r\n$body" }, "|$strange" ],
	[ 'an absurd length', { raw => "${head}Content-Length: 99999999999999999999999999\r\n\r\n$body" }, "|$too_long|$strange" ],
	[ 'two lengths', { raw => "${head}Content-Length: 2\r\nContent-Length: 5\r\n\r\n$body" }, "$stale|$strange" ],
	[ 'a status that is none', { raw => "HTTP/1.1 999 Odd\r\nContent-Length: 2\r\n\r\n{}" }, $strange ],
	[ 'status 204', { status => 204, body => '' }, $strange ],
	[ 'status 206', text($body, status => 206), $strange ],
	[ 'HTTP/0.9', { raw => $body }, $strange ],
	[ 'a gzip bomb', { gzip => 1, big => [ '{', ' ' x 1_000_000, 200, '}' ] }, $too_long ],
	[ 'gzip in gzip', { gzip => 1, body => Compress::Zlib::memGzip($body) }, $strange ],
	[ 'an encoding with control characters', text($body, headers => { 'Content-Encoding' => "\e[31mred\e[0m" }), $strange ],
	[ 'a request id that is none', { %{ service_error('ValidationException', 'no') }, headers => { 'x-amzn-RequestId' => "\e]0;title\a" . 'x' x 40_000 } }, 'HV000' ],
	[ 'a time that is none', { %{ service_error('RequestExpired', 'no', 403) }, headers => { Date => 'Thu, 99 Foo 99999 99:99:99 GMT' } }, '28000' ],
	[ 'a time far off', { %{ service_error('RequestExpired', 'no', 403) }, headers => { Date => 'Fri, 31 Dec 9999 23:59:59 GMT' } }, '28000' ]);

subtest 'HTTP' => sub {
	attempt($_->[0], { Scan => [ $_->[1] ] }, $scan, $_->[2]) foreach @exchanges;
	# What follows an answer is not the answer to the next request.
	my $second = "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n" . $body =~ s/"x"/"y"/r;
	attempt('an answer to the next request', { Scan => [ text($body . $second, headers => { 'Content-Length' => length $body }, crc => 'none') ] }, $scan, '', 'a|1|x');
	my $busy = { %{ throttled() }, headers => { 'x-amz-retry-after' => '4294967295' } };
	attempt('a wish to wait for weeks', { Scan => [ $busy, $good ] }, $scan, '', 'a|1|x');
};

# --- JSON

my $deep = '{"L":[' x 100_000;
my @pages = (
	[ 'lists without end', page(qq({"p":$deep)), $scan, $stale ],
	[ 'maps without end', { big => [ '{"Count":1,"Items":[{"p":{"M":', '{"a":{"M":', 100_000, '' ] }, $document, $stale ],
	[ 'nested further than DynamoDB does', { big => [ '{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"d":', '{"L":[', 60, '{"NULL":true}' . ']}' x 60 . '}]}' ] }, $document, $stale ],
	[ 'brackets elsewhere', { big => [ '{"Count":1,"Items":[],"X":', '[', 1_000_000, '' ] }, $scan, $stale ],
	[ 'brackets in an error', { status => 400, big => [ '{"__type":"x#OddException","message":', '[', 900_000, '' ] }, $scan, $strange ],
	[ 'attributes without end', { big => [ '{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"}', ',"a":{"N":"1"}', 3_000_000, '}]}' ] }, $document, "|$stale|$too_long" ],
	[ 'elements without end', { big => [ '{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"l":{"L":[{"BOOL":true}', ',{"NULL":true}', 4_000_000, ']}}]}' ] }, $document, "|$stale|$too_long" ],
	[ 'items without end', { big => [ '{"Count":1,"Items":[{}', ',{}', 5_000_000, ']}' ] }, 'SELECT count(v) FROM events', '', 0 ],
	[ 'a string of 60 MB', { big => [ '{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"v":{"S":"', 'xxxxxxxxxx', 6_000_000, '"}}]}' ] }, 'SELECT length(v) FROM events', '', 60_000_000 ],
	[ 'a name of 60 MB', { big => [ '{"Count":1,"Items":[{"p":{"S":"a"},"s":{"N":"1"},"', 'xxxxxxxxxx', 6_000_000, '":{"S":"x"}}]}' ] }, $document, '|54000' ],
	[ 'a number of 1 MB', { big => [ '{"Count":1,"Items":[{"p":{"S":"a"},"n":{"N":"', '1', 1_000_000, '"}}]}' ] }, 'SELECT n FROM events', 'HV004|22003' ],
	(map { [ "the number $_", page(qq({"p":{"S":"a"},"n":{"N":"$_"}})), 'SELECT n FROM events', 'HV004|22003' ] }
		'1e999999999', '1e-999999999', 'NaN', 'Infinity', '0x10', ' 1', '', '1e', '1\u00002', '--1'),
	[ 'U+0000', page('{"p":{"S":"a\u0000b"}}'), 'SELECT p FROM events', 'HV\w+|22\w+' ],
	[ 'U+0000 in a document', page('{"p":{"S":"a"},"d":{"S":"a\u0000b"}}'), $document, 'HV\w+|22\w+' ],
	[ 'half a character', page('{"p":{"S":"a\ud800b"}}'), 'SELECT p FROM events', $stale ],
	[ 'a name that is no UTF-8', page(qq({"p":{"S":"a"},"\xff\xfe":{"S":"a"}})), $document, $stale ],
	[ 'binary that is none', page('{"p":{"B":"****"}}'), 'SELECT document FROM events', "HV\\w+|22\\w+|$stale" ],
	(map { [ "Count is $_", text(qq({"Count":$_,"ScannedCount":1,"Items":[]})), $scan, $stale ] } '-1', '1e400', '"7"', 'null', '[]', '99999999999999999999999'),
	(map { [ "ScannedCount is $_", text(qq({"Count":0,"ScannedCount":$_,"Items":[]})), $scan, $stale ] } '-1', '1e400', '{}'),
	(map { [ "Items is $_", text(qq({"Count":1,"ScannedCount":1,"Items":$_})), $scan, $stale ] } '"x"', '7', 'null', '{"a":1}', '[[]]', '[null]'),
	(map { [ "an item with $_", page(qq({"p":$_})), $scan, $stale ] } '7', 'null', '{}', '{"S":7}', '{"S":null}', '{"S":"a","N":"1"}', '{"L":{}}', '{"XX":"a"}'),
	(map { [ "a key to go on with that is $_", text(qq({"Count":0,"ScannedCount":0,"Items":[],"LastEvaluatedKey":$_})), $scan, $stale ] } '"x"', '7', '[]'),
	[ 'a key to go on with of 10 MB', { big => [ '{"Count":0,"Items":[],"LastEvaluatedKey":{"p":{"S":"', 'x', 10_000_000, '"}}}' ] }, $scan, $stale ],
	[ 'a key to go on with of a million attributes', { big => [ '{"Count":0,"Items":[],"LastEvaluatedKey":{"p":{"S":"a"}', ',"x":{"N":"1"}', 1_000_000, '}}' ] }, $scan, $stale ],
	(map { [ "ConsumedCapacity is $_", page($one, qq("ConsumedCapacity":$_)), $scan, '', 'a|1|' ] }
		'7', '[]', '{"CapacityUnits":"x"}', '{"CapacityUnits":{"a":[{"b":1}]}}', '{"CapacityUnits":-1e308}', '{"CapacityUnits":1e308}', '[{"CapacityUnits":[]}]'),
	[ 'members twice', text(qq({"Count":1,"Items":[$one],"Count":1,"Items":[$one]})), 'SELECT p, s FROM events', '', 'a|1' ],
	[ 'members twice, of different types', text(qq({"Count":1,"Items":[$one],"Items":7})), 'SELECT p, s FROM events', "|$stale" ],
	[ 'an attribute twice', page('{"p":{"S":"a"},"p":{"S":"b"},"s":{"N":"1"}}'), 'SELECT p, s FROM events', '', 'b|1' ],
	[ 'more items than counted', items([ item('a', 1), item('a', 2) ]), 'SELECT p, s FROM events', '', "a|1\na|2" ]);

subtest 'pages' => sub {
	attempt($_->[0], { Scan => [ $_->[1] ] }, @$_[ 2 .. $#$_ ]) foreach @pages;
	my $key = { p => { S => 'a' }, s => { N => '1' } };
	attempt('pages without end', { Scan => [ items([], $key) ] }, q{SET statement_timeout = '2s'; SELECT p FROM events}, $time_out);
	attempt('a count without end', { Scan => [ text('{"Count":18446744073709551615,"ScannedCount":18446744073709551615}') ] },
		q{SET statement_timeout = '2s'; SELECT count(*) FROM events}, $time_out);
	attempt('a page that costs all there is', { Scan => [ { json => { %{ items([], $key)->{json} }, ConsumedCapacity => { CapacityUnits => 1e300 } } } ] },
		q{SET statement_timeout = '2s'; SELECT p FROM limited}, $time_out);
	$session->run(q{SET statement_timeout = '30s'});
};

# --- what was not asked for

my $b    = $json->encode(item('b', 7));
my $left = sub { my ($keys) = @_; return { json => { Responses => {}, UnprocessedKeys => { events => { Keys => $keys } } } } };
my @others = (
	[ 'a Query', { Query => [ items([ item('b', 7), item('a', 1) ]) ] }, $query, '', 'a|1' ],
	[ 'a GetItem', { GetItem => [ { json => { Item => item('b', 7) } } ] }, $get, '', '' ],
	[ 'a BatchGetItem', { BatchGetItem => [ { json => { Responses => { events => [ map { item('b', $_) } 1 .. 1000 ] }, UnprocessedKeys => {} } } ] }, $batch, '', '' ],
	[ 'a BatchGetItem, with what was asked for', { BatchGetItem => [ { json => { Responses => { events => [ item('a', 3), item('a', '1.0'), item('b', 2), { v => { S => 'x' } }, item('a', 2), item('a', 'x') ] }, UnprocessedKeys => {} } } ] }, $batch, '', "a|1.0\na|2" ],
	[ 'a BatchGetItem for a count', { BatchGetItem => [ { json => { Responses => { events => [ item('a', 2), map { item('b', $_) } 1 .. 1000 ] }, UnprocessedKeys => {} } } ] }, $batch =~ s/p, s/count(*)/r, '', 1 ],
	[ 'a GetItem for a list', { GetItem => [ { json => { Item => item('b', 7) } } ], map { $_ => [ service_error('ValidationException', 'not by this') ] } 'Query', 'BatchGetItem', 'Scan' }, $batch =~ s/1, 2/1, 1.0/r, '', '' ],
	[ 'items of another table', { BatchGetItem => [ { json => { Responses => { others => [ item('b', 1) ] }, UnprocessedKeys => {} } } ] }, $batch, '', '' ],
	[ 'keys left over that nobody asked for', { BatchGetItem => [ $left->([ map { { p => { S => "k$_" }, s => { N => "$_" } } } 1 .. 10_000 ]) ] }, $batch, $stale ],
	(map { [ "keys left over that are $_", { BatchGetItem => [ text(qq({"Responses":{},"UnprocessedKeys":$_})) ] }, $batch, $stale ] } '7', '"x"', '[]'),
	[ 'a count of other items', { Query => [ text('{"Count":-5,"ScannedCount":0}') ] }, q{SELECT count(*) FROM events WHERE p = 'a'}, $stale ]);

subtest 'what was not asked for' => sub { attempt(@$_) foreach @others; };

# --- writing

my $three  = q{INSERT INTO events (p, s) VALUES ('w', 1), ('w', 2), ('w', 3)};
my $change = q{BEGIN; UPDATE events SET v = 'y' WHERE p = 'a' AND s = 1; SELECT p, s, v FROM events; ROLLBACK};
my $found  = { json => { Item => item('a', 1, v => { S => 'x' }) } };
my $cancel = sub {
	my ($reasons) = @_;
	return text('{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"cancelled","CancellationReasons":' . $reasons . '}', status => 400);
};

subtest 'writing' => sub {
	attempt('the right item', { GetItem => [$found], Scan => [ items([ item('a', 1, v => { S => 'x' }) ]) ] }, $change, '', 'a|1|y');
	attempt('another item than was looked up', { GetItem => [ $found, { json => { Item => item('b', 7) } } ], Scan => [$good] }, $change, $stale);
	attempt('an item without its key', { GetItem => [ { json => { Item => { v => { S => 'x' } } } } ] }, q{UPDATE events SET v = 'y' WHERE p = 'a' AND s = 1}, '');
	attempt('items without their keys', { Scan => [ page('{"v":{"S":"x"}}') ] }, q{UPDATE events SET v = 'y'}, 'HV\w+|22\w+');
	attempt('items without their keys, to be deleted', { Scan => [ page('{"v":{"S":"x"}}') ] }, 'TRUNCATE events', 'HV\w+|22\w+');
	attempt('other items than might conflict', { BatchGetItem => [ { json => { Responses => { events => [ item('b', 7) ] } } } ] }, "$three ON CONFLICT DO NOTHING", $stale);
	attempt("reasons that are $_->[0]", { TransactWriteItems => [ $cancel->($_->[1]) ] }, $three, '40001|HV\w+|23505')
	  foreach [ missing => '[]' ], [ 'too few' => '[{"Code":"ConditionalCheckFailed"}]' ], [ 'too many' => '[' . join(',', ('{"Code":"ConditionalCheckFailed"}') x 5000) . ']' ],
	  [ 'of another type' => '"x"' ], [ 'of wrong types' => '[7,null,{"Code":{}}]' ], [ 'none' => '[{"Code":"None"},{"Code":"None"},{"Code":"None"}]' ], [ 'not known' => '[{"Code":"Odd"},{},{}]' ];
	$session->run(q{ALTER FOREIGN TABLE events OPTIONS (ADD commit_mode 'batch', ADD insert_mode 'put')});
	# They are sent again, with growing pauses, for as long as throttled writes are.
	$session->run(q{SET statement_timeout = '3s'});
	attempt("writes left over that are $_->[0]", { BatchWriteItem => [ text(qq({"UnprocessedItems":$_->[1]})) ], GetItem => [ text('{}') ] }, $three, $_->[2])
	  foreach [ 'of another table' => '{"others":[{"DeleteRequest":{"Key":{"p":{"S":"a"}}}}]}', $time_out ], [ 'of another item' => qq({"events":[{"PutRequest":{"Item":$b}}]}), $time_out ],
	  [ 'no list' => '{"events":7}', 'HV\w+' ], [ 'no requests' => '{"events":[7]}', 'HV\w+' ], [ 'none' => '7', '' ];
	attempt('an answer to a write of 30 MB', { BatchWriteItem => [ { big => [ '{"UnprocessedItems":{}', ' ', 30_000_000, '}' ] } ], GetItem => [ text('{}') ] }, $three, $too_long);
	attempt("an answer to a write that is $_", { BatchWriteItem => [ text($_) ], GetItem => [ text('{}') ] }, $three, 'HV\w+') foreach '[]', '7', 'garbage', '';
	$session->run(q{SET statement_timeout = '30s'});
	$session->run(q{ALTER FOREIGN TABLE events OPTIONS (DROP commit_mode, DROP insert_mode)});
};

# --- descriptions

my $description = table_description('events', 'p:S,s:N')->{json}{Table};
my $index = { IndexName => 'gsi', IndexStatus => 'ACTIVE', KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' } ], Projection => { ProjectionType => 'ALL' }, ItemCount => 1, IndexSizeBytes => 1 };
my $defined = [ map { { AttributeName => $_, AttributeType => $_ eq 's' ? 'N' : 'S' } } 'p', 's', 'g', map { "k$_" } 1 .. 100 ];
my @keys = map { { AttributeName => "k$_", KeyType => 'HASH' } } 1 .. 100;

sub described
{
	my (%more) = @_;
	return { json => { Table => { %$description, %more } } };
}

sub described_index
{
	my (%more) = @_;
	return described(AttributeDefinitions => $defined, GlobalSecondaryIndexes => [ { %$index, %more } ]);
}
my $most = 18446744073709551615;
my @descriptions = (
	[ 'of another table',    described(TableName => 'others'), '' ],
	[ 'with negative sizes', described(ItemCount => -1, TableSizeBytes => -1), '' ],
	[ 'with absurd sizes',   described(ItemCount => $most, TableSizeBytes => $most), '' ],
	[ 'with fractions',      described(ItemCount => 0.5), '' ],
	[ 'with 100 keys',       described(AttributeDefinitions => $defined, KeySchema => \@keys), '' ],
	[ 'with keys of no type', described(AttributeDefinitions => []), '' ],
	[ 'with other keys',     described(AttributeDefinitions => $defined, KeySchema => [ $keys[0] ]), '\w*' ],
	[ 'without keys',        described(KeySchema => []), '' ],
	[ 'with an index of 100 keys', described_index(KeySchema => \@keys), '\w*' ],
	[ 'with an index of absurd size', described_index(ItemCount => $most, IndexSizeBytes => $most), '' ],
	[ 'with 10,000 indexes', described(AttributeDefinitions => $defined, GlobalSecondaryIndexes => [ $index, map { { %$index, IndexName => "gsi$_" } } 1 .. 10_000 ]), '' ],
	[ 'with 100,000 attributes in an index', described_index(Projection => { ProjectionType => 'INCLUDE', NonKeyAttributes => [ map { "attribute$_" } 1 .. 100_000 ] }), '' ],
	[ 'with an odd index',   described(GlobalSecondaryIndexes => { a => 1 }), '' ],
	[ 'of 5 MB',             { big => [ '{"Table":{"TableName":"', 'x', 5_000_000, '"}}' ] }, '' ],
	[ 'of 50 MB, in gzip',   { gzip => 1, big => [ '{"Table":{', ' ' x 1_000_000, 50, '}}' ] }, '' ],
	[ 'without end',         { big => [ '{"Table":', '[', 3_000_000, '' ] }, '' ]);

subtest 'descriptions' => sub {
	foreach my $case (@descriptions)
	{
		my ($name, $answer, $state) = @$case;
		my %answers = (DescribeTable => [$answer], Scan => [$good], Query => [ items([ item('a', 1, g => { S => 'x' }) ]) ]);
		attempt("a description $name", \%answers, "EXPLAIN $query", $state);
		attempt("a description $name, an index", \%answers, q{SELECT p FROM indexed WHERE g = 'x'}, "$state|HV024");
		attempt("a description $name, ANALYZE", \%answers, 'ANALYZE events', $state);
	}
	$session->run(q{DELETE FROM pg_statistic WHERE starelid = 'events'::regclass; UPDATE pg_class SET reltuples = -1 WHERE relname = 'events'});
};

# --- IMPORT

subtest 'IMPORT' => sub {
	my $import = 'BEGIN; CREATE SCHEMA i; IMPORT FOREIGN SCHEMA x FROM SERVER dynamodb INTO i; SELECT count(*) FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $$i$$); ROLLBACK';
	my $odd    = q{x"); DROP TABLE precious; --'; \\};
	$session->run('CREATE TABLE precious (a int)');
	my $names  = sub { return { json => { TableNames => [@_] } } };
	my $sample = $import =~ s/INTO i/INTO i OPTIONS (sample_items '10')/r;
	my @imports = (
		[ 'a name with quotes', { ListTables => [ $names->($odd) ], DescribeTable => [ described(TableName => $odd) ] }, $import, $stale ],
		[ 'a key with quotes', { ListTables => [ $names->('events') ],
			DescribeTable => [ described(AttributeDefinitions => [ { AttributeName => $odd, AttributeType => 'S' } ], KeySchema => [ { AttributeName => $odd, KeyType => 'HASH' } ]) ] }, $import, '', 1 ],
		[ 'an index with quotes', { ListTables => [ $names->('events') ], DescribeTable => [ described_index(IndexName => $odd) ] }, $import, $stale ],
		[ 'attributes with quotes', { ListTables => [ $names->('events') ], Scan => [ items([ { p => { S => 'a' }, $odd => { S => 'x' }, "$odd." => { N => '1' } } ]) ] }, $sample, '', 1 ],
		[ 'a name with U+0000', { ListTables => [ text('{"TableNames":["abc\u0000d"]}') ] }, $import, $stale ],
		[ 'another table than was asked for', { ListTables => [ $names->('events') ], DescribeTable => [ described(TableName => 'others') ] }, $import, $stale ],
		[ 'a name that is no UTF-8', { ListTables => [ text(qq({"TableNames":["\xff\xfe\xfd"]})) ] }, $import, $stale ],
		[ 'a name of 3 MB', { ListTables => [ { big => [ '{"TableNames":["', 'x', 3_000_000, '"]}' ] } ], DescribeTable => [ described() ] }, $import, $stale ],
		[ 'names of 5 MB', { ListTables => [ { big => [ '{"TableNames":["a"', ',"aaa"', 1_000_000, ']}' ] } ] }, $import, $too_long ],
		[ 'the same name a hundred times', { ListTables => [ $names->(('events') x 100) ] }, $import, '\w*' ],
		[ 'lists without end', { ListTables => [ { json => { TableNames => [], LastEvaluatedTableName => 'x' } } ] }, $import, $stale ],
		[ 'an index of 100 keys', { ListTables => [ $names->('events') ], DescribeTable => [ described_index(KeySchema => \@keys) ] }, $import, '\w*' ],
		[ '10,000 indexes', { ListTables => [ $names->('events') ], DescribeTable => [ described(AttributeDefinitions => $defined, GlobalSecondaryIndexes => [ map { { %$index, IndexName => "gsi$_" } } 1 .. 10_000 ]) ] }, $import, '\w*' ],
		[ '20,000 attributes', { ListTables => [ $names->('events') ], Scan => [ items([ { p => { S => 'a' }, map { ("a$_" => { N => '1' }) } 1 .. 20_000 } ]) ] }, $sample, '', 1 ]);
	foreach my $case (@imports)
	{
		attempt(@$case);
		$session->run(q{ROLLBACK; SET statement_timeout = '30s'});
	}
	is(($session->run('SELECT count(*) FROM precious'))[0], 0, 'nothing of it was run');
};

ok($session->is_alive, 'all of this was one backend');
# One answer of 64 MB, what the parser takes for it, and the value made of it.
note 'peak: ' . peak($session) . ' MB';
cmp_ok(peak($session), '<', 1200, 'which never took more memory than a few of the longest answers');
$session->quit;
$node->stop;

# --- where credentials come from

subtest 'credentials' => sub {
	my %answers = (
		'a body without end'    => { chunked => 1, big => [ '{', ' ' x 1_000_000, 70, '}' ] },
		'a gzip bomb'           => { gzip => 1, big => [ '{', ' ' x 1_000_000, 200, '}' ] },
		'headers without end'   => { raw => 1, big => [ $head, 'X-Header: ' . 'x' x 1000 . "\r\n", 20_000, '' ] },
		'brackets without end'  => { big => [ '', '[', 900_000, '' ] },
		'keys of 500 kB'        => { big => [ '{"AccessKeyId":"', 'x', 500_000, '","SecretAccessKey":"y"}' ] },
		'keys that are none'    => text('{"AccessKeyId":7,"SecretAccessKey":[]}'),
		'keys with a new line'  => text('{"AccessKeyId":"a\r\nX-Injected: 1","SecretAccessKey":"y","Token":"z\r\nX-Injected: 1"}'),
		'a redirect'            => text('Moved', status => 307, headers => { Location => $elsewhere->endpoint . '/' }),
		'a control character'   => text(qq({"message":"\\u001b[31mred"}), status => 403));
	my $second = dynamodb_node(
		'second',
		endpoint => $server->endpoint,
		mapping  => 0,
		options  => { scan_policy => 'allow', parallel_scan_count => 1, max_attempts => 1 },
		env      => { AWS_CONTAINER_CREDENTIALS_FULL_URI => $server->endpoint . '/credentials', AWS_CONFIG_FILE => '/nonexistent', AWS_SHARED_CREDENTIALS_FILE => '/nonexistent' });
	create_foreign_table($second, 'events', $columns);
	my $own = PsqlSession->start($second);
	foreach my $name (sort keys %answers)
	{
		$own->run(q{ALTER SERVER dynamodb OPTIONS (SET max_attempts '1')});
		$server->set({ '' => [ $answers{$name} ], Scan => [$good] });
		$server->forget;
		my ($rows, $messages) = $own->run('SELECT p FROM events');
		diag "$name: $messages" if $ENV{SHOW};
		like(sqlstate($messages), qr/28000|HV\w+/, $name);
		unlike($messages, qr/[^\n\t -\x{10ffff}]/, "$name: no control characters in its message");
		cmp_ok(length $messages, '<', 8000, "$name: a message of reasonable length");
		is(scalar(grep { $_->{headers}{'x-injected'} } $server->requests), 0, "$name: no header comes of it");
	}
	$server->set({ '' => [ text('{"AccessKeyId":"a","SecretAccessKey":"b"}') ], Scan => [$good] });
	is(($own->run('SELECT p FROM events'))[0], 'a', 'good ones are used');
	ok($own->is_alive, 'all of this was one backend');
	cmp_ok(peak($own), '<', 200, 'which took little memory');
	$own->quit;
	is(scalar(my @requests = $elsewhere->requests), 0, 'nothing was sent elsewhere');
	$second->stop;
};

done_testing();
