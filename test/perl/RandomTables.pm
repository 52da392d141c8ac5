# Tables for the differential test: items of all of DynamoDB's types, drawn from a seed, and foreign tables over them.
#
#   my $tables = RandomTables->new(seed => 1, prefix => 'differential_', empty_values => 0);
#   $tables->create(\&dynamodb_call);               # the tables of DynamoDB and their items
#   $tables->sql($server)                           # schema remote: foreign tables; schema local: copies of them
#   RandomTables::columns('mixed')                  # what RandomQueries may ask of a table
#   $tables->drop(\&dynamodb_call);
#
# Needs nothing but Perl, so that it can be used without the test's servers.

package RandomTables;

use strict;
use warnings;
use utf8;

use Exporter 'import';
use JSON::PP ();
use MIME::Base64 qw(encode_base64);

our @EXPORT_OK = qw(pick chance);

# One of these.
sub pick
{
	return $_[ rand @_ ];
}

sub chance
{
	my ($probability) = @_;
	return rand() < $probability;
}

# Values that are stored and asked for. Many meet: a random condition should find something.
our %POOL = (
	key  => [ 'p1', 'p2', 'p3', 'p4', 'P1', 'ä', 'p1/x' ],
	text => [
		'', 'a', 'ab', 'abc', 'abcd', 'abd', 'b', 'B', 'Zebra', 'ä', 'äpfel', 'z', 'é', "e\x{301}", "\x{ffee}", "\x{1f600}", "\x{10fffd}",
		'a%b', 'a_b', 'a\\b', 'a\\', '100%', "it's", '"q"', '1', '01', '1.0', '1e2', 'true', 'null', '[1]', '{"x": 1}', ' lead', 'trail ',
		'abcde ', '\\x6162', '\\x', 'a.b', 'x' x 60, 'NaN', "line\nfeed"
	],
	number => [
		'0', '1', '-1', '2', '3', '5', '10', '100', '-100', '1.5', '-2.25', '0.1', '3.5', '1E+2', '16777217', '2147483648', '-2147483649',
		'9007199254740993', '9223372036854775807', '9223372036854775808', '12345678901234567890123456789012345678',
		'-99999999999999999999999999999999999999', '3.3333333333333333333333333333333333333', '1E-130', '-1E-130', '1E-40', '9.99E+125',
		'0.00000000000000000000000000000000000001'
	],
	small  => [ -3 .. 6, 10, 100 ],
	binary => [ '', '00', '01ff', '6162', '61', 'ff', '0000', '6100' ],
	uuid   => [ map { sprintf '%08x-0000-4000-8000-00000000000%d', $_, $_ } 1 .. 5 ],
	time   => [ 0, 1, 1000, 1700000000, 1700000000500, 1700000000000, -1, 4102444800, '1.5' ],
	name   => [ 'a', 'b', 'c', 'x', 'select', 'a.b', 'with space', 'quo"te', "apo'strophe", 'größe', '0', '1', 'size', '-', '#n', ':v' ],
);

# --- values in DynamoDB's JSON

# DynamoDB Local refuses empty strings and binaries, in sets too; the service takes them outside of keys.
my $empty_values;

sub S { return { S => $_[0] ne '' || $empty_values ? "$_[0]" : 'void' } }
sub N { return { N => "$_[0]" } }
sub B { return { B => encode_base64(pack('H*', $_[0] ne '' || $empty_values ? $_[0] : 'ee'), '') } }
sub BOOL { return { BOOL => $_[0] ? JSON::PP::true : JSON::PP::false } }
sub NUL { return { NULL => JSON::PP::true } }

sub several
{
	my ($least, $most, $pool) = @_;
	my %seen;
	return grep { !$seen{$_}++ } map { pick(@$pool) } 1 .. $least + int rand($most - $least + 1);
}

sub string_set { return { SS => [ map { S($_)->{S} } several(1, 4, $POOL{text}) ] } }

sub number_set
{
	return { NS => [ several(1, 4, [ 0, 1, '1.5', -2, '12345678901234567890123456789012345678' ]) ] };
}
sub binary_set { return { BS => [ map { B($_)->{B} } several(1, 3, $POOL{binary}) ] } }

sub list
{
	my ($depth) = @_;
	return { L => [ map { any_value($depth - 1) } 1 .. int rand 4 ] };
}

sub map_value
{
	my ($depth) = @_;
	return { M => { map { $_ => any_value($depth - 1) } several(0, 4, $POOL{name}) } };
}

