# The IAM permissions of docs/credentials.md: each statement is content with those that the table there names, and asks
# for no other. A server between PostgreSQL and DynamoDB denies what is not allowed, as IAM does.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use TableItems;
use Test::More;

# What a request needs. A transaction needs what its actions do (Developer Guide, "Using IAM with DynamoDB transactions").
my %of_action = (Put => 'PutItem', Update => 'UpdateItem', Delete => 'DeleteItem', ConditionCheck => 'ConditionCheckItem');

sub permissions
{
	my ($request) = @_;
	return $request->{operation} if $request->{operation} ne 'TransactWriteItems';
	return map { $of_action{$_} } map { keys %$_ } @{ $request->{json}{TransactItems} };
}

my $table = "permissions_$$";
create_table($table);
my $server = FaultServer->start(
	upstream => dynamodb_endpoint(),
	handler  => sub {
		my ($request, $settings) = @_;
		my %allowed = map { $_ => 1 } @{ $settings->{allow} // [] };
		my @missing = $settings->{all} ? () : grep { !$allowed{$_} } permissions($request);
		return { pass => 1 } unless @missing;
		return service_error('AccessDeniedException', "User: x is not authorized to perform: dynamodb:$missing[0]");
	});
my $node    = dynamodb_node('main', endpoint => $server->endpoint, options => { scan_policy => 'allow' });
my $columns = q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric, v text};
create_foreign_table($node, 't', $columns, options => { table_name => $table });
create_foreign_table($node, 'put', $columns, options => { table_name => $table, insert_mode => 'put', commit_mode => 'batch' });
create_foreign_table($node, 'singly', $columns, options => { table_name => $table, commit_mode => 'batch' });
my $session = PsqlSession->start($node);

# Name, permissions, statements; what stands behind a '?' is asked for in vain, and not needed.
my @reading = qw(GetItem ?DescribeTable);
my @cases   = (
	[ 'SELECT by the key',        \@reading, q{SELECT * FROM t WHERE id = 'a'} ],
	[ 'SELECT by several keys',   [qw(BatchGetItem ?DescribeTable)], q{SELECT * FROM t WHERE id IN ('a', 'b')} ],
	[ 'SELECT without a key',     [qw(Scan ?DescribeTable)], 'SELECT * FROM t' ],
	[ 'with a description',       [qw(Scan DescribeTable)], 'SELECT count(*) FROM t' ],
	[ 'ANALYZE',                  [qw(Scan ?DescribeTable)], 'ANALYZE t' ],
	[ 'IMPORT of one table',      ['DescribeTable'], "BEGIN; CREATE SCHEMA i; IMPORT FOREIGN SCHEMA x LIMIT TO ($table) FROM SERVER dynamodb INTO i; ROLLBACK" ],
	[ 'IMPORT with a sample',     [qw(DescribeTable Scan)], "BEGIN; CREATE SCHEMA i; IMPORT FOREIGN SCHEMA x LIMIT TO ($table) FROM SERVER dynamodb INTO i OPTIONS (sample_items '5'); ROLLBACK" ],
	[ 'IMPORT of all tables',     [qw(ListTables DescribeTable)], "BEGIN; CREATE SCHEMA i; IMPORT FOREIGN SCHEMA x FROM SERVER dynamodb INTO i; ROLLBACK" ],
	[ 'INSERT of one row',        [qw(PutItem ?DescribeTable)], q{INSERT INTO t VALUES ('new', 1)} ],
	[ 'INSERT of several rows',   [qw(PutItem ?DescribeTable)], q{INSERT INTO t VALUES ('new', 1), ('newer', 2)} ],
	[ 'INSERT of many rows',      [qw(PutItem ?DescribeTable)], q{INSERT INTO singly SELECT 'new' || i FROM generate_series(1, 30) i} ],
	[ 'COPY',                     [qw(PutItem ?DescribeTable)], q{COPY t (id, n) FROM PROGRAM 'echo new,1; echo newer,2' WITH (FORMAT csv)} ],
	[ 'ON CONFLICT, one row',     [qw(PutItem GetItem ?DescribeTable)], q{INSERT INTO t VALUES ('new', 1) ON CONFLICT DO NOTHING} ],
	[ 'ON CONFLICT, several rows', [qw(PutItem BatchGetItem ?DescribeTable)], q{INSERT INTO t VALUES ('new', 1), ('newer', 2) ON CONFLICT DO NOTHING} ],
	[ 'INSERT that replaces',     [qw(BatchWriteItem ?DescribeTable)], q{INSERT INTO put VALUES ('a', 1), ('new', 2)} ],
	[ 'without BatchWriteItem',   [qw(?BatchWriteItem PutItem ?DescribeTable)], q{INSERT INTO put VALUES ('a', 1), ('new', 2)} ],
	[ 'UPDATE by the key',        [qw(GetItem UpdateItem ?DescribeTable)], q{UPDATE t SET n = n + 1 WHERE id = 'a'} ],
	[ 'UPDATE of all',            [qw(Scan UpdateItem ?DescribeTable)], q{UPDATE t SET n = n + 1} ],
	[ 'UPDATE of a key',          [qw(GetItem PutItem DeleteItem ?DescribeTable)], q{UPDATE t SET id = 'moved' WHERE id = 'a'} ],
	[ 'DELETE by the key',        [qw(GetItem DeleteItem ?DescribeTable)], q{DELETE FROM t WHERE id = 'a'} ],
	[ 'DELETE of all',            [qw(Scan DeleteItem ?DescribeTable)], q{DELETE FROM t} ],
	[ 'TRUNCATE',                 [qw(Scan BatchWriteItem ?DescribeTable)], 'TRUNCATE put' ],
	[ 'TRUNCATE, without BatchWriteItem', [qw(Scan ?BatchWriteItem DeleteItem ?DescribeTable)], 'TRUNCATE put' ],
	[ 'an item made and deleted', [qw(PutItem ConditionCheckItem ?DescribeTable ?GetItem)],
		q{BEGIN; INSERT INTO t VALUES ('new', 1), ('newer', 2); DELETE FROM t WHERE id = 'new'; COMMIT} ],
	[ 'an item made and deleted, one by one', [qw(PutItem DeleteItem ?DescribeTable ?GetItem)],
		q{BEGIN; INSERT INTO singly VALUES ('new', 1), ('newer', 2); DELETE FROM singly WHERE id = 'new'; COMMIT} ],
	[ 'reads after writes',       [qw(Scan GetItem UpdateItem ?DescribeTable)], q{BEGIN; UPDATE t SET n = 5 WHERE id = 'a'; SELECT * FROM t; COMMIT} ]);

