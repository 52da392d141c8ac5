# Two sessions that write the same items: no write is lost, and whoever comes second is told so.
use strict;
use warnings;

use DynamoDBTest;
use JSON::PP ();
use PsqlSession;
use TableItems;
use Test::More;

my $table = "write_concurrency_$$";
create_table($table);
my $node    = dynamodb_node('main', options => { scan_policy => 'allow' });
my $columns = q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric, v text};
create_foreign_table($node, 't',        $columns, options => { table_name => $table });
create_foreign_table($node, 't_batch',  $columns, options => { table_name => $table, commit_mode => 'batch' });
create_foreign_table($node, 't_atomic', $columns, options => { table_name => $table, commit_mode => 'atomic' });
my @sessions = map { PsqlSession->start($node) } 1 .. 2;

sub item
{
	my ($id, $n, $v) = @_;
	return { id => { S => "$id" }, n => { N => "$n" }, (defined $v ? (v => { S => $v }) : ()) };
}

my %few  = map { ($_ => item($_, 5, 'old')) } 'a' .. 'e';
my %many = map { ($_ => item($_, 5, 'old')) } 1001 .. 1150;

sub changed
{
	my ($items, %changes) = @_;
	my %result = (%$items, %changes);
	delete @result{ grep { !defined $changes{$_} } keys %changes };
	return \%result;
}

# Both sessions run their statements in transactions at the same time; the first commits, then the second.
# Returns the messages of both commits.
sub race
{
	my ($items, @statements) = @_;
	set_items($table, $items);
	foreach my $i (0, 1)
	{
		my (undef, $messages) = $sessions[$i]->run("BEGIN; $statements[$i]");
		is($messages, '', $statements[$i]);
	}
	return map { ($_->run('COMMIT'))[1] } @sessions;
}

# The second commit fails with this SQLSTATE, naming the key, and the table is as the first left it.
sub conflict
{
	my ($name, $items, $first, $second, $state, $key, $after) = @_;
	subtest $name => sub {
		my ($won, $lost) = race($items, $first, $second);
		is($won, '', 'the first commits');
		is(sqlstate($lost), $state, "the second fails with $state");
		like($lost, qr/\Qkey (id)=($key)\E/i, 'naming the key') or diag $lost;
		is_deeply(get_items($table), $after, 'the table is as the first left it');
		my ($rows) = $sessions[1]->run('SELECT count(*) FROM t');
		is($rows, scalar keys %$after, 'the session goes on');
	};
	return;
}

# Both commit, and the table has the changes of both.
sub harmony
{
	my ($name, $items, $first, $second, $after) = @_;
	subtest $name => sub {
		my ($one, $other) = race($items, $first, $second);
		is($one . $other, '', 'both commit');
		is_deeply(get_items($table), $after, 'the table has both changes');
	};
	return;
}

my $lost_update = q{UPDATE t SET n = n + 1 WHERE id = 'b'};
conflict('two counters', \%few, $lost_update, $lost_update, '40001', 'b', changed(\%few, b => item('b', 6, 'old')));
conflict('a counter in a transaction', \%few, $lost_update, "$lost_update; INSERT INTO t VALUES ('x', 1)",
	'40001', 'b', changed(\%few, b => item('b', 6, 'old')));
conflict('a value read by the condition', \%few,
	q{UPDATE t SET v = 'new' WHERE id = 'b'}, q{UPDATE t SET n = 9 WHERE id = 'b' AND v = 'old'},
	'40001', 'b', changed(\%few, b => item('b', 5, 'new')));
conflict('an attribute that is gone', \%few,
	q{UPDATE t SET n = NULL WHERE id = 'b'}, $lost_update,
	'40001', 'b', changed(\%few, b => { id => { S => 'b' }, v => { S => 'old' } }));
conflict('an attribute that was not there', changed(\%few, b => { id => { S => 'b' }, v => { S => 'old' } }),
	q{UPDATE t SET n = 1 WHERE id = 'b'}, q{UPDATE t SET v = 'nothing' WHERE id = 'b' AND n IS NULL},
	'40001', 'b', changed(\%few, b => item('b', 1, 'old')));
conflict('two inserts', \%few, q{INSERT INTO t VALUES ('x', 1)}, q{INSERT INTO t VALUES ('x', 2)},
	'23505', 'x', changed(\%few, x => item('x', 1)));
conflict('two inserts of the same', \%few, q{INSERT INTO t VALUES ('x', 1)}, q{INSERT INTO t VALUES ('x', 1)},
	'23505', 'x', changed(\%few, x => item('x', 1)));
conflict('delete, then update', \%few, q{DELETE FROM t WHERE id = 'b'}, $lost_update, '40001', 'b', changed(\%few, b => undef));
conflict('delete, then an update that uses nothing', \%few, q{DELETE FROM t WHERE id = 'b'}, q{UPDATE t SET n = 1 WHERE id = 'b'},
	'40001', 'b', changed(\%few, b => undef));
conflict('update, then a delete by what was updated', \%few, $lost_update, q{DELETE FROM t WHERE id = 'b' AND n = 5},
	'40001', 'b', changed(\%few, b => item('b', 6, 'old')));
