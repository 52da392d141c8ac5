# What TAP tests share: DynamoDB Local, tables in it, and a PostgreSQL server with the extension.
#
#   use DynamoDBTest;
#   load_tables('alltypes', 'fdwtest2=my_copy');
#   my $node = dynamodb_node('main');
#   is($node->safe_psql('postgres', 'SELECT ...'), ...);
#
# DYNAMODB_ENDPOINT names the DynamoDB to use; without it one is started and ends with the test. The test
# and the servers it starts see no AWS setting, proxy or home folder of whoever runs it.

package DynamoDBTest;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use File::Spec;
use File::Temp qw(tempdir);
use HTTP::Tiny;
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(dynamodb_endpoint load_tables drop_tables dynamodb_call dynamodb_text dynamodb_error
  dynamodb_node create_server create_foreign_table import_tables server_log_has);

my $tools = File::Spec->rel2abs(dirname(__FILE__) . '/../tools');
my $json  = JSON::PP->new->utf8->canonical;
my %outside;
my $own_dynamodb;

# Loopback is where all of the test is, and credentials are what a test says.
BEGIN
{
	%outside = %ENV;
	delete @ENV{ grep { /^AWS_/ || /_proxy$/i } keys %ENV };
	$ENV{AWS_EC2_METADATA_DISABLED} = 'true';
	$ENV{HOME} = tempdir('dynamodb_fdw_home_XXXXXX', TMPDIR => 1, CLEANUP => 1);
}

# Runs one of test/tools; dies with what it wrote if it fails.
sub _tool
{
	my ($tool, @arguments) = @_;
	local $ENV{HOME} = $outside{HOME} // $ENV{HOME};
	my $output = '';
	IPC::Run::run(["$tools/$tool", @arguments], '<', \undef, '>&', \$output) or die "$tool @arguments: $output";
	return $output;
}

sub dynamodb_endpoint
{
	if (!$ENV{DYNAMODB_ENDPOINT})
	{
		my $folder = PostgreSQL::Test::Utils::tempdir();
		_tool('dynamodb-local', 'start', $folder);
		$own_dynamodb = { folder => $folder, owner => $$ };
		$ENV{DYNAMODB_ENDPOINT} = PostgreSQL::Test::Utils::slurp_file("$folder/endpoint");
		chomp $ENV{DYNAMODB_ENDPOINT};
	}
	return $ENV{DYNAMODB_ENDPOINT};
}

END
{
	my $status = $?;
	_tool('dynamodb-local', 'stop', $own_dynamodb->{folder}) if $own_dynamodb && $own_dynamodb->{owner} == $$;
	$? = $status;
}

# Creates and fills tables that test/tools/load-tables knows, 'table' or 'table=new_name'. Other tests use
# the tables by their own names at the same time: a test that writes loads a copy.
sub load_tables
{
	my (@tables) = @_;
	dynamodb_endpoint();
	_tool('load-tables', @tables);
	return;
}

sub drop_tables
{
	my (@tables) = @_;
	dynamodb_endpoint();
	_tool('load-tables', '--drop', @tables);
	return;
}

sub _post
{
	my ($operation, $parameters) = @_;
	my $http = HTTP::Tiny->new(timeout => 60, proxy => undef, http_proxy => undef);
	my $answer = $http->post(
		dynamodb_endpoint(),
		{
			headers => {
				'Content-Type'  => 'application/x-amz-json-1.0',
				'X-Amz-Target'  => "DynamoDB_20120810.$operation",
				'Authorization' => 'AWS4-HMAC-SHA256 Credential=test/20260101/us-west-2/dynamodb/aws4_request, '
				  . 'SignedHeaders=host, Signature=0',
			},
			content => $json->encode($parameters // {}),
		});
	return ($answer->{status}, $answer->{content});
}

sub _decoded
{
	my ($status, $content) = @_;
	return ($status, eval { $json->decode($content) } // { message => $content });
}

# One call of DynamoDB's API, without the extension: the decoded answer. Dies on an error.
sub dynamodb_call
{
	my ($operation, $parameters) = @_;
	my ($status, $answer) = _decoded(_post($operation, $parameters));
	die "$operation: " . $json->encode($answer) if $status != 200;
	return $answer;
}

# The same, but the answer is as it was sent: bytes of JSON.
sub dynamodb_text
{
	my ($operation, $parameters) = @_;
	my ($status, $content) = _post($operation, $parameters);
	die "$operation: $content" if $status != 200;
	return $content;
}

# The same, for a call that should fail: the error's type, '' if it did not.
sub dynamodb_error
{
	my ($operation, $parameters) = @_;
	my ($status, $answer) = _decoded(_post($operation, $parameters));
	return '' if $status == 200;
	return ($answer->{__type} // 'unknown') =~ s/^.*#//r;
}

# A running PostgreSQL server with the extension, the foreign server `dynamodb` and a user mapping with made-up
# keys in database postgres.
#   endpoint => URL     another endpoint, such as a FaultServer's
#   options  => {...}   more options of the foreign server; undef leaves one of ours out
#   conf     => TEXT    lines for postgresql.conf
#   env      => {...}   more environment for the server
#   mapping  => 0       no user mapping
sub dynamodb_node
{
	my ($name, %more) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init(extra => ['--locale=C.UTF-8', '--encoding=UTF8']);
	$node->append_conf('postgresql.conf', $more{conf}) if $more{conf};
	{
		local %ENV = (%ENV, %{ $more{env} // {} });
		$node->start;
	}
	$node->safe_psql('postgres', 'CREATE EXTENSION dynamodb_fdw');
	create_server($node, 'dynamodb', %more);
	return $node;
}

# Creates a foreign server, by default for the endpoint of the tests; see dynamodb_node.
sub create_server
{
	my ($node, $name, %more) = @_;
	my %options = (endpoint => $more{endpoint} // dynamodb_endpoint(), aws_region => 'us-west-2', %{ $more{options} // {} });
	$node->safe_psql('postgres', "CREATE SERVER $name FOREIGN DATA WRAPPER dynamodb_fdw" . _options(%options));
	$node->safe_psql('postgres',
		"CREATE USER MAPPING FOR CURRENT_USER SERVER $name OPTIONS (access_key_id 'test', secret_access_key 'test')")
	  if $more{mapping} // 1;
	return;
}

# Creates a foreign table with these columns (SQL).
#   server  => NAME    (dynamodb)
#   options => {...}   of the table
sub create_foreign_table
{
	my ($node, $name, $columns, %more) = @_;
	my $server = $more{server} // 'dynamodb';
	$node->safe_psql('postgres', "CREATE FOREIGN TABLE $name ($columns) SERVER $server" . _options(%{ $more{options} // {} }));
	return;
}

sub _options
{
	my (%options) = @_;
	my $list = join ', ', map { "$_ " . _literal($options{$_}) } grep { defined $options{$_} } sort keys %options;
	return $list && " OPTIONS ($list)";
}

# Imports the named tables from the foreign server into schema public.
sub import_tables
{
	my ($node, $server, @tables) = @_;
	my $list = join ', ', map { '"' . s/"/""/gr . '"' } @tables;
	$node->safe_psql('postgres', "IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ($list) FROM SERVER $server INTO public");
	return;
}

sub _literal
{
	my ($text) = @_;
	return "'" . $text =~ s/'/''/gr . "'";
}

# Whether the node's log, from an offset on, has something that matches.
sub server_log_has
{
	my ($node, $pattern, $offset) = @_;
	return PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset // 0) =~ $pattern;
}

1;
