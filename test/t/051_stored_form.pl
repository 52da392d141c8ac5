# jsonb and numeric are written in their stored form by the extension: the bytes are those that PostgreSQL makes itself.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use Test::More;

my $seed = $ENV{DIFFERENTIAL_SEED} // time;
srand $seed;
note "seed $seed (DIFFERENTIAL_SEED)";

sub pick { return $_[ rand @_ ] }
sub some { return int rand($_[0]) + 1 }

sub digits { return join '', map { int rand 10 } 1 .. $_[0] }

# Numbers in the spellings of the service and in others: all are read.
sub number
{
	my $sign = pick('', '', '-');
	return $sign . pick(0, '0.0', '0.0000', '00', '7', '007', '10000', '0.0001', '100000000', '0.00000001', '1.50', '0.10', '9999', '99990000');
}

sub any_number
{
	my $sign = pick('', '', '-');
	my $way  = rand;
	return number() if $way < 0.3;
	return $sign . digits(some(18)) if $way < 0.5;
	return $sign . (1 + int rand 9) . digits(some(8)) . '.' . digits(some(9)) if $way < 0.7;
	return $sign . '0.' . '0' x rand(12) . digits(some(5)) if $way < 0.8;
	return $sign . (1 + int rand 9) . digits(some(36)) if $way < 0.85;
	return $sign . (1 + int rand 9) . digits(some(17)) . '.' . digits(some(17)) if $way < 0.9;
	return $sign . (1 + int rand 9) . pick('', '.' . digits(some(8))) . pick('E', 'e') . pick('', '+', '-') . int rand 120;
}

# Names with the same beginnings and lengths; some with escapes.
sub name
{
	my $way = rand;
	return pick('a' .. 'e') if $way < 0.2;
	return 'attribute_' . int rand 100 if $way < 0.6;
	return 'abcdef' . pick('', 'g', 'h', 'gh', 'hg', 'G') if $way < 0.8;
	return pick('ä', '日本', '\\u00e4', '\\"', '\\\\', '\\n', '', 'x' x 70, 'x' x 69 . 'y') if $way < 0.95;
	return join '', 'z', map { pick('a' .. 'z') } 1 .. some(12);
}

sub text { return pick('', 'x' x rand 300, 'naïve 日本語 🐘', 'a\\"b\\\\\\/\\u00e9\\ud83d\\ude00\\t', 'word', 'customer#' . digits(7)) }

sub base64 { return join('', map { pick('AAAA', '3q2+', '7wAB', '////') } 1 .. rand 8) . pick('', 'AA==', 'AAA=') }

sub list { my ($count, $make) = @_; return '[' . join(',', map { $make->() } 1 .. $count) . ']' }

sub scalar_value
{
	my $way = rand;
	return '{"N":"' . any_number() . '"}' if $way < 0.4;
	return '{"S":"' . text() . '"}' if $way < 0.7;
	return '{"BOOL":' . pick('true', 'false') . '}' if $way < 0.8;
	return '{"NULL":true}' if $way < 0.9;
	return '{"B":"' . base64() . '"}';
}

# More than 32 entries or so, JB_OFFSET_STRIDE, now and then.
sub count { return int rand($_[0] < 2 && rand() < 0.05 ? 120 : 6 - $_[0]) }

sub members
{
	my ($depth) = @_;
	return join ',', map { '"' . name() . '":' . value($depth) } 1 .. count($depth);
}

sub value
{
	my ($depth) = @_;
	my $way = rand;
	return scalar_value() if $depth > 3 || $way < 0.6;
	return '{"M":{' . members($depth + 1) . '}}' if $way < 0.75;
	return '{"L":' . list(count($depth), sub { value($depth + 1) }) . '}' if $way < 0.88;
	return '{"SS":' . list(count($depth), sub { '"' . text() . '"' }) . '}' if $way < 0.92;
	return '{"NS":' . list(count($depth), sub { '"' . any_number() . '"' }) . '}' if $way < 0.96;
	return '{"BS":' . list(count($depth), sub { '"' . base64() . '"' }) . '}';
}

sub item
{
	my ($number) = @_;
	my @members = ('"p":{"S":"a"}', qq("s":{"N":"$number"}), '"v":' . value(0), '"n":{"N":"' . any_number() . '"}', members(0) || ());
	return '{' . join(',', sort { rand() <=> rand() } @members) . '}';
}

my $items = 1000;
my $page  = '{"Count":' . $items . ',"Items":[' . join(',', map { item($_) } 1 .. $items) . ']}';

note 'a page of ', length $page, ' bytes';

my $prepared = prepared(events => 'p:S,s:N');
my $server   = FaultServer->start(handler => $prepared);
my $node     = dynamodb_node('main', endpoint => $server->endpoint, options => { scan_policy => 'allow', parallel_scan_count => 1 });
my $key      = q{p text OPTIONS (partition_key 'true'), s int OPTIONS (sort_key 'true')};
my $plain    = q{OPTIONS (ddb_document 'true')};
my $typed    = q{OPTIONS (ddb_document 'true', document_format 'dynamodb')};
create_foreign_table($node, 'plain', "$key, v jsonb, v_json json OPTIONS (mapped_attr 'v', ddb_type 'L'), n numeric, n_list jsonb OPTIONS (mapped_attr 'n'), document jsonb $plain, document_json json $plain", options => { table_name => 'events' });
create_foreign_table($node, 'typed', "$key, v jsonb OPTIONS (document_format 'dynamodb'), v_json json OPTIONS (mapped_attr 'v', document_format 'dynamodb'), document jsonb $typed, document_json json $typed", options => { table_name => 'events' });
$server->set({ Scan => [ { body => $page } ] });

# How many items are the same, and the first that is not.
sub compares
{
	my ($what, $table, $made, $reference) = @_;
	my $equal = "record_image_eq(ROW($made), ROW($reference))";
	my $same  = $node->safe_psql('postgres', "SELECT count(*) FILTER (WHERE $equal), min(s) FILTER (WHERE NOT $equal) FROM $table");
	is($same, "$items|", $what);
	return;
}

compares('plain documents', 'plain', 'document', 'document_json::jsonb');
compares('plain attributes', 'plain', 'v', 'v_json::jsonb');
compares('numbers as numeric', 'plain', 'n', 'n::text::numeric');
compares('numbers as jsonb', 'plain', 'n_list', 'to_jsonb(n)');
compares('documents in the dynamodb format', 'typed', 'document', 'document_json::jsonb');
compares('attributes in the dynamodb format', 'typed', 'v', 'v_json::jsonb');

$server->stop;
$node->stop;
done_testing();
