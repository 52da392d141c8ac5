# Where temporary credentials come from, each source against a local server that speaks its protocol: container (ECS and
# EKS), EC2 instance metadata, STS with and without web identity, SSO, a program; and that they are renewed within a scan.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $folder  = PostgreSQL::Test::Utils::tempdir();
my $columns = q{p text OPTIONS (partition_key 'true'), v text};
my $query   = q{SELECT count(v) FROM events};

# Two pages. A key is good for one request only where the test says so: then the second page needs a new one.
my %seen;
my $dynamodb = FaultServer->start(handler => sub {
	my ($request, $settings) = @_;
	return table_description(events => 'p:S') if $request->{operation} eq 'DescribeTable';
	my ($key) = $request->{headers}{authorization} =~ m{Credential=([^/]+)};
	return service_error('ExpiredTokenException', 'The security token included in the request is expired')
	  if $settings->{once} && $seen{$key}++;
	my $second = $request->{json}{ExclusiveStartKey};
	my $page   = items([ { p => { S => $second ? 'b' : 'a' }, v => { S => 'x' } } ]);
	$page->{json}{LastEvaluatedKey} = { p => { S => 'a' } } unless $second;
	return $page;
});
$dynamodb->set({});

# Everybody who gives credentials, told apart by path and action. Each answer has another key: KEY1, KEY2, ...
my $given = 0;
my $giver = FaultServer->start(handler => sub {
	my ($request, $settings) = @_;
	my ($path, $headers) = @$request{qw(path headers)};
	my $say = sub { return { crc => 'none', @_ } };
	return $say->(%{ $settings->{instead} }) if $settings->{instead};

	my $key   = 'KEY' . ($given + 1);
	my %names = (AccessKeyId => $key, SecretAccessKey => 'SECRET-of-giver', Expiration => '2099-01-01T00:00:00Z');
	if ($path =~ m{\A/container})
	{
		return $say->(status => 401) unless ($headers->{authorization} // '') eq ($settings->{token} // '');
		++$given;
		return $say->(json => { %names, Token => "SESSION-$key" });
	}
	return $say->(body => 'IMDSTOKEN==') if $path eq '/latest/api/token' && $request->{method} eq 'PUT' && $headers->{'x-aws-ec2-metadata-token-ttl-seconds'} == 21600;
	if ($path =~ m{\A/latest/meta-data/iam/security-credentials/(.*)\z})
	{
		return $say->(status => 401) unless ($headers->{'x-aws-ec2-metadata-token'} // '') eq 'IMDSTOKEN==';
		return $say->(body => 'the-role') unless length $1;
		return $say->(status => 404) unless $1 eq 'the-role';
		++$given;
		return $say->(json => { Code => 'Success', %names, Token => "SESSION-$key" });
	}
	if ($path =~ m{\A/federation/credentials\?role_name=Reader&account_id=123456789012\z})
	{
		return $say->(status => 401) unless $headers->{'x-amz-sso_bearer_token'} eq 'SSOTOKEN';
		++$given;
		return $say->(json => { roleCredentials => { accessKeyId => $key, secretAccessKey => 'SECRET-of-giver', sessionToken => "SESSION-$key", expiration => 4070908800000 } });
	}
	my %fields = map { s/%(..)/chr hex $1/egr } map { split /=/, $_, 2 } split /&/, $request->{body};
	my $action = $fields{Action} // '';
	return $say->(status => 404) unless $path eq '/' && $action =~ /\AAssumeRole/;
	my $wrong = $action eq 'AssumeRole' ? ($headers->{authorization} // '') !~ m{/us-east-1/sts/aws4_request} : exists $headers->{authorization} || $fields{WebIdentityToken} ne ($settings->{token} // '');
	return $say->(status => 403, json => { Error => { Code => 'AccessDenied', Message => "not as it should be: $request->{body}" } }) if $wrong;
	++$given;
	return $say->(json => { "${action}Response" => { "${action}Result" => { Credentials => { %names, SessionToken => "SESSION-$key", Expiration => 4070908800 } } } });
});
$giver->set({});

my $none  = "$folder/none";
my %clean = (AWS_CONFIG_FILE => $none, AWS_SHARED_CREDENTIALS_FILE => $none, AWS_ENDPOINT_URL_STS => $giver->endpoint, AWS_ENDPOINT_URL_SSO => $giver->endpoint);
my $node  = dynamodb_node(
	'main',
	endpoint => $dynamodb->endpoint,
	options  => { scan_policy => 'allow', parallel_scan_count => 1, aws_region => 'us-east-1' },
	conf     => "log_min_messages = debug2\ndynamodb_fdw.metadata_max_age = 0",
	env      => \%clean,
	mapping  => 0);
create_foreign_table($node, 'events', $columns);

my $session;

# Starts the server anew with this environment.
sub restart
{
	my (%environment) = @_;
	$session->quit if $session;
	undef $session;
	$node->stop;
	local %ENV = (%ENV, %clean, %environment);
	$node->start;
	return;
}

# What the statement says, and the keys and session tokens its requests had.
sub run
{
	$session //= PsqlSession->start($node);
	$_->forget foreach $dynamodb, $giver;
	my ($rows, $messages) = $session->run($_[0] // $query);
	my %keys = map { (($_->{headers}{authorization} =~ m{Credential=([^/]+)})[0] . ' ' . ($_->{headers}{'x-amz-security-token'} // 'without a token') => 1) } $dynamodb->requests;
	return ($rows . (sqlstate($messages) || ''), join(', ', sort keys %keys), $messages);
}

sub works
{
	my ($what) = @_;
	my ($rows, $keys, $messages) = run();
	like("$rows $keys", qr/\A2 (KEY\d+) SESSION-\1\z/, $what) or diag $messages;
	return;
}

sub fails
{
	my ($what, $pattern, $statement) = @_;
	my ($rows, $keys, $messages) = run($statement);
	like($messages, $pattern, $what);
	is($keys, '', 'and nothing is sent');
	return $messages;
}

subtest 'container' => sub {
	my $uri = $giver->endpoint =~ s{/\z}{}r . '/container/x';
	restart(AWS_CONTAINER_CREDENTIALS_FULL_URI => $uri);
	works('the full URI is asked');
	my ($rows, $keys) = run();
	is(scalar(() = $giver->requests), 0, 'and what it gave is kept');

	append_to_file("$folder/token", 'first');
	$giver->set({ token => 'first' });
	restart(AWS_CONTAINER_CREDENTIALS_FULL_URI => $uri, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE => "$folder/token");
	works('with the token of a file');
	unlink "$folder/token";
	append_to_file("$folder/token", 'second');
	$giver->set({ token => 'second' });
	$dynamodb->set({ once => 1 });
	($rows, $keys) = run();
	like($keys, qr/KEY(\d+) SESSION-KEY\1, KEY(\d+) SESSION-KEY\2/, 'in the middle of a scan, expired ones are fetched anew, with what the file has then');
	is($rows, '2', 'and no row is lost');
	$dynamodb->set({});

	$giver->set({ instead => { status => 404, json => { message => 'no such task' } } });
	restart(AWS_CONTAINER_CREDENTIALS_FULL_URI => $uri);
	my $messages = fails('a refusal is an error', qr/the container credentials endpoint "[^"]+" gave no credentials: HTTP status 404/);
	like($messages, qr/It says: no such task/, 'with its reason');
	$giver->set({ instead => { hang => 1 } });
	my $begin = time;
	fails('silence too', qr/gave no credentials/);
	cmp_ok(time - $begin, '<', 15, 'soon');
	restart(AWS_CONTAINER_CREDENTIALS_FULL_URI => 'http://192.0.2.1/x');
	fails('http to elsewhere is refused', qr/names the host "192.0.2.1", which may be asked by https only/);
	$giver->set({});
};

subtest 'instance metadata' => sub {
	my %imds = (AWS_EC2_METADATA_DISABLED => 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT => $giver->endpoint);
	restart(%imds, HTTP_PROXY => 'http://127.0.0.1:1', http_proxy => 'http://127.0.0.1:1', NO_PROXY => '', no_proxy => '');
	my (undef, undef, $messages) = run();
	unlike($messages, qr/metadata|no AWS credentials/, 'not through a proxy');
	restart(%imds);
	works('the role of the instance');
	is(join(' ', map { $_->{method} } $giver->requests), 'PUT GET GET', 'with a session token');
	restart(%imds, AWS_EC2_METADATA_DISABLED => 'true');
	fails('not when disabled', qr/no AWS credentials were found.*disabled by AWS_EC2_METADATA_DISABLED/s);
	$giver->set({ instead => { hang => 1 } });
	restart(%imds);
	my $begin = time;
	fails('nobody there', qr/no AWS credentials were found.*role of the EC2 instance \([^)]*1 s[^)]*\)/s);
	cmp_ok(time - $begin, '<', 5, 'is known soon');
	$giver->set({});
};

subtest 'web identity' => sub {
	append_to_file("$folder/jwt", "eyJ+/=\n");
	$giver->set({ token => 'eyJ+/=' });
	my %web = (AWS_WEB_IDENTITY_TOKEN_FILE => "$folder/jwt", AWS_ROLE_ARN => 'arn:aws:iam::123456789012:role/pod');
	restart(%web);
	works('a token is exchanged');
	like(($giver->requests)[0]{body}, qr/&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fpod&RoleSessionName=dynamodb_fdw&/, 'for the role');
	$giver->set({ token => 'another' });
	restart(%web);
	fails('what STS says is told', qr/STS AssumeRoleWithWebIdentity of role "[^"]+" failed: not as it should be/);
	restart(%web, AWS_WEB_IDENTITY_TOKEN_FILE => "$folder/gone");
	fails('a file that is not there', qr/web identity token file "[^"]+" of the environment cannot be found/);
	$giver->set({});
};

subtest 'roles' => sub {
	my $role = 'arn:aws:iam::123456789012:role/reader';
	append_to_file("$folder/config", <<"END");
[profile reader]
role_arn = $role
source_profile = base
external_id = outside
[profile second]
role_arn = $role-2
source_profile = reader
[profile here]
role_arn = $role
credential_source = Environment
[profile base]
aws_access_key_id = KEYBASE
aws_secret_access_key = SECRET-of-base
[profile sso]
sso_session = company
sso_account_id = 123456789012
sso_role_name = Reader
[sso-session company]
sso_start_url = https://company.awsapps.com/start
sso_region = us-east-1
END
	my %files = (AWS_CONFIG_FILE => "$folder/config");
	my $signers = sub { join ' ', map { ($_->{headers}{authorization} =~ m{Credential=([^/]+)})[0] } $giver->requests };
	restart(%files, AWS_PROFILE => 'reader');
	works('source_profile');
	is($signers->(), 'KEYBASE', 'its keys sign');
	like(($giver->requests)[0]{body}, qr/&ExternalId=outside/, 'external_id is sent');
	restart(%files, AWS_PROFILE => 'second');
	works('a chain of roles');
	like($signers->(), qr/\AKEYBASE KEY\d+\z/, 'the second is assumed with the first');
	restart(%files, AWS_PROFILE => 'absent', AWS_ACCESS_KEY_ID => 'KEYENV', AWS_SECRET_ACCESS_KEY => 'SECRET-of-env');
	$node->safe_psql('postgres', q{CREATE USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (profile 'here')});
	works('credential_source');
	is($signers->(), 'KEYENV', 'signs with the environment');

	$node->safe_psql('postgres', qq{DROP USER MAPPING FOR CURRENT_USER SERVER dynamodb;
		CREATE ROLE alice LOGIN; GRANT USAGE ON FOREIGN SERVER dynamodb TO alice; GRANT SELECT ON events TO alice;
		CREATE USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (access_key_id 'KEYOWN', secret_access_key 'SECRET-of-own', role_arn '$role', external_id 'ext', role_session_name 'me')});
	works('role_arn of a user mapping');
	is($signers->(), 'KEYOWN', 'with the keys of the mapping');
	like(($giver->requests)[0]{body}, qr/RoleSessionName=me&ExternalId=ext/, 'and its other options');
	$node->safe_psql('postgres', 'DROP USER MAPPING FOR CURRENT_USER SERVER dynamodb');

	my ($status, undef, $messages) = $node->psql('postgres', qq{SET ROLE alice; CREATE USER MAPPING FOR alice SERVER dynamodb OPTIONS (role_arn '$role')});
	like($messages, qr/only a superuser may set option "role_arn" without option "access_key_id"/, 'nobody else assumes a role as the server process');
	$node->safe_psql('postgres', "CREATE USER MAPPING FOR alice SERVER dynamodb OPTIONS (role_arn '$role')");
	fails('nor is it used for him', qr/user "alice" has no AWS credentials/, "SET ROLE alice; $query; ");
};

subtest 'SSO' => sub {
	my $cache = "$ENV{HOME}/.aws/sso/cache";
	restart(AWS_CONFIG_FILE => "$folder/config", AWS_PROFILE => 'sso');
	my $messages = fails('without a token', qr/the SSO token of profile "sso" cannot be found/);
	like($messages, qr/aws sso login/, 'says what to do');
	mkdir $_ foreach "$ENV{HOME}/.aws", "$ENV{HOME}/.aws/sso", $cache;
	my $name = `printf company | sha1sum`;
	append_to_file("$cache/" . substr($name, 0, 40) . '.json', '{"accessToken":"SSOTOKEN","expiresAt":"2099-01-01T00:00:00Z"}');
	works('a token that was left in the cache');
};

subtest 'credential_process' => sub {
	append_to_file("$folder/process", <<"END");
[profile good]
credential_process = sleep 0.2; printf '{"Version":1,"AccessKeyId":"KEY0","SecretAccessKey":"SECRET-of-process","SessionToken":"SESSION-%s","Expiration":"2099-01-01T00:00:00Z"}' KEY0
[profile bad]
credential_process = echo SECRET-of-process >&2; exit 3
[profile slow]
credential_process = sleep 20
END
	restart(AWS_CONFIG_FILE => "$folder/process", AWS_PROFILE => 'good');
	works('a program gives them');
	restart(AWS_CONFIG_FILE => "$folder/process", AWS_PROFILE => 'bad');
	fails('that it fails is told', qr/the credential_process of profile "bad" ended with exit code 3/);
	restart(AWS_CONFIG_FILE => "$folder/process", AWS_PROFILE => 'slow');
	my $begin = time;
	fails('waiting for it can be cancelled', qr/canceling statement due to statement timeout/, "SET statement_timeout = '1s'; $query");
	cmp_ok(time - $begin, '<', 5, 'at once');
};

unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/SECRET-of-(?!own)|SESSION-KEY|IMDSTOKEN|SSOTOKEN/, 'no secret is in the log');

done_testing();
