# Random transactions of writes and reads over foreign tables and over copies of them, which know what each item should
# look like in DynamoDB, attribute by attribute and type by type.
#
#   my $writes = RandomWrites->new(seed => 1, prefix => 'writes_');
#   $writes->create(\&dynamodb_call);           # the tables of DynamoDB and their items
#   $writes->sql('dynamodb')                    # schemas remote and local, and the functions that compare
#   RandomWrites::copy_sql($table, $scan)       # makes a copy what the table is
#   $writes->set_keys($table, @keys);           # which keys the items have, so that statements meet some
#   my $transaction = $writes->transaction(17)  # what it says there
#   RandomWrites::comparison_sql($table, $scan) # shows what the answer of a Scan has otherwise than the copy
#   $writes->drop(\&dynamodb_call);
#
# A copy has the columns of its foreign table, and columns for what the foreign table does not show: the attributes that
# are not mapped, the rest of the map that mapped_path columns are in, the types within documents. Triggers do on the
# copy what the extension's documentation says of items.

package RandomWrites;

use strict;
use warnings;
use utf8;

use JSON::PP ();
use MIME::Base64 qw(encode_base64);

use RandomTables qw(pick chance);

# --- values

our %POOL = (
	text => [
		'a', 'ab', 'abc', 'b', 'B', 'Zebra', 'ä', 'äpfel', 'é', "e\x{301}", "\x{1f600}", 'a%b', 'a\\b', "it's", '"q"', '1', '1.0', 'true',
		'null', '[1]', '{"x": 1}', ' lead', 'trail ', '\\x6162', 'x' x 60, "line\nfeed", "\t"
	],
	number => [
		'0', '1', '-1', '2', '3', '10', '-100', '1.5', '-2.25', '0.1', '100', '16777217', '9007199254740993', '9223372036854775808',
		'12345678901234567890123456789012345678', '-99999999999999999999999999999999999999', '1E-30', '-1E-130', '9.99E+125',
		'0.00000000000000000000000000000000000001'
	],
	small  => [ -3 .. 6, 10, 100 ],
	double => [ '0', '0.1', '-1.5', '1e20', '3.3333333333333335', '-1e-30', '16777217' ],
	binary => [ '00', '01ff', '6162', '61', 'ff', '0000', '00' x 60 ],
	time   => [ '2024-01-02 03:04:05Z', '1969-12-31 23:59:59.5Z', '2024-02-29 00:00:00.123456Z', '0044-03-15 12:00:00Z', '2024-01-02 03:04:05+05:30' ],
	millis => [ '2024-01-02 03:04:05Z', '1969-12-31 23:59:59.5Z', '2024-02-29 00:00:00.123Z', '1970-01-01 00:00:00Z' ],
	name   => [ 'a', 'b', 'c', 'select', 'a.b', 'with space', 'quo"te', 'größe', '#n', ':v' ],
	status => [ 'new', 'old', 'Old', 'ü' ],
);

# Values in DynamoDB's JSON
sub S { return { S => "$_[0]" } }
sub N { return { N => "$_[0]" } }
sub B { return { B => encode_base64(pack('H*', $_[0]), '') } }
sub BOOL { return { BOOL => $_[0] ? JSON::PP::true : JSON::PP::false } }

sub several
{
	my ($least, $most, $pool) = @_;
	my %seen;
	return grep { !$seen{$_}++ } map { pick(@$pool) } 1 .. $least + int rand($most - $least + 1);
}

sub any_value
{
	my ($depth) = @_;
	my $way = int rand($depth > 0 ? 10 : 6);
	return S(pick(@{ $POOL{text} })) if $way < 2;
	return N(pick(@{ $POOL{number} })) if $way < 4;
	return pick(BOOL(chance(0.5)), { NULL => JSON::PP::true }) if $way == 4;
	return B(pick(@{ $POOL{binary} })) if $way == 5;
	return pick({ SS => [ several(1, 4, $POOL{text}) ] }, { NS => [ several(1, 4, [ '0', '1', '1.5', '-2', $POOL{number}[14] ]) ] },
		{ BS => [ map { B($_)->{B} } several(1, 3, $POOL{binary}) ] })
	  if $way < 8;
	return { L => [ map { any_value($depth - 1) } 1 .. int rand 4 ] } if $way == 8;
	return map_value($depth);
}

sub map_value
{
	my ($depth) = @_;
	return { M => { map { $_ => any_value($depth - 1) } several(0, 4, $POOL{name}) } };
}

# --- tables. A column: its name, its SQL type, how its values are written, where literals for it come from, its options.

sub column
{
	my ($name, $type, $form, $pool, $options) = @_;
	return { name => $name, type => $type, form => $form, pool => $pool, options => $options // '', attribute => $name };
}

my @COMMON = (
	column('t', 'text COLLATE "C"', 'S', 'text'),
	column('n', 'numeric', 'N', 'number'),
	column('i', 'int', 'N', 'small'),
	column('flag', 'boolean', 'BOOL', undef),
	column('tags', 'text[]', 'SS', 'text', "ddb_type 'SS'"),
	column('j', 'jsonb', 'J', undef),
);

my %COLUMNS = (
	plain => [
		{ %{ column('id', 'text COLLATE "C"', 'S', 'id', "partition_key 'true'") }, key => 1 },
		@COMMON,
		column('d', 'double precision', 'N', 'double'),
		column('bin', 'bytea', 'B', 'binary'),
		column('at', 'timestamptz', 'time', 'time'),
		column('at_ms', 'timestamptz', 'millis', 'millis', "time_unit 'ms'"),
		column('list', 'int[]', 'list', 'small'),
		{ %{ column('city', 'text', 'S', 'text', "mapped_path 'address.city'") }, attribute => undef, within => 'address' },
		{ %{ column('zip', 'int', 'N', 'small', "mapped_path 'address.zip'") }, attribute => undef, within => 'address' },
		{ %{ column('lat', 'numeric', 'N', 'small', "mapped_path 'address.geo.lat'") }, attribute => undef, within => 'geo' },
	],
	sorted => [
		{ %{ column('pk', 'text COLLATE "C"', 'S', 'pk', "partition_key 'true'") }, key => 1 },
		{ %{ column('sk', 'numeric', 'N', 'sk', "sort_key 'true'") }, key => 1 },
		column('status', 'text COLLATE "C"', 'S', 'status', "gsi_partition_key_gsi_name 'by_status'"),
		column('rank', 'numeric', 'N', 'small', "gsi_sort_key_gsi_name 'by_status'"),
		column('place', 'numeric', 'N', 'small', "lsi_name 'by_place'"),
		@COMMON,
	],
	binaries => [
		{ %{ column('b', 'bytea', 'B', 'b', "partition_key 'true'") }, key => 1 },
		{ %{ column('s', 'text COLLATE "C"', 'S', 's', "sort_key 'true'") }, key => 1 },
		@COMMON,
	],
	puts => [
		{ %{ column('k', 'int', 'N', 'k', "partition_key 'true'") }, key => 1 },
		@COMMON,
	],
	documents => [
		{ %{ column('id', 'text COLLATE "C"', 'S', 'id', "partition_key 'true'") }, key => 1 },
		column('document', 'jsonb', 'J', undef, "ddb_document 'true'"),
		column('number', 'numeric', 'N', 'number'),
	],
);

# Other foreign tables on the same tables of DynamoDB; their copies are views.
my %VIEWS = (
	sorted_narrow => { of => 'sorted', columns => [qw(pk sk status n)],        options => "commit_mode 'batch'" },
	plain_narrow  => { of => 'plain',  columns => [qw(id t n flag tags city)], options => "commit_mode 'batch', consistent_read 'true'" },
);

my %OPTIONS = (
	plain     => "batch_size '3', commit_mode 'auto'",
	sorted    => "sparse_indexes 'avoid', parallel_scan_count '2', commit_mode 'auto'",
	binaries  => "commit_mode 'batch'",
	puts      => "commit_mode 'batch', insert_mode 'put'",
	documents => "consistent_read 'true', commit_mode 'auto'",
);

sub _key
{
	my (%keys) = @_;
	return map { { AttributeName => $_, KeyType => $keys{$_} } } sort { $keys{$a} cmp $keys{$b} } keys %keys;
}

my %TABLES = (
	plain    => { AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ], KeySchema => [ _key(id => 'HASH') ] },
	documents => { AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ], KeySchema => [ _key(id => 'HASH') ] },
	puts     => { AttributeDefinitions => [ { AttributeName => 'k', AttributeType => 'N' } ], KeySchema => [ _key(k => 'HASH') ] },
	binaries => {
		AttributeDefinitions => [ { AttributeName => 'b', AttributeType => 'B' }, { AttributeName => 's', AttributeType => 'S' } ],
		KeySchema            => [ _key(b => 'HASH', s => 'RANGE') ]
	},
	sorted => {
		AttributeDefinitions => [
			map { { AttributeName => $_->[0], AttributeType => $_->[1] } }[ 'pk', 'S' ],
			[ 'sk', 'N' ],
			[ 'status', 'S' ],
			[ 'rank', 'N' ],
			[ 'place', 'N' ]
		],
		KeySchema              => [ _key(pk => 'HASH', sk => 'RANGE') ],
		LocalSecondaryIndexes  => [ { IndexName => 'by_place', KeySchema => [ _key(pk => 'HASH', place => 'RANGE') ], Projection => { ProjectionType => 'ALL' } } ],
		GlobalSecondaryIndexes => [ { IndexName => 'by_status', KeySchema => [ _key(status => 'HASH', rank => 'RANGE') ], Projection => { ProjectionType => 'ALL' } } ],
	},
);

