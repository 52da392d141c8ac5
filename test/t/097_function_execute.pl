# dynamodb_execute(): pages, what is sent, what is repeated after which failure, who may call it, and what answers it
# cannot show.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use TableItems;
use Test::More;

my $table = "execute_$$";
create_table($table);
set_items($table, { map { ("k$_" => { id => { S => "k$_" }, n => { N => "$_" } }) } 1 .. 7 });

# Answers by what set() says: a list for the requests to come, the last one for all others.
my ($version, $used) = (0, 0);
my $faults = FaultServer->start(
	upstream => dynamodb_endpoint(),
	handler  => sub {
		my (undef, $settings, $current) = @_;
		($version, $used) = ($current, 0) if $current != $version;
		my $answers = $settings->{answers} // [];
		return $answers->[ $used++ ] // $answers->[-1];
	});
my $node = dynamodb_node('main', endpoint => $faults->endpoint, options => { max_attempts => 4 });
my $session = PsqlSession->start($node);

sub answers
{
	my (@answers) = @_;
	$faults->set({ answers => \@answers });
	$faults->forget;
	return;
}

sub execute
{
	my ($operation, $request, @more) = @_;
	return $session->run('SELECT dynamodb_execute(' . join(', ', q{'dynamodb'}, "'$operation'", "'$request'", @more) . ')');
}

subtest 'what is sent' => sub {
	answers({ json => {} });
	my ($rows, $messages) = execute('Scan', q({"TableName": "t", "Limit": 5, "Segment": 0, "big": 12345678901234567890123456789.10}));
	is($messages, '', 'no error');
	is($rows,     '{}', 'an empty answer');
	my ($request) = $faults->requests;
	is($request->{operation}, 'Scan');
	like($request->{body}, qr/"Limit": 5[,}]/, 'an integer stays one');
	like($request->{body}, qr/12345678901234567890123456789\.10/, 'and keeps all its digits');
	like($request->{headers}{authorization}, qr/Credential=test\//, 'signed');
	answers({ json => {} });
	($rows, $messages) = $session->run(q{SELECT dynamodb_execute('dynamodb', 'DescribeEndpoints', aws_region => 'eu-west-1')});
	like(($faults->requests)[0]{headers}{authorization}, qr{/eu-west-1/dynamodb/}, 'for another region');
	is(($faults->requests)[0]{body}, '{}', 'nothing is asked for by default');
};

subtest 'pages' => sub {
	answers({ pass => 1 });
	my ($rows) = $session->run(qq{SELECT sum(jsonb_array_length(a->'Items')), count(*) FROM dynamodb_execute('dynamodb', 'Scan', '{"TableName": "$table", "Limit": 2}', NULL) a});
	is($rows, '7|4', 'all of them');
	($rows) = $session->run(qq{SELECT sum(jsonb_array_length(a->'Items')), count(*) FROM dynamodb_execute('dynamodb', 'Scan', '{"TableName": "$table", "Limit": 2}', 2) a});
	is($rows, '4|2', 'two of them');
	($rows) = $session->run(qq{SELECT count(*) FROM dynamodb_execute('dynamodb', 'Scan', '{"TableName": "$table", "Limit": 2}') a});
	is($rows, '1', 'one by default');
	$faults->forget;
	($rows) = $session->run(qq{SELECT jsonb_array_length(dynamodb_execute('dynamodb', 'Scan', '{"TableName": "$table", "Limit": 1}', NULL)->'Items') LIMIT 3});
	is($rows, "1\n1\n1", 'a limit');
	is($faults->requests(operation => 'Scan'), 3, 'asks for no more pages than it shows');
	$faults->forget;
	$session->run('BEGIN');
	$session->run(qq{DECLARE c CURSOR FOR SELECT dynamodb_execute('dynamodb', 'Scan', '{"TableName": "$table", "Limit": 1}', NULL)});
	$session->run('FETCH 2 FROM c');
	is($faults->requests(operation => 'Scan'), 2, 'nor does a cursor');
	$session->run('ROLLBACK');

	answers(
		{ json => { Responses => { t => [ { id => { S => 'a' } } ] }, UnprocessedKeys => { t => { Keys => [ { id => { S => 'b' } } ] } } } },
		{ json => { Responses => { t => [ { id => { S => 'b' } } ] }, UnprocessedKeys => {} } });
	($rows) = execute('BatchGetItem', '{"RequestItems": {"t": {"Keys": [{"id": {"S": "a"}}, {"id": {"S": "b"}}]}}}', 'NULL');
	is(scalar(split /\n/, $rows), 2, 'what was not processed is asked for again');
	my @requests = $faults->requests;
	is_deeply($requests[1]{json}, { RequestItems => { t => { Keys => [ { id => { S => 'b' } } ] } } }, 'and nothing else');
	cmp_ok($requests[1]{time} - $requests[0]{time}, '>=', 0.04, 'after a moment');

	answers({ json => { Items => [], LastEvaluatedKey => { id => { S => 'same' } } } });
	my (undef, $messages) = execute('Scan', '{"TableName": "t"}', 'NULL');
	is(sqlstate($messages), 'HV00M', 'pages in a circle are an error');
	is(scalar $faults->requests, 2, 'at once');
};

