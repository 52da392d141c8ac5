# What is refused before anything is sent: transactions that are too large, PREPARE TRANSACTION, users without credentials.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use TableItems;
use Test::More;

my $table = "write_refused_$$";
create_table($table);
my $proxy   = FaultServer->start(upstream => dynamodb_endpoint(), answers => [ { pass => 1 } ]);
my $node    = dynamodb_node('main', endpoint => $proxy->endpoint, conf => 'max_prepared_transactions = 5', options => { scan_policy => 'allow' });
my $columns = q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric, v text};
create_foreign_table($node, 'a', $columns, options => { table_name => $table, commit_mode => 'atomic' });
create_foreign_table($node, 't', $columns, options => { table_name => $table });
my $session = PsqlSession->start($node);

# Runs it; returns messages, after comparing the number of requests that write.
sub refused
{
	my ($sql, $name) = @_;
	$proxy->forget;
	my (undef, $messages) = $session->run($sql);
	is(scalar(my @requests = grep { $_->{operation} =~ /Write|Put|Update|Delete/ } $proxy->requests), 0, "$name: nothing is sent");
	is_deeply(get_items($table), {}, "$name: nothing is written");
	return $messages;
}

like(refused('INSERT INTO a SELECT i, i FROM generate_series(1, 101) i', '101 items'),
	qr/^ERROR:  54000: the transaction writes more than DynamoDB can write at once\nDETAIL:  It writes 101 items;.*Nothing was written\./,
	'101 items are too many for commit_mode atomic');
like(refused(q{INSERT INTO a SELECT i, i, repeat('x', 300000) FROM generate_series(1, 20) i}, '6 MB'),
	qr/^ERROR:  54000: /, 'and so are 6 MB');
like(refused('BEGIN; INSERT INTO a VALUES (1, 1); INSERT INTO t SELECT i, i FROM generate_series(2, 101) i; COMMIT', 'both tables'),
	qr/^ERROR:  54000: /, 'together with the writes of another foreign table of the same DynamoDB table');

like(refused(q{BEGIN; INSERT INTO t VALUES ('x', 1); PREPARE TRANSACTION 'p'}, 'PREPARE TRANSACTION'),
	qr/^ERROR:  0A000: cannot PREPARE a transaction that has written to DynamoDB tables$/m, 'it cannot be prepared');
is(($session->run('SELECT count(*) FROM pg_prepared_xacts'))[0], 0, 'nor is it');
like(($session->run(q{BEGIN; SAVEPOINT s; INSERT INTO t VALUES ('x', 1); ROLLBACK TO s; SELECT count(*) FROM t; PREPARE TRANSACTION 'p'; ROLLBACK PREPARED 'p'}))[1],
	qr/\A\z/, 'where everything was rolled back, it can');

$node->safe_psql('postgres', 'CREATE ROLE stranger LOGIN; GRANT ALL ON t TO stranger; CREATE ROLE reader LOGIN; GRANT SELECT ON t TO reader;'
	  . q{CREATE USER MAPPING FOR reader SERVER dynamodb OPTIONS (access_key_id 'r', secret_access_key 'r')});
$session->quit;
foreach my $case (
	[ 'stranger', '28000', 'a user without a user mapping' ],
	[ 'reader',   '42501', 'a user without the privilege' ])
{
	my ($user, $state, $name) = @$case;
	$session = PsqlSession->start($node, user => $user);
	foreach my $sql (q{INSERT INTO t VALUES ('x', 1)}, 'UPDATE t SET n = 1', 'DELETE FROM t', 'TRUNCATE t', q{COPY t (id) FROM PROGRAM 'echo x'}, q{INSERT INTO t SELECT i FROM generate_series(1, 3) i})
	{
		my $messages = refused($sql, "$user: $sql");
		$sql =~ /PROGRAM/ ? isnt(sqlstate($messages), '', "$name cannot: $sql") : is(sqlstate($messages), $state, "$name cannot: $sql");
	}
	$session->quit;
}

$node->stop;
dynamodb_call('DeleteTable', { TableName => $table });
done_testing();
