# Whose credentials a statement uses, who may use those of the server process, and that nobody gets to see any.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;

my $server  = FaultServer->start(handler => prepared(events => 'p:S'));
my $columns = q{p text OPTIONS (partition_key 'true'), v text};
my $folder  = PostgreSQL::Test::Utils::tempdir();
my $none    = "$folder/none";
my $query   = q{SELECT count(*) FROM events};
my $page    = items([ { p => { S => 'a' }, v => { S => 'x' } } ]);
$server->set({ Query => [$page], Scan => [$page] });

# Every secret has a name of its own, so that the log can be searched for it at the end.
my @secrets;

sub secret
{
	my ($of) = @_;
	push @secrets, "SECRET-of-$of";
	return $secrets[-1];
}

my %clean = (AWS_CONFIG_FILE => $none, AWS_SHARED_CREDENTIALS_FILE => $none);
my $node  = dynamodb_node(
	'main',
	endpoint => $server->endpoint,
	options  => { scan_policy => 'allow', parallel_scan_count => 1, aws_region => undef },
	conf     => "log_statement = none\nlog_min_messages = debug5\nlog_error_verbosity = verbose\ndynamodb_fdw.metadata_max_age = 0",
	env      => \%clean,
	mapping  => 0);
create_foreign_table($node, 'events', $columns);
$node->safe_psql('postgres', q{
	CREATE ROLE alice LOGIN; CREATE ROLE bob LOGIN; CREATE ROLE carol LOGIN;
	GRANT USAGE ON FOREIGN SERVER dynamodb TO alice, bob;
	GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_fdw TO alice;
	GRANT CREATE ON DATABASE postgres TO alice, bob;
	GRANT SELECT ON events TO alice, bob, carol;
	CREATE SCHEMA imported; GRANT ALL ON SCHEMA imported TO bob});

# Starts the server anew with this environment; sessions begin anew, too.
my %sessions;

sub restart
{
	my (%environment) = @_;
	$_->quit foreach values %sessions;
	%sessions = ();
	$node->stop;
	local %ENV = (%ENV, %clean, %environment);
	$node->start;
	return;
}

# '' is the superuser.
sub session
{
	my ($user) = @_;
	return $sessions{$user} //= PsqlSession->start($node, ($user ? (user => $user) : ()));
}

my @messages;

sub run
{
	my ($user, $sql) = @_;
	my ($rows, $messages) = session($user)->run($sql);
	push @messages, $rows, $messages;
	return ($rows, $messages);
}