sub any_value
{
	my ($depth) = @_;
	my $kind = int rand($depth > 0 ? 12 : 7);
	return S(pick(@{ $POOL{text} })) if $kind <= 1;
	return N(pick(@{ $POOL{number} })) if $kind == 2;
	return N(pick(@{ $POOL{small} })) if $kind == 3;
	return B(pick(@{ $POOL{binary} })) if $kind == 4;
	return BOOL(chance(0.5)) if $kind == 5;
	return NUL() if $kind == 6;
	return pick(string_set(), number_set(), binary_set()) if $kind == 7;
	return $kind <= 9 ? list($depth) : map_value($depth);
}

# Adds attributes to an item, some of them not: missing, or of type NULL.
sub add
{
	my ($item, $name, $value) = @_;
	$item->{$name} = chance(0.1) ? NUL() : $value unless chance(0.15);
	return;
}

# --- the tables

sub key_schema
{
	my @types = qw(HASH RANGE);
	return [ map { { AttributeName => $_, KeyType => shift @types } } @_ ];
}

sub index_on
{
	my ($name, @keys) = @_;
	return { IndexName => $name, KeySchema => key_schema(@keys), Projection => { ProjectionType => 'ALL' } };
}

sub definitions
{
	my (%types) = @_;
	return [ map { { AttributeName => $_, AttributeType => $types{$_} } } sort keys %types ];
}

my %TABLES = (
	# Attributes of mixed types, and indexes in which items are missing.
	mixed => {
		AttributeDefinitions   => definitions(pk => 'S', sk => 'S', place => 'N', status => 'S', 'the rank' => 'N', label => 'S'),
		KeySchema              => key_schema('pk', 'sk'),
		LocalSecondaryIndexes  => [ index_on('by_place', 'pk', 'place') ],
		GlobalSecondaryIndexes => [ index_on('by_status', 'status', 'the rank'), index_on('by_label', 'label') ],
	},
	# Every attribute has one type.
	typed => {
		AttributeDefinitions   => definitions(id => 'S', n => 'N', moment => 'N', name => 'S'),
		KeySchema              => key_schema('id', 'n'),
		LocalSecondaryIndexes  => [ index_on('by_moment', 'id', 'moment') ],
		GlobalSecondaryIndexes => [ index_on('by_name', 'name', 'n') ],
	},
	binaries => { AttributeDefinitions => definitions(n => 'N', b => 'B'), KeySchema => key_schema('n', 'b') },
	documents => { AttributeDefinitions => definitions(id => 'S'), KeySchema => key_schema('id') },
);

sub mixed_item
{
	my %item = (pk => S(pick(@{ $POOL{key} })), sk => S(pick(grep { $_ ne '' } @{ $POOL{text} })));
	$item{status} = S(pick('new', 'old', 'Old', 'ü')) unless chance(0.3);
	$item{'the rank'} = N(pick(@{ $POOL{small} })) unless chance(0.3);
	$item{place} = N(pick(@{ $POOL{number} })) unless chance(0.3);
	$item{label} = S(pick('x', 'y', 'z')) unless chance(0.5);
	add(\%item, $_, any_value(2)) for 'v', 'select', 'a.b', 'with space', 'quo"te', 'größe', '#n';
	add(\%item, 't', chance(0.8) ? S(pick(@{ $POOL{text} })) : any_value(1));
	add(\%item, 'n', chance(0.8) ? N(pick(@{ $POOL{number} })) : any_value(1));
	add(\%item, 'flag', chance(0.8) ? BOOL(chance(0.5)) : any_value(1));
	add(\%item, 'bin', chance(0.8) ? B(pick(@{ $POOL{binary} })) : any_value(1));
	add(\%item, 'tags', chance(0.5) ? string_set() : any_value(2));
	add(\%item, 'nums', chance(0.5) ? number_set() : any_value(2));
	add(\%item, 'j', any_value(3));
	add(\%item, 'm', chance(0.8) ? { M => { map { $_ => any_value(1) } several(0, 5, $POOL{name}) } } : any_value(2));
	add(\%item, 'lines', chance(0.7) ? { L => [ map { any_value(1) } 1 .. int rand 3 ] } : any_value(1));
	return \%item;
}

