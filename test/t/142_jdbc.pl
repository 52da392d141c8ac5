# Foreign tables through the JDBC driver of PostgreSQL.
use strict;
use warnings;

use ClientProgram;
use File::Basename qw(dirname);
use PostgreSQL::Test::Utils;
use Test::More;

my $driver = '/usr/share/java/postgresql.jar';
my $source = dirname(__FILE__) . '/../clients/JdbcClient.java';
my $folder = PostgreSQL::Test::Utils::tempdir();
# Debian's ecj compiles with a Java that is there only to run programs. Its own command does not find all of its jars in
# forky.
my @compiler = ('java', '-cp', '/usr/share/java/*', 'org.eclipse.jdt.internal.compiler.batch.Main');
command_ok([ @compiler, '-17', '-proc:none', '-cp', $driver, '-d', $folder, $source ], 'the program is compiled');

my $node = client_node('main', options => { scan_policy => 'allow' });
create_client_tables($node);
run_checks('JDBC', $node, 'java', '-XX:TieredStopAtLevel=1', '-cp', "$driver:$folder", 'JdbcClient');
done_testing();