# The key and the region that a statement is signed with, or its SQLSTATE.
sub signed_by
{
	my ($user, $sql) = @_;
	$server->forget;
	my ($rows, $messages) = run($user, $sql // $query);
	my @requests = $server->requests;
	my %signers  = map { $_->{headers}{authorization} =~ m{Credential=([^/]+)/\d+/([^/]+)/} ? ("$1 $2" => 1) : ('unsigned' => 1) } @requests;
	return join ', ', sort(keys %signers), sqlstate($messages) || ();
}

sub mapping
{
	my ($user, $key, %more) = @_;
	my %options = (access_key_id => $key, secret_access_key => secret($key), %more);
	my $list = join ', ', map { "$_ '$options{$_}'" } keys %options;
	$node->safe_psql('postgres', "DROP USER MAPPING IF EXISTS FOR $user SERVER dynamodb; CREATE USER MAPPING FOR $user SERVER dynamodb OPTIONS ($list)");
	return;
}

sub write_file
{
	my ($name, $text) = @_;
	append_to_file("$folder/$name", $text);
	return "$folder/$name";
}

# --- user mappings

subtest 'user mappings' => sub {
	is(signed_by(''), '28000', 'without any credentials nothing is sent');
	my (undef, $messages) = run('', $query);
	like($messages, qr/table "events" failed: no AWS credentials were found/, 'the error says so');
	like($messages, qr/environment/i, 'and where it looked');
	like($messages, qr/^HINT: .*access_key_id/m, 'and what to do');

	mapping('alice', 'KEYALICE');
	is(signed_by('alice'), 'KEYALICE us-east-1', 'a mapping of one\'s own, and the default region of a custom endpoint');
	is(signed_by('bob'), '28000', 'is not that of another');
	mapping('PUBLIC', 'KEYPUBLIC');
	is(signed_by('bob'), 'KEYPUBLIC us-east-1', 'a mapping for all');
	is(signed_by('alice'), 'KEYALICE us-east-1', 'comes second');
	mapping('bob', 'KEYBOB', session_token => secret('bobs-session'));
	is(signed_by('bob'), 'KEYBOB us-east-1', 'a session token');
	is(($server->requests)[-1]{headers}{'x-amz-security-token'}, 'SECRET-of-bobs-session', 'is sent along');
	is(signed_by('alice'), 'KEYALICE us-east-1', 'but not for others');
	is(($server->requests)[-1]{headers}{'x-amz-security-token'}, undef, 'indeed');
	$node->safe_psql('postgres', 'DROP USER MAPPING FOR PUBLIC SERVER dynamodb; DROP USER MAPPING FOR bob SERVER dynamodb');
	is(signed_by('bob'), '28000', 'a mapping that is dropped is no longer used');
};

# --- on whose behalf

subtest 'other users' => sub {
	run('alice', q{CREATE SCHEMA alices; CREATE VIEW alices.view AS SELECT * FROM public.events;
		CREATE VIEW alices.invokers WITH (security_invoker = true) AS SELECT * FROM public.events;
		CREATE FUNCTION alices.definer() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM public.events';
		CREATE FUNCTION alices.invoker() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.events';
		GRANT USAGE ON SCHEMA alices TO bob; GRANT SELECT ON alices.view, alices.invokers TO bob});
	is(signed_by('bob', 'SELECT count(*) FROM alices.view'), 'KEYALICE us-east-1', 'a view uses the mapping of its owner');
	is(signed_by('bob', 'SELECT count(*) FROM alices.invokers'), '28000', 'a view with security_invoker does not');
	is(signed_by('bob', 'SELECT alices.definer()'), 'KEYALICE us-east-1', 'a SECURITY DEFINER function that of its owner');
	is(signed_by('bob', 'SELECT alices.invoker()'), '28000', 'another does not');
	mapping('bob', 'KEYBOB');
	is(signed_by('bob', 'SELECT count(*) FROM alices.view, events'), 'KEYALICE us-east-1, KEYBOB us-east-1', 'both in one statement');
	is(signed_by('bob', 'SELECT alices.invoker() + alices.definer()'), 'KEYALICE us-east-1, KEYBOB us-east-1', 'both functions');
	is(signed_by('bob', 'PREPARE p AS SELECT count(*) FROM alices.view; EXECUTE p'), 'KEYALICE us-east-1', 'a prepared statement');

	run('', 'SET ROLE alice');
	is(signed_by(''), 'KEYALICE us-east-1', 'SET ROLE');
	run('', 'SET ROLE bob');
	is(signed_by(''), 'KEYBOB us-east-1', 'to another');
	run('', 'SET ROLE carol');
	is(signed_by(''), '28000', 'to one without a mapping');
	run('', 'RESET ROLE; SET SESSION AUTHORIZATION alice');
	is(signed_by(''), 'KEYALICE us-east-1', 'SET SESSION AUTHORIZATION');
	run('', 'RESET SESSION AUTHORIZATION');
	is(signed_by(''), '28000', 'and back');

	is(signed_by('bob', 'IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO imported'), 'KEYBOB us-east-1', 'IMPORT');
	$node->safe_psql('postgres', 'DROP USER MAPPING FOR bob SERVER dynamodb');
	is(signed_by('bob', 'IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO imported'), '28000', 'IMPORT without a mapping');
	is(signed_by('bob', "EXPLAIN $query"), '28000', 'EXPLAIN without a mapping');
	is(signed_by('bob', "EXPLAIN ANALYZE SELECT * FROM events WHERE p = 'x'"), '28000', 'a Query without a mapping');
};

# --- the server process's own

subtest 'environment' => sub {
	restart(
		AWS_ACCESS_KEY_ID     => 'KEYENVIRONMENT',
		AWS_SECRET_ACCESS_KEY => secret('environment'),
		AWS_SESSION_TOKEN     => secret('environments-session'),
		AWS_REGION            => 'ap-south-1',
		AWS_DEFAULT_REGION    => 'ap-south-2');
	is(signed_by(''), 'KEYENVIRONMENT ap-south-1', 'a superuser uses that of the server process');
	is(($server->requests)[-1]{headers}{'x-amz-security-token'}, 'SECRET-of-environments-session', 'with its session token');
	is(signed_by('alice'), 'KEYALICE ap-south-1', 'a mapping comes first');
	is(($server->requests)[-1]{headers}{'x-amz-security-token'}, undef, 'without anything of the environment');
	is(signed_by('bob'), '28000', 'others may not use it');
	my (undef, $messages) = run('bob', $query);
	like($messages, qr/user "bob" has no AWS credentials for server "dynamodb"/, 'the error names user and server');
	like($messages, qr/^DETAIL:  Only superusers may use the credentials of the server process/m, 'and the reason');
	$node->safe_psql('postgres', 'CREATE USER MAPPING FOR bob SERVER dynamodb');
	is(signed_by('bob'), '28000', 'not by a mapping without keys');
	run('bob', q{CREATE VIEW pg_temp.own AS SELECT * FROM events});
	is(signed_by('bob', 'SELECT count(*) FROM pg_temp.own'), '28000', 'not by a view');
	run('', q{CREATE VIEW supers AS SELECT * FROM events; GRANT SELECT ON supers TO bob});
	is(signed_by('bob', 'SELECT count(*) FROM supers'), 'KEYENVIRONMENT ap-south-1', 'but by a view of a superuser');

	my $allow = q{ALTER SERVER dynamodb OPTIONS (ADD ambient_credentials 'true')};
	run('', 'ALTER SERVER dynamodb OWNER TO alice');
	is(sqlstate((run('alice', $allow))[1]), '42501', 'the owner of the server may not allow it');
	is(sqlstate((run('alice', q{CREATE SERVER own FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ambient_credentials 'true')}))[1]),
		'42501', 'nor on a new server');
	is(sqlstate((run('alice', q{ALTER USER MAPPING FOR alice SERVER dynamodb OPTIONS (DROP access_key_id, DROP secret_access_key, ADD profile 'default')}))[1]),
		'42501', 'nor choose a profile');
	is(signed_by('bob'), '28000', 'so it is still not allowed');
	run('', $allow);
	is(signed_by('bob'), 'KEYENVIRONMENT ap-south-1', 'a superuser may allow it');
	is(signed_by('alice'), 'KEYALICE ap-south-1', 'a mapping still comes first');
	is(sqlstate((run('alice', q{ALTER SERVER dynamodb OPTIONS (SET ambient_credentials 'false')}))[1]), '', 'the owner may take it back');
	is(signed_by('bob'), '28000', 'which has an effect at once');
	run('', 'ALTER SERVER dynamodb OWNER TO CURRENT_USER; GRANT USAGE ON FOREIGN SERVER dynamodb TO alice, bob; ALTER SERVER dynamodb OPTIONS (DROP ambient_credentials); DROP USER MAPPING FOR bob SERVER dynamodb');

	run('', 'ALTER ROLE bob SUPERUSER');
	is(signed_by('bob'), 'KEYENVIRONMENT ap-south-1', 'who becomes a superuser may');
	run('', 'ALTER ROLE bob NOSUPERUSER');
	is(signed_by('bob'), '28000', 'until he no longer is one');

	restart(AWS_ACCESS_KEY_ID => 'KEYENVIRONMENT', AWS_SECRET_ACCESS_KEY => secret('environment'), AWS_USE_FIPS_ENDPOINT => 'true');
	is(signed_by(''), 'HV000', 'FIPS for a server with an endpoint');
	is(signed_by('alice'), 'KEYALICE us-east-1', 'is no matter to who has keys of their own');
	restart(AWS_ACCESS_KEY_ID => 'KEYHALF');
	is(signed_by(''), 'HV000', 'half of a key pair');
	(undef, $messages) = run('', $query);
	like($messages, qr/AWS_ACCESS_KEY_ID but no AWS_SECRET_ACCESS_KEY/, 'is an error that says so');
	restart(AWS_ACCESS_KEY_ID => "KEYODD", AWS_SECRET_ACCESS_KEY => secret('odd') . " \n", AWS_DEFAULT_REGION => 'ap-south-2');
	is(signed_by(''), 'HV000', 'a key with white space');
	is(signed_by('alice'), 'KEYALICE ap-south-2', 'AWS_DEFAULT_REGION');
};