sub typed_item
{
	my %item = (id => S(pick(@{ $POOL{key} })), n => N(pick(@{ $POOL{number} })));
	$item{moment} = N(pick(@{ $POOL{time} })) unless chance(0.2);
	$item{name} = S(pick('x', 'y', 'ä')) unless chance(0.3);
	add(\%item, 't', S(pick(@{ $POOL{text} })));
	add(\%item, 'short', S(pick(grep { length() <= 4 } @{ $POOL{text} })));
	add(\%item, 'amount', N(pick(@{ $POOL{number} })));
	add(\%item, 'i', N(pick(@{ $POOL{small} })));
	add(\%item, 'ratio', N(pick('0', '0.1', '1.5', '-2.25', '3.5', '16777217', '0.3333333333333333333', '100', '1E-40', '1E-44')));
	add(\%item, 'flag', BOOL(chance(0.5)));
	add(\%item, 'bin', B(pick(@{ $POOL{binary} })));
	add(\%item, 'u', S(pick(@{ $POOL{uuid} })));
	add(\%item, 'tags', string_set());
	add(\%item, 'nums', number_set());
	add(\%item, 'j', map_value(3));
	add(\%item, 'address', { M => { (chance(0.8) ? (city => S(pick(@{ $POOL{text} }))) : ()), (chance(0.8) ? (no => N(pick(@{ $POOL{small} }))) : ()) } });
	return \%item;
}

sub binary_item
{
	my %item = (n => N(pick(@{ $POOL{small} })), b => B(pick(grep { $_ ne '' } @{ $POOL{binary} })));
	add(\%item, 'v', any_value(1));
	return \%item;
}

sub document_item
{
	my ($number) = @_;
	my %item = (id => S("d$number"));
	add(\%item, $_, any_value(3)) for @{ $POOL{name} };
	add(\%item, 'number', N(pick(@{ $POOL{number} })));
	add(\%item, 'text', S(pick(@{ $POOL{text} })));
	add(\%item, 'map', { M => { map { $_ => any_value(2) } several(2, 8, $POOL{name}) } });
	return \%item;
}

# --- the columns: name in SQL, what kind of conditions fit it, and from which values. Columns with `key` are the primary key.

sub column
{
	my ($name, $kind, $pool, $type, $options) = @_;
	return { name => $name, kind => $kind, pool => $pool, type => $type, options => $options };
}

