# Random queries over the tables of RandomTables, and the SQL function that compares what they give over DynamoDB and over a copy.
#
#   my $queries = RandomQueries->new(seed => 1);
#   $queries->functions        # creates public.differential(); needs the schemas of RandomTables
#   $queries->statement(17)    # a statement that shows nothing where both sides agree on query 17, else a report
#
# A query depends on the seed and its number alone.

package RandomQueries;

use strict;
use warnings;
use utf8;

use RandomTables qw(pick chance);

sub new
{
	my ($class, %options) = @_;
	return bless { seed => $options{seed} }, $class;
}

# Rows are compared as text. An error is its SQLSTATE; where a query may fail depending on which condition is checked first
# (a cast of text, a search under a nondeterministic collation), errors of that kind are not compared. `queries` run in turn in one transaction: the last ones may be EXECUTE.
sub functions
{
	return <<'END';
CREATE FUNCTION public.rows_of(schema text, preparation text, queries text[]) RETURNS text[] LANGUAGE plpgsql AS $function$
DECLARE
  query text;
  one record;
  many text[];
  result text[] := '{}';
BEGIN
  PERFORM set_config('search_path', schema || ', public', true);
  DEALLOCATE ALL;
  IF preparation IS NOT NULL THEN EXECUTE preparation; END IF;
  FOREACH query IN ARRAY queries LOOP
    IF preparation IS NULL THEN
      FOR one IN EXECUTE query LOOP result := result || one::text; END LOOP;
    ELSE
      EXECUTE query INTO many;
      result := result || many;
    END IF;
  END LOOP;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN ARRAY['error ' || SQLSTATE || ' ' || SQLERRM];
END $function$;

CREATE FUNCTION public.plan_of(schema text, preparation text, queries text[]) RETURNS text LANGUAGE plpgsql AS $function$
DECLARE
  line text;
  result text := '';
BEGIN
  PERFORM set_config('search_path', schema || ', public', true);
  DEALLOCATE ALL;
  IF preparation IS NOT NULL THEN EXECUTE preparation; END IF;
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || queries[1] LOOP result := result || line || E'\n'; END LOOP;
  RETURN result;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLERRM;
END $function$;

CREATE FUNCTION public.differential(number int, preparation text, queries text[], ordered bool, may_fail bool, settings text[]) RETURNS text
LANGUAGE plpgsql AS $function$
DECLARE
  ours text[];
  theirs text[];
  setting text;
BEGIN
  FOREACH setting IN ARRAY settings LOOP
    PERFORM set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true);
  END LOOP;
  ours := public.rows_of('remote', preparation, queries);
  theirs := public.rows_of('local', preparation, queries);
  IF NOT ordered THEN
    ours := ARRAY(SELECT unnest(ours) COLLATE "C" ORDER BY 1);
    theirs := ARRAY(SELECT unnest(theirs) COLLATE "C" ORDER BY 1);
  END IF;
  IF ours = theirs OR left(ours[1], 8) = 'error 22' AND left(ours[1], 11) = left(theirs[1], 11) THEN RETURN NULL; END IF;
  IF may_fail AND (ours[1] SIMILAR TO 'error (22|0A000 nondeterministic)%' AND ours[1] NOT LIKE '%DynamoDB%' OR
      theirs[1] SIMILAR TO 'error (22|0A000 nondeterministic)%' AND ours[1] IS DISTINCT FROM 'error') AND
    coalesce(ours[1], '') NOT LIKE 'error HV%' AND coalesce(ours[1], '') NOT LIKE 'error XX%' THEN RETURN NULL; END IF;
  RETURN format(E'query %s differs\n%s\n%s\nsettings: %s\nonly over DynamoDB: %s\nonly over the copy: %s\nrows: %s and %s\n%s',
    number, preparation, array_to_string(queries, E'\n'), settings,
    ARRAY(SELECT unnest(ours) EXCEPT ALL SELECT unnest(theirs) LIMIT 10), ARRAY(SELECT unnest(theirs) EXCEPT ALL SELECT unnest(ours) LIMIT 10),
    cardinality(ours), cardinality(theirs), public.plan_of('remote', preparation, queries));
END $function$;
END
}

# --- literals

sub quoted
{
	my ($text) = @_;
	return "'" . $text =~ s/'/''/gr . "'";
}

my %SQL_TYPE = (
	text => 'text', numeric => 'numeric', int => 'int', float => 'float8', bytea => 'bytea', time => 'timestamptz', uuid => 'uuid',
	boolean => 'boolean', jsonb => 'jsonb', texts => 'text[]', numbers => 'numeric[]'
);

