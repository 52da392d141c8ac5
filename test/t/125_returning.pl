# RETURNING gives of a foreign table what it gives of a local one; since PostgreSQL 18 OLD and NEW, too.
use strict;
use warnings;

use DynamoDBTest;
use PsqlSession;
use TableItems;
use Test::More;

my $table = "returning_$$";
create_table($table);
my $node = dynamodb_node('main', options => { scan_policy => 'allow' });
my $has_old_and_new = $node->safe_psql('postgres', 'SHOW server_version_num') >= 180000;
create_foreign_table($node, 'there', q{id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, n numeric, v text,
	city text OPTIONS (mapped_path 'address.city'), list jsonb}, options => { table_name => $table });
$node->safe_psql('postgres', q{
	CREATE TABLE here (id text COLLATE "C" PRIMARY KEY, n numeric, v text, city text, list jsonb);
	CREATE FUNCTION triple() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.n = NEW.n * 3; RETURN NEW; END $$});
my $session = PsqlSession->start($node);

# The statement for both tables; TABLE stands for their names.
sub same
{
	my ($sql) = @_;
	my ($local, $local_messages) = $session->run($sql =~ s/TABLE/here/gr);
	my ($foreign, $messages) = $session->run($sql =~ s/TABLE/there/gr);
	is("$local_messages$messages", '', "no error: $sql");
	isnt($local, '', 'rows');
	is(join("\n", sort split /\n/, $foreign), join("\n", sort split /\n/, $local), 'the same ones');
	return;
}

my @returning = ('RETURNING *', 'RETURNING t, n + 1, upper(v), city');
push @returning, 'RETURNING old.*, new.*', 'RETURNING old IS NULL, new IS NULL, new.n - old.n, old.city, v, list',
  'RETURNING WITH (OLD AS o, NEW AS n) o, n, o.id, n.list, (SELECT count(*) FROM generate_series(1, coalesce(o.n, 2)::int))'
  if $has_old_and_new;

# What one transaction does; each statement sees what those before have left to be written.
my @statements = (
	q{INSERT INTO TABLE AS t SELECT 'i' || i, i, 'v' || i, nullif('city' || i, 'city3'), '[1, {"a": 2}]' FROM generate_series(1, 6) AS i},
	q{UPDATE TABLE AS t SET n = n + 10, city = city || '!' WHERE id < 'i5'},
	q{UPDATE TABLE AS t SET v = NULL, list = NULL WHERE id IN ('i1', 'i3')},
	q{UPDATE TABLE AS t SET id = 'moved' || id, n = 0 WHERE id = 'i4'},
	q{UPDATE TABLE AS t SET n = k FROM (VALUES ('i5', 5.5), ('i6', 6.6)) AS other (name, k) WHERE id = name},
	q{DELETE FROM TABLE AS t WHERE id IN ('i1', 'i2')},
	q{DELETE FROM TABLE AS t USING (VALUES ('i5')) AS other (name) WHERE id = name},
	q{INSERT INTO TABLE AS t (id, n) VALUES ('i2', 1), ('i3', 1) ON CONFLICT DO NOTHING});
foreach my $returning (@returning)
{
	foreach my $trigger ('', 'CREATE TRIGGER triple BEFORE INSERT OR UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION triple()')
	{
		$session->run(sprintf $trigger, $_) foreach grep { $trigger } qw(here there);
		# As one transaction, and each statement as one of its own, so that the old rows come from DynamoDB.
		$session->run('BEGIN');
		same("$_ $returning") foreach @statements;
		$session->run('ROLLBACK');
		same("$_ $returning") foreach @statements;
		$session->run($_) foreach 'DELETE FROM here', 'DELETE FROM there';
		$session->run("DROP TRIGGER triple ON $_") foreach grep { $trigger } qw(here there);
	}
}
is_deeply(get_items($table), {}, 'nothing is left');
$session->quit;
$node->stop;
dynamodb_call('DeleteTable', { TableName => $table });
done_testing();
