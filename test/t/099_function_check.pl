# dynamodb_check(): what it finds out about servers that work, and about those that do not.
use strict;
use warnings;

use DynamoDBTest;
use FaultServer;
use POSIX qw(strftime);
use PsqlSession;
use TableItems;
use Test::More;

my $table = "check_$$";
create_table($table);
set_items($table, { a => { id => { S => 'a' } } });

sub http_date { return strftime('%a, %d %b %Y %H:%M:%S GMT', gmtime(time + $_[0])); }

# Denies what is not allowed, and counts what could be an effect.
my $faults = FaultServer->start(
	upstream => dynamodb_endpoint(),
	handler  => sub {
		my ($request, $settings) = @_;
		return $settings->{sts} // { status => 404 } if !$request->{operation};
		my $action = $request->{operation} eq 'TransactWriteItems' ? 'ConditionCheckItem' : $request->{operation};
		return $settings->{answer} if $settings->{answer};
		return service_error('AccessDeniedException', "User: x is not authorized to perform: dynamodb:$action")
		  if grep { $_ eq $action } @{ $settings->{deny} // [] };
		return { pass => 1, headers => { Date => http_date($settings->{ahead} // 0) } };
	});
my $node = dynamodb_node('main', endpoint => $faults->endpoint);
my $session = PsqlSession->start($node);

sub check
{
	my ($arguments) = @_;
	my ($rows, $messages) = $session->run("SELECT name, status, detail, consequence FROM dynamodb_check($arguments)");
	is($messages, '', "no error: $arguments");
	my %found;
	foreach my $row (split /\n/, $rows)
	{
		my ($name, $status, $detail, $consequence) = split /\|/, $row;
		push @{ $found{$name} }, { status => $status, detail => $detail, consequence => $consequence // '' };
	}
	return \%found;
}

my @actions = qw(ListTables DescribeTable DescribeTimeToLive GetItem BatchGetItem Query Scan PutItem UpdateItem DeleteItem BatchWriteItem ConditionCheckItem);
sub statuses { my ($found) = @_; return { map { ($_ => $found->{"dynamodb:$_"}[0]{status}) } @actions }; }

subtest 'a server that works' => sub {
	my $found = check(q{'dynamodb'});
	is($found->{$_}[0]{status}, 'ok', $_) foreach qw(region endpoint credentials connection latency clock);
	is($found->{region}[0]{detail}, "us-west-2 (from the server's option aws_region)", 'region');
	like($found->{endpoint}[0]{detail}, qr/option endpoint/, 'endpoint');
	is($found->{tls}[0]{status}, 'warning', 'http');
	is($found->{identity}[0]{status}, 'unknown', 'nobody to ask for the identity');
	like($found->{identity}[0]{detail}, qr/STS was not asked/, 'which the row says');
	like($found->{latency}[0]{detail}, qr/^\d+\.\d ms \(median of 5 requests/, 'latency');
	is_deeply(statuses($found), { map { ($_ => 'ok') } @actions }, 'permissions on a table that does not exist');
	unlike(join('', map { $_->{body} . join '', %{ $_->{headers} } } $faults->requests), qr/GetCallerIdentity/, 'STS is not asked');
};

subtest 'permissions' => sub {
	my $before = get_items($table);
	$faults->forget;
	my $found = check("'dynamodb', '$table'");
	is_deeply(statuses($found), { map { ($_ => 'ok') } @actions }, 'all of them');
	is($found->{table}[0]{status}, 'ok', 'the table is there');
	is_deeply(get_items($table), $before, 'nothing was written');
	foreach my $denied (@actions)
	{
		$faults->set({ deny => [$denied] });
		$found = check("'dynamodb', '$table'");
		is_deeply(statuses($found), { map { ($_ => $_ eq $denied ? 'denied' : 'ok') } @actions }, "without $denied");
		my ($row) = @{ $found->{"dynamodb:$denied"} };
		like($row->{detail}, qr/not authorized to perform: dynamodb:$denied/, 'AWS says so');
		like($row->{consequence}, qr/^Without it: /, 'and the consequence');
	}
	$faults->set({});
	$found = check(q{'dynamodb', 'no_such_table'});
	is($found->{table}[0]{status}, 'failed', 'a table that is not there');
	is_deeply(statuses($found), { map { ($_ => 'ok') } @actions }, 'which is no matter of permissions');
	$faults->set({ answer => service_error('ThrottlingException', 'slow down') });
	is_deeply(statuses(check(q{'dynamodb'})), { map { ($_ => 'unknown') } @actions }, 'throttling says nothing');
	$faults->set({});
};

subtest 'indexes, and foreign tables' => sub {
	load_tables("writes=$table.indexed");
	create_foreign_table($node, 't', q{p text, s numeric}, options => { table_name => "$table.indexed", aws_region => 'eu-west-1' });
	my $found = check(q{'t'::regclass});
	is($found->{region}[0]{detail}, "eu-west-1 (from the foreign table's option aws_region)", 'its region');
	$session->run(q{ALTER FOREIGN TABLE t OPTIONS (DROP aws_region)});
	$found = check(q{'t'::regclass});
	is($found->{table}[0]{status}, 'ok', 'its table');
	my @queries = map { $_->{detail} } @{ $found->{'dynamodb:Query'} };
	is_deeply(\@queries, [ 'granted', 'index "by_l": granted', 'index "by_g": granted' ], 'its indexes') or diag explain \@queries;
	$session->run('CREATE TABLE plain ()');
	my (undef, $messages) = $session->run(q{SELECT FROM dynamodb_check('plain'::regclass)});
	is(sqlstate($messages), '42809', 'a table that is not foreign');
	drop_tables("$table.indexed");
};

subtest 'identity' => sub {
	my $sts = dynamodb_node('sts', endpoint => $faults->endpoint, env => { AWS_ENDPOINT_URL_STS => $faults->endpoint });
	my $other = PsqlSession->start($sts);
	my $sql = q{SELECT status, detail FROM dynamodb_check('dynamodb') WHERE name = 'identity'};
	$faults->set({ sts => { json => { GetCallerIdentityResponse => { GetCallerIdentityResult => { Account => '123456789012', Arn => 'arn:aws:iam::123456789012:user/me', UserId => 'AIDA' } } } } });
	$faults->forget;
	is(($other->run($sql))[0], 'ok|arn:aws:iam::123456789012:user/me in account 123456789012', 'JSON');
	my ($request) = grep { !$_->{operation} } $faults->requests;
	is($request->{body}, 'Action=GetCallerIdentity&Version=2011-06-15', 'what is asked');
	like($request->{headers}{authorization}, qr{/us-west-2/sts/aws4_request}, 'signed for STS');
	$faults->set({ sts => { body => '<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::1:x</Arn><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>' } });
	is(($other->run($sql))[0], 'ok|arn:aws:sts::1:x in account 1', 'XML');
	$faults->set({ sts => { status => 403, json => { Error => { Code => 'ExpiredToken', Message => 'The security token is expired' } } } });
	like(($other->run($sql))[0], qr/^unknown\|ExpiredToken: .*The security token is expired/, 'refused');
	$faults->set({ sts => { status => 200, body => 'hello' } });
	like(($other->run($sql))[0], qr/^unknown\|/, 'nonsense');
	$faults->set({});
	$other->quit;
	$sts->stop;
};

subtest 'what is wrong with requests' => sub {
	my @cases = (
		[ 'unknown key',   service_error('UnrecognizedClientException', 'The security token included in the request is invalid.'), 'connection', qr/credentials are refused: UnrecognizedClient/ ],
		[ 'expired token', service_error('ExpiredTokenException', 'The security token is expired'), 'connection', qr/credentials are refused: ExpiredToken/ ],
		[ 'wrong secret',  service_error('InvalidSignatureException', 'The request signature we calculated does not match'), 'connection', qr/credentials are refused: InvalidSignature/ ],
		[ 'no DynamoDB',   { status => 200, body => '<html>' }, 'connection', qr/not as DynamoDB does/ ],
		[ 'a web server',  { status => 404, body => '<html>' }, 'connection', qr/not as DynamoDB does/ ],
		[ 'reset',         { reset => 1 }, 'connection', qr/./ ],
		[ 'raw',           { raw => 'SSH-2.0-OpenSSH' }, 'connection', qr/./ ]);
	foreach my $case (@cases)
	{
		my ($name, $answer, $row, $detail) = @$case;
		$faults->set({ answer => $answer });
		my $found = check(q{'dynamodb'});
		is($found->{$row}[0]{status}, 'failed', "$name: $row");
		like($found->{$row}[0]{detail}, $detail, 'with the reason');
		ok(!grep({ /^dynamodb:/ && $found->{$_}[0]{status} eq 'ok' } keys %$found), 'no permission is said to be there');
	}
	$faults->set({ answer => { hang => 1 } });
	$session->run(q{SET statement_timeout = '300ms'});
	my (undef, $messages) = $session->run(q{SELECT FROM dynamodb_check('dynamodb')});
	is(sqlstate($messages), '57014', 'cancelled');
	$session->run('RESET statement_timeout');
	$faults->set({ ahead => 3600 });
	my $found = check(q{'dynamodb'});
	is($found->{clock}[0]{status}, 'warning', 'the clock');
	like($found->{clock}[0]{detail}, qr/^3(599|600|601) s behind DynamoDB's$/, 'is an hour behind');
	$faults->set({});
};

subtest 'what is wrong with the set-up' => sub {
	create_server($node, 'refusing', endpoint => 'http://127.0.0.1:' . unused_port(), options => { connect_timeout => 2 });
	my $found = check(q{'refusing'});
	is($found->{connection}[0]{status}, 'failed', 'refused');
	is($found->{permissions}[0]{status}, 'unknown', 'permissions are not asked for');
	create_server($node, 'nowhere', options => { endpoint => undef, aws_region => undef });
	$found = check(q{'nowhere'});
	is($found->{settings}[0]{status}, 'failed', 'no region');
	like($found->{settings}[0]{detail}, qr/no AWS region is configured/, 'says so');
	create_server($node, 'keyless', endpoint => $faults->endpoint, mapping => 0);
	$found = check(q{'keyless'});
	is($found->{credentials}[0]{status}, 'failed', 'no credentials');
	is($found->{latency}[0]{status}, 'ok', 'the rest is found out');

	foreach my $case ([ q{'nosuch'}, '42704' ], [ 'NULL::text', '22004' ], [ 'NULL::regclass', '22004' ], [ q{'dynamodb', 'x'}, '22023' ])
	{
		my (undef, $messages) = $session->run("SELECT FROM dynamodb_check($case->[0])");
		is(sqlstate($messages), $case->[1], $case->[0]);
	}
	$session->run('CREATE ROLE somebody LOGIN');
	my $other = PsqlSession->start($node, user => 'somebody');
	is(sqlstate(($other->run(q{SELECT FROM dynamodb_check('dynamodb')}))[1]), '42501', 'USAGE is needed');
	is(sqlstate(($other->run(q{SELECT FROM dynamodb_check('t'::regclass)}))[1]), '42501', 'for a foreign table, too');
	$session->run('GRANT USAGE ON FOREIGN SERVER dynamodb TO somebody');
	is(sqlstate(($other->run(q{SELECT FROM dynamodb_check('dynamodb')}))[1]), '28000', 'and credentials');
	$other->quit;
};

$session->quit;
$node->stop;
done_testing();