my %COLUMNS = (
	mixed => [
		{ %{ column('pk', 'text', 'key', 'text COLLATE "C"', "partition_key 'true'") }, key => 1 },
		{ %{ column('sk', 'text', 'text', 'text COLLATE "C"', "sort_key 'true'") }, key => 1 },
		column('place', 'numeric', 'number', 'numeric', "lsi_name 'by_place'"),
		column('status', 'text', 'status', 'text COLLATE "C"', "gsi_partition_key_gsi_name 'by_status'"),
		column('"the rank"', 'numeric', 'small', 'numeric', "gsi_sort_key_gsi_name 'by_status'"),
		column('label', 'text', 'label', 'text', "gsi_partition_key_gsi_name 'by_label'"),
		column('t', 'text', 'text', 'text COLLATE "C"', ''),
		column('t_default', 'text', 'text', 'text', "mapped_attr 't'"),
		column('t_icu', 'text', 'text', 'text COLLATE "en-x-icu"', "mapped_attr 't'"),
		column('t_folded', 'text', 'text', 'text COLLATE case_folded', "mapped_attr 't'"),
		column('t_varchar', 'text', 'text', 'varchar(5)', "mapped_attr 't'"),
		column('n', 'numeric', 'number', 'numeric', ''),
		column('n_scaled', 'numeric', 'number', 'numeric(20,1)', "mapped_attr 'n'"),
		column('n_int', 'int', 'small', 'int', "mapped_attr 'n'"),
		column('n_bigint', 'int', 'number', 'bigint', "mapped_attr 'n'"),
		column('n_real', 'float', 'number', 'real', "mapped_attr 'n'"),
		column('n_double', 'float', 'number', 'float8', "mapped_attr 'n'"),
		column('n_time', 'time', 'time', 'timestamptz', "mapped_attr 'n', time_unit 'ms'"),
		column('flag', 'boolean', undef, 'boolean', ''),
		column('bin', 'bytea', 'binary', 'bytea', ''),
		column('tags', 'texts', 'text', 'text[]', ''),
		column('nums', 'numbers', 'number', 'numeric[]', ''),
		column('j', 'jsonb', undef, 'jsonb', ''),
		column('v', 'jsonb', undef, 'jsonb', ''),
		column('v_text', 'text', 'text', 'text COLLATE "C"', "mapped_attr 'v'"),
		column('"select"', 'text', 'text', 'text COLLATE "C"', ''),
		column('"a.b"', 'numeric', 'number', 'numeric', ''),
		column('"with space"', 'text', 'text', 'text', ''),
		column('"quo""te"', 'boolean', undef, 'boolean', ''),
		column('"größe"', 'numeric', 'number', 'numeric', ''),
		column('hash', 'text', 'text', 'text', "mapped_attr '#n'"),
		column('m_a', 'text', 'text', 'text COLLATE "C"', "mapped_path 'm.a'"),
		column('m_size', 'numeric', 'number', 'numeric', "mapped_path 'm.size'"),
		column('m_x', 'jsonb', undef, 'jsonb', "mapped_path 'm.x'"),
		column('line', 'text', 'text', 'text', "mapped_path 'lines[0]'"),
	],
	typed => [
		{ %{ column('id', 'text', 'key', 'text', "partition_key 'true'") }, key => 1 },
		{ %{ column('n', 'numeric', 'number', 'numeric', "sort_key 'true'") }, key => 1 },
		column('moment', 'numeric', 'time', 'numeric', "lsi_name 'by_moment'"),
		column('at', 'time', 'time', 'timestamptz', "mapped_attr 'moment', time_unit 's'"),
		column('name', 'text', 'label', 'text COLLATE "C"', "gsi_partition_key_gsi_name 'by_name'"),
		column('t', 'text', 'text', 'text COLLATE "C"', ''),
		column('t_icu', 'text', 'text', 'text COLLATE "und-x-icu"', "mapped_attr 't'"),
		column('short', 'text', 'text', 'varchar(4)', ''),
		column('amount', 'numeric', 'number', 'numeric', ''),
		column('amount_double', 'float', 'number', 'float8', "mapped_attr 'amount'"),
		column('i', 'int', 'small', 'int', ''),
		column('i_small', 'int', 'small', 'smallint', "mapped_attr 'i'"),
		column('i_domain', 'int', 'small', 'small_number', "mapped_attr 'i'"),
		column('ratio', 'float', 'number', 'real', ''),
		column('flag', 'boolean', undef, 'boolean', ''),
		column('bin', 'bytea', 'binary', 'bytea', ''),
		column('u', 'uuid', 'uuid', 'uuid', ''),
		column('tags', 'texts', 'text', 'text[]', "ddb_type 'SS'"),
		column('nums', 'numbers', 'number', 'numeric[]', ''),
		column('j', 'jsonb', undef, 'jsonb', ''),
		column('city', 'text', 'text', 'text COLLATE "C"', "mapped_path 'address.city'"),
		column('no', 'int', 'small', 'int', "mapped_path 'address.no'"),
	],
	binaries => [
		{ %{ column('n', 'int', 'small', 'int', "partition_key 'true'") }, key => 1 },
		{ %{ column('b', 'bytea', 'binary', 'bytea', "sort_key 'true'") }, key => 1 },
		column('v', 'jsonb', undef, 'jsonb', ''),
		column('document', 'jsonb', undef, 'jsonb', "ddb_document 'true'"),
	],
	documents => [
		{ %{ column('id', 'text', 'document_id', 'text COLLATE "C"', "partition_key 'true'") }, key => 1 },
		column('document', 'jsonb', undef, 'jsonb', "ddb_document 'true'"),
		column('number', 'numeric', 'number', 'numeric', ''),
		column('map', 'jsonb', undef, 'jsonb', ''),
	],
	mixed_documents => [
		{ %{ column('pk', 'text', 'key', 'text', "partition_key 'true'") }, key => 1 },
		{ %{ column('sk', 'text', 'text', 'text COLLATE "C"', "sort_key 'true'") }, key => 1 },
		column('status', 'text', 'status', 'text', "gsi_partition_key_gsi_name 'by_status'"),
		column('document', 'jsonb', undef, 'jsonb', "ddb_document 'true'"),
	],
);

