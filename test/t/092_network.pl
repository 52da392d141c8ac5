# Ways to an endpoint: IPv6, and proxies as the server process's environment names them.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use File::Basename qw(dirname);
use File::Spec;
use IO::Socket::IP;
use IPC::Open2 qw(open2);
use PostgreSQL::Test::Utils;
use PsqlSession;
use Test::More;
use TlsFront;

my $page = items([{ p => { S => 'a' }, s => { N => '1' }, v => { S => 'x' } }]);
my $columns = q{p text OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true'), v text};
my $server = FaultServer->start(handler => prepared(events => 'p:S,s:N'));
$server->set({ Scan => [$page] });
my %options = (scan_policy => 'allow', parallel_scan_count => 1, max_attempts => 2, request_timeout => 20);

# The plain server again, by tunnel: only the proxy knows where the host is.
my $authority = TlsFront::authority('known');
my $front = TlsFront->start(port => $server->port, authority => $authority, names => 'DNS:dynamodb.test.invalid,IP:127.0.0.1');
my $log   = PostgreSQL::Test::Utils::tempdir() . '/tunnels';
my $proxy_pid = open2(my $out, my $in, File::Spec->rel2abs(dirname(__FILE__) . '/../tools/connect-proxy'), $log);
chomp(my $proxy_port = <$out>);

END
{
	my $status = $?;
	if ($proxy_pid) { kill 'TERM', $proxy_pid; waitpid $proxy_pid, 0; }
	$? = $status;
}

my %endpoints = (
	tunnelled => $front->endpoint('dynamodb.test.invalid'),
	direct    => $front->endpoint,
	plain     => 'http://dynamodb.test.invalid:' . $server->port);
my $node = dynamodb_node('main', endpoint => $server->endpoint);
foreach my $name (sort keys %endpoints)
{
	create_server($node, $name, endpoint => $endpoints{$name}, options => { %options, ca_bundle => $authority->{certificate} });
	create_foreign_table($node, "${name}_events", $columns, server => $name, options => { table_name => 'events' });
}

# Starts PostgreSQL with these variables and scans the tables: rows and messages by name.
sub scan_with
{
	my (%environment) = @_;
	unlink $log;
	$node->stop;
	{
		local %ENV = (%ENV, %environment);
		$node->start;
	}
	my $session = PsqlSession->start($node);
	my %results = map { $_ => join '', $session->run("SELECT s, v FROM ${_}_events") } keys %endpoints;
	$session->quit;
	return %results;
}

sub tunnels
{
	return -e $log ? PostgreSQL::Test::Utils::slurp_file($log) : '';
}

subtest 'proxies' => sub {
	my $proxy   = "http://127.0.0.1:$proxy_port";
	my %results = scan_with();
	is($results{direct}, '1|x', 'without a proxy');
	like($results{tunnelled}, qr/could not resolve host name|no connection to/, 'the other host is unknown here');

	%results = scan_with(HTTPS_PROXY => $proxy);
	is($results{tunnelled}, '1|x', 'HTTPS_PROXY: a tunnel');
	is($results{direct}, '1|x', 'for each host');
	like($results{plain}, qr/could not resolve host name|no connection to/, 'but only of https endpoints');
	like(tunnels(), qr/^dynamodb\.test\.invalid:\d+$/m, 'the proxy resolved the name');
	like(tunnels(), qr/^127\.0\.0\.1:\d+$/m, 'and was used for addresses');

	%results = scan_with(HTTPS_PROXY => $proxy, NO_PROXY => 'example.com,127.0.0.1');
	is($results{tunnelled}, '1|x', 'NO_PROXY: others still go through the proxy');
	is($results{direct}, '1|x', 'those named do not need it');
	unlike(tunnels(), qr/127\.0\.0\.1/, 'and do not use it');

	%results = scan_with(http_proxy => $server->endpoint);
	is($results{plain}, '1|x', 'http_proxy is for http endpoints');

	# It does not know CONNECT, nor does it let anybody through.
	my $closed = FaultServer->start(answers => [{ status => 403, body => 'no' }]);
	%results = scan_with(HTTPS_PROXY => $closed->endpoint);
	like($results{tunnelled}, qr/ERROR:  HV00N: .*dynamodb\.test\.invalid:\d+/, 'a proxy that refuses is an error');
	like($results{tunnelled}, qr/DETAIL:.*(?:403|CONNECT)/, 'that says why');
	my ($request) = $closed->requests;
	is($request->{method}, 'CONNECT', 'it was asked for a tunnel');
	unlike(join(' ', %{ $request->{headers} }), qr/authorization|amz/i, 'and saw no signature');

	%results = scan_with(HTTPS_PROXY => 'http://127.0.0.1:' . unused_port());
	like($results{tunnelled}, qr/ERROR:  HV00N: .*(?:could not connect|no connection|proxy)/, 'so is one that is not there');
};

subtest 'IPv6' => sub {
	my $usable = IO::Socket::IP->new(Listen => 1, LocalAddr => '::1');
	plan skip_all => 'this machine has no IPv6' if !$usable;
	my $six = FaultServer->start(handler => prepared(events => 'p:S,s:N'), address => '::1');
	$six->set({ Scan => [$page] });
	create_server($node, 'six', endpoint => $six->endpoint, options => \%options);
	create_foreign_table($node, 'six_events', $columns, server => 'six', options => { table_name => 'events' });
	my $session = PsqlSession->start($node);
	my ($rows, $messages) = $session->run('SELECT s, v FROM six_events');
	is($rows . $messages, '1|x', 'an endpoint by its IPv6 address');
	my ($request) = $six->requests(operation => 'Scan');
	like($request->{headers}{host}, qr/^\[::1\]:\d+$/, 'the Host header');
	$six->stop;
	($rows, $messages) = $session->run('SELECT s, v FROM six_events');
	like($messages, qr/could not connect to \[::1\]:\d+: Connection refused/, 'one that is not there');
	$session->quit;
};

$node->stop;
done_testing();
