# Every SQL example of README.md and docs/: it runs, and prints what the document says.
#
# Each document has a database and a session of its own, with the extension, the server `dynamodb` and the schema `ddb`,
# unless it says <!-- session: empty -->. The server process has keys and the endpoint in its environment. Tables named in
# <!-- tables: ... --> are loaded anew, before and after. Plans and ANALYZE VERBOSE are shown as PostgreSQL 15 writes them;
# where another one runs, these examples must only not fail. DOCUMENTATION_ENDPOINT names a DynamoDB with the sample tables
# that nobody else uses; without it DYNAMODB_ENDPOINT's is used. DOCUMENTS (a pattern) chooses documents; with
# UPDATE_OUTPUT, a folder, they are written there as they should read. test/perl/Documentation.pm says what a document
# may contain.
use strict;
use warnings;

BEGIN { $ENV{DYNAMODB_ENDPOINT} = $ENV{DOCUMENTATION_ENDPOINT} if $ENV{DOCUMENTATION_ENDPOINT} }

use Cwd qw(abs_path getcwd);
use Documentation;
use DynamoDBTest;
use File::Basename qw(dirname);
use File::Path qw(make_path);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $top  = abs_path(dirname(__FILE__) . '/../..');
my $node = PostgreSQL::Test::Cluster->new('documentation');
$node->init(extra => [ '--locale=C.UTF-8', '--encoding=UTF8' ]);
$node->append_conf('postgresql.conf', "timezone = 'UTC'\nshared_preload_libraries = 'dynamodb_fdw'");
{
	local %ENV = (
		%ENV,
		AWS_ENDPOINT_URL_DYNAMODB => dynamodb_endpoint(),
		AWS_ACCESS_KEY_ID         => 'AKIAIOSFODNN7EXAMPLE',
		AWS_SECRET_ACCESS_KEY     => 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
	$node->start;
}

# A database like the one that a document takes for granted, and the command for a session in it.
sub prepare
{
	my ($document) = @_;
	$node->safe_psql('template1', 'CREATE DATABASE document');
	my ($session) = $document->marked('session');
	$node->safe_psql('document', q{
		CREATE EXTENSION dynamodb_fdw;
		CREATE SERVER dynamodb FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (aws_region 'us-west-2');
		CREATE SCHEMA ddb;
		IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO ddb}) unless ($session // '') eq 'empty';
	return ($node->installed_command('psql'), '-X', '-d', $node->connstr('document'));
}

sub tidy
{
	$node->safe_psql('template1', 'DROP DATABASE document WITH (FORCE)');
	my $roles = $node->safe_psql('template1', q{SELECT string_agg(quote_ident(rolname), ', ') FROM pg_roles WHERE oid >= 16384});
	$node->safe_psql('template1', "DROP ROLE $roles") if $roles;
	return;
}

sub run_document
{
	my ($document) = @_;
	my @tables = $document->marked('tables');
	load_tables(@tables) if @tables;
	my $folder = getcwd();
	chdir PostgreSQL::Test::Utils::tempdir() or die $!;
	my @results = $document->run(prepare($document));
	chdir $folder or die $!;
	tidy();
	load_tables(@tables) if @tables;
	return @results;
}

# --- that it would be seen if a document were wrong

my $wrong = Documentation->parse('made up', <<'END');
```sql
CREATE TABLE here (a integer);
SELECT 1 AS one; -- and no more
```
```output
 one
-----
…1
(1 row)
```
```sql
SELECT 2 AS two;
```
```output
 two
-----
   3
(1 row)
```
```sql
SELECT 1 / 0;
```
```sql
SELECT 1 / 0;
```
```output
ERROR:  division by …
```
```sql
SELECT 'left open'
```
```
SELECT 'not run';
```
```output
of nothing
```
```sql
DO $$ BEGIN RAISE NOTICE 'said'; END $$;
SELECT 3 AS three;
```
```output
NOTICE:  said
```
END
my @results = run_document($wrong);
is_deeply([ map { $_->{expected} eq $_->{got} ? 'right' : 'wrong' } @results ], [qw(right wrong wrong right wrong wrong wrong wrong)],
	'an output that differs, an error, a statement that is not complete and a block of nothing are seen');
like($wrong->text, qr/\n   2\n\(1 row\)\n```\n.*NOTICE:  said\n three\n-------\n     3\n\(1 row\)\n```\n\z/s, 'and can be corrected');

# --- the documents

my $is_another_postgresql = $node->safe_psql('template1', 'SHOW server_version_num') !~ /^15/;
foreach my $file (grep { !$ENV{DOCUMENTS} || /$ENV{DOCUMENTS}/ } glob("$top/README.md $top/docs/*.md"))
{
	my $name     = $file =~ s{^\Q$top\E/}{}r;
	my $document = Documentation->read($file);
	$document->{name} = $name;
	$document->{shows_another_postgresql} = $is_another_postgresql;
	is($_->{got}, $_->{expected}, $_->{name}) foreach run_document($document);
	next unless $ENV{UPDATE_OUTPUT};
	make_path(dirname("$ENV{UPDATE_OUTPUT}/$name"));
	open my $out, '>', "$ENV{UPDATE_OUTPUT}/$name" or die "$name: $!";
	print $out $document->text;
	close $out or die "$name: $!";
}

done_testing();
