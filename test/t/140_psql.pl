# What people do in psql: its commands, and completion, on a terminal.
use strict;
use warnings;

use ClientProgram;
use IO::Pty ();
use IPC::Run qw(pump start timer);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = client_node('main', options => { scan_policy => 'allow' });
create_client_tables($node);
$node->safe_psql('postgres', q{CREATE USER MAPPING FOR PUBLIC SERVER dynamodb OPTIONS (access_key_id 'KEY', secret_access_key 'hidden')});
my $folder = PostgreSQL::Test::Utils::tempdir();

# --- commands

# The output of psql for its input, and its messages.
sub psql
{
	my ($input, @options) = @_;
	local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
	my ($output, $errors) = ('', '');
	IPC::Run::run([ $node->installed_command('psql'), '-XqAt', '-U', 'client', '-d', $node->connstr('postgres'), @options ],
		'<', \$input, '>', \$output, '2>', \$errors, IPC::Run::timeout(60));
	chomp $output;
	return wantarray ? ($output, $errors) : $output . $errors;
}

like(psql('\d'), qr/^public\|events\|foreign table\|client$/m, '\d lists foreign tables');
like(psql('\det+'), qr/^public\|events\|dynamodb\|\(table_name 'client_events_\d+'\)\|$/m, '\det+ as well');
like(psql('\des+'), qr/^dynamodb\|\w+\|dynamodb_fdw\|[^()]*\(aws_region 'us-west-2'/m, '\des+ has servers');
like(psql('\dew+'), qr/^dynamodb_fdw\|\w+\|dynamodb_fdw_handler\|dynamodb_fdw_validator\|/m, '\dew+ the wrapper');
like(psql('\dx'), qr/^dynamodb_fdw(?:\|[0-9.]+)+\|public\|/m, '\dx the extension');    # with its default version, too, since 18
my $mappings = psql('\deu+');
like($mappings, qr/^dynamodb\|public\|$/m, '\deu+ has user mappings');
like($mappings, qr/^dynamodb\|client\|.*access_key_id/m, 'one\'s own with options');
unlike($mappings, qr/hidden/, 'those of others without');
my $described = psql('\d+ events', '-P', 'tuples_only=off');
like($described, qr/^id\|text\|C\|not null\|\|\(partition_key 'true'\)\|/m, '\d+ has the options of columns');
like($described, qr/^Server: dynamodb$/m, 'the server');
like($described, qr/^FDW options: \(table_name '/m, 'and the table\'s options');
is(psql(q{SELECT * FROM events WHERE id = 'device-01' \gdesc}), "id|text\nskey|text\nnumber|integer\nprice|numeric\ndocument|jsonb", '\gdesc');
is(psql(q{SELECT id, skey, number FROM events WHERE id IN ('device-01', 'device-02') AND skey <= 'event-001' ORDER BY id, skey \crosstabview}, '-P', 'tuples_only=off'),
	"id|event-000|event-001\ndevice-01|20|21\ndevice-02|40|41\n(2 rows)", '\crosstabview');
is(psql(q{SELECT number AS n, skey FROM events WHERE id = 'device-03' AND skey = 'event-004' \gset} . "\n" . q{\echo :n :skey}), '64 event-004', '\gset');
is(psql(q{SELECT format('SELECT count(*) FROM events WHERE id = %L', id) FROM events WHERE skey = 'event-000' AND id < 'device-03' \gexec}),
	"20\n20\n20", '\gexec');
is(psql(q{SELECT number FROM events WHERE id = $1 AND skey = $2 \bind 'device-05' 'event-005' \g}), 105, '\bind') if psql('\echo :VERSION_NUM') >= 160000;
is(scalar(split /\n/, psql("\\set FETCH_COUNT 100\nSELECT id, skey FROM events")), 2004, 'FETCH_COUNT, with a cursor');
my ($rows, $errors) = psql("\\set FETCH_COUNT 100\nSELECT 1 / (number - 1990) FROM events WHERE number >= 1900");
like($errors, qr/division by zero/, 'and an error on its way');
($rows, $errors) = psql("\\set ON_ERROR_ROLLBACK on\nBEGIN; INSERT INTO written (id) VALUES ('a');\nINSERT INTO written (id) VALUES ('a');\nSELECT id FROM written; ROLLBACK; SELECT count(*) FROM written");
is("$rows", "a\n0", 'ON_ERROR_ROLLBACK keeps what was written before the error');

append_to_file("$folder/in.csv", "id,amount,doc\none,1.5,\"{\"\"a\"\": [1, 2]}\"\ntwo,,\n\"th\"\"ree\",3,null\n");
is(psql("\\copy written (id, amount, doc) from '$folder/in.csv' (format csv, header match)\n\\copy (select id, amount, doc from written order by id) to '$folder/out.csv' csv header\n"),
	'', '\copy in and out');
is(slurp_file("$folder/out.csv"), qq{id,amount,doc\none,1.5,"{""a"": [1, 2]}"\n"th""ree",3,null\ntwo,,\n}, 'of what was copied');
like(psql("\\copy written (id, amount) from '$folder/in.csv' (format csv, header)"), qr/extra data after last expected column/, 'an error while copying');
like(psql("\\copy written (id, amount, doc) from '$folder/in.csv' (format csv, header)"), qr/duplicate key value .*\n.*Key \(id\)=\(one\) already exists/, 'or at its end');
is(psql('SELECT count(*) FROM written'), 3, 'copies nothing');
is(psql('DELETE FROM written; SELECT count(*) FROM written'), 0, 'all is deleted');

# --- on a terminal

append_to_file("$folder/inputrc", "set enable-bracketed-paste off\nset bell-style none\n");
my ($in, $out) = ('', '');
my $timer = timer(20);
my $psql;

sub open_terminal
{
	local %ENV = (%ENV, PSQL_HISTORY => "$folder/history", INPUTRC => "$folder/inputrc", TERM => 'xterm', PSQL_PAGER => '', PAGER => 'cat', COLUMNS => 500,
		PGOPTIONS => '-c client_min_messages=warning');
	($in, $out) = ('', '');
	$psql = start([ $node->installed_command('psql'), '-XAt', '-U', 'client', '-d', $node->connstr('postgres') ], '<pty<', \$in, '>pty>', \$out, $timer);
	$psql->{PTYS}{$_} && $psql->{PTYS}{$_}->set_winsize(24, 500) foreach keys %{ $psql->{PTYS} };
	return;
}

# Types something, and waits for what shall come of it.
sub types
{
	my ($keys, $pattern, $name) = @_;
	$timer->start(20);
	$out = '';
	$in .= $keys;
	pump $psql while !$timer->is_expired && $out !~ $pattern;
	ok($out =~ $pattern, $name) or diag "terminal has: $out";
	return;
}

# What psql makes of words that end with a tab; then the line is cleared.
sub completes
{
	my ($words, $completed) = @_;
	types("$words\t", qr/\Q$completed\E/, "'$words' becomes '$completed'");
	types("\cU\\echo cleared \n", qr/\ncleared/, 'and goes');
	return;
}

open_terminal();
types("\\pset pager off\n", qr/Pager usage is off/, 'psql is there');
completes('SELECT * FROM ev',               'events ');
completes('UPDATE wri',                     'written ');
completes('UPDATE written SET am',          'amount ');
completes('SELECT * FROM events WHERE do',  'document ');
completes('INSERT INTO written (is',        'is_good');
completes('DELETE FROM sl',                 'slow ');
completes('TRUNCATE wri',                   'written ');
completes('\d ev',                          'events ');
completes('\det sl',                        'slow ');
completes('ALTER FOREIGN TABLE ev',         'events ');
completes('DROP FOREIGN TABLE sl',          'slow ');
completes('ALTER SERVER dy',                'dynamodb ');
completes('CREATE USER MAPPING FOR client SERVER si', 'silent');
completes('ALTER FOREIGN DATA WRAPPER dy',  'dynamodb_fdw ');
completes('ALTER EXTENSION dy',             'dynamodb_fdw ');

types("SELECT count(*) FROM events WHERE id = 'device-01' \\watch 0.2\n", qr/\n20\r?\n.*\n20\r?\n.*\n20\r?\n/s, '\watch repeats');
types("\cC", qr/=> $/, 'until Ctrl-C');
# Settings are known once the extension has been used.
completes('SET dynamodb_fdw.prog', 'dynamodb_fdw.progress_interval ');
my $began = time;
$in .= "SELECT * FROM slow;\n";
pump $psql;
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query = 'SELECT * FROM slow;' AND state = 'active' AND wait_event_type = 'Extension'})
  or die 'psql does not wait for DynamoDB';
types("\cC", qr/canceling statement due to user request/, 'Ctrl-C ends a query that waits for DynamoDB');
cmp_ok(time - $began, '<', 20, 'at once');
types("SELECT count(*) + 1000 FROM events WHERE id = 'device-01';\n", qr/\n1020\r?\n/, 'and the session goes on');
types("\\q\n", qr/\\q/, 'until it is left');
$psql->finish;
done_testing();
