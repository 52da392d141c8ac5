# dynamodb_fdw.log_min_duration and the User-Agent.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PostgreSQL::Test::Utils;
use PsqlSession;
use Test::More;

my $server = FaultServer->start(
	handler => sub {
		my ($request, $settings, undef) = @_;
		return table_description('events', 'p:S,s:S') if $request->{operation} eq 'DescribeTable';
		return { %{ $settings->{answer} } } if $settings->{answer};
		my $answer = $request->{operation} eq 'Query' ? items([ { p => { S => 'hidden value' } } ]) : { json => {} };
		$answer->{delay}   = $settings->{delay} // 0;
		$answer->{headers} = { 'x-amzn-RequestId' => 'REQUEST7' };
		return $answer;
	});
my $node = dynamodb_node(
	'main',
	conf     => "session_preload_libraries = 'dynamodb_fdw'\nlog_statement = none\nlog_min_error_statement = panic",
	endpoint => $server->endpoint,
	env      => { AWS_SDK_UA_APP_ID => 'from environment' },
	options  => { scan_policy => 'allow', parallel_scan_count => 1, max_attempts => 2 });
create_foreign_table($node, 'events', q{p text OPTIONS (partition_key 'true') COLLATE "C", s text OPTIONS (sort_key 'true') COLLATE "C"});
my $query = q{SELECT p FROM events WHERE p = 'hidden value'};

# The log of statements.
sub log_of
{
	my ($settings, $sql) = @_;
	$server->set($settings);
	my $offset = -s $node->logfile;
	$node->psql('postgres', $sql);
	return PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset);
}

my $log = log_of({ delay => 0.3 }, "SET dynamodb_fdw.log_min_duration = '200ms'; $query");
like($log, qr/LOG:  duration: [3-9]\d\d\.\d{3} ms  DynamoDB request: Query of table events, 1 attempt, HTTP status 200, request ID REQUEST7\n/,
	'a slow request');
unlike($log, qr/DescribeTable|hidden/, 'no fast one, and no values');
$log = log_of({ delay => 0.3 }, $query);
unlike($log, qr/DynamoDB request/, 'nothing by default');
$log = log_of({}, "SET dynamodb_fdw.log_min_duration = 0; SET dynamodb_fdw.metadata_max_age = 0; $query");
like($log, qr/request: DescribeTable of table events.*request: Query of table events/s, '0 logs all');
$log = log_of({ answer => service_error('ValidationException', 'hidden value') }, "SET dynamodb_fdw.log_min_duration = 0; $query");
like($log, qr/Query of table events, 1 attempt, HTTP status 400, ValidationException/, 'a failed one');
$log = log_of({ answer => service_error('InternalServerError', 'x', 500) }, "SET dynamodb_fdw.log_min_duration = 0; $query");
like($log, qr/Query of table events, 2 attempts, HTTP status 500, InternalServerError/, 'attempts');
$log = log_of({}, q{SET dynamodb_fdw.log_min_duration = 0; INSERT INTO events VALUES ('hidden 1', 'a'), ('hidden 2', 'a')});
like($log, qr/TransactWriteItems of table events, 1 attempt/, 'a commit');
unlike($log, qr/duration: .*hidden/, 'without values');
$node->safe_psql('postgres', 'CREATE ROLE other LOGIN');
my (undef, undef, $error) = $node->psql('postgres', "SET dynamodb_fdw.log_min_duration = 0", extra_params => [ '-U', 'other' ]);
like($error, qr/permission denied/, 'not everybody may set it');

# The User-Agent of a statement's last request.
sub user_agent
{
	my ($sql) = @_;
	$server->set({});
	my (undef, undef, $error) = $node->psql('postgres', "$sql; $query");
	unlike($error, qr/ERROR/, $sql);
	my @requests = $server->requests(operation => 'Query');
	return $requests[-1]{headers}{'user-agent'};
}

my $version  = $node->safe_psql('postgres', q{SELECT (setting::int / 10000) || '.' || (setting::int % 10000) FROM pg_settings WHERE name = 'server_version_num'});
my $products = qr{^dynamodb_fdw/1\.\d+\.\d+ PostgreSQL/\Q$version\E libcurl/[\d.]+};
like(user_agent('SELECT 1'), qr{$products app/from-environment$}, 'the application of the environment');
$node->safe_psql('postgres', q{ALTER SERVER dynamodb OPTIONS (ADD application_name '%u@%d %C')});
like(user_agent('SELECT 1'), qr{ app/[^ ]+-postgres-main$}, "the server's, with escapes");
like(user_agent(q{SET application_name = 'psql 1'; SET dynamodb_fdw.application_name = '%a-%%x%q%'}), qr{ app/psql-1-%x$},
	'the setting goes first');
like(user_agent(q{SET dynamodb_fdw.application_name = '%c.%p'}), qr{ app/[0-9a-f]+\.[0-9a-f]+\.\d+$}, 'session and process');
like(user_agent(qq{SET dynamodb_fdw.application_name = E'a\\r\\nX-Evil: 1'}), qr{ app/a--X-Evil--1$}, 'no header can be smuggled in');
like(user_agent(q{SET dynamodb_fdw.application_name = ''; SET application_name = ''}), qr{-postgres-main$}, 'an empty setting is none');
is(length((user_agent(q{SET dynamodb_fdw.application_name = '} . ('x' x 63) . q{'}) =~ m{ app/(.*)$})[0]), 50, 'AWS takes 50 characters');

done_testing();
