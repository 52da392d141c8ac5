# Whom an https endpoint has to be: certificates are verified, by whose authority, for which host and time.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use PsqlSession;
use Test::More;
use TlsFront;

my $authority = TlsFront::authority('known');
my $stranger  = TlsFront::authority('stranger');

my $page     = items([{ p => { S => 'a' }, s => { N => '1' }, v => { S => 'x' } }]);
my $server   = FaultServer->start(handler => prepared(events => 'p:S,s:N'));
$server->set({ Scan => [$page] });

my $good    = TlsFront->start(port => $server->port, authority => $authority);
my $expired = TlsFront->start(port => $server->port, authority => $authority, days => -1);
my $other   = TlsFront->start(port => $server->port, authority => $authority, names => 'DNS:other.example');

# The server's environment has nothing that makes it trust our authority, until AWS_CA_BUNDLE below.
my %quick = (scan_policy => 'allow', parallel_scan_count => 1, max_attempts => 3, request_timeout => 20);
my $node = dynamodb_node('main', endpoint => $good->endpoint, options => {%quick});
my $columns = q{p text OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true'), v text};
my $session = PsqlSession->start($node);
my $count = 0;

# A server with these options and its table: what a scan brings and says.
sub scan
{
	my ($endpoint, %options) = @_;
	my $name = 'server' . ++$count;
	create_server($node, $name, endpoint => $endpoint, options => { %quick, %options });
	create_foreign_table($node, "events$count", $columns, server => $name, options => { table_name => 'events' });
	$server->forget;
	my ($rows, $messages) = $session->run("SELECT s, v FROM events$count");
	return ($rows, $messages);
}

sub fails
{
	my ($name, $endpoint, $options, $pattern) = @_;
	subtest $name => sub {
		my ($rows, $messages) = scan($endpoint, %$options);
		is($rows, '', 'no row');
		is(sqlstate($messages), 'HV00N', 'SQLSTATE');
		like($messages, qr/^ERROR:  \w+: DynamoDB Scan on table "events" failed: [^\n]+$/m, 'the table is named');
		like($messages, $_, "$_") foreach @$pattern;
		unlike($messages, qr/Tried/, 'it was not tried again');
		is(scalar(my @seen = $server->requests), 0, 'nothing was sent');
	};
	return;
}

my $bundle = { ca_bundle => $authority->{certificate} };

# --- who is trusted

my ($rows, $messages) = scan($good->endpoint, %$bundle);
is($rows . $messages, '1|x', 'the authority of ca_bundle');
($rows, $messages) = scan($good->endpoint('localhost'), %$bundle);
is($rows . $messages, '1|x', 'by another name of the certificate');

my $unverified = qr/the certificate of 127\.0\.0\.1:\d+ could not be verified/;
my $hint       = qr/HINT:.*ca_bundle/;
fails('verified by default', $good->endpoint, {}, [ $unverified, qr/DETAIL:.*unable to get local issuer certificate/, $hint ]);
fails('another authority', $good->endpoint, { ca_bundle => $stranger->{certificate} }, [ $unverified, $hint ]);
fails('an expired certificate', $expired->endpoint, $bundle, [ $unverified, qr/DETAIL:.*certificate has expired/ ]);
fails('a certificate for another address', $other->endpoint, $bundle, [ $unverified, qr/DETAIL:.*(?:subject|subjectAltName).*127\.0\.0\.1/ ]);
fails('a certificate for another host name', $other->endpoint('localhost'), $bundle,
	[ qr/the certificate of localhost:\d+ could not be verified/, qr/DETAIL:.*(?:subject|subjectAltName).*localhost/ ]);
fails('no TLS on the other side', $server->endpoint =~ s/^http:/https:/r, $bundle, [ qr/TLS handshake with 127\.0\.0\.1:\d+ failed/ ]);

# --- the file of certificates

foreach my $case ([ 'that is missing', '/nonexistent/ca.pem' ], [ 'that is no PEM', $0 ])
{
	my ($name, $file) = @$case;
	($rows, $messages) = scan($good->endpoint, ca_bundle => File::Spec->rel2abs($file));
	is($rows, '', "a ca_bundle $name: no row");
	like($messages, qr/could not read the CA certificates in "[^"]*\Q$file\E"/, 'it is named');
	is(sqlstate($messages), 'HV000', 'SQLSTATE');
}

# --- plain http only where the user wrote http

($rows, $messages) = scan($good->endpoint =~ s/^https:/http:/r, %$bundle);
is($rows, '', 'an http endpoint does not become https');
isnt(sqlstate($messages), '', 'it is an error');
is(scalar(my @plain = $server->requests), 0, 'nothing got through');
my (undef, undef, $refused) = $node->psql('postgres',
	'CREATE SERVER bare FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint ' . "'127.0.0.1:" . $server->port . q{')});
like($refused, qr/must begin with http:\/\/ or https:\/\//, 'an endpoint without a scheme is refused');
$server->set({ Scan => [ { status => 302, headers => { Location => $server->endpoint . '/' } } ] });
($rows, $messages) = scan($good->endpoint, %$bundle);
like($messages, qr/answered with a redirect/, 'https is not left for a redirect');
is(scalar(my @seen = $server->requests(operation => 'Scan')), 1, 'which is not followed');

# --- connections are kept, and verified anew with other settings

$server->set({ Scan => [$page] });
my ($known) = scan($good->endpoint, %$bundle);
is($known, '1|x', 'trusted');
$session->run("ALTER SERVER server$count OPTIONS (SET ca_bundle '$stranger->{certificate}')");
($rows, $messages) = $session->run("SELECT s, v FROM events$count");
like($messages, $unverified, 'no longer, once ca_bundle names another authority');

$session->quit;
$node->stop;

# --- AWS_CA_BUNDLE

{
	local $ENV{AWS_CA_BUNDLE} = $authority->{certificate};
	$node->start;
}
$session = PsqlSession->start($node);
($rows, $messages) = scan($good->endpoint);
is($rows . $messages, '1|x', 'the authority of AWS_CA_BUNDLE');
fails('AWS_CA_BUNDLE does not add to ca_bundle', $good->endpoint, { ca_bundle => $stranger->{certificate} }, [$unverified]);
$session->quit;
$node->stop;

done_testing();
