# COPY with stream_writes takes as much memory for many rows as for few, also with duplicates and errors; commits that fail
# again and again leave neither memory nor descriptors behind.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use TableItems;
use PostgreSQL::Test::Utils;
use Test::More;

plan skip_all => 'there is no /proc' unless -r "/proc/$$/status";

my $table = "write_memory_$$";
create_table($table);
my $node    = dynamodb_node('main', options => { scan_policy => 'allow' });
my $columns = q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric, v text};
my %stream  = (table_name => $table, insert_mode => 'put', commit_mode => 'batch', stream_writes => 'true');
create_foreign_table($node, 'streamed', $columns, options => \%stream);
create_foreign_table($node, 'inserted', $columns, options => { table_name => $table });

# A server that takes everything at once, for sizes that DynamoDB Local would need long for.
my $fast = FaultServer->start(
	handler => sub {
		my ($request) = @_;
		return table_description('fast', 'id:S') if $request->{operation} eq 'DescribeTable';
		return { json => {} };
	});
create_server($node, 'fast', endpoint => $fast->endpoint);
create_foreign_table($node, 'swallowed', $columns, server => 'fast', options => { %stream, table_name => 'fast' });
$node->safe_psql('postgres', 'CREATE FUNCTION stop_at(i int, last int) RETURNS int LANGUAGE plpgsql AS '
	  . q{$$ BEGIN IF i = last THEN RAISE EXCEPTION 'row %', i; END IF; RETURN i; END $$});

# What a backend has at most, and now, in kB.
sub memory
{
	my ($session, $field) = @_;
	my ($size) = slurp_file('/proc/' . $session->pid . '/status') =~ /^$field:\s+(\d+) kB/m;
	return $size;
}

sub descriptors
{
	my ($session) = @_;
	opendir my $folder, '/proc/' . $session->pid . '/fd' or die "fd: $!";
	return scalar grep { /^\d/ } readdir $folder;
}

# A file of rows, each of about 600 bytes, for COPY.
sub rows_file
{
	my ($name, @ids) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . "/$name";
	open my $out, '>', $file or die "$file: $!";
	my $text = 'x' x 600;
	print $out "$ids[$_]\t$_\t$text\n" foreach 0 .. $#ids;
	close $out;
	return $file;
}

subtest 'COPY streams' => sub {
	my $session = PsqlSession->start($node);
	my $copy = sub {
		my ($into, $file) = @_;
		return ($session->run("COPY $into FROM '$file'"))[1];
	};
	is($copy->('swallowed', rows_file('few', 1 .. 2000)), '', '2000 rows');
	my $few = memory($session, 'VmHWM');
	is($copy->('swallowed', rows_file('many', 1 .. 20000)), '', '20,000 rows');
	my $many = memory($session, 'VmHWM');
	note "from $few kB to $many kB";
	cmp_ok($many - $few, '<', 4 * 1024, 'not more memory for 12 MB than for 1 MB');
	$session->quit;
};

subtest 'what COPY writes' => sub {
	my $session = PsqlSession->start($node);
	is(($session->run('COPY streamed FROM \'' . rows_file('rows', 1 .. 20000) . q{'}))[1], '', '20,000 rows');
	is(scalar keys %{ get_items($table) }, 20000, 'are there');

	# The same keys again and again, near to each other and far apart: the last row of each counts.
	create_table($table);
	my @ids = map { ($_, $_ % 10, $_ % 500) } 1 .. 1000;
	is(($session->run('COPY streamed FROM \'' . rows_file('duplicates', @ids) . q{'}))[1], '', 'rows with duplicates');
	my %last = map { ($ids[$_] => $_) } 0 .. $#ids;
	my $items = get_items($table);
	is_deeply({ map { ($_ => $items->{$_}{n}{N}) } keys %$items }, \%last, 'the last of each is there');

	# What was sent stays sent, as documented; it is no more than what came before the error.
	create_table($table);
	my (undef, $messages) = $session->run(q{INSERT INTO streamed SELECT stop_at(i, 3000), i, repeat('x', 600) FROM generate_series(1, 5000) i});
	like($messages, qr/^ERROR:  P0001: row 3000$/m, 'an error half-way');
	my @ids_there = sort { $a <=> $b } keys %{ get_items($table) };
	note scalar(@ids_there) . ' items were written';
	cmp_ok(scalar @ids_there, '>', 0, 'some rows were written');
	cmp_ok($ids_there[-1], '<', 3000, 'none behind the error');
	is(($session->run(q{INSERT INTO streamed VALUES ('next', 1)}))[1], '', 'the next statement works');
	is(get_items($table)->{next}{n}{N}, 1, 'and writes');
	$session->quit;
};

subtest 'failing commits leave nothing behind' => sub {
	create_table($table);
	set_items($table, { a => { id => { S => 'a' }, n => { N => '1' } } });
	my $session = PsqlSession->start($node);
	my $fail = sub {
		my ($times) = @_;
		my $sql = q{INSERT INTO inserted VALUES ('a', 2, repeat('x', 1000));} . q{BEGIN; INSERT INTO inserted VALUES ('b', 1), ('a', 2); COMMIT;};
		my (undef, $messages) = $session->run($sql x $times);
		my @errors = $messages =~ /^ERROR:  23505: /mg;
		return scalar @errors;
	};
	is($fail->(100), 200, 'some commits fail');
	my ($open, $before) = (descriptors($session), memory($session, 'VmRSS'));
	is($fail->(250), 500, '500 more') for 1 .. 2;
	my $after = memory($session, 'VmRSS');
	note "from $before kB to $after kB";
	is(descriptors($session), $open, 'no descriptor is left open');
	cmp_ok($after - $before, '<', 1024, 'and no memory is lost');
	is_deeply(get_items($table), { a => { id => { S => 'a' }, n => { N => '1' } } }, 'nothing was written');
	$session->quit;
};

$node->stop;
dynamodb_call('DeleteTable', { TableName => $table });
done_testing();