conflict('two deletes', \%few, q{DELETE FROM t WHERE id = 'b'}, q{DELETE FROM t WHERE id = 'b'}, '40001', 'b', changed(\%few, b => undef));
conflict('delete, then a move', \%few, q{DELETE FROM t WHERE id = 'b'}, q{UPDATE t SET id = 'z' WHERE id = 'b'},
	'40001', 'b', changed(\%few, b => undef));
conflict('insert, then a move to the same key', \%few, q{INSERT INTO t VALUES ('z', 1)}, q{UPDATE t SET id = 'z' WHERE id = 'b'},
	'23505', 'z', changed(\%few, z => item('z', 1)));
conflict('two moves of one item', \%few, q{UPDATE t SET id = 'y' WHERE id = 'b'}, q{UPDATE t SET id = 'z' WHERE id = 'b'},
	'40001', 'b', changed(\%few, b => undef, y => item('y', 5, 'old')));
conflict('update, then a move', \%few, q{UPDATE t SET v = 'new' WHERE id = 'b'}, q{UPDATE t SET id = 'z' WHERE id = 'b'},
	'40001', 'b', changed(\%few, b => item('b', 5, 'new')));

harmony('attributes that the other does not use', \%few,
	q{UPDATE t SET v = 'new' WHERE id = 'b'}, $lost_update, changed(\%few, b => item('b', 6, 'new')));
harmony('new values for different attributes', \%few,
	q{UPDATE t SET v = 'new' WHERE id = 'b'}, q{UPDATE t SET n = 7 WHERE id = 'b'}, changed(\%few, b => item('b', 7, 'new')));
harmony('a delete by key of what was changed', \%few, $lost_update, q{DELETE FROM t WHERE id = 'b'}, changed(\%few, b => undef));
harmony('inserts of different keys', \%few, q{INSERT INTO t VALUES ('x', 1)}, q{INSERT INTO t VALUES ('y', 2)},
	changed(\%few, x => item('x', 1), y => item('y', 2)));
harmony('different items', \%few, $lost_update, q{UPDATE t SET n = n + 1 WHERE id = 'c'},
	changed(\%few, b => item('b', 6, 'old'), c => item('c', 6, 'old')));

my $limit = transaction_limit($table);
my $most  = $limit < 50 ? $limit : 50;
note "transactions of $most items";
my $first = sprintf q{UPDATE %%s SET n = n + 1 WHERE id BETWEEN '1020' AND '%d'}, 1019 + $most;
my $one   = q{UPDATE t SET n = n + 10 WHERE id = '1025'};
conflict("one of $most items, $_", \%many, $one, sprintf($first, $_), '40001', '1025', changed(\%many, 1025 => item(1025, 15, 'old')))
  foreach 't', 't_atomic';

# Without a transaction what can be written is, at most, and the error counts it.
sub counted
{
	my ($name, $first, $second, $total, $state, $key, $done) = @_;
	subtest $name => sub {
		my ($won, $lost) = race(\%many, $first, $second);
		is($won, '', 'the first commits');
		is(sqlstate($lost), $state, "the second fails with $state");
		like($lost, qr/\Qkey (id)=($key)\E/i, 'naming the key');
		my ($written, $not) = $lost =~ /(\d+) items were written and (\d+) were not\./ or diag $lost;
		my $now = get_items($table);
		is(scalar(grep { $done->($now->{$_}) } keys %$now), $written, 'so many were written');
		is($written + $not, $total, 'and the others were not');
		like($lost, qr/Not written: [^.]*\Q(id)=(\E/, 'some keys are named');
	};
	return;
}

my $six = sub { my ($item) = @_; return ($item->{n}{N} // 0) == 6 && $item->{id}{S} ne '1025'; };
counted('one of 50 items in batch mode', $one, q{UPDATE t_batch SET n = n + 1 WHERE id BETWEEN '1001' AND '1050'}, 50, '40001', '1025', $six);
counted('one of 150 items', $one, 'UPDATE t SET n = n + 1', 150, '40001', '1025', $six);
counted('one of 120 inserts', q{INSERT INTO t VALUES ('2060', 0)}, q{INSERT INTO t SELECT i, 7 FROM generate_series(2001, 2120) i},
	120, '23505', '2060', sub { return $_[0]{n}{N} == 7; });

# Each session counts up 20 times and tries again whenever it fails: all are counted.
subtest 'counting together' => sub {
	set_items($table, \%few);
	my @left = (20, 20);
	my $failures = 0;
	$sessions[$_]->send($lost_update) foreach 0, 1;
	while ($left[0] || $left[1])
	{
		foreach my $i (grep { $left[$_] } 0, 1)
		{
			my (undef, $messages) = $sessions[$i]->receive;
			if ($messages eq '') { --$left[$i]; }
			elsif (sqlstate($messages) eq '40001') { ++$failures; }
			else { fail($messages); $left[$i] = 0; }
			$sessions[$i]->send($lost_update) if $left[$i];
		}
	}
	note "$failures serialization failures";
	is(get_items($table)->{b}{n}{N}, 45, 'no update is lost, none is made twice');
};

$_->quit foreach @sessions;
dynamodb_call('DeleteTable', { TableName => $table });
done_testing();