# What is repeated: reads, what has a token, and what was refused.
subtest 'lost answers' => sub {
	my %lost = (reset => { reset => 1 }, cut => { status => 200, body => '{"Attributes": {}}', cut => 5 }, 500 => { status => 500, body => '{}' });
	foreach my $how (sort keys %lost)
	{
		answers($lost{$how}, { json => {} });
		my (undef, $messages) = execute('UpdateItem', '{"TableName": "t"}');
		is(sqlstate($messages), '08007', "a write is not repeated after $how");
		like($messages, qr/may have been carried out all the same/, 'and the error says why');
		is(scalar $faults->requests, 1, 'one request');

		answers($lost{$how}, { json => {} });
		(undef, $messages) = execute('GetItem', '{"TableName": "t"}');
		is($messages, '', "a read is repeated after $how");

		answers($lost{$how}, { json => {} });
		(undef, $messages) = execute('TransactWriteItems', '{"TransactItems": []}');
		is($messages, '', "a transaction is repeated after $how");
		my @tokens = map { $_->{json}{ClientRequestToken} } $faults->requests;
		is(scalar @tokens, 2, 'once');
		like($tokens[0], qr/^\w{32}$/, 'with a token');
		is($tokens[1], $tokens[0], 'the same');
	}
	answers(throttled(), { json => {} });
	my (undef, $messages) = execute('UpdateItem', '{"TableName": "t"}');
	is($messages, '', 'a write that was refused is repeated');
	is(scalar $faults->requests, 2, 'once');
	answers({ status => 500, body => '{}' });
	(undef, $messages) = execute('TransactWriteItems', '{"TransactItems": [], "ClientRequestToken": "mine"}');
	is(sqlstate($messages), '08007', 'one that is never answered may have been carried out');
	is_deeply([ map { $_->{json}{ClientRequestToken} } $faults->requests ], [ ('mine') x 4 ], 'with the token that was given');
	answers({ pass => 1, reset => 1 });
	execute('UpdateItem', qq({"TableName": "$table", "Key": {"id": {"S": "k1"}}, "UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}));
	is(get_items($table)->{k1}{n}{N}, '2', 'an addition is made once');
};

subtest 'answers that jsonb cannot hold' => sub {
	answers({ json => { Item => { a => { S => "x\0y" } } } });
	my (undef, $messages) = execute('GetItem', '{"TableName": "t"}');
	is(sqlstate($messages), '22P05', 'U+0000');
	like($messages, qr/U\+0000/, 'is named');
	answers({ json => { Item => { a => { S => '\u0000' } } } });
	(my $rows, $messages) = execute('GetItem', '{"TableName": "t"}');
	like($rows, qr/"\\\\u0000"/, 'unless it only looks like it');
	answers({ body => '{"a": 1, "a": 2}' });
	($rows) = execute('GetItem', '{}');
	is($rows, '{"a": 2}', 'the last of two members of a name counts');
	foreach my $body ('{"a": }', '{"a": 1', '[]', '', "{\"a\": \"\xff\"}")
	{
		answers({ body => $body });
		(undef, $messages) = execute('GetItem', '{}');
		like($messages, qr/ERROR/, "no JSON: $body");
	}
	answers({ body => '{"a": "' . ('x' x (1 << 20)) . '"}' });
	($rows) = $session->run(q{SELECT length(dynamodb_execute('dynamodb', 'GetItem')->>'a')});
	is($rows, 1 << 20, 'a long answer');
	answers({ body => 'x' x (1 << 20), times => 65 });
	(undef, $messages) = execute('GetItem', '{}');
	is(sqlstate($messages), '54000', 'one that is too long');
};

subtest 'transactions' => sub {
	answers({ pass => 1 });
	create_foreign_table($node, 't', q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric}, options => { table_name => $table });
	$session->run('BEGIN');
	$session->run(q{INSERT INTO t VALUES ('mine', 1)});
	my ($rows) = execute('GetItem', qq({"TableName": "$table", "Key": {"id": {"S": "mine"}}}));
	is($rows, '{}', 'it does not see what the transaction has written');
	execute('PutItem', qq({"TableName": "$table", "Item": {"id": {"S": "at once"}}}));
	$session->run('ROLLBACK');
	ok(exists get_items($table)->{'at once'}, 'and is not rolled back');
	ok(!exists get_items($table)->{mine},     'as the transaction is');

	foreach my $case ([ PutItem => 0 ], [ CreateTable => 0 ], [ TransactWriteItems => 0 ], [ Something => 0 ], [ ListTables => 1 ], [ DescribeLimits => 1 ])
	{
		my ($operation, $allowed) = @$case;
		answers({ json => {} });
		$session->run('BEGIN READ ONLY');
		my (undef, $messages) = execute($operation, '{}');
		is($messages eq '' ? '' : sqlstate($messages), $allowed ? '' : '25006', "$operation in a transaction that only reads");
		is(scalar $faults->requests, $allowed, 'asks accordingly');
		$session->run('ROLLBACK');
	}
	answers({ json => {} });
	$session->run(q{PREPARE p(text) AS SELECT dynamodb_execute('dynamodb', $1)});
	($rows) = $session->run(q{EXECUTE p('ListTables')});
	is($rows, '{}', 'prepared');
};

subtest 'arguments' => sub {
	answers({ json => {} });
	my @cases = (
		[ q{'nowhere', 'ListTables'}, '42704' ], [ q{'dynamodb', NULL}, '22004' ], [ q{NULL, 'ListTables'}, '22004' ],
		[ q{'dynamodb', 'ListTables', NULL}, '22004' ], [ q{'dynamodb', ''}, '22023' ], [ q{'dynamodb', E'List\r\nX: y'}, '22023' ],
		[ q{'dynamodb', repeat('A', 65)}, '22023' ], [ q{'dynamodb', 'List1'}, '22023' ], [ q{'dynamodb', 'ListTables', '[]'}, '22023' ],
		[ q{'dynamodb', 'ListTables', '1'}, '22023' ], [ q{'dynamodb', 'ListTables', '{}', 0}, '22023' ],
		[ q{'dynamodb', 'ListTables', '{}', 1, 'no region'}, 'HV000' ],
		[ q{'dynamodb', 'ListTables', jsonb_build_object('a', repeat('x', 17000000))}, '54000' ]);
	foreach my $case (@cases)
	{
		my (undef, $messages) = $session->run("SELECT dynamodb_execute($case->[0])");
		is(sqlstate($messages), $case->[1], substr($case->[0], 0, 60));
	}
	is(scalar $faults->requests, 0, 'nothing was sent');
};

subtest 'privileges' => sub {
	answers({ json => {} });
	$session->run($_) foreach ('CREATE ROLE somebody LOGIN', 'GRANT USAGE ON FOREIGN SERVER dynamodb TO somebody');
	my $other = PsqlSession->start($node, user => 'somebody');
	my $sql = q{SELECT dynamodb_execute('dynamodb', 'ListTables')};
	my (undef, $messages) = $other->run($sql);
	is(sqlstate($messages), '42501', 'without a GRANT');
	$session->run('GRANT EXECUTE ON FUNCTION dynamodb_execute TO somebody');
	(undef, $messages) = $other->run($sql);
	is(sqlstate($messages), '28000', 'without credentials');
	$session->run(q{CREATE USER MAPPING FOR somebody SERVER dynamodb OPTIONS (access_key_id 'theirs', secret_access_key 'x')});
	(undef, $messages) = $other->run($sql);
	is($messages, '', 'with both');
	like(($faults->requests)[-1]{headers}{authorization}, qr/Credential=theirs\//, 'their own');
	$session->run('REVOKE USAGE ON FOREIGN SERVER dynamodb FROM somebody');
	(undef, $messages) = $other->run($sql);
	is(sqlstate($messages), '42501', 'without USAGE');
	$other->quit;
};

subtest 'cancel' => sub {
	answers({ hang => 1 });
	$session->run(q{SET statement_timeout = '300ms'});
	my (undef, $messages) = execute('GetItem', '{}');
	is(sqlstate($messages), '57014', 'a request that hangs is cancelled');
	answers({ json => { UnprocessedKeys => { t => 1 } } });
	(undef, $messages) = execute('BatchGetItem', '{"RequestItems": {"t": 1}}', 'NULL');
	is(sqlstate($messages), '57014', 'and an endless list');
	$session->run('RESET statement_timeout');
	answers({ json => {} });
	my ($rows) = execute('GetItem', '{}');
	is($rows, '{}', 'then all is well');
};

$session->quit;
$node->stop;
done_testing();