# --- shared files

subtest 'shared files' => sub {
	my $config = write_file('config', <<'END' =~ s/\bsecret of (\w+)/secret($1)/er);
[default]
region = eu-north-1
[profile second]
region = eu-south-1
[profile third]
region = eu-west-3
aws_access_key_id = KEYTHIRD
aws_secret_access_key = secret of third
[profile login]
login_session = arn:aws:sts::123456789012:assumed-role/x
END
	my $credentials = write_file('credentials', <<'END' =~ s/\bsecret of (\w+)/secret($1)/egr);
[default]
aws_access_key_id = KEYFIRST
aws_secret_access_key = secret of first
[second]
aws_access_key_id = KEYSECOND
aws_secret_access_key = secret of second
aws_session_token = secret of token
END
	my %files = (AWS_CONFIG_FILE => $config, AWS_SHARED_CREDENTIALS_FILE => $credentials);

	restart(%files);
	is(signed_by(''), 'KEYFIRST eu-north-1', 'the default profile');
	is(signed_by('alice'), 'KEYALICE eu-north-1', 'a mapping with keys takes only the region from it');
	is(signed_by('bob'), '28000', 'files, too, are only for superusers');
	run('', q{CREATE USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (profile 'second')});
	is(signed_by(''), 'KEYSECOND eu-south-1', 'a profile of the user mapping');
	is(($server->requests)[-1]{headers}{'x-amz-security-token'}, 'SECRET-of-token', 'with its session token');
	run('', q{ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (SET profile 'third')});
	is(signed_by(''), 'KEYTHIRD eu-west-3', 'a profile with keys in the config file');
	run('', q{CREATE USER MAPPING FOR bob SERVER dynamodb OPTIONS (profile 'second')});
	is(signed_by('bob'), 'KEYSECOND eu-south-1', 'one that a superuser chose for another user');
	is(sqlstate((run('bob', q{ALTER USER MAPPING FOR bob SERVER dynamodb OPTIONS (SET profile 'third')}))[1]), '42501', 'who cannot choose another');
	run('', q{DROP USER MAPPING FOR bob SERVER dynamodb});

	foreach my $case (
		[ 'absent', qr/profile "absent", which [^,]+ names, is neither in "\Q$config\E" nor in "\Q$credentials\E"/ ],
		[ 'login', qr/profile "login" has login_session/ ])
	{
		my ($profile, $pattern) = @$case;
		run('', "ALTER USER MAPPING FOR CURRENT_USER SERVER dynamodb OPTIONS (SET profile '$profile')");
		my (undef, $messages) = run('', $query);
		is(sqlstate($messages), 'HV000', "profile $profile");
		like($messages, $pattern, 'is an error that says why');
	}
	run('', q{DROP USER MAPPING FOR CURRENT_USER SERVER dynamodb});

	restart(%files, AWS_PROFILE => 'second');
	is(signed_by(''), 'KEYSECOND eu-south-1', 'AWS_PROFILE');
	restart(%files, AWS_PROFILE => 'second', AWS_REGION => 'ap-south-1');
	is(signed_by(''), 'KEYSECOND ap-south-1', 'AWS_REGION comes before the profile\'s');
	restart(%files, AWS_ACCESS_KEY_ID => 'KEYENVIRONMENT', AWS_SECRET_ACCESS_KEY => 'SECRET-of-environment');
	is(signed_by(''), 'KEYENVIRONMENT eu-north-1', 'keys of the environment come before those of files');
	run('', q{ALTER SERVER dynamodb OPTIONS (ADD aws_region 'sa-east-1')});
	is(signed_by(''), 'KEYENVIRONMENT sa-east-1', 'the option of the server comes before all');
	run('', q{ALTER SERVER dynamodb OPTIONS (DROP aws_region)});

	mkdir "$ENV{HOME}/.aws" or die "$ENV{HOME}/.aws: $!";
	append_to_file("$ENV{HOME}/.aws/credentials", "[default]\naws_access_key_id = KEYHOME\naws_secret_access_key = " . secret('home') . "\n");
	restart(map { $_ => '' } keys %clean);
	is(signed_by(''), 'KEYHOME us-east-1', 'the files are looked for in ~/.aws');

	my $broken = write_file('broken', "[default\naws_access_key_id = " . secret('broken') . "\n");
	restart(AWS_SHARED_CREDENTIALS_FILE => $broken);
	my (undef, $messages) = run('', $query);
	isnt(sqlstate($messages), '', 'a file that is not well-formed');
	like($messages, qr/\Q$broken\E/, 'is named');
	chmod 0, $broken;
	(undef, $messages) = run('', $query);
	like($messages, qr/cannot read file "\Q$broken\E": Permission denied/, 'so is one that cannot be read');
	restart(AWS_REGION => 'not a region');
	(undef, $messages) = run('', $query);
	like($messages, qr/"not a region" is not the name of an AWS region/, 'a region that is none');
	restart();
};

