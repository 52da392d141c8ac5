# pgbench: several clients at once, in each of its modes.
use strict;
use warnings;

use ClientProgram;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = client_node('main', options => { scan_policy => 'allow' });
create_client_tables($node);
my $folder = PostgreSQL::Test::Utils::tempdir();
my ($clients, $each) = (3, 12);

# Runs a script by each client: how many transactions were good, after how many that had to be repeated.
sub pgbench
{
	my ($mode, $script, @options) = @_;
	local %ENV = (%ENV, client_environment($node), PGOPTIONS => '-c client_min_messages=warning');
	unlink "$folder/script.sql";
	append_to_file("$folder/script.sql", $script);
	my ($output, $errors) = ('', '');
	IPC::Run::run([ $node->installed_command('pgbench'), '-n', '-M', $mode, '-c', $clients, '-j', 2, '-t', $each, '-f', "$folder/script.sql", @options ],
		'<', \undef, '>', \$output, '2>', \$errors, IPC::Run::timeout(120))
	  or diag $errors;
	my ($good) = $output =~ m{number of transactions actually processed: (\d+)/} or diag $output, $errors;
	my ($bad)  = $output =~ m{number of failed transactions: (\d+)};
	return ($good // 0) - ($bad // 0);
}

foreach my $mode ('simple', 'extended', 'prepared')
{
	is(pgbench($mode, <<'SQL'), $clients * $each, "$mode: reads, with the numbers that they should find");
\set device random(10, 99)
\set event random(10, 19)
SELECT 1 / count(*)::int AS one FROM events WHERE id = 'device-' || :device AND skey = 'event-0' || :event \gset
SELECT 1 / (sum(number) - 20 * sum(20 * :device) - 190 + 1)::int FROM events WHERE id = 'device-' || :device
SQL
	is(pgbench($mode, <<'SQL'), $clients * $each, "$mode: transactions");
\set n random(1, 1000000000000)
BEGIN;
INSERT INTO written (id, amount, doc) VALUES (:client_id || '-' || :n, :n, jsonb_build_object('n', :n::bigint));
UPDATE written SET amount = amount + 1 WHERE id = :client_id || '-' || :n;
SELECT 1 / (amount - :n) FROM written WHERE id = :client_id || '-' || :n;
COMMIT;
SQL
	is($node->safe_psql('postgres', q{SELECT count(*), bool_and(amount = 1 + (doc->>'n')::numeric) FROM written}, extra_params => [ '-U', 'client' ]),
		$clients * $each . '|t', "$mode: have written");
	$node->safe_psql('postgres', 'DELETE FROM written; INSERT INTO written (id, small) VALUES ($$sum$$, 0)', extra_params => [ '-U', 'client' ]);

	# Who comes late is told so (40001) and begins anew.
	is(pgbench($mode, q{UPDATE written SET small = small + 1 WHERE id = 'sum';}, '--max-tries=1000'), $clients * $each, "$mode: the same item, by all");
	is($node->safe_psql('postgres', q{SELECT small FROM written WHERE id = 'sum'}, extra_params => [ '-U', 'client' ]), $clients * $each, "$mode: no update is lost");
	$node->safe_psql('postgres', 'DELETE FROM written', extra_params => [ '-U', 'client' ]);
}
is(pgbench('prepared', <<'SQL'), $clients * $each, 'statements in a pipeline');
\startpipeline
SELECT 1 / count(*)::int FROM events WHERE id = 'device-11';
INSERT INTO written (id) VALUES ('client ' || :client_id) ON CONFLICT DO NOTHING;
SELECT 1 / count(*)::int FROM events WHERE id IN ('device-12', 'device-13') AND skey ^@ 'event-01';
\endpipeline
SQL
done_testing();