foreach my $case (@cases)
{
	my ($name, $permissions, $sql) = @$case;
	subtest $name => sub {
		my @granted = grep { !/^\?/ } @$permissions;
		my %may     = map { s/^\?//r => 1 } @$permissions;
		$server->set({ all => 1 });
		my (undef, $messages) = $session->run("TRUNCATE put; INSERT INTO put SELECT c, 1 FROM unnest('{a,b,c}'::text[]) c");
		is($messages, '', 'items are there');
		# What is known of the table is forgotten.
		$session->run(q{ALTER SERVER dynamodb OPTIONS (ADD max_attempts '2'); ALTER SERVER dynamodb OPTIONS (DROP max_attempts)});
		$server->set({ allow => \@granted });
		$server->forget;
		(undef, $messages) = $session->run($sql);
		is($messages, '', 'these permissions are enough');
		my %used = map { $_ => 1 } map { permissions($_) } $server->requests;
		is_deeply([ grep { !$used{$_} } @granted ], [], 'all of them are needed');
		is_deeply([ grep { !$may{$_} } sort keys %used ], [], 'no others are asked for');
		$session->run('ROLLBACK') if $messages;
	};
}

$server->set({ allow => [qw(Query GetItem)] });
foreach my $sql ('SELECT * FROM t', q{INSERT INTO t VALUES ('x')}, q{UPDATE t SET n = 1 WHERE id = 'a'}, q{DELETE FROM t WHERE id = 'a'}, 'TRUNCATE t', 'ANALYZE t')
{
	my (undef, $messages) = $session->run($sql);
	is(sqlstate($messages), '42501', "what is missing is an error: $sql");
	like($messages, qr/not authorized to perform: dynamodb:\w+/, 'which names it');
}
$session->quit;
$node->stop;
done_testing();