# --- what is not shown

subtest 'secrets' => sub {
	is((run('bob', q{SELECT count(*), count(umoptions) FROM pg_user_mappings}))[0], '1|0', 'others do not see the options of a mapping');
	like((run('alice', q{SELECT umoptions FROM pg_user_mappings}))[0] =~ s/SECRET-of-KEYALICE/seen/r, qr/seen/, 'its owner does');
	pop @messages;
	pop @messages;

	run('alice', 'EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM events');
	run('alice', q{EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT * FROM events WHERE p = 'a'});
	# PostgreSQL 18 says at this level how it finds the validator, and at which statement; so it has to know it by then.
	run('', $_) foreach q{CREATE USER MAPPING FOR carol SERVER dynamodb OPTIONS (access_key_id 'x', secret_access_key 'x')}, 'DROP USER MAPPING FOR carol SERVER dynamodb';
	run('', q{DO $$ BEGIN EXECUTE 'CREATE USER MAPPING FOR carol SERVER dynamodb OPTIONS (access_key_id ''SECRET-of-statement'', secret_access_key ''SECRET-of-statement x'')';
		EXCEPTION WHEN others THEN RAISE WARNING '% %', SQLSTATE, SQLERRM; END $$});
	push @secrets, 'SECRET-of-statement';
	like($messages[-1], qr/HV024 invalid value for option "secret_access_key"$/m, 'a secret that is refused is not shown');

	# Servers that quote the request, in more or less well-formed answers.
	mapping('alice', 'KEYALICE', session_token => secret('alices-session'));
	my $echo = FaultServer->start(
		handler => sub {
			my ($request, $settings) = @_;
			my $seen = join "\n", map { "$_: $request->{headers}{$_}" } sort keys %{ $request->{headers} };
			return { status => 400, body => $seen, crc => 'none' } if $settings->{plain};
			return { status => 200, body => $seen, crc => 'none' } if $settings->{well};
			return service_error('InvalidSignatureException', "The signature does not match.\n\nThe Canonical String for this request should have been\n'$seen'", 403);
		});
	run('', 'ALTER SERVER dynamodb OPTIONS (SET endpoint \'' . $echo->endpoint . '\')');
	foreach my $settings ({ plain => 1 }, { well => 1 }, {})
	{
		$echo->set($settings);
		isnt(signed_by('alice'), '', 'an answer that quotes the request');
		run('alice', q{SELECT * FROM events WHERE p = 'a'});
		run('alice', 'IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO alices');
	}
	my ($signature) = ($echo->requests)[-1]{headers}{authorization} =~ /Signature=(\w+)/;

	$_->quit foreach values %sessions;
	$node->stop;
	# At this level PostgreSQL itself writes down the environment it was started with, since 18 as one message.
	my $log = slurp_file($node->logfile) =~ s/^(?:.* DEBUG:  00000: )?\tAWS_\w+=.*\n//mgr;
	cmp_ok(length $log, '>', 100_000, 'the log says much');
	my $shown = join "\n", @messages;
	foreach my $secret (@secrets, $signature)
	{
		ok(index($shown, $secret) < 0, "messages do not contain $secret");
		ok(index($log, $secret) < 0,   'nor does the log');
	}
};

done_testing();