# Foreign tables that are not named after the DynamoDB table, and options other than the default.
my %SOURCE = (mixed_documents => 'mixed');
my %OPTIONS = (
	mixed           => "on_type_mismatch 'null', parallel_scan_count '2'",
	typed           => "parallel_scan_count '1'",
	binaries        => "parallel_scan_count '1', consistent_read 'true'",
	documents       => "parallel_scan_count '3'",
	mixed_documents => "parallel_scan_count '1', on_type_mismatch 'null', sparse_indexes 'avoid'",
);
$POOL{status}      = [ 'new', 'old', 'Old', 'ü', '' ];
$POOL{label}       = [ 'x', 'y', 'z', 'ä' ];
$POOL{document_id} = [ map { "d$_" } 0 .. 8 ];

sub table_names
{
	return sort keys %COLUMNS;
}

sub columns
{
	my ($table) = @_;
	return @{ $COLUMNS{$table} };
}

my %MAKERS = (mixed => \&mixed_item, typed => \&typed_item, binaries => \&binary_item, documents => \&document_item);
my %COUNTS = (mixed => 110, typed => 90, binaries => 50, documents => 40);

sub new
{
	my ($class, %options) = @_;
	srand $options{seed};
	$empty_values = $options{empty_values};
	my %items;
	for my $table (sort keys %MAKERS)
	{
		my %by_key;
		for my $number (1 .. $COUNTS{$table})
		{
			my $item = $MAKERS{$table}->($number);
			my @key = map { values %{ $item->{ $_->{AttributeName} } } } @{ $TABLES{$table}{KeySchema} };
			$by_key{ join "\0", map { /^[-\d.E+]+$/ ? $_ + 0 : $_ } @key } = $item;
		}
		$items{$table} = [ map { $by_key{$_} } sort keys %by_key ];
	}
	return bless { prefix => $options{prefix}, items => \%items }, $class;
}

# How many items a foreign table should show.
sub count
{
	my ($self, $table) = @_;
	return scalar @{ $self->{items}{ $SOURCE{$table} // $table } };
}

# Creates the tables and puts their items; `call` is like DynamoDBTest::dynamodb_call.
sub create
{
	my ($self, $call) = @_;
	for my $table (sort keys %TABLES)
	{
		my $name = "$self->{prefix}$table";
		$call->('CreateTable', { TableName => $name, BillingMode => 'PAY_PER_REQUEST', %{ $TABLES{$table} } });
		my @items = @{ $self->{items}{$table} };
		while (my @batch = splice @items, 0, 25)
		{
			$call->('BatchWriteItem', { RequestItems => { $name => [ map { { PutRequest => { Item => $_ } } } @batch ] } });
		}
	}
	return;
}

sub drop
{
	my ($self, $call) = @_;
	$call->('DeleteTable', { TableName => "$self->{prefix}$_" }) for sort keys %TABLES;
	return;
}

# In a column's definition its options stand between type and collation.
sub column_definition
{
	my ($column) = @_;
	my ($type, $collation) = $column->{type} =~ /^(.*?)( COLLATE .*)?$/;
	my $options = $column->{options} ? " OPTIONS ($column->{options})" : '';
	return "$column->{name} $type$options" . ($collation // '') . ($column->{key} ? ' NOT NULL' : '');
}

# Statements that create the foreign tables (schema remote), their copies (schema local), and public.keys to join with.
sub sql
{
	my ($self, $server) = @_;
	my $sql = <<'END';
CREATE SCHEMA remote;
CREATE SCHEMA local;
CREATE COLLATION public.case_folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN public.small_number AS int CHECK (value < 1000);
CREATE TABLE public.keys (k text COLLATE "C", s text, n numeric, i int, b bytea);
INSERT INTO public.keys VALUES ('p1', 'a', 1, 1, '\x61'), ('p2', 'ab', 1.5, 2, '\x00'), ('p3', 'b', 100, 3, '\x01ff'), ('ä', 'ä', -1, -1, '\xff'),
  (NULL, NULL, NULL, NULL, NULL), ('none', '', 'NaN', 100, ''), ('new', 'x', 0, 0, '\x6162'), ('d1', 'd2', 2, 5, '\x61'), ('p1', 'abc', 1, 1, '\x61');
END
	for my $table (table_names())
	{
		my $list = join ",\n  ", map { column_definition($_) } columns($table);
		my $name = $self->{prefix} . ($SOURCE{$table} // $table);
		$sql .= "CREATE FOREIGN TABLE remote.$table ($list)\n  SERVER $server OPTIONS (table_name '$name', scan_policy 'allow', $OPTIONS{$table});\n"
		  . "CREATE TABLE local.$table AS SELECT * FROM remote.$table;\n";
	}
	return $sql;
}

1;