# All keys that there may be, in the order of the key's columns.
my %KEYS = (
	plain     => [ map { [$_] } 'p1', 'p2', 'p3', 'p4', 'P1', 'ä', 'p1/x', map { "id $_" } 1 .. 60 ],
	documents => [ map { ["d$_"] } 1 .. 40 ],
	puts      => [ map { [$_] } -5 .. 50 ],
	binaries  => [ map { my $b = $_; map { [ "\\x$b", $_ ] } qw(a ab b ä B c) } qw(00 01ff 61 6162 ff) ],
	sorted    => [ map { my $p = $_; map { [ $p, $_ ] } -1, 0, 1, 2, '2.5', 3, 10, 100, '12345678901234567890123456789012345678' } qw(p1 p2 p3 p4 P1 ä) ],
);
my %FIRST_COUNTS = (plain => 25, documents => 15, puts => 15, binaries => 12, sorted => 25);

sub table_names
{
	return sort keys %COLUMNS;
}

sub base_of
{
	my ($table) = @_;
	return $VIEWS{$table} ? $VIEWS{$table}{of} : $table;
}

sub columns
{
	my ($table) = @_;
	return @{ $COLUMNS{$table} } if !$VIEWS{$table};
	my %chosen = map { $_ => 1 } @{ $VIEWS{$table}{columns} };
	return grep { $chosen{ $_->{name} } } columns($VIEWS{$table}{of});
}

sub key_columns
{
	my ($table) = @_;
	return grep { $_->{key} } columns($table);
}

# --- items to begin with

sub add
{
	my ($item, $name, $value) = @_;
	$item->{$name} = $value if chance(0.75);
	return;
}