sub literal
{
	my ($type, $value) = @_;
	return defined $value ? quoted($value) . "::$type" : "NULL::$type";
}

# A value as a literal, or as a parameter: then `draw` is called again for each execution.
sub value
{
	my ($self, $type, $draw) = @_;
	if ($self->{parameters} && chance(0.7))
	{
		push @{ $self->{parameters} }, { type => $type, draw => $draw };
		return '$' . scalar @{ $self->{parameters} };
	}
	return literal($type, $draw->());
}

sub random_text
{
	my ($pool) = @_;
	my $text = pick(@{ $RandomTables::POOL{$pool} });
	$text = substr $text, 0, int rand(length($text) + 1) if chance(0.05);
	$text .= pick('x', ' ', '%', "\x{10fffd}") if chance(0.03);
	return $text;
}

sub random_number
{
	my ($pool) = @_;
	return pick('NaN', 'Infinity', '-Infinity', '1e200', '-1e-140', '0.123456789012345678901234567890123456789012') if chance(0.04);
	return pick(@{ $RandomTables::POOL{$pool} }) if chance(0.9);
	return int(rand 20) - 5;
}

sub random_value
{
	my ($column, $null) = @_;
	my ($kind, $pool) = @$column{qw(kind pool)};
	return undef if chance($null // 0.03);
	return random_text($pool) if $kind eq 'text' || $kind eq 'texts';
	return random_number($pool) if $kind eq 'numeric' || $kind eq 'numbers';
	return pick(grep { $_ eq int $_ && abs $_ < 2**31 } @{ $RandomTables::POOL{$pool} }) if $kind eq 'int';
	return pick('NaN', 'Infinity', '-Infinity', '0', '1e-45', '1e300') if $kind eq 'float' && chance(0.1);
	return pick(grep { !/^-?1E-/ } @{ $RandomTables::POOL{$pool} }) if $kind eq 'float';
	return '\\x' . pick(@{ $RandomTables::POOL{binary} }) if $kind eq 'bytea';
	return pick('1970-01-01 00:00:00+00', '1970-01-01 00:00:01+00', '2023-11-14 22:13:20+00', '2100-01-01 00:00:00+00', 'infinity') if $kind eq 'time';
	return pick(@{ $RandomTables::POOL{uuid} }) if $kind eq 'uuid';
	return pick('t', 'f') if $kind eq 'boolean';
	return random_json(2);
}

sub json_string
{
	my ($text) = @_;
	return '"' . $text =~ s/(["\\])/\\$1/gr =~ s/\n/\\n/gr . '"';
}

sub random_json
{
	my ($depth) = @_;
	my $kind = int rand($depth > 0 ? 8 : 5);
	return json_string(random_text('text')) if $kind <= 1;
	return pick(grep { /^-?\d/ } @{ $RandomTables::POOL{number} }) if $kind == 2;
	return pick('true', 'false', 'null') if $kind == 3;
	return pick(@{ $RandomTables::POOL{small} }) if $kind == 4;
	return '[' . join(', ', map { random_json($depth - 1) } 1 .. int rand 3) . ']' if $kind == 5;
	my %seen;
	return '{' . join(', ', map { json_string($_) . ': ' . random_json($depth - 1) } grep { !$seen{$_}++ } map { random_name() } 1 .. int rand 3) . '}';
}

sub random_name
{
	return chance(0.5) ? pick('a', 'b', 'x') : pick(@{ $RandomTables::POOL{name} }, 't', 'n', 'flag', 'j', 'm', 'text', 'number', 'map', '');
}

# A pattern made of a value.
sub random_pattern
{
	my ($pool) = @_;
	my $text = pick(@{ $RandomTables::POOL{$pool} });
	my $part = substr $text, 0, int rand(1 + length $text);
	my $escaped = $part =~ s/([\\%_])/\\$1/gr;
	return pick("$escaped%", "$part%", "%$escaped%", "%$escaped", $escaped, $text, "$escaped\_%", "_$escaped%", "$escaped%$escaped", '%', '', '%%', '_', '\\',
		"$escaped\\", "$escaped\\%", "$escaped\\\\%", "%$part\\%", "$escaped%%", '\\a%', "%\\\\%");
}

# --- conditions on one column

my @COMPARISONS = qw(= = <> < <= > >=);

sub compare
{
	my ($self, $c, $column) = @_;
	my $value = $self->value($SQL_TYPE{ $column->{kind} }, sub { random_value($column) });
	return "$value " . pick(@COMPARISONS) . " $c" if chance(0.25);
	return "$c " . pick(@COMPARISONS) . " $value";
}

sub in_list
{
	my ($self, $c, $column) = @_;
	my $type = $SQL_TYPE{ $column->{kind} };
	my @values = map { $self->value($type, sub { random_value($column) }) } 1 .. 1 + int rand 5;
	return "$c " . pick('IN', 'IN', 'NOT IN') . ' (' . join(', ', @values) . ')';
}

sub array_text
{
	my @elements = map { defined $_ ? '"' . s/(["\\])/\\$1/gr . '"' : 'NULL' } @_;
	return '{' . join(',', @elements) . '}';
}

sub any_array
{
	my ($self, $c, $column) = @_;
	my $draw = sub { chance(0.03) ? undef : array_text(map { random_value($column, 0.1) } 1 .. int rand 6) };
	my $array = $self->value($SQL_TYPE{ $column->{kind} } . "[]", $draw);
	my $operator = pick('= ANY', '= ANY', '= ANY', '<> ALL', '<> ALL', '< ANY', '>= ALL', '<> ANY', '= ALL', $column->{kind} eq 'text' ? ('LIKE ANY', 'LIKE ALL', 'NOT LIKE ALL', '^@ ANY') : ());
	# Under a collation that is not deterministic the latter are errors, where matching gets that far.
	$self->{may_fail} = 1 if $operator =~ /LIKE|\^/;
	return "$c $operator ($array)";
}

sub between
{
	my ($self, $c, $column) = @_;
	my ($low, $high) = map { $self->value($SQL_TYPE{ $column->{kind} }, sub { random_value($column) }) } 1 .. 2;
	return "$c " . pick('BETWEEN', 'BETWEEN', 'NOT BETWEEN', 'BETWEEN SYMMETRIC') . " $low AND $high";
}

sub null_test
{
	my ($self, $c) = @_;
	return "$c " . pick('IS NULL', 'IS NOT NULL');
}

sub distinct
{
	my ($self, $c, $column) = @_;
	my $value = $self->value($SQL_TYPE{ $column->{kind} }, sub { random_value($column, 0.15) });
	return "$c IS " . pick('DISTINCT', 'DISTINCT', 'NOT DISTINCT') . " FROM $value";
}

sub other_column
{
	my ($self, $c, $column, $alias, @columns) = @_;
	my $other = pick(grep { $_->{kind} eq $column->{kind} } @columns);
	return "$c " . pick('=', '<>', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM') . " $alias$other->{name}" . ($column->{kind} eq 'text' ? ' COLLATE "C"' : '');
}

sub initplan
{
	my ($self, $c, $column) = @_;
	my %key = (text => 'k', numeric => 'n', int => 'i', bytea => 'b');
	my $key = $key{ $column->{kind} } or return $self->compare($c, $column);
	return "$c " . pick('=', '>', '<=') . " (SELECT k.$key FROM keys k WHERE k.i = " . pick(1, 2, 3, 99) . ' ORDER BY 1 LIMIT 1)' . ($key eq 'k' ? ' COLLATE "C"' : '');
}

sub general
{
	my ($self, $c, $column, $alias, @columns) = @_;
	my $way = pick(qw(compare compare compare in_list any_array between null_test distinct other_column initplan));
	return $self->$way($c, $column, $alias, @columns);
}

sub like
{
	my ($self, $c, $column) = @_;
	# A pattern that ends with the escape character is an error, where matching gets that far.
	my $pattern = $self->value('text', sub { my $text = random_pattern($column->{pool}); $self->{may_fail} = 1 if $text =~ /\\\z/; $text });
	return "$c " . pick('LIKE', 'LIKE', 'LIKE', 'NOT LIKE', 'ILIKE') . " $pattern";
}

sub prefix
{
	my ($self, $c, $column) = @_;
	my $text = $self->value('text', sub { my $text = random_text($column->{pool}); substr $text, 0, int rand(1 + length $text) });
	return chance(0.5) ? "starts_with($c, $text)" : "$c ^@ $text";
}

sub text_condition
{
	my ($self, $c, $column, @more) = @_;
	my $folded = $column->{type} =~ /case_folded/;
	return $self->general($c, $column, @more) if chance(0.5) || $folded;
	return $self->like($c, $column) if chance(0.5);
	return $self->prefix($c, $column) if chance(0.5);
	return pick(qq{$c COLLATE "C"}, qq{$c COLLATE "en-x-icu"}, "$c || ''", "lower($c)", qq{($c COLLATE case_folded)}, "$c\::varchar", "$c\::char(3)") . ' '
	  . pick(@COMPARISONS) . ' ' . $self->value('text', sub { random_text($column->{pool}) });
}

sub number_condition
{
	my ($self, $c, $column, @more) = @_;
	return $self->general($c, $column, @more) if chance(0.7);
	my %draws = (
		int      => sub { pick(@{ $RandomTables::POOL{small} }) },
		bigint   => sub { pick(@{ $RandomTables::POOL{small} }, '9007199254740993', '2147483648') },
		numeric  => sub { random_number($column->{pool}) },
		float8   => sub { pick('0.1', '1.5', '-2.25', '1', '3', '16777217') },
		real     => sub { pick('0.1', '1.5', '-2.25', '1', '3', '16777217') },
		smallint => sub { pick(@{ $RandomTables::POOL{small} }) },
	);
	my $type = pick(sort keys %draws);
	my $value = $self->value($type, $draws{$type});
	# The sum may be out of range, for items that another condition keeps away where that is checked first.
	$self->{may_fail} = 1 if $column->{kind} eq 'int';
	return pick("$c " . pick(@COMPARISONS) . " $value", "$value " . pick(@COMPARISONS) . " $c", "$c + 1 " . pick(@COMPARISONS) . " $value", "abs($c) < $value");
}

sub boolean_condition
{
	my ($self, $c, $column) = @_;
	return pick($c, "NOT $c", "$c IS TRUE", "$c IS NOT TRUE", "$c IS FALSE", "$c IS NOT FALSE", "$c IS UNKNOWN", "$c IS NOT UNKNOWN", "$c = true", "$c <> true", "$c IS NULL",
		"$c = " . $self->value('boolean', sub { random_value($column) }), "($c = false) IS NOT TRUE", "coalesce($c, true)");
}

# A way down into a document: [SQL of the jsonb, SQL of the text].
sub document_path
{
	my ($c) = @_;
	my @names = map { random_name() } 1 .. pick(1, 1, 1, 2, 3);
	my $last  = $names[-1];
	if (chance(0.3))
	{
		my $path = quoted(array_text(@names));
		return ("$c #> $path", "$c #>> $path");
	}
	my $up = join '', map { ' -> ' . quoted($_) } @names[ 0 .. $#names - 1 ];
	$up .= ' -> ' . pick(0, 1, -1) if chance(0.05);
	return ("$c$up -> " . quoted($last), "$c$up ->> " . quoted($last));
}

sub document_condition
{
	my ($self, $c) = @_;
	my ($json, $text) = document_path($c);
	my $way = int rand 14;
	my $string = sub { chance(0.1) ? pick(1, 5, '1.5', '100', 'false') : random_text('text') };
	return "$text " . pick('=', '=', '=', '<>', '<>', '<', '>=', 'LIKE', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM') . ' ' . $self->value('text', $string) if $way <= 2;
	return $self->value('text', $string) . " = $text" if $way == 3;
	return "$text " . pick('= ANY', '<> ALL') . ' (' . $self->value('text[]', sub { array_text(map { chance(0.1) ? undef : $string->() } 1 .. int rand 5) }) . ')' if $way == 4;
	return "$text " . pick('IN', 'NOT IN') . ' (' . join(', ', map { $self->value('text', $string) } 1 .. 3) . ')' if $way == 5;
	return "$json " . pick('IS NULL', 'IS NOT NULL') if $way == 6;
	return "$text " . pick('IS NULL', 'IS NOT NULL') if $way == 7;
	return pick($c, $c, "($json)") . ' @> ' . $self->value('jsonb', sub { chance(0.7) ? object_for_containment() : random_json(2) }) if $way <= 9;
	return pick($c, $c, "($json)") . ' ? ' . $self->value('text', sub { random_name() }) if $way == 10;
	return pick($c, $c, "($json)") . pick(' ?| ', ' ?& ') . $self->value('text[]', sub { array_text(map { chance(0.1) ? undef : random_name() } 1 .. int rand 4) }) if $way == 11;
	return "jsonb_typeof($json) = 'string'" if $way == 12;
	return $self->number_in_document($c, $json, $text);
}

sub object_for_containment
{
	my %seen;
	return '{' . join(', ', map { json_string($_) . ': ' . random_json(1) } grep { !$seen{$_}++ } map { random_name() } 1 .. 1 + int rand 2) . '}';
}

# The cast fails for what is no number: the query is marked.
sub number_in_document
{
	my ($self, $c, $json, $text) = @_;
	my $type = pick('numeric', 'numeric', 'int', 'bigint', 'float8', 'real');
	my $draw = $type eq 'numeric' ? sub { random_number('number') } : sub { pick(@{ $RandomTables::POOL{small} }) };
	my $value = $self->value($type, $draw);
	if (chance(0.6))
	{
		$self->{may_fail} = 1;
		return "($text)::$type IN (" . join(', ', map { $self->value($type, $draw) } 1 .. 3) . ')' if chance(0.2);
		return "($text)::$type " . pick('= ANY', '<> ALL') . ' (' . $self->value("$type\[]", sub { array_text(map { chance(0.1) ? undef : $draw->() } 1 .. int rand 5) }) . ')' if chance(0.2);
		return "($text)::$type " . pick(@COMPARISONS) . " $value";
	}
	return "jsonb_typeof($json) = 'number' AND CASE WHEN jsonb_typeof($json) = 'number' THEN ($text)::numeric END " . pick(@COMPARISONS) . " $value";
}

sub array_condition
{
	my ($self, $c, $column) = @_;
	my $type    = $column->{kind} eq 'texts' ? 'text' : 'numeric';
	my $element = $self->value($type, sub { random_value($column) });
	return pick("$element = ANY ($c)", "$c \@> ARRAY[$element]", "$c IS NULL", "$c IS NOT NULL", "cardinality($c) > 1", "($c)[1] = $element", "$element <> ALL ($c)", "$c && ARRAY[$element, $element]");
}

sub condition_on
{
	my ($self, $c, $column, @more) = @_;
	my $kind = $column->{kind};
	return $self->text_condition($c, $column, @more) if $kind eq 'text';
	return $self->number_condition($c, $column, @more) if $kind =~ /^(numeric|int|float)$/;
	return $self->boolean_condition($c, $column) if $kind eq 'boolean';
	return $self->array_condition($c, $column) if $kind eq 'texts' || $kind eq 'numbers';
	return $self->document_condition($c) if $kind eq 'jsonb' && chance(0.85);
	return $self->null_test($c) if $kind eq 'jsonb';
	return $self->general($c, $column, @more);
}

# --- conditions

sub condition
{
	my ($self, $table, $alias, $depth) = @_;
	my @columns = RandomTables::columns($table);
	if ($depth > 0 && chance(0.45))
	{
		my @parts = map { $self->condition($table, $alias, $depth - 1) } 1 .. 2 + int rand 3;
		my $all   = '(' . join(pick(' AND ', ' OR '), @parts) . ')';
		return pick($all, $all, $all, "NOT $all", "($all) IS NOT TRUE", "($all) IS TRUE");
	}
	my @keys = grep { $_->{key} } @columns;
	return $self->rows_in($alias, @keys) if @keys == 2 && chance(0.06);
	my $column = chance(0.35) ? pick(@columns[ 0 .. ($#columns < 4 ? $#columns : 4) ]) : pick(@columns);
	my $text = $self->condition_on("$alias$column->{name}", $column, $alias, @columns);
	return chance(0.1) ? "NOT ($text)" : "($text)";
}

# (pk, sk) IN (...), or ORs of keys, or a comparison of rows
sub rows_in
{
	my ($self, $alias, @keys) = @_;
	my $row = sub { join ', ', map { my $column = $_; $self->value($SQL_TYPE{ $column->{kind} }, sub { random_value($column) }) } @keys };
	my $left = join ', ', map { "$alias$_->{name}" } @keys;
	return "(($left) " . pick('<', '>=', '=', '<>') . ' (' . $row->() . '))' if chance(0.2);
	my @rows = map { $row->() } 1 .. 1 + int rand 4;
	return "(($left) " . pick('IN', 'IN', 'NOT IN') . ' (' . join(', ', map { "($_)" } @rows) . '))' if chance(0.5);
	return '(' . join(' OR ', map { "(($left) = ($_))" } @rows) . ')';
}

# Most queries of a user fix the partition key, of the table or an index.
sub key_condition
{
	my ($self, $table, $alias) = @_;
	my %partition = (mixed => [qw(pk pk pk status label)], typed => [qw(id id name)], binaries => ['n'], documents => ['id'], mixed_documents => [qw(pk status)]);
	my %sort = (pk => [qw(sk place)], status => ['"the rank"'], id => [qw(n moment)], name => ['n'], n => ['b']);
	my %columns = map { $_->{name} => $_ } RandomTables::columns($table);
	my $partition = pick(@{ $partition{$table} });
	my $column    = $columns{$partition};
	my $value     = sub { $self->value($SQL_TYPE{ $column->{kind} }, sub { random_value($column, 0.01) }) };
	my $condition = "$alias$partition " . (chance(0.75) ? '= ' . $value->() : 'IN (' . join(', ', map { $value->() } 1 .. 1 + int rand 4) . ')');
	for my $sort (grep { $columns{$_} } @{ $sort{$partition} // [] })
	{
		$condition .= ' AND (' . $self->condition_on("$alias$sort", $columns{$sort}, $alias, values %columns) . ')' while chance(0.4);
	}
	return $condition;
}

sub where
{
	my ($self, $table, $alias) = @_;
	my @parts;
	push @parts, $self->key_condition($table, $alias) if chance(0.35);
	push @parts, $self->condition($table, $alias, 2) while chance(@parts ? 0.4 : 0.9);
	return @parts ? join ' AND ', @parts : 'true';
}

# --- queries

my %KEYS = (text => [qw(k s)], numeric => ['n'], int => ['i'], bytea => ['b']);

my @TABLES = (('mixed') x 6, ('typed') x 4, ('documents') x 2, ('binaries'), ('mixed_documents') x 2);

sub key_list
{
	my ($table, $alias) = @_;
	return map { "$alias$_->{name}" } grep { $_->{key} } RandomTables::columns($table);
}

sub random_column
{
	my ($table, $alias, $kinds) = @_;
	my $column = pick(grep { !$kinds || $_->{kind} =~ $kinds } RandomTables::columns($table));
	return "$alias$column->{name}";
}

sub projection
{
	my ($table, $alias) = @_;
	return "$alias*" if chance(0.1);
	return 'count(*) OVER ()' if chance(0.03);
	my @columns = map { random_column($table, $alias) } 1 .. 1 + int rand 4;
	if ($table =~ /documents/ && chance(0.7))
	{
		my ($json, $text) = document_path("${alias}document");
		push @columns, $json, "$text AS text";
	}
	return join ', ', @columns;
}

# ORDER BY that leaves no two rows equal, and perhaps LIMIT and OFFSET
sub total_order
{
	my ($self, $table, $alias) = @_;
	my @keys  = key_list($table, $alias);
	my @order = map { random_column($table, $alias, qr/^(text|numeric|int|float|boolean|bytea|time|uuid)$/) . pick('', '', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST') } 1 .. int rand 3;
	push @order, map { $_ . pick('', '', ' DESC') } @keys;
	my $sql = ' ORDER BY ' . join ', ', @order;
	$sql .= ' LIMIT ' . $self->value('bigint', sub { pick(0, 1, 2, 5, 10, 50) }) if chance(0.6);
	$sql .= ' OFFSET ' . pick(0, 1, 3, 20) if chance(0.2);
	return $sql;
}

sub plain_query
{
	my ($self) = @_;
	my $table = pick(@TABLES);
	my $sql   = 'SELECT ' . projection($table, '') . " FROM $table WHERE " . $self->where($table, '');
	return ($sql, 0) if chance(0.5);
	return ($sql . $self->total_order($table, ''), 1);
}

# LIMIT without an order: how many rows there are, and that each is one of all
sub limit_query
{
	my ($self) = @_;
	my $table = pick(@TABLES);
	my $where = $self->where($table, '');
	return ("SELECT count(*) FROM (SELECT 1 FROM $table WHERE $where LIMIT " . pick(1, 2, 10) . ' OFFSET ' . pick(0, 0, 1, 4) . ') q', 0);
}

# What DynamoDB may count by itself: nothing but the number of rows is used.
sub count_query
{
	my ($self) = @_;
	my $table = pick(@TABLES);
	my $where = $self->where($table, 'r.');
	return ("SELECT count(*) FROM $table r WHERE $where", 0) if chance(0.6);
	return ("SELECT EXISTS (SELECT FROM $table r WHERE $where)", 0) if chance(0.2);
	return ("SELECT k.k, k.n FROM keys k, $table r WHERE $where", 0) if chance(0.2);
	my ($column) = grep { $KEYS{ $_->{kind} } } RandomTables::columns($table);
	my $key = pick(@{ $KEYS{ $column->{kind} } }) . ($column->{kind} eq 'text' ? ' COLLATE "C"' : '');
	return ("SELECT k.*, q.* FROM keys k, LATERAL (SELECT count(*) FROM $table r WHERE r.$column->{name} = k.$key AND $where) q", 0);
}

sub distinct_query
{
	my ($self) = @_;
	my $table  = pick(@TABLES);
	my $column = random_column($table, '', qr/^(text|numeric|int|boolean|bytea|uuid)$/);
	# What a collation takes for equal is shown in any one of its spellings.
	return $self->plain_query if $column =~ /folded/;
	return ("SELECT DISTINCT $column FROM $table WHERE " . $self->where($table, ''), 0);
}

sub aggregate_query
{
	my ($self) = @_;
	my $table = pick(@TABLES);
	my $where = $self->where($table, '');
	my $aggregate = sub {
		my $column = random_column($table, '', qr/^(text|numeric|int|float|time)$/);
		$column = 'count(*)' if $column =~ /folded/;
		return 'count(*)' if chance(0.4) || $column =~ /count/;
		return pick('min', 'max', 'count') . "($column)" . (chance(0.1) ? " FILTER (WHERE $column IS NOT NULL)" : '') if chance(0.8);
		return 'count(DISTINCT ' . random_column($table, '', qr/^(numeric|int|bytea|text)$/) . ')';
	};
	my @aggregates = map { $aggregate->() } 1 .. pick(1, 1, 2, 3);
	return ('SELECT ' . join(', ', @aggregates) . " FROM $table WHERE $where", 0) if chance(0.6);
	my $group = random_column($table, '', qr/^(text|int|boolean|uuid)$/);
	return ('SELECT ' . join(', ', @aggregates) . " FROM $table WHERE $where", 0) if $group =~ /folded/;
	return ("SELECT $group, " . join(', ', @aggregates) . " FROM $table WHERE $where GROUP BY $group" . (chance(0.3) ? ' HAVING count(*) > 1' : ''), 0);
}

# A condition between two tables, on columns of like kind
sub join_condition
{
	my ($left, $right) = @_;
	my @right = RandomTables::columns($right);
	for (1 .. 20)
	{
		my $column = pick(chance(0.6) ? (grep { $_->{key} } RandomTables::columns($left)) : RandomTables::columns($left));
		my @fitting = grep { $_->{kind} eq $column->{kind} && $_->{kind} =~ /^(text|numeric|int|bytea)$/ } @right;
		@fitting = grep { $_->{key} } @fitting if chance(0.6) && grep { $_->{key} } @fitting;
		next if !@fitting;
		my $other = pick(@fitting);
		my $collation = $column->{kind} eq 'text' && ($column->{type} ne $other->{type} || chance(0.1)) ? ' COLLATE "C"' : '';
		return "l.$column->{name} = r.$other->{name}$collation" if chance(0.85);
		return "l.$column->{name} " . pick('<', '>=') . " r.$other->{name} COLLATE \"C\"" if $column->{kind} eq 'text';
		return "l.$column->{name} " . pick('<', '>=') . " r.$other->{name}";
	}
	return 'false';
}

sub join_query
{
	my ($self) = @_;
	my ($left, $right) = (pick(@TABLES), pick(@TABLES));
	my $on = join_condition($left, $right);
	$on .= ' AND ' . join_condition($left, $right) if chance(0.5);
	$on .= ' AND ' . $self->condition($right, 'r.', 1) if chance(0.4);
	# FULL JOIN is only for conditions that can be merged or hashed.
	my $kind = pick('JOIN', 'JOIN', 'LEFT JOIN', 'RIGHT JOIN');
	my $where = $self->where($left, 'l.');
	$where .= ' AND ' . $self->condition($right, 'r.', 1) if chance(0.5);
	return ('SELECT ' . join(', ', key_list($left, 'l.'), key_list($right, 'r.'), random_column($left, 'l.'), random_column($right, 'r.')) . " FROM $left l $kind $right r ON $on WHERE $where", 0);
}

# With the local table public.keys
sub local_join_query
{
	my ($self) = @_;
	my $table = pick(@TABLES);
	my @columns = grep { $KEYS{ $_->{kind} } } RandomTables::columns($table);
	my @keys = grep { $_->{key} } @columns;
	my @on = map { my $column = $_; "r.$column->{name} = k." . pick(@{ $KEYS{ $column->{kind} } }) . ($column->{kind} eq 'text' && $column->{type} ne 'text COLLATE "C"' ? ' COLLATE "C"' : '') }
	  (chance(0.8) ? $keys[0] : pick(@columns)), (chance(0.4) ? pick(@columns) : ());
	my $on = join ' AND ', @on, (chance(0.3) ? $self->condition($table, 'r.', 1) : ());
	my $list = join ', ', key_list($table, 'r.'), random_column($table, 'r.');
	my $where = chance(0.5) ? $self->condition($table, 'r.', 1) : 'true';
	my $way = int rand 6;
	return ("SELECT k.*, $list FROM keys k LEFT JOIN $table r ON $on", 0) if $way == 0;
	return ("SELECT k.*, $list FROM keys k JOIN $table r ON $on WHERE $where", 0) if $way == 1;
	return ("SELECT k.* FROM keys k WHERE " . pick('', 'NOT ') . "EXISTS (SELECT 1 FROM $table r WHERE $on AND $where)", 0) if $way == 2;
	return ("SELECT $list FROM $table r WHERE " . pick('', 'NOT ') . "EXISTS (SELECT 1 FROM keys k WHERE $on) AND $where", 0) if $way == 3;
	if ($way == 4)
	{
		my $order = $self->total_order($table, 'r.');
		my ($join, $on_true) = @{ pick([ 'CROSS JOIN', '' ], [ 'LEFT JOIN', ' ON true' ]) };
		return ("SELECT k.*, q.* FROM keys k $join LATERAL (SELECT $list FROM $table r WHERE $on AND $where$order) q$on_true", 0);
	}
	return ("SELECT k.*, (SELECT count(*) FROM $table r WHERE $on AND $where) FROM keys k", 0);
}

sub in_query
{
	my ($self) = @_;
	my ($table, $inner) = (pick(@TABLES), pick(@TABLES));
	my $key = (grep { $_->{key} } RandomTables::columns($table))[0];
	my @fitting = grep { $_->{kind} eq $key->{kind} && $_->{type} !~ /icu|folded/ } RandomTables::columns($inner);
	return $self->plain_query if !@fitting;
	my $collation = $key->{kind} eq 'text' ? ' COLLATE "C"' : '';
	return ('SELECT ' . join(', ', key_list($table, '')) . " FROM $table WHERE $key->{name} " . pick('IN', 'IN', 'NOT IN') . ' (SELECT r.' . pick(@fitting)->{name} . "$collation FROM $inner r WHERE "
		  . $self->where($inner, 'r.') . ') AND ' . $self->condition($table, '', 1), 0);
}

sub union_query
{
	my ($self) = @_;
	my @parts = map { my $table = pick(qw(mixed mixed_documents)); "SELECT pk, sk, status FROM $table WHERE " . $self->where($table, '') } 1 .. 2;
	return (join(pick(' UNION ALL ', ' UNION ', ' EXCEPT ', ' INTERSECT ALL '), @parts), 0);
}

my @SETTINGS = qw(enable_hashjoin enable_mergejoin enable_sort enable_hashagg enable_memoize enable_nestloop);

# The statement for query `number`.
sub statement
{
	my ($self, $number) = @_;
	srand(($self->{seed} * 1_000_003 + $number) % 2**32);
	rand for 1 .. 3;    # the first numbers after neighbouring seeds are alike
	$self->{may_fail} = 0;
	$self->{parameters} = chance(0.35) ? [] : undef;
	my $way = pick((qw(plain_query)) x 10, (qw(limit_query distinct_query in_query union_query)) x 1, (qw(aggregate_query local_join_query count_query)) x 3, (qw(join_query)) x 2);
	my ($query, $ordered) = $self->$way;
	my @settings = map { "$_=off" } grep { chance(0.2) } @SETTINGS;
	push @settings, map { "$_=0" } qw(min_parallel_table_scan_size parallel_setup_cost parallel_tuple_cost) if chance(0.25);
	my ($preparation, @queries) = ('NULL', $query);
	if ($self->{parameters})
	{
		my @types = map { $_->{type} } @{ $self->{parameters} };
		$preparation = quoted('PREPARE p' . (@types ? '(' . join(', ', @types) . ')' : '') . " AS SELECT coalesce(array_agg(q::text), '{}') FROM ($query) q");
		@queries = map { $self->execution } 1 .. 2;
		push @settings, 'plan_cache_mode=' . pick('force_custom_plan', 'force_generic_plan', 'auto');
	}
	my $list = join ', ', map { quoted($_) } @queries;
	my ($ordered_text, $may_fail_text) = map { $_ ? 'true' : 'false' } $ordered, $self->{may_fail};
	return "SELECT report FROM public.differential($number, $preparation, ARRAY[$list], $ordered_text, $may_fail_text, ARRAY["
	  . join(', ', map { quoted($_) } @settings)
	  . "]::text[]) AS report WHERE report IS NOT NULL;\n";
}

sub execution
{
	my ($self) = @_;
	my @values = map { literal($_->{type}, chance(0.05) && $_->{type} ne 'bigint' ? undef : $_->{draw}->()) } @{ $self->{parameters} };
	return 'EXECUTE p' . (@values ? '(' . join(', ', @values) . ')' : '');
}

1;
