# A scan keeps few pages in memory however many there are, and asks for no more than is wanted.
use strict;
use warnings;

use Compress::Zlib ();
use DynamoDBTest;
use FaultServer;
use JSON::PP ();
use PsqlSession;
use PostgreSQL::Test::Utils;
use Test::More;

# Pages of 1 MB with 250 items. Settings: pages of each segment, delay, gzip, items (of other pages).
my $item_count = 250;
my $text       = 'x' x 4000;
my $last_key   = '"LastEvaluatedKey":{"p":{"S":"a"},"s":{"N":"1"}}';

sub page_body
{
	my ($more, $items) = @_;
	my $list = join ',', map { qq({"p":{"S":"a"},"s":{"N":"$_"},"v":{"S":"$text"}}) } 1 .. $items;
	return qq({"Count":$items,"ScannedCount":$items,"Items":[$list]) . ($more ? ",$last_key}" : '}');
}

my ($version, %pages_of) = (0);
my %bodies;
my $server = FaultServer->start(
	handler => sub {
		my ($request, $settings, $current) = @_;
		return table_description('events', 'p:S,s:N') if $request->{operation} eq 'DescribeTable';
		($version, %pages_of) = ($current) if $version != $current;
		my $values = JSON::PP->new->canonical->encode($request->{json}{ExpressionAttributeValues} // {});
		my $source = ($request->{json}{Segment} // '') . $values;
		my $more   = ++$pages_of{$source} < ($settings->{pages} // 1) ? 1 : 0;
		my $items  = $settings->{items} // $item_count;
		my $body   = $bodies{"$more $items"} //= page_body($more, $items);
		my %answer = (delay => $settings->{delay} // 0);
		return { %answer, body => $body, chunked => $settings->{chunked} } unless $settings->{gzip};
		$body = $bodies{"gzip $more $items"} //= Compress::Zlib::memGzip($body);
		return { %answer, body => $body, headers => { 'Content-Encoding' => 'gzip' } };
	});
my $page_size = length page_body(1, $item_count);
my $columns   = q{p text OPTIONS (partition_key 'true') COLLATE "C", s numeric OPTIONS (sort_key 'true'), v text};
my $node      = dynamodb_node('main', endpoint => $server->endpoint, options => { scan_policy => 'allow' });
create_foreign_table($node, 'events', $columns);

# How much memory a backend had at most, in kB.
sub peak
{
	my ($session) = @_;
	my ($peak) = slurp_file('/proc/' . $session->pid . '/status') =~ /^VmHWM:\s+(\d+) kB/m;
	return $peak;
}

subtest 'memory' => sub {
	plan skip_all => 'there is no /proc' unless -r "/proc/$$/status";
	foreach my $case (
		[ 'pages with their length', {},               q{SELECT count(*), sum(length(v)) FROM events}, 8 ],
		[ 'compressed pages',        { gzip => 1 },    q{SELECT count(*), sum(length(v)) FROM events}, 8 ],
		[ 'a Query',                 {},               q{SELECT count(*), sum(length(v)) FROM events WHERE p = 'a'}, 1 ])
	{
		my ($name, $settings, $query, $sources) = @$case;
		my $session = PsqlSession->start($node);
		my $read    = sub {
			my ($pages) = @_;
			$server->set({ pages => $pages, %$settings });
			my ($rows, $messages) = $session->run($query);
			my $count = $sources * $pages * $item_count;
			is($rows . $messages, join('|', $count, $count * length $text), "$name: " . $sources * $pages . ' pages');
			return peak($session);
		};
		$server->set({ items => 1 });
		$session->run($query);
		my $begin = peak($session);
		my $few   = $read->(4);
		my $many  = $read->(240 / $sources);
		note sprintf 'from %d kB to %d kB to %d kB', $begin, $few, $many;

		# The pages in flight plus two; besides them what libcurl, zlib and simdjson need for one each.
		cmp_ok($few - $begin, '<', ($sources + 2) * $page_size / 1024 + 16 * 1024, 'a scan keeps the pages in flight');
		cmp_ok($many - $few, '<', 6 * 1024, 'and not more when there are more pages');
		$session->quit;
	}
};

my $session = PsqlSession->start($node);

# Requests that were dropped may still be on their way to the server; it has all of them when it answers the next one.
sub forget_requests
{
	$session->run(q{SELECT * FROM events WHERE p = 'a' LIMIT 1});
	$server->wait_until_idle;
	$server->forget;
	return;
}

# Runs a query and returns how many requests it made, by the server's count. EXPLAIN also counts those that were dropped
# before they were on their way.
sub requests_for
{
	my ($query) = @_;
	forget_requests();
	my ($rows, $messages) = $session->run("EXPLAIN (ANALYZE, FORMAT JSON) $query");
	is($messages, '', $query);
	my @seen = grep { $_->{operation} ne 'DescribeTable' } $server->requests;
	my ($said) = $rows =~ /"Requests": (\d+)/;
	cmp_ok($said, '>=', scalar @seen, 'EXPLAIN counts what the server sees') if $said;
	return scalar @seen;
}

subtest 'no more than is wanted' => sub {
	$server->set({ pages => 20 });
	is(requests_for('SELECT * FROM events LIMIT 1'), 1, 'LIMIT 1 asks for one page');
	is(requests_for("SELECT * FROM events LIMIT $item_count"), 1, 'a LIMIT of a page, too');
	is(requests_for('SELECT EXISTS (SELECT FROM events)'), 1, 'EXISTS, too');
	is(requests_for(q{SELECT * FROM events WHERE p = 'a' LIMIT 1}), 1, 'a Query, too');
	is(requests_for(q{SELECT * FROM events WHERE p IN ('a', 'b', 'c', 'd') LIMIT 1}), 1, 'several Queries, too');
	my $pages = 12;
	cmp_ok(requests_for('SELECT * FROM events LIMIT ' . $pages * $item_count), '<=', $pages + 8, 'a longer LIMIT reads not much further');
	$session->run(q{ALTER FOREIGN TABLE events OPTIONS (ADD parallel_scan_count '1000000')});
	is(requests_for('SELECT * FROM events LIMIT 1'), 1, 'LIMIT 1 of a million segments');
	cmp_ok(requests_for('SELECT * FROM events LIMIT 1000'), '<=', 4 + 32, 'LIMIT 1000 of a million segments');
	$session->run(q{ALTER FOREIGN TABLE events OPTIONS (DROP parallel_scan_count)});

	forget_requests();
	$session->run('BEGIN; DECLARE c CURSOR FOR SELECT s FROM events; FETCH 1 FROM c');
	# Other statements let the client work on, if it had anything to do.
	$session->run(q{SELECT count(*) FROM events WHERE p = 'other' AND s = 1; SELECT pg_sleep(0.1)}) for 1 .. 3;
	$session->run('FETCH 100 FROM c');
	is(scalar(my @scans = $server->requests(operation => 'Scan')), 1, 'a cursor that fetches a few rows asks for one page');
	$session->run("MOVE $item_count FROM c");
	cmp_ok(scalar(@scans = $server->requests(operation => 'Scan')), '<=', 4, 'and then for two at once');
	$session->run('COMMIT');
	ok($server->wait_until_idle, 'the rest is dropped');
};

# The most requests that were in flight at once.
sub most_in_flight
{
	my ($query) = @_;
	forget_requests();
	my (undef, $messages) = $session->run($query);
	is($messages, '', $query);
	return (sort { $b <=> $a } map { $_->{in_flight} } $server->requests)[0];
}

subtest 'requests in flight' => sub {
	my $all  = 'SELECT count(*) FROM events';
	my $keys = join ', ', map { "'$_'" } 1 .. 20;
	$server->set({ pages => 3, items => 1, delay => 0.15 });
	is(most_in_flight($all), 8, 'as many as segments');
	$session->run(q{ALTER FOREIGN TABLE events OPTIONS (ADD parallel_scan_count '3')});
	is(most_in_flight($all), 3, 'also where there are few');
	$session->run(q{ALTER FOREIGN TABLE events OPTIONS (SET parallel_scan_count '20'); ALTER SERVER dynamodb OPTIONS (ADD max_connections '5')});
	$server->set({ pages => 2, items => 1, delay => 0.15 });
	is(most_in_flight($all), 5, 'but no more than max_connections');
	is(most_in_flight("SELECT count(*) FROM events WHERE p IN ($keys)"), 5, 'as with many Queries');
	$session->run('BEGIN; DECLARE a CURSOR FOR SELECT * FROM events ORDER BY s; DECLARE b CURSOR FOR SELECT * FROM events ORDER BY s');
	is(most_in_flight('FETCH 1 FROM a; FETCH 1 FROM b'), 5, 'or with several scans');
	$session->run('COMMIT');
	is(most_in_flight('SELECT count(*) FROM events a, events b WHERE a.v = b.v'), 5, 'or in one statement');
	cmp_ok($server->connections, '<=', 5, 'nor are there more connections');
	$session->run(q{ALTER SERVER dynamodb OPTIONS (SET max_connections '1')});
	$server->set({ pages => 2, items => 1, delay => 0.01 });
	is(most_in_flight($all), 1, 'one may have to be enough');
};

ok($session->is_alive, 'this was one backend');
$session->quit;
$node->stop;
done_testing();