sub _attribute_value
{
	my ($column, $value) = @_;
	return B($value =~ s/^\\x//r) if $column->{form} eq 'B';
	return $column->{form} eq 'N' ? N($value) : S($value);
}

sub first_item
{
	my ($table, $key) = @_;
	my %item;
	my @values = @$key;
	$item{ $_->{name} } = _attribute_value($_, shift @values) for key_columns($table);
	add(\%item, "untouched $_", any_value(3)) for 1 .. 4;
	if ($table eq 'documents')
	{
		add(\%item, $_, any_value(3)) for @{ $POOL{name} };
		add(\%item, 'number', N(pick(@{ $POOL{number} })));
		return \%item;
	}
	add(\%item, $_->{name}, _attribute_value($_, pick(@{ $POOL{ $_->{pool} } })))
	  for grep { !$_->{key} && $_->{pool} && $_->{form} =~ /^[SNB]$/ && $_->{attribute} } columns($table);
	add(\%item, 'flag', BOOL(chance(0.5)));
	add(\%item, 'tags', { SS => [ several(1, 4, $POOL{text}) ] });
	add(\%item, 'j', map_value(3));
	return \%item if $table ne 'plain';
	add(\%item, 'list', { L => [ map { N($_) } several(0, 4, $POOL{small}) ] });
	add(\%item, 'at', S('2024-01-02T03:04:05Z'));
	add(\%item, 'at_ms', N(pick(0, 1700000000500, '1.5')));
	my %address = (other => any_value(2), 'a.b' => any_value(1));
	add(\%address, 'city', S(pick(@{ $POOL{text} })));
	add(\%address, 'zip', N(pick(@{ $POOL{small} })));
	my %geo = (lon => any_value(0));
	add(\%geo, 'lat', N(pick(@{ $POOL{small} })));
	add(\%address, 'geo', { M => \%geo });
	add(\%item, 'address', { M => \%address });
	return \%item;
}

sub new
{
	my ($class, %options) = @_;
	srand $options{seed};
	rand for 1 .. 3;
	my $self = bless { seed => $options{seed}, prefix => $options{prefix}, existing => {} }, $class;
	for my $table (table_names())
	{
		my @keys = @{ $KEYS{$table} };
		push @{ $self->{items}{$table} }, first_item($table, splice @keys, int rand @keys, 1) for 1 .. $FIRST_COUNTS{$table};
	}
	return $self;
}

# Creates the tables and puts their items; `call` is like DynamoDBTest::dynamodb_call.
sub create
{
	my ($self, $call) = @_;
	$call->('CreateTable', { TableName => "$self->{prefix}$_", BillingMode => 'PAY_PER_REQUEST', %{ $TABLES{$_} } }) for table_names();
	$self->_put($call, $_) for table_names();
	return;
}

sub _put
{
	my ($self, $call, $table) = @_;
	my @items = @{ $self->{items}{$table} };
	while (my @batch = splice @items, 0, 25)
	{
		$call->('BatchWriteItem', { RequestItems => { "$self->{prefix}$table" => [ map { { PutRequest => { Item => $_ } } } @batch ] } });
	}
	return;
}

sub drop
{
	my ($self, $call) = @_;
	$call->('DeleteTable', { TableName => "$self->{prefix}$_" }) for table_names();
	return;
}

# --- SQL: tables

sub _remote_definition
{
	my ($column) = @_;
	my ($type, $collation) = $column->{type} =~ /^(.*?)( COLLATE .*)?$/;
	my $options = $column->{options} ? " OPTIONS ($column->{options})" : '';
	return "$column->{name} $type$options" . ($collation // '') . ($column->{key} ? ' NOT NULL' : '');
}

sub _remote_table
{
	my ($self, $table, $server) = @_;
	my $options = $OPTIONS{$table} // $VIEWS{$table}{options};
	return "CREATE FOREIGN TABLE remote.$table (" . join(', ', map { _remote_definition($_) } columns($table))
	  . ") SERVER $server OPTIONS (table_name '$self->{prefix}" . base_of($table) . "', scan_policy 'allow', $options);\n";
}

sub _local_table
{
	my ($table) = @_;
	my $key = join ', ', map { $_->{name} } key_columns($table);
	return "CREATE TABLE local.$table (" . join(', ', map { "$_->{name} $_->{type}" } columns($table))
	  . ", untouched jsonb DEFAULT '{}', typed jsonb DEFAULT '{}', address jsonb, PRIMARY KEY ($key));\n"
	  . "CREATE TRIGGER z_normalize BEFORE INSERT OR UPDATE ON local.$table FOR EACH ROW EXECUTE FUNCTION public.normalize_$table();\n";
}

# What a value looks like when it has been through DynamoDB; that a map once there stays; which parts of documents were
# changed and so have the types of plain JSON.
sub _normalize_function
{
	my ($table) = @_;
	my $body = join '', map { "  NEW.$_->{name} := trim_scale(NEW.$_->{name});\n" } grep { $_->{type} eq 'numeric' } columns($table);
	$body .= "  IF NEW.address IS NULL AND (NEW.city IS NOT NULL OR NEW.zip IS NOT NULL) THEN NEW.address := '{}'; END IF;\n"
	  . "  IF NEW.lat IS NOT NULL AND (NEW.address->'geo') IS NULL THEN NEW.address := coalesce(NEW.address, '{}') || '{\"geo\": {\"M\": {}}}'; END IF;\n"
	  if $table eq 'plain';
	$body .= "  IF TG_OP = 'UPDATE' THEN NEW.typed := public.unchanged(OLD.j, NEW.j, OLD.typed); END IF;\n" if $table ne 'documents';
	$body .= "  IF TG_OP = 'INSERT' THEN DELETE FROM local.puts WHERE k = NEW.k; END IF;\n" if $table eq 'puts';
	$body .= <<'END' if $table eq 'documents';
  IF TG_OP = 'INSERT' THEN
    NEW.document := coalesce(NEW.document, '{}') || jsonb_strip_nulls(jsonb_build_object('id', NEW.id, 'number', NEW.number));
  ELSE
    NEW.document := coalesce(NEW.document, '{}') || jsonb_build_object('id', NEW.id);
    IF NEW.number_is_set THEN
      NEW.document := NEW.document - 'number' || jsonb_strip_nulls(jsonb_build_object('number', NEW.number));
    END IF;
    NEW.typed := public.unchanged(OLD.document, NEW.document, OLD.typed);
  END IF;
  NEW.number_is_set := false;
  NEW.number := trim_scale((NEW.document->>'number')::numeric);
END
	return "CREATE FUNCTION public.normalize_$table() RETURNS trigger LANGUAGE plpgsql AS \$function\$\nBEGIN\n$body  RETURN NEW;\nEND \$function\$;\n";
}

# The typed JSON that an attribute should have, for a column of the copy
sub _expected
{
	my ($column) = @_;
	my $name = $column->{name};
	return "jsonb_build_object('S', $name)" if $column->{form} eq 'S';
	return "jsonb_build_object('N', trim_scale($name\::text::numeric))" if $column->{form} eq 'N';
	return "jsonb_build_object('B', replace(encode($name, 'base64'), E'\\n', ''))" if $column->{form} eq 'B';
	return "jsonb_build_object('BOOL', $name)" if $column->{form} eq 'BOOL';
	return "jsonb_build_object('SS', (SELECT jsonb_agg(e ORDER BY e COLLATE \"C\") FROM unnest($name) e))" if $column->{form} eq 'SS';
	return "jsonb_build_object('L', (SELECT coalesce(jsonb_agg(CASE WHEN e IS NULL THEN '{\"NULL\": true}' ELSE jsonb_build_object('N', e) END ORDER BY place), '[]')"
	  . " FROM unnest($name) WITH ORDINALITY u(e, place)))"
	  if $column->{form} eq 'list';
	return "jsonb_build_object('N', trim_scale(extract(epoch FROM $name) * 1000))" if $column->{form} eq 'millis';
	return "jsonb_build_object('S', rtrim(rtrim(to_char($name AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '0'), '.') || 'Z')" if $column->{form} eq 'time';
	die "no form $column->{form}";
}

sub _guarded
{
	my ($column) = @_;
	return "'$column->{name}', CASE WHEN $column->{name} IS NOT NULL THEN " . _expected($column) . ' END';
}

# A view of what DynamoDB should have: the key as text, the attributes whose types are known, and the plain values of
# those whose types depend on what they were before.
sub _expected_view
{
	my ($table) = @_;
	my @columns = columns($table);
	my $key = join " || '|' || ", map { "$_->{name}::text" } key_columns($table);
	my ($known, $plain) = ('', '');
	if ($table eq 'documents')
	{
		$known = 'typed';
		$plain = 'document';
	}
	else
	{
		$known = 'untouched || jsonb_strip_nulls(jsonb_build_object(' . join(', ', map { _guarded($_) } grep { $_->{attribute} && $_->{form} ne 'J' } @columns) . '))';
		my @within = map { _guarded($_) } grep { ($_->{within} // '') eq 'address' } @columns;
		$known .= " || CASE WHEN address IS NULL THEN '{}' ELSE jsonb_build_object('address', jsonb_build_object('M', public.with_latitude(address, lat) || jsonb_strip_nulls(jsonb_build_object(" . join(', ', @within) . ')))) END'
		  if @within;
		$plain = "CASE WHEN j IS NULL THEN '{}' ELSE jsonb_build_object('j', j) END";
	}
	return "CREATE VIEW public.expected_$table AS SELECT $key AS key, $known AS known, $plain AS plain, typed FROM local.$table;\n";
}

my $FUNCTIONS = <<'END';
CREATE FUNCTION public.with_latitude(address jsonb, lat numeric) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
  $$SELECT CASE WHEN lat IS NULL THEN address ELSE jsonb_set(address, '{geo,M,lat}', jsonb_build_object('N', lat)) END$$;

-- Typed JSON in one spelling: numbers by value, sets in order
CREATE FUNCTION public.canonical(value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $function$
DECLARE
  type text := (SELECT k FROM jsonb_object_keys(value) k);
  inner_value jsonb := value->type;
BEGIN
  RETURN CASE type
    WHEN 'N' THEN jsonb_build_object('N', trim_scale((value->>'N')::numeric))
    WHEN 'SS' THEN jsonb_build_object('SS', (SELECT jsonb_agg(e ORDER BY e COLLATE "C") FROM jsonb_array_elements_text(inner_value) e))
    WHEN 'BS' THEN jsonb_build_object('BS', (SELECT jsonb_agg(e ORDER BY e COLLATE "C") FROM jsonb_array_elements_text(inner_value) e))
    WHEN 'NS' THEN jsonb_build_object('NS', (SELECT jsonb_agg(n ORDER BY n) FROM jsonb_array_elements_text(inner_value) e, trim_scale(e::numeric) n))
    WHEN 'L' THEN jsonb_build_object('L', (SELECT coalesce(jsonb_agg(public.canonical(e) ORDER BY place), '[]') FROM jsonb_array_elements(inner_value) WITH ORDINALITY u(e, place)))
    WHEN 'M' THEN jsonb_build_object('M', public.canonical_map(inner_value))
    ELSE value END;
END $function$;
CREATE FUNCTION public.canonical_map(map jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
  $$SELECT coalesce(jsonb_object_agg(k, public.canonical(v)), '{}') FROM jsonb_each(map) e(k, v)$$;

-- Whether a typed value is shown as this plain one
CREATE FUNCTION public.is_shown_as(typed jsonb, plain jsonb) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $function$
DECLARE
  type text := (SELECT k FROM jsonb_object_keys(typed) k);
  inner_value jsonb := typed->type;
BEGIN
  IF typed IS NULL OR plain IS NULL THEN RETURN typed IS NULL AND plain IS NULL; END IF;
  RETURN CASE type
    WHEN 'S' THEN inner_value = plain
    WHEN 'BOOL' THEN inner_value = plain
    WHEN 'NULL' THEN plain = 'null'
    WHEN 'N' THEN jsonb_typeof(plain) = 'number' AND inner_value#>>'{}' = trim_scale((plain#>>'{}')::numeric)::text
    WHEN 'B' THEN plain = to_jsonb('\x' || encode(decode(inner_value#>>'{}', 'base64'), 'hex'))
    WHEN 'M' THEN jsonb_typeof(plain) = 'object' AND NOT EXISTS (SELECT FROM jsonb_each(inner_value) l(k, v) FULL JOIN jsonb_each(plain) r(k, v) USING (k) WHERE l.v IS NULL OR r.v IS NULL OR NOT public.is_shown_as(l.v, r.v))
    WHEN 'L' THEN jsonb_typeof(plain) = 'array' AND jsonb_array_length(plain) = jsonb_array_length(inner_value) AND NOT EXISTS (
      SELECT FROM jsonb_array_elements(inner_value) WITH ORDINALITY l(v, place) JOIN jsonb_array_elements(plain) WITH ORDINALITY r(v, place) USING (place) WHERE NOT public.is_shown_as(l.v, r.v))
    -- A set: its elements in any order
    ELSE jsonb_typeof(plain) = 'array' AND jsonb_array_length(plain) = jsonb_array_length(inner_value) AND NOT EXISTS (
      SELECT FROM jsonb_array_elements(inner_value) l(v) WHERE NOT EXISTS (
        SELECT FROM jsonb_array_elements(plain) r(v) WHERE public.is_shown_as(jsonb_build_object(left(type, 1), l.v), r.v))) END;
END $function$;

-- The members whose types are still those that were loaded: of what is changed, its parts lose them.
CREATE FUNCTION public.unchanged(before jsonb, after jsonb, typed jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN typed = '{}' OR before = after THEN typed WHEN jsonb_typeof(after) = 'object' THEN
    (SELECT coalesce(jsonb_object_agg(k, v), '{}') FROM jsonb_each(typed) e(k, v) WHERE before->k = after->k) ELSE '{}' END$$;

CREATE FUNCTION public.unlike(actual jsonb, expected jsonb) RETURNS text LANGUAGE sql AS $$
  SELECT string_agg(format('%s is %s instead of %s', k, l.v, r.v), '; ') FROM jsonb_each(actual) l(k, v) FULL JOIN jsonb_each(expected) r(k, v) USING (k)
  WHERE l.v IS DISTINCT FROM r.v$$;

-- What an item has otherwise than its copy, or null
CREATE FUNCTION public.difference(item jsonb, known jsonb, plain jsonb, typed jsonb) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
  typed_part jsonb := CASE WHEN known IS NOT DISTINCT FROM typed AND plain ? 'id' THEN item ELSE item->'j'->'M' END;
BEGIN
  IF item IS NULL THEN RETURN 'missing'; END IF;
  IF known IS NULL THEN RETURN 'surplus: ' || item::text; END IF;
  IF plain ? 'id' THEN  -- a document
    IF NOT public.is_shown_as(jsonb_build_object('M', item), plain) THEN RETURN format('is %s instead of plain %s', item, plain); END IF;
  ELSE
    IF item - 'j' <> known THEN RETURN public.unlike(item - 'j', known); END IF;
    IF NOT public.is_shown_as(item->'j', plain->'j') THEN RETURN format('j is %s instead of plain %s', (item->'j')::text, (plain->'j')::text); END IF;
  END IF;
  IF typed <> '{}' AND NOT coalesce(typed_part @> typed AND NOT EXISTS (SELECT FROM jsonb_each(typed) e(k, v) WHERE typed_part->k <> v), false) THEN
    RETURN 'types of ' || public.unlike(typed_part, typed);
  END IF;
  RETURN NULL;
END $function$;

-- Items as DynamoDB's API sends them: their spelling is seldom new.
CREATE TABLE public.seen (item text COLLATE "C" PRIMARY KEY, canonical jsonb);
CREATE FUNCTION public.canonical_item(text_of_item text) RETURNS jsonb LANGUAGE plpgsql AS $function$
DECLARE
  result jsonb;
BEGIN
  SELECT canonical INTO result FROM public.seen WHERE item = text_of_item;
  IF result IS NULL THEN
    result := public.canonical_map(text_of_item::jsonb);
    INSERT INTO public.seen VALUES (text_of_item, result);
  END IF;
  RETURN result;
END $function$;

-- That the transaction has inserted what DynamoDB has already: it cannot commit. Rolled back as the insert is.
CREATE TABLE public.doomed (number int);

CREATE FUNCTION public.rows_of(schema text, statement text) RETURNS text[] LANGUAGE plpgsql AS $function$
DECLARE
  one record;
  count bigint;
  result text[] := '{}';
BEGIN
  PERFORM set_config('search_path', schema || ', public', true);
  IF statement ~ '^(SELECT|WITH)|RETURNING' AND statement !~ '^DO' THEN
    FOR one IN EXECUTE statement LOOP result := result || one::text; END LOOP;
    RETURN result;
  END IF;
  EXECUTE statement;
  GET DIAGNOSTICS count = ROW_COUNT;
  RETURN ARRAY['rows: ' || count];
END $function$;

CREATE FUNCTION public.cursor_and_write(query text, write text) RETURNS SETOF text LANGUAGE plpgsql AS $function$
DECLARE
  rows refcursor;
  one record;
BEGIN
  OPEN rows FOR EXECUTE query;
  FOR place IN 0 .. 1000 LOOP
    FETCH rows INTO one;
    EXIT WHEN NOT FOUND;
    RETURN NEXT one::text;
    IF place = 1 THEN EXECUTE write; END IF;
  END LOOP;
  CLOSE rows;
END $function$;

CREATE FUNCTION public.outcome_of(schema text, statement text) RETURNS text[] LANGUAGE plpgsql AS $function$
BEGIN
  RETURN public.rows_of(schema, statement);
EXCEPTION WHEN OTHERS THEN
  RETURN ARRAY['error ' || SQLSTATE || ' ' || SQLERRM];
END $function$;

CREATE FUNCTION public.report(number text, statement text, ours text[], theirs text[]) RETURNS SETOF text LANGUAGE sql AS $function$
  SELECT format(E'statement %s differs\n%s\nonly over DynamoDB: %s\nonly over the copy: %s\nrows: %s and %s', number, statement,
    ARRAY(SELECT unnest(ours) EXCEPT ALL SELECT unnest(theirs) LIMIT 10), ARRAY(SELECT unnest(theirs) EXCEPT ALL SELECT unnest(ours) LIMIT 10),
    cardinality(ours), cardinality(theirs))
$function$;

-- Runs a statement on the copies and over DynamoDB, and says what was different. `refusals`: SQLSTATEs with which DynamoDB
-- may refuse what the copy takes; then, and unless `may_doom` where the copy has a key already, both sides are rolled back.
-- `caught`: in a subtransaction; else an error of the statement over DynamoDB aborts the transaction, as a WARNING has
-- announced.
CREATE FUNCTION public.compare(number text, statement text, ordered bool, caught bool, may_doom bool, refusals text[]) RETURNS SETOF text
LANGUAGE plpgsql AS $function$
DECLARE
  ours text[];
  theirs text[];
  doomed bool;
BEGIN
  IF EXISTS (SELECT FROM public.doomed) THEN RETURN; END IF;
  BEGIN
    theirs := public.outcome_of('local', statement);
    IF caught THEN
      ours := public.outcome_of('remote', statement);
    ELSE
      IF theirs[1] LIKE 'error%' THEN RAISE WARNING 'expected %', substr(theirs[1], 7, 5); END IF;
      ours := public.rows_of('remote', statement);
    END IF;
    doomed := theirs[1] LIKE 'error 23505%' AND coalesce(ours[1] NOT LIKE 'error%', true);
    IF doomed AND NOT may_doom OR substr(ours[1], 7, 5) = ANY (refusals) AND coalesce(theirs[1] NOT LIKE 'error%', true) THEN
      RAISE EXCEPTION SQLSTATE 'DIF01' USING MESSAGE = 'both sides are rolled back';
    END IF;
  EXCEPTION WHEN SQLSTATE 'DIF01' THEN
    RETURN;
  END;
  IF doomed THEN
    RAISE WARNING 'doomed';
    INSERT INTO public.doomed VALUES (1);
    RETURN;
  END IF;
  IF NOT ordered THEN
    ours := ARRAY(SELECT unnest(ours) COLLATE "C" ORDER BY 1);
    theirs := ARRAY(SELECT unnest(theirs) COLLATE "C" ORDER BY 1);
  END IF;
  IF ours = theirs OR ours[1] LIKE 'error%' AND substr(ours[1], 7, 5) = substr(theirs[1], 7, 5) THEN RETURN; END IF;
  RETURN QUERY SELECT public.report(number, statement, ours, theirs);
END $function$;
END

# Statements that create the foreign tables (schema remote), their copies (schema local), what public.keys to join with is,
# and the functions that compare.
sub sql
{
	my ($self, $server) = @_;
	my $sql = "CREATE SCHEMA remote;\nCREATE SCHEMA local;\n" . $FUNCTIONS . <<'END';
CREATE TABLE public.keys (id text COLLATE "C" PRIMARY KEY, number numeric, i int, b bytea, t text COLLATE "C");
INSERT INTO public.keys VALUES ('p1', 1, 1, '\x61', 'a'), ('p2', 2.5, 2, '\x00', 'ab'), ('p3', 100, 3, '\x01ff', 'b'), ('ä', -1, -1, '\xff', 'ä'),
  ('d1', 0, 0, '\x6162', 'x'), ('d2', 3, 5, NULL, NULL), ('none', 10, 100, '\x99', 'c'), ('id 1', 2, 7, '\x62', 'B');
END
	$sql .= _normalize_function($_) . _local_table($_) . $self->_remote_table($_, $server) for table_names();
	$sql .= "ALTER TABLE local.documents ADD number_is_set bool DEFAULT false;\n"
	  . "CREATE FUNCTION public.number_is_set() RETURNS trigger LANGUAGE plpgsql AS \$\$BEGIN NEW.number_is_set := true; RETURN NEW; END\$\$;\n"
	  . "CREATE TRIGGER a_number BEFORE UPDATE OF number ON local.documents FOR EACH ROW EXECUTE FUNCTION public.number_is_set();\n";
	$sql .= "CREATE TABLE $_.notes (note text);\n" for 'remote', 'local';
	$sql .= _expected_view($_) for table_names();
	for my $view (sort keys %VIEWS)
	{
		$sql .= $self->_remote_table($view, $server) . "CREATE VIEW local.$view AS SELECT " . join(', ', map { $_->{name} } columns($view)) . " FROM local.$VIEWS{$view}{of};\n";
	}
	return $sql;
}

sub quoted
{
	my ($text) = @_;
	return "'" . $text =~ s/'/''/gr . "'";
}

# Makes a copy what the table is: what columns show is read through the extension, the rest is from a Scan's answer (JSON
# text).
sub copy_sql
{
	my ($table, $scan) = @_;
	my $list = join ', ', map { $_->{name} } columns($table);
	my $same_key = join ' AND ',
	  map { $_->{form} eq 'B' ? "t.$_->{name} = decode(source->'$_->{name}'->>'B', 'base64')" : "t.$_->{name}::text = source->'$_->{name}'->>'$_->{form}'" }
	  key_columns($table);
	my @set = ("typed = public.canonical_map(coalesce(source->'j'->'M', '{}'))",
		'untouched = public.canonical_map(source' . join('', map { " - '$_'" } 'address', map { $_->{attribute} // () } columns($table)) . ')');
	push @set, "address = CASE WHEN source ? 'address' THEN public.canonical_map((source->'address'->'M') - 'city' - 'zip' #- '{geo,M,lat}') END" if $table eq 'plain';
	@set = ('typed = public.canonical_map(source)') if $table eq 'documents';
	return "DELETE FROM local.$table;\nINSERT INTO local.$table ($list) SELECT $list FROM remote.$table;\n"
	  . "ALTER TABLE local.$table DISABLE TRIGGER ALL;\n"
	  . "UPDATE local.$table t SET " . join(', ', @set) . " FROM jsonb_array_elements(\$scan\$" . $scan . "\$scan\$::jsonb->'Items') source WHERE $same_key;\n"
	  . "ALTER TABLE local.$table ENABLE TRIGGER ALL;\n";
}

# Shows what the items of a Scan's answer (JSON text) have otherwise than the copy, one line each; then the keys of the copy.
sub comparison_sql
{
	my ($table, $scan) = @_;
	my $key = join " || '|' || ", map { $_->{form} eq 'B' ? "decode(i->'$_->{name}'->>'B', 'base64')::text" : "(i->'$_->{name}'->>'$_->{form}')" } key_columns($table);
	return "SELECT 'difference: $table ' || key || ' ' || public.difference(item, known, plain, typed)"
	  . " FROM (SELECT $key AS key, public.canonical_item(i::text) AS item FROM json_array_elements(\$scan\$" . $scan . "\$scan\$::json->'Items') i) items"
	  . " FULL JOIN public.expected_$table USING (key) WHERE public.difference(item, known, plain, typed) IS NOT NULL;\n"
	  . "SELECT 'keys: $table ' || key FROM public.expected_$table ORDER BY key COLLATE \"C\";\n";
}

# Which keys there are; each in the form of comparison_sql().
sub set_keys
{
	my ($self, $table, @keys) = @_;
	$self->{existing}{$table} = { map { $_ => 1 } @keys };
	return;
}

# --- statements

sub literal
{
	my ($column, $value) = @_;
	return 'NULL' if !defined $value;
	my ($type) = $column->{type} =~ /^(.*?)( COLLATE .*)?$/;
	return quoted($value) . "::$type";
}

sub json_value
{
	my ($depth) = @_;
	my $way = int rand($depth > 0 ? 6 : 4);
	return JSON::PP->new->allow_nonref->encode(pick(@{ $POOL{text} })) if $way == 0;
	return pick(grep { !/E/ } @{ $POOL{number} }) if $way == 1;
	return pick('true', 'false', 'null') if $way == 2;
	return '"\\\\x6162"' if $way == 3;
	return '[' . join(', ', map { json_value($depth - 1) } 1 .. int rand 4) . ']' if $way == 4;
	return json_object($depth);
}

sub json_object
{
	my ($depth) = @_;
	return '{' . join(', ', map { JSON::PP->new->allow_nonref->encode($_) . ': ' . json_value($depth - 1) } several(0, 4, $POOL{name})) . '}';
}

sub array_text
{
	my (@elements) = @_;
	return '{' . join(',', map { '"' . s/(["\\])/\\$1/gr . '"' } @elements) . '}';
}

# A value for a column
sub value
{
	my ($column, $null) = @_;
	return 'NULL' if chance($null // 0.15);
	my $form = $column->{form};
	return pick('true', 'false') if $form eq 'BOOL';
	return quoted(json_object(2)) . '::jsonb' if $form eq 'J';
	return literal($column, array_text(several(1, 4, $POOL{text}))) if $form eq 'SS';
	return literal($column, '{' . join(',', map { chance(0.1) ? 'NULL' : pick(@{ $POOL{small} }) } 1 .. int rand 5) . '}') if $form eq 'list';
	return literal($column, '\\x' . pick(@{ $POOL{binary} })) if $form eq 'B';
	return literal($column, pick(@{ $POOL{ $column->{pool} } }));
}

# A key that an item has, or, with luck, one that none has
sub random_key
{
	my ($self, $table, $existing) = @_;
	my $base = base_of($table);
	my @all  = $self->{hot} ? @{ $self->{hot}{$base} } : @{ $KEYS{$base} };
	# What was there before the transaction may have been deleted in it, and the other way round.
	return pick(@all) if $self->{hot} && chance(0.25);
	my @keys = grep { ($self->{existing}{$base}{ join '|', @$_ } // 0) == $existing } @all;
	return pick(@keys ? @keys : @all);
}

sub key_condition
{
	my ($self, $table, $prefix) = @_;
	my @key  = @{ $self->random_key($table, chance(0.9) ? 1 : 0) };
	my @cols = key_columns($table);
	return join ' AND ', map { "$prefix$_->{name} = " . literal($_, shift @key) } @cols;
}

sub many_keys_condition
{
	my ($self, $table, $prefix) = @_;
	my @cols = key_columns($table);
	my @keys = map { $self->random_key($table, chance(0.8) ? 1 : 0) } 1 .. pick(2, 3, 5);
	return "$prefix$cols[0]{name} IN (" . join(', ', map { literal($cols[0], $_->[0]) } @keys) . ')' if @cols == 1 || chance(0.3);
	return '(' . join(', ', map { "$prefix$_->{name}" } @cols) . ') IN ('
	  . join(', ', map { '(' . literal($cols[0], $_->[0]) . ', ' . literal($cols[1], $_->[1]) . ')' } @keys) . ')';
}

sub range_condition
{
	my ($self, $table, $prefix) = @_;
	my @cols = key_columns($table);
	return $self->many_keys_condition($table, $prefix) if @cols == 1;
	my ($first, $from) = @{ $self->random_key($table, 1) };
	my $start = "$prefix$cols[0]{name} = " . literal($cols[0], $first);
	return $start if chance(0.3);
	return "$start AND $prefix$cols[1]{name} " . pick('<', '<=', '>', '>=') . ' ' . literal($cols[1], $from) if chance(0.7);
	my (undef, $to) = @{ $self->random_key($table, 1) };
	return "$start AND $prefix$cols[1]{name} BETWEEN " . literal($cols[1], $from) . ' AND ' . literal($cols[1], $to);
}

sub index_condition
{
	my ($self, $table, $prefix) = @_;
	return $self->range_condition($table, $prefix) if base_of($table) ne 'sorted';
	my $place = ($table eq 'sorted' && chance(0.5)) ? "${prefix}pk = " . literal(column('', 'text'), pick('p1', 'p2', 'p3', 'P1')) . " AND ${prefix}place " . pick('=', '<', '>=', '>') . ' ' . pick(@{ $POOL{small} }) : undef;
	return $place if $place;
	my $status = "${prefix}status = " . quoted(pick(@{ $POOL{status} }));
	return $status if $table ne 'sorted' || chance(0.4);
	return "$status AND ${prefix}rank " . pick('=', '<', '>=', '>', 'IS NOT NULL AND 0 <') . ' ' . pick(@{ $POOL{small} });
}

sub column_condition
{
	my ($self, $table, $prefix) = @_;
	my $column = pick(columns($table));
	my $name   = $prefix . $column->{name};
	return "$name IS " . pick('', 'NOT ') . 'NULL' if chance(0.15);
	return pick($name, "NOT $name", "$name IS NOT TRUE") if $column->{form} eq 'BOOL';
	if ($column->{form} eq 'J')
	{
		my $member = quoted(pick(@{ $POOL{name} }));
		return "$name->>$member = " . quoted(pick(@{ $POOL{text} })) if chance(0.4);
		return "$name " . pick('?', '?') . " $member" if chance(0.4);
		return "$name->$member = " . quoted(json_value(1)) . '::jsonb';
	}
	return pick(quoted(pick(@{ $POOL{text} })) . " = ANY ($name)", "$name @> " . literal($column, array_text(pick(@{ $POOL{text} })))) if $column->{form} eq 'SS';
	return "cardinality($name) " . pick('=', '<', '>') . ' ' . pick(0 .. 3) if $column->{form} eq 'list';
	return $self->key_condition($table, $prefix) if $column->{key};
	return "$name " . pick('LIKE', 'LIKE', 'NOT LIKE') . ' ' . quoted(pick('a%', '%b%', '%e', 'a_%')) if $column->{type} =~ /^text/ && chance(0.4);
	return "$name COLLATE \"C\" " . pick('<', '>=') . ' ' . value($column, 0) if $column->{type} =~ /^text/ && chance(0.4);
	return "$name " . pick('=', '=', '<>', '<', '>=', '>', 'IS DISTINCT FROM') . ' ' . value($column, 0.05) if $column->{type} !~ /^text/;
	return "$name " . pick('=', '<>', 'IS DISTINCT FROM') . ' ' . value($column, 0.05);
}

# Which column of public.keys meets the first column of the key
my %JOINS = (plain => 'id', documents => 'id', puts => 'i', binaries => 'b', sorted => 'id');

# Keys that other tables have
sub subquery_condition
{
	my ($self, $table, $prefix) = @_;
	my $key = (key_columns($table))[0];
	return "$prefix$key->{name} " . pick('IN', 'IN', 'NOT IN') . " (SELECT o.$JOINS{base_of($table)} FROM keys o WHERE o.$JOINS{base_of($table)} IS NOT NULL AND o.i " . pick('<', '>') . ' 2)'
	  if $key->{form} ne 'S' || chance(0.5);
	my $other = pick('plain', 'sorted', 'documents');
	return "$prefix$key->{name} IN (SELECT o." . (key_columns($other))[0]{name} . " FROM $other o WHERE " . $self->column_condition($other, 'o.') . ')';
}

sub condition
{
	my ($self, $table, $prefix) = @_;
	my $way = int rand 22;
	return $self->subquery_condition($table, $prefix) if $way >= 20;
	return $self->key_condition($table, $prefix) if $way < 6;
	return $self->range_condition($table, $prefix) if $way < 9;
	return $self->many_keys_condition($table, $prefix) if $way < 11;
	return $self->index_condition($table, $prefix) if $way < 13;
	return $self->column_condition($table, $prefix) . ' AND ' . $self->column_condition($table, $prefix) if $way < 17;
	return '(' . $self->column_condition($table, $prefix) . ' OR ' . $self->key_condition($table, $prefix) . ')' if $way < 18;
	return $self->range_condition($table, $prefix) . ' AND ' . $self->column_condition($table, $prefix) if $way < 19;
	return $self->column_condition($table, $prefix);
}

# What is shown of a column: a set has no order.
sub shown
{
	my ($column, $prefix) = @_;
	my $name = "$prefix$column->{name}";
	return "(SELECT array_agg(e ORDER BY e COLLATE \"C\") FROM unnest($name) e)" if $column->{form} eq 'SS';
	return "ARRAY(SELECT k FROM jsonb_object_keys($name) k ORDER BY k COLLATE \"C\")" if $column->{form} eq 'J';
	return $name;
}

sub shown_list
{
	my ($table, $prefix) = @_;
	my @columns = columns($table);
	return join ', ', map { shown($_, $prefix) } @columns if chance(0.5);
	return join ', ', (map { shown($_, $prefix) } key_columns($table)), shown(pick(@columns), $prefix);
}

sub returning
{
	my ($table, $prefix) = @_;
	return chance(0.4) ? ' RETURNING ' . shown_list($table, $prefix) : '';
}

# --- writes. Each gives a statement and the SQLSTATEs with which DynamoDB may refuse it.

sub insert_row
{
	my ($self, $table, $columns, $key) = @_;
	my @key = @$key;
	my @values;
	for my $column (@$columns)
	{
		push @values, $column->{key} ? literal($column, shift @key) : value($column);
	}
	return '(' . join(', ', @values) . ')';
}

sub insert_statement
{
	my ($self, $table, $count) = @_;
	$count //= $self->{few} ? pick(1, 1, 2) : pick(1, 1, 1, 2, 3, 5);
	my @columns = grep { $_->{key} || chance(0.7) } columns($table);
	my %rows;
	for (1 .. $count)
	{
		my $key = $self->random_key($table, chance($table eq 'puts' ? 0.5 : 0.04) ? 1 : 0);
		$rows{"@$key"} //= $self->insert_row($table, \@columns, $key);
	}
	my @rows = map { $rows{$_} } sort keys %rows;
	push @rows, $rows[0] if @rows > 1 && chance(0.03) && $table ne 'puts';
	my $statement = "INSERT INTO $table (" . join(', ', map { $_->{name} } @columns) . ') VALUES ' . join(', ', @rows);
	$statement .= ' ON CONFLICT DO NOTHING' if chance(0.2) && $table ne 'puts';
	return ($statement . returning($table, ''), []);
}

sub insert_conflict_statement
{
	my ($self, $table) = @_;
	return $self->insert_select_statement($table) if $table eq 'puts';
	my @columns = columns($table);
	my @rows = map { $self->insert_row($table, \@columns, $self->random_key($table, chance(0.5) ? 1 : 0)) } 1 .. ($self->{few} ? pick(1, 2, 4) : pick(1, 2, 4, 8));
	return ("INSERT INTO $table (" . join(', ', map { $_->{name} } @columns) . ') VALUES ' . join(', ', @rows) . ' ON CONFLICT DO NOTHING' . returning($table, ''), []);
}

# Keys that are always new, so that there are many without a conflict
my $fresh = 0;

sub insert_select_statement
{
	my ($self, $table) = @_;
	my $base = base_of($table);
	$fresh += 1000;
	my $count = $self->{few} ? pick(1, 2) : pick(1, 3, 10);
	my %keys = (plain => "'n' || g", documents => "'n' || g", puts => 'g', binaries => "decode('ee', 'hex'), 'n' || g", sorted => "'p2', g + 1000");
	my ($t, $t_value) = $table eq 'documents' ? ('number', 'g') : ('n', 'g + 0.5');
	my $names = join ', ', (map { $_->{name} } key_columns($table)), $t;
	my $series = "generate_series($fresh, " . ($fresh + $count - 1) . ') g';
	return ("INSERT INTO $table ($names) SELECT $keys{$base}, $t_value FROM $series" . returning($table, ''), []) if chance(0.5);
	# Items made of others: the key is a new one, the rest is read from the table itself.
	my @others = grep { !$_->{key} && $_->{form} ne 'J' } columns($table);
	my $select = join ', ', $keys{$base}, map { "r.$_->{name}" } @others;
	return ("INSERT INTO $table (" . join(', ', map { $_->{name} } key_columns($table), @others) . ") SELECT $select FROM $table r, $series WHERE " . $self->key_condition($table, 'r.') . returning($table, ''), []);
}

sub set_expression
{
	my ($self, $column, $other) = @_;
	my $name = $column->{name};
	my $form = $column->{form};
	return ("$name = " . value($column), []) if chance(0.45);
	return ("$name = NOT $name", []) if $form eq 'BOOL';
	return ("$name = left($name || " . quoted(pick('x', 'ä', '!')) . ', 70)', []) if $column->{type} =~ /^text/ && $form eq 'S';
	return ("$name = $name * 2", ['22003']) if $column->{type} eq 'double precision';
	return ("$name = $name " . pick('+ 1', '- 1', '* 2', '+ 0.5', '* -1'), ['22003']) if $column->{type} eq 'numeric';
	return ("$name = $name " . pick('+ 1', '- 1', '/ 2', '* 3', '/ (i - 1)'), []) if $column->{type} eq 'int' && $name eq 'i';
	return ("$name = $name + 1", []) if $column->{type} eq 'int';
	return ("$name = $name || '\\x00'::bytea", []) if $form eq 'B';
	return ("$name = $name + interval '1 day 1 second'", []) if $form eq 'time' || $form eq 'millis';
	return ("$name = $name || " . pick(@{ $POOL{small} }), []) if $form eq 'list';
	return ("$name = array_remove($name, " . quoted(pick(@{ $POOL{text} })) . ')', [ '22000', '22004' ]) if $form eq 'SS' && chance(0.4);
	return ("$name = $name || ARRAY[" . quoted(pick(@{ $POOL{text} })) . ']', [ '22000', '22004' ]) if $form eq 'SS';
	my $member = quoted(pick(@{ $POOL{name} }));
	return ("$name = $name - $member", []) if chance(0.3);
	return ("$name = jsonb_set($name, ARRAY[$member], " . quoted(json_value(1)) . ')', []) if chance(0.3);
	return ("$name = $name || " . quoted(json_object(2)), []);
}

sub set_list
{
	my ($self, $table) = @_;
	my @columns = grep { !$_->{key} } columns($table);
	my (@set, @refusals, %seen);
	for my $column (map { pick(@columns) } 1 .. pick(1, 1, 2, 3))
	{
		next if $seen{ $column->{name} }++;
		my ($set, $refusals) = $self->set_expression($column);
		push @set, $set;
		push @refusals, @$refusals;
	}
	return (join(', ', @set), \@refusals);
}

sub update_statement
{
	my ($self, $table) = @_;
	my ($set, $refusals) = $self->set_list($table);
	return ("UPDATE $table SET $set WHERE " . $self->condition($table, '') . returning($table, ''), $refusals);
}

sub update_from_statement
{
	my ($self, $table) = @_;
	my $first = (key_columns($table))[0]{name};
	my $set = $table eq 'documents' ? 'number = k.number' : pick('n = k.number', 'n = k.number, flag = NOT flag', 'n = k.i + coalesce(r.n, 0)');
	$set = 'n = k.number' if $table eq 'sorted_narrow';
	return ("UPDATE $table r SET n = (SELECT min(o.n) FROM sorted o WHERE o.pk = r.$first) WHERE " . $self->condition($table, 'r.') . returning($table, 'r.'), [])
	  if base_of($table) =~ /^(plain|sorted)$/ && chance(0.3);
	return ("UPDATE $table r SET n = o.number FROM documents o WHERE o.id = 'd' || r.i" . returning($table, 'r.'), [])
	  if $table =~ /^(plain|sorted|puts)$/ && chance(0.3);
	my $more = chance(0.4) ? ' AND ' . $self->column_condition($table, 'r.') : '';
	return ("UPDATE $table r SET $set FROM keys k WHERE r.$first = k.$JOINS{base_of($table)}$more" . returning($table, 'r.'), ['22003']);
}

sub move_statement
{
	my ($self, $table) = @_;
	my @cols = key_columns($table);
	my $to   = $self->random_key($table, chance(0.05) ? 1 : 0);
	my @to   = @$to;
	my $set  = join ', ', map { "$_->{name} = " . literal($_, shift @to) } @cols;
	# Moves along the sort key by more than the keys are apart
	return ('UPDATE ' . $table . ' SET sk = sk + ' . ($fresh += 1000) . '.25 WHERE ' . $self->range_condition($table, '') . returning($table, ''), ['22003'])
	  if base_of($table) eq 'sorted' && chance(0.4);
	if (chance(0.4))
	{
		my ($more, $refusals) = $self->set_list($table);
		return ("UPDATE $table SET $set, $more WHERE " . $self->key_condition($table, '') . returning($table, ''), $refusals);
	}
	return ("UPDATE $table SET $set WHERE " . $self->key_condition($table, '') . returning($table, ''), []);
}

sub delete_statement
{
	my ($self, $table) = @_;
	return ("DELETE FROM $table WHERE " . $self->condition($table, '') . returning($table, ''), []) if chance(0.8);
	my $first = (key_columns($table))[0]{name};
	return ("DELETE FROM $table r USING keys k WHERE r.$first = k.$JOINS{base_of($table)} AND " . $self->column_condition($table, 'r.') . returning($table, 'r.'), []);
}

sub truncate_statement
{
	my ($self, $table) = @_;
	return ('TRUNCATE ' . base_of($table), []);
}

# Statements that fail for their own reasons
sub error_statement
{
	my ($self, $table) = @_;
	my @cols = key_columns($table);
	my $null = join ', ', map { 'NULL' } @cols;
	my $names = join ', ', map { $_->{name} } @cols;
	my $n = $table eq 'documents' ? 'number' : 'n';
	return pick(
		["INSERT INTO $table ($names) VALUES ($null)"],
		["UPDATE $table SET $cols[-1]{name} = NULL WHERE " . $self->key_condition($table, '')],
		["UPDATE $table SET $n = 1 / ($n - $n) WHERE " . $self->condition($table, '')],
		["SELECT 1 / 0 FROM $table"]);
}

# PL/pgSQL: loops that write what they read, and exception blocks within each other
sub block_statement
{
	my ($self, $table) = @_;
	my @statements = map { my ($statement) = $self->write_statement($table, 1); $statement =~ s/ RETURNING .*//sr } 1 .. 4;
	my @cols = key_columns($table);
	my $key = join ', ', map { $_->{name} } @cols;
	my $same = join ' AND ', map { "$_->{name} = one.$_->{name}" } @cols;
	my $n = $table eq 'documents' ? 'number' : 'n';
	return ("DO \$block\$ BEGIN $statements[0]; BEGIN $statements[1]; BEGIN $statements[2]; PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN $statements[3]; END; "
		  . pick('', 'RAISE unique_violation; ') . "EXCEPTION WHEN OTHERS THEN NULL; END; END \$block\$", [])
	  if chance(0.5);
	return ("DO \$block\$ DECLARE one record; BEGIN FOR one IN SELECT $key FROM $table WHERE " . $self->condition($table, '')
		  . " LOOP UPDATE $table SET $n = 7 WHERE $same; IF NOT FOUND THEN RAISE EXCEPTION 'lost'; END IF; "
		  . pick('', "IF random() < 2 THEN DELETE FROM $table WHERE $same; END IF; ", "BEGIN DELETE FROM $table WHERE $same; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END; ")
		  . "END LOOP; END \$block\$", []);
}

# Writes within a query: what reads beside them does not see them.
sub with_statement
{
	my ($self, $table) = @_;
	my @cols = key_columns($table);
	my $key = join ', ', map { $_->{name} } @cols;
	my $n = $table eq 'documents' ? 'number' : 'n';
	my $condition = $self->condition($table, '');
	my $write = pick("UPDATE $table SET $n = 5 WHERE $condition", "DELETE FROM $table WHERE $condition");
	return ("WITH w AS ($write RETURNING $key, $n) SELECT w.*, r.$n FROM w JOIN $table r USING ($key)", []) if chance(0.5);
	return ("WITH w AS ($write RETURNING $n), other AS (" . $self->simple_write($table) . ") SELECT count(*), (SELECT count($n) FROM $table) FROM w", [])
	  if $write =~ /^DELETE/ && chance(0.3);
	return ("WITH w AS (DELETE FROM $table WHERE $condition RETURNING $key) INSERT INTO notes SELECT w::text FROM w RETURNING note", []);
}

# A write that no other of the same statement can meet
sub simple_write
{
	my ($self, $table) = @_;
	my ($statement) = $self->insert_select_statement($table);
	return $statement;
}

# A cursor that is open while its rows are written: it shows what was there before.
sub cursor_statement
{
	my ($self, $table) = @_;
	my ($write) = $self->write_statement($table, 1);
	return ("SELECT * FROM public.cursor_and_write(" . quoted('SELECT ' . shown_list($table, '') . " FROM $table WHERE " . pick('true', $self->condition($table, '')))
		  . ', ' . quoted($write) . ')', []);
}

# `simple`: nothing that DynamoDB refuses and the copy does not or the other way round; a block would go on with that.
sub write_statement
{
	my ($self, $table, $simple) = @_;
	for (1 .. 20)
	{
		my $way = pick((qw(update_statement)) x 9, (qw(delete_statement)) x 4, (qw(update_from_statement)) x 2, (qw(insert_conflict_statement insert_select_statement)),
			$simple ? () : ((qw(insert_statement)) x 5, (qw(move_statement)) x 2, qw(block_statement with_statement cursor_statement)));
		my ($statement, $refusals) = $self->$way($table);
		return ($statement, $refusals) if !$simple || !@$refusals;
	}
	return $self->delete_statement($table);
}

# --- reads

sub read_statement
{
	my ($self, $table) = @_;
	my @cols = key_columns($table);
	my $way  = int rand 14;
	return ("SELECT count(*) FROM $table", 0) if $way == 0;
	return ("SELECT count(*) FROM $table WHERE " . $self->condition($table, ''), 0) if $way == 1;
	my $number = $table eq 'documents' ? 'number' : 'n';
	return ("SELECT min($number), max($number), count($number) FROM $table WHERE " . $self->condition($table, ''), 0) if $way == 2;
	if ($way < 6 && @cols == 2)
	{
		my $first = "$cols[0]{name} = " . literal($cols[0], $self->random_key($table, 1)->[0]);
		return ("SELECT " . pick('min', 'max') . "($cols[1]{name}) FROM $table WHERE $first", 0) if $way == 3;
		return ("SELECT " . shown_list($table, '') . " FROM $table WHERE " . $self->range_condition($table, '') . " ORDER BY $cols[0]{name}, $cols[1]{name}" . pick('', ' DESC') . pick('', ' LIMIT 1', ' LIMIT 2', ' LIMIT 3 OFFSET 1'), 1)
		  if $way == 4;
		return ("SELECT $cols[1]{name} FROM $table WHERE $first ORDER BY $cols[1]{name} " . pick('', 'DESC') . pick('', ' LIMIT 1', ' LIMIT 2'), 1);
	}
	return ("SELECT rank FROM sorted WHERE status = " . quoted(pick(@{ $POOL{status} })) . " AND rank IS NOT NULL ORDER BY rank " . pick('', 'DESC') . pick('', ' LIMIT 2'), 1)
	  if $way == 6 && $table eq 'sorted';
	return ("SELECT place FROM sorted WHERE pk = " . quoted(pick('p1', 'p2', 'p3')) . " AND place IS NOT NULL ORDER BY place " . pick('', 'DESC') . pick('', ' LIMIT 1'), 1)
	  if $way == 7 && $table eq 'sorted';
	return ("SELECT k.id, " . shown_list($table, 'r.') . " FROM keys k " . pick('', 'LEFT ') . "JOIN $table r ON r.$cols[0]{name} = k.$JOINS{base_of($table)}", 0) if $way == 8;
	return ("SELECT p.id, s.sk, p.t, s.n FROM plain p JOIN sorted s ON s.pk = p.id WHERE " . $self->condition('plain', 'p.'), 0) if $way == 9;
	return ("SELECT k.id FROM keys k WHERE " . pick('', 'NOT ') . "EXISTS (SELECT FROM $table r WHERE r.$cols[0]{name} = k.$JOINS{base_of($table)} AND " . $self->column_condition($table, 'r.') . ')', 0)
	  if $way == 10;
	return ("SELECT " . join(', ', map { shown($_, '') } columns($table)) . " FROM $table", 0) if $way == 11;
	return ("SELECT " . shown_list($table, '') . " FROM $table WHERE " . $self->condition($table, '') . (chance(0.15) ? ' FOR UPDATE' : ''), 0);
}

# --- transactions

sub quoted_statement
{
	my ($statement) = @_;
	return "\$s\$$statement\$s\$";
}

sub comparison
{
	my ($self, $number, $statement, $ordered, $refusals) = @_;
	my $caught = @$refusals || $statement =~ /^DO/ || chance(0.6);
	return "SELECT public.compare('$number', " . quoted_statement($statement) . ', ' . join(', ', map { $_ ? 'true' : 'false' } $ordered, $caught, $self->{may_doom})
	  . ", '{" . join(',', @$refusals) . "}');\n";
}

sub one_statement
{
	my ($self, $number, @tables) = @_;
	my $table = pick(@tables);
	if (chance(0.4))
	{
		my ($statement, $ordered) = $self->read_statement($table);
		return $self->comparison($number, $statement, $ordered, []);
	}
	my ($statement, $refusals) =
	    chance(0.04)  ? (@{ $self->error_statement($table) }, [])
	  : chance(0.015) ? $self->truncate_statement($table)
	  :                 $self->write_statement($table, 0);
	return $self->comparison($number, $statement, 0, $refusals // []);
}

# COPY, which only a session can do. First in a transaction: psql takes the rows after a COPY that fails for statements.
sub copy_statements
{
	my ($self, $table) = @_;
	my $base = base_of($table);
	$fresh += 1000;
	my $n = $table eq 'documents' ? 'number' : 'n';
	my %keys = (plain => sub { "c$_[0]" }, documents => sub { "c$_[0]" }, puts => sub { $_[0] }, binaries => sub { "\\\\xee\tc$_[0]" }, sorted => sub { "p1\t$_[0]" });
	my $names = join ', ', (map { $_->{name} } key_columns($table)), $n;
	my $rows = join '', map { $keys{$base}->($fresh + $_) . "\t" . pick('\\N', 1, '2.5') . "\n" } 1 .. ($self->{few} ? 3 : pick(1, 10, 30));
	return join '', map { "COPY $_ ($names) FROM STDIN;\n$rows\\.\n" } "remote.$table", "local.$base";
}

# More than 100 items in one transaction
sub bulk_statements
{
	my ($self, $number, $table) = @_;
	$fresh += 1000;
	my $base = base_of($table);
	my ($from, $to) = ($fresh, $fresh + 129);
	my %keys = (plain => "'bulk' || g", documents => "'bulk' || g", puts => 'g', binaries => "decode('ee', 'hex'), 'bulk' || g", sorted => "'p' || g % 3, g");
	my %bulk = (plain => "id LIKE 'bulk%'", documents => "id LIKE 'bulk%'", puts => "k BETWEEN $from AND $to", binaries => "b = '\\xee' AND s LIKE 'bulk%'", sorted => "pk IN ('p0', 'p1', 'p2') AND sk BETWEEN $from AND $to");
	my $names = join ', ', map { $_->{name} } key_columns($table);
	my $n = $table eq 'documents' ? 'number' : 'n';
	my @statements = (
		"INSERT INTO $table ($names, $n) SELECT $keys{$base}, g FROM generate_series($from, $to) g",
		"SELECT count(*), sum($n) FROM $table WHERE $bulk{$base}");
	push @statements, "UPDATE $table SET $n = $n + 1 WHERE $bulk{$base}" if chance(0.7);
	push @statements, "DELETE FROM $table WHERE $bulk{$base}" . (chance(0.5) ? " AND $n % 3 = 0" : '') if chance(0.3);
	return map { $self->comparison($number, $_, 0, []) } @statements;
}

# How many items a table should have, about
my $FEW  = 6;
my $MANY = 50;

sub balance
{
	my ($self, $number, $table) = @_;
	my $count = keys %{ $self->{existing}{ base_of($table) } };
	return if $count >= $FEW && $count <= $MANY;
	if ($count < $FEW)
	{
		local $self->{hot} = undef;
		my ($statement) = $self->insert_statement($table, 10);
		return $self->comparison($number, $statement, 0, []);
	}
	my $name = (key_columns($table))[-1]{name};
	return $self->comparison($number, "DELETE FROM $table WHERE $name NOT IN (" . join(', ', map { literal((key_columns($table))[-1], $_->[-1]) } @{ $KEYS{ base_of($table) } }) . ')', 0, []);
}

my @AUTO  = qw(plain sorted documents);
my @OTHER = qw(binaries puts plain_narrow sorted_narrow);

# How many transactions in turn have one commit_mode in the tables of @AUTO
my $TURN = 20;

# Transaction `number`, which depends on the seed, the number and the keys:
#   set_up     what comes before it
#   sql        its statements, up to `end`
#   end        COMMIT or ROLLBACK; undef: it is one statement, without a transaction block
#   tables     the tables of DynamoDB that it may write
#   together   whether its writes go as one TransactWriteItems, if that takes so many
sub transaction
{
	my ($self, $number) = @_;
	srand(($self->{seed} * 1_000_003 + $number) % 2**32);
	rand for 1 .. 3;
	$self->{hot} = undef;
	my $bulk = chance(0.03);
	my $auto = int($number / $TURN) % 2 == 0;
	$self->{may_doom} = !$bulk && chance($auto ? 0.7 : 0.3);
	# Few enough for one TransactWriteItems of an old DynamoDB Local, which takes 10 items
	$self->{few} = $auto && chance(0.7);
	my @tables = $auto && chance(0.7) ? (map { pick(@AUTO) } 1 .. pick(1, 1, 2)) : (map { pick(@AUTO, @OTHER) } 1 .. pick(1, 2, 2, 3));
	# In every other transaction a few items are written again and again.
	$self->{hot} = chance(0.5) ? { map { my $base = $_; ($base => [ map { $self->random_key($base, $_) } 0, 0, 1, 1, 1 ]) } table_names() } : undef;
	my ($narrow) = grep { base_of($_) eq $tables[0] && $_ ne $tables[0] } sort keys %VIEWS;
	push @tables, $narrow if $narrow && !$self->{may_doom} && chance(0.4);
	my @body = map { $self->balance($number, $_) } @tables;
	return $self->finished($number, [ @body, $self->bulk_statements($number, $tables[0]) ], 'COMMIT', @tables) if $bulk;
	return $self->finished($number, [ $self->one_statement($number, @tables) ], undef, @tables) if !@body && chance(0.15);
	# What makes a table as long as it should be has a transaction of its own.
	return $self->finished($number, \@body, 'COMMIT', @tables) if @body && $self->{few};
	push @body, $self->copy_statements(pick(@tables)) if chance(0.06);
	my @savepoints;
	for (1 .. ($self->{few} ? pick(1, 2, 3, 5, 8) : pick(1, 2, 3, 5, 8, 12)))
	{
		push @body, $self->one_statement($number, @tables);
		my $way = int rand 10;
		if ($way == 0)
		{
			push @savepoints, 's' . @savepoints;
			push @body, "SAVEPOINT $savepoints[-1];\n";
		}
		elsif ($way < 3 && @savepoints)
		{
			my $place = int rand @savepoints;
			if (chance(0.7)) { splice @savepoints, $place + 1; push @body, "ROLLBACK TO $savepoints[-1];\n"; }
			else { push @body, "RELEASE $savepoints[$place];\n"; splice @savepoints, $place; }
		}
	}
	return $self->finished($number, \@body, chance(0.85) ? 'COMMIT' : 'ROLLBACK', @tables);
}

sub finished
{
	my ($self, $number, $body, $end, @tables) = @_;
	my $sql = join '', @$body;
	my %written = map { base_of($_) => 1 } @tables;
	my $mode = int($number / $TURN) % 2 == 0 ? 'auto' : 'batch';
	my $set_up = $number % $TURN ? '' : join '', map { "ALTER FOREIGN TABLE remote.$_ OPTIONS (SET commit_mode '$mode');\n" } @AUTO;
	my $together = $mode eq 'auto' && !grep { $_ !~ /^(plain|sorted|documents)$/ } @tables;
	my $settings = chance(0.4) ? join '', map { "SET LOCAL $_ = off;\n" } grep { chance(0.5) } qw(enable_hashjoin enable_mergejoin enable_sort enable_material enable_memoize enable_nestloop) : '';
	return { together => $together, set_up => $set_up, sql => defined $end ? "BEGIN;\n$settings$sql" : $sql, end => $end, tables => [ sort keys %written ] };
}

1;
