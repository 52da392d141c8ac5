# An HTTP server for tests that answers as badly as one likes: errors, delays, cut or garbled bodies, silence.
#
#   my $server = FaultServer->start(answers => [throttled(), throttled(), { pass => 1 }], upstream => $url);
#   ... use $server->endpoint as the endpoint of a foreign server ...
#   is($server->requests(operation => 'Query'), 3, 'tried three times');
#
# It runs in a process of its own, on a free port of 127.0.0.1, and ends with the test. start() takes
#
#   answers   a list of answers, one per request in the order they arrive; the last one is repeated
#   handler   instead, a function that makes the answer to a request. It runs in the server's process and
#             may keep state there; its second argument is what set() was last told, its third how often
#             set() was called. See also prepared().
#   upstream  the endpoint of a real server, for answers with `pass`
#   address   another address to listen on than 127.0.0.1: '::1'
#   accept    0: connections stay in the kernel's queue and are never accepted
#
# An answer is a hash; all of it is optional:
#
#   pass      => 1            what upstream answers to this request, then changed by the rest of the hash. So
#                             { pass => 1, reset => 1 } loses an answer, { reset => 1 } a request
#   send      => {...}        with `pass`: this as the body that upstream gets
#   change    => sub {...}    with `pass`: is given what upstream answered, decoded, to change it
#   status    => 500          (200)
#   json      => {...}        the body, or
#   body      => "bytes"
#   times     => 70           the body so many times over
#   headers   => {...}        more header fields
#   crc       => 'none'       no x-amz-crc32 (it is right by default), or 'wrong'
#   short     => 100          only this many bytes of the body (see `cut`), as if that were all
#   gzip      => 1            a compressed body; the checksum is the one of the compressed bytes. 'short': its end is missing
#   chunked   => 1            a body in chunks of 1 kB, without Content-Length
#   delay     => 1.5          seconds until the answer begins
#   pause     => 1.5          seconds between the first half of the body and the second
#   parts     => 100          with `pause`: not halves but so many parts, and that pause between each two
#   cut       => 100          only this many bytes of the body (negative: all but so many; below 1: that part of it), then
#                             the connection ends
#   raw       => "bytes"      this instead of an HTTP answer, then the connection ends
#   hang      => 1            no answer, and the connection stays open
#   reset     => 1            the connection is reset (at once, or after what `cut` lets through)
#   close     => 1            the connection ends after the answer, which does not say so
#   refuse    => 1.5          all connections are reset, and for so many seconds, or until set(), further ones are refused
#
# As a proxy (http_proxy) it answers as it would as the server.
#
# A request, as handlers and requests() get it: n (from 1), connection (from 1), method, path, headers
# (names in lower case), body, operation (from X-Amz-Target), json (the decoded body), time, in_flight (how
# many requests had no complete answer when this one arrived, itself included).

package FaultServer;

use strict;
use warnings;

use Compress::Zlib ();
use Errno qw(EAGAIN EINTR);
use Exporter 'import';
use File::Temp ();
use HTTP::Tiny;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::IP;
use JSON::PP ();
use POSIX   ();
use Socket  qw(SOL_SOCKET SO_LINGER);
use Time::HiRes qw(time sleep);

our @EXPORT = qw(throttled service_error items table_description prepared unused_port);

my $json = JSON::PP->new->utf8->canonical;
my @running;

# --- answers that tests often need

# An error as DynamoDB sends it.
sub service_error
{
	my ($type, $message, $status) = @_;
	return {
		status => $status // 400,
		json   => { __type => "com.amazonaws.dynamodb.v20120810#$type", message => $message }
	};
}

sub throttled
{
	return service_error('ProvisionedThroughputExceededException', 'The level of configured provisioned throughput was exceeded.');
}

# A page of a Query or Scan: items in typed JSON; a key if there are more pages.
sub items
{
	my ($items, $last_key) = @_;
	return {
		json => {
			Items        => $items,
			Count        => scalar @$items,
			ScannedCount => scalar @$items,
			($last_key ? (LastEvaluatedKey => $last_key) : ())
		}
	};
}

# The answer to DescribeTable, for keys such as 'id:S' or 'id:S,skey:N'; more members of the description.
sub table_description
{
	my ($name, $keys, %more) = @_;
	my @keys = map { [split /:/] } split /,/, $keys;
	my @roles = qw(HASH RANGE);
	return {
		json => {
			Table => {
				TableName            => $name,
				TableStatus          => 'ACTIVE',
				ItemCount            => 0,
				TableSizeBytes       => 0,
				AttributeDefinitions => [map { { AttributeName => $_->[0], AttributeType => $_->[1] } } @keys],
				KeySchema            => [map { { AttributeName => $keys[$_][0], KeyType => $roles[$_] } } 0 .. $#keys],
				%more
			}
		}
	};
}

# A handler for tables (name => keys) that answers as set() says: for each operation a list of answers, given in
# this order from then on, the last one again and again. Operations that set() does not name go well: tables are
# listed and described, and have no items.
sub prepared
{
	my (%tables) = @_;
	my ($version, %used) = (0);
	return sub {
		my ($request, $settings, $current) = @_;
		my $operation = $request->{operation} // '';
		if ($current != $version)
		{
			$version = $current;
			%used    = ();
		}
		if (my $answers = $settings->{$operation})
		{
			my $n = $used{$operation}++;
			return $answers->[$n] // $answers->[-1];
		}
		return { json => { TableNames => [sort keys %tables] } } if $operation eq 'ListTables';
		return { json => {} } if $operation eq 'GetItem';
		return { json => { Responses => {}, UnprocessedKeys => {} } } if $operation eq 'BatchGetItem';
		return items([]) if $operation ne 'DescribeTable';
		my $name = $request->{json}{TableName};
		return table_description($name, $tables{$name}) if $tables{$name};
		return service_error('ResourceNotFoundException', "Requested resource not found: Table: $name not found");
	};
}

# A port on which nobody listens, so that a connection is refused.
sub unused_port
{
	# Closed here: a temporary would listen on until the caller's statement ends.
	my $socket = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
	my $port   = $socket->sockport;
	close $socket;
	return $port;
}

# --- what the test uses

sub start
{
	my ($class, %options) = @_;
	my $listener = IO::Socket::IP->new(Listen => 128, LocalAddr => $options{address} // '127.0.0.1', ReuseAddr => 1)
	  or die "cannot listen: $!";
	my $self = bless {
		%options,
		folder => File::Temp->newdir,
		port   => $listener->sockport,
		owner  => $$
	}, $class;
	$self->set({});
	$self->_write_file('state', { connections => 0, in_flight => 0 });
	my $pid = fork // die "cannot fork: $!";
	if ($pid == 0)
	{
		# _exit, because what the test does at its end is not for this process.
		eval { $self->_serve($listener); };
		print STDERR "FaultServer: $@" if $@;
		POSIX::_exit($@ ? 1 : 0);
	}
	$self->{pid} = $pid;
	push @running, $self;
	return $self;
}

sub endpoint
{
	my ($self) = @_;
	my $address = $self->{address} // '127.0.0.1';
	return 'http://' . ($address =~ /:/ ? "[$address]" : $address) . ":$self->{port}";
}

sub port
{
	my ($self) = @_;
	return $self->{port};
}

# Tells the handler something new: a hash, its second argument from the next request on.
sub set
{
	my ($self, $settings) = @_;
	$self->_write_file('settings', { settings => $settings, version => ++$self->{version} });
	return;
}

# As a whole, so that whoever reads it never sees half.
sub _write_file
{
	my ($self, $name, $content) = @_;
	my $file = "$self->{folder}/$name";
	open my $out, '>', "$file.new" or die "$file.new: $!";
	print $out $json->encode($content);
	close $out;
	rename "$file.new", $file or die "$file: $!";
	return;
}

sub _read_text
{
	my ($self, $name) = @_;
	open my $in, '<', "$self->{folder}/$name" or die "$name: $!";
	local $/ = undef;
	return scalar <$in>;
}

sub _read_file
{
	my ($self, $name) = @_;
	return $json->decode($self->_read_text($name));
}

# The requests so far, perhaps only those of one operation; in scalar context how many.
sub requests
{
	my ($self, %only) = @_;
	my $file = "$self->{folder}/requests";
	my @requests;
	return @requests unless -e $file;    # 0 where a number is asked for
	open my $in, '<', $file or die "$file: $!";
	# The last one may still be in the making.
	@requests = map { $json->decode($_) } grep { /\n\z/ } <$in>;
	@requests = grep { ($_->{operation} // '') eq $only{operation} } @requests if $only{operation};
	return @requests;
}

# Forgets the requests so far; the numbers go on.
sub forget
{
	my ($self) = @_;
	unlink "$self->{folder}/requests";
	return;
}

# Waits until there are so many requests; false after some seconds.
sub wait_for_requests
{
	my ($self, $count, %only) = @_;
	return _wait_until(sub { my @requests = $self->requests(%only); return @requests >= $count; });
}

# How many connections are open now.
sub connections
{
	my ($self) = @_;
	return $self->_read_file('state')->{connections};
}

# Waits until nobody waits for an answer; false after some seconds.
sub wait_until_idle
{
	my ($self) = @_;
	return _wait_until(sub { return $self->_read_file('state')->{in_flight} == 0; });
}

sub _wait_until
{
	my ($condition) = @_;
	my $until = time + 30;
	while (time < $until)
	{
		return 1 if $condition->();
		sleep 0.02;
	}
	return 0;
}

sub stop
{
	my ($self) = @_;
	return unless $self->{pid} && $self->{owner} == $$;
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	delete $self->{pid};
	return;
}

END
{
	my $status = $?;
	$_->stop foreach @running;
	$? = $status;
}

# --- the server's process: one loop over all connections

sub _serve
{
	my ($self, $listener) = @_;
	my $parent = getppid;
	my (%connections, $count);

	@running = ();
	$SIG{PIPE} = 'IGNORE';
	$SIG{$_} = 'DEFAULT' foreach qw(INT TERM HUP);
	$listener->blocking(0);
	while (getppid == $parent)
	{
		my $now    = time;
		my @all    = values %connections;
		my @events = sort { $a <=> $b } map { @{ $_->{out} } ? $_->{out}[0]{at} : () } @all;
		my $wait   = @events ? $events[0] - $now : 1;
		$listener = $self->_listen_again if !$listener && $self->_refused_long_enough;
		my $longest = $listener ? 1 : 0.02;
		$wait = 0        if $wait < 0;
		$wait = $longest if $wait > $longest;
		my $reading = IO::Select->new(($listener && ($self->{accept} // 1) ? $listener : ()), map { $_->{socket} } @all);
		my $writing = IO::Select->new(map { $_->{socket} } grep { @{ $_->{out} } && $_->{out}[0]{at} <= $now } @all);
		my ($readable, $writable) = IO::Select->select($reading, $writing, undef, $wait);

		foreach my $socket (@{ $readable // [] })
		{
			if ($listener && $socket == $listener)
			{
				my $new = $listener->accept or next;
				$new->blocking(0);
				$connections{$new} = { id => ++$count, socket => $new, in => '', out => [] };
			}
			elsif (!$self->_read($connections{$socket}, \%connections))
			{
				delete $connections{$socket};
			}
		}
		foreach my $socket (@{ $writable // [] })
		{
			next unless $connections{$socket};
			delete $connections{$socket} unless _write($connections{$socket});
		}
		if ($self->{refusing} && $listener)
		{
			close $listener;
			_reset($_->{socket}) foreach values %connections;
			($listener, %connections) = (undef);
		}
		$self->_tell_state(\%connections);
	}
	return;
}

sub _refused_long_enough
{
	my ($self) = @_;
	return time >= $self->{refusing}{until} || $self->_settings->{version} != $self->{refusing}{version};
}

sub _listen_again
{
	my ($self) = @_;
	delete $self->{refusing};
	my $listener = IO::Socket::IP->new(Listen => 128, LocalAddr => $self->{address} // '127.0.0.1', LocalPort => $self->{port}, ReuseAddr => 1)
	  or die "cannot listen again: $!";
	$listener->blocking(0);
	return $listener;
}

sub _reset
{
	my ($socket) = @_;
	setsockopt $socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0);
	close $socket;
	return;
}

sub _in_flight
{
	my ($connections) = @_;
	return scalar grep { $_->{busy} } values %$connections;
}

sub _tell_state
{
	my ($self, $connections) = @_;
	my $state = { connections => scalar keys %$connections, in_flight => _in_flight($connections) };
	my $told = "$state->{connections} $state->{in_flight}";
	return if $told eq ($self->{told} // '');
	$self->{told} = $told;
	$self->_write_file('state', $state);
	return;
}

# False when the client is gone.
sub _read
{
	my ($self, $connection, $connections) = @_;
	my $got = sysread $connection->{socket}, $connection->{in}, 65536, length $connection->{in};
	if (!$got)
	{
		return defined $got ? 0 : ($! == EAGAIN || $! == EINTR);
	}
	# A TLS handshake gets what a plain HTTP server answers to what is no HTTP.
	if ($connection->{in} =~ s/\A\x16.*//s)
	{
		push @{ $connection->{out} }, { at => 0, data => "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", end => 'close' };
	}
	while (my $request = _parse($connection))
	{
		$request->{n}          = ++$self->{n};
		$request->{connection} = $connection->{id};
		$connection->{busy}    = 1;
		$request->{in_flight}  = _in_flight($connections);
		$self->_record($request);
		push @{ $connection->{out} }, $self->_script($request);
	}
	return 1;
}

# The next whole request of a connection, if there is one.
sub _parse
{
	my ($connection) = @_;
	$connection->{in} =~ /\A(.*?)\r\n\r\n/s or return;
	my ($head, $start) = ($1, $+[0]);
	my ($line, @fields) = split /\r\n/, $head;
	my ($method, $path) = split / /, $line;
	my %headers = map { /\A([^:]+):\s*(.*?)\s*\z/ ? (lc $1 => $2) : () } @fields;
	my $length = $headers{'content-length'} // 0;

	if (($headers{expect} // '') =~ /100-continue/i && !$connection->{continued})
	{
		$connection->{continued} = 1;
		push @{ $connection->{out} }, { at => 0, data => "HTTP/1.1 100 Continue\r\n\r\n" };
	}
	return if length($connection->{in}) < $start + $length;
	my $body = substr $connection->{in}, $start, $length;
	substr $connection->{in}, 0, $start + $length, '';
	$connection->{continued} = 0;
	my ($operation) = ($headers{'x-amz-target'} // '') =~ /\.(\w+)\z/;
	return {
		method    => $method,
		path      => $path,
		headers   => \%headers,
		body      => $body,
		operation => $operation,
		json      => scalar eval { $json->decode($body) },
		time      => time
	};
}

# Before the answer, so that a test which has the answer finds the request.
sub _record
{
	my ($self, $request) = @_;
	open my $out, '>>', "$self->{folder}/requests" or die "requests: $!";
	print $out $json->encode($request), "\n";
	close $out;
	return;
}

# What is to be sent when, for one request.
sub _script
{
	my ($self, $request) = @_;
	my $answer = $self->_answer($request);
	my $at     = time + ($answer->{delay} // 0);

	return { at => $at, data => $answer->{raw}, last => 1, end => 'close' } if defined $answer->{raw};
	return () if $answer->{hang};
	if ($answer->{refuse})
	{
		$self->{refusing} = { until => time + $answer->{refuse}, version => $self->_settings->{version} };
		return ();
	}
	return { at => $at, data => '', last => 1, end => 'reset' } if $answer->{reset} && !defined $answer->{cut};

	my ($head, $body) = _http($answer);
	my $end = $answer->{reset} ? 'reset' : $answer->{close} || defined $answer->{cut} ? 'close' : '';
	$body = _part($body, $answer->{cut}) if defined $answer->{cut};
	return { at => $at, data => $head . $body, last => 1, end => $end } unless $answer->{pause};
	my $size = POSIX::ceil(length($body) / ($answer->{parts} // 2));
	my @parts = map { { data => $_ } } unpack "(a$size)*", $body;
	$parts[$_]{at} = $at + $_ * $answer->{pause} foreach 0 .. $#parts;
	$parts[0]{data} = $head . $parts[0]{data};
	@{ $parts[-1] }{qw(last end)} = (1, $end);
	return @parts;
}

sub _part
{
	my ($body, $size) = @_;
	return substr $body, 0, ($size > 0 && $size < 1 ? int($size * length $body) : $size);
}

sub _answer
{
	my ($self, $request) = @_;
	my $answer;
	if ($self->{handler})
	{
		$answer = eval { $self->{handler}->($request, @{ $self->_settings }{qw(settings version)}) };
		$answer //= service_error('TestHandlerFailed', "the test's handler failed: " . ($@ || 'no answer'));
	}
	else
	{
		my $answers = $self->{answers} // [{ pass => 1 }];
		$answer = $answers->[$request->{n} - 1] // $answers->[-1];
	}
	return $answer unless $answer->{pass};

	# Without Accept-Encoding, so that the body can be changed.
	my %headers = %{ $request->{headers} };
	delete @headers{qw(host connection content-length accept-encoding expect)};
	my $body = $answer->{send} ? $json->encode($answer->{send}) : $request->{body};
	my $real = HTTP::Tiny->new(timeout => 60, keep_alive => 0, proxy => undef, http_proxy => undef)
	  ->request($request->{method}, $self->{upstream} . $request->{path} =~ s{\Ahttp://[^/]+}{}r, { headers => \%headers, content => $body });
	my $content = $real->{content};
	if ($answer->{change} && $real->{status} == 200)
	{
		my $decoded = $json->decode($content);
		$answer->{change}->($decoded);
		$content = $json->encode($decoded);
	}
	return { status => $real->{status}, body => $content, %$answer };
}

# What set() was told, decoded anew only when it is something else.
sub _settings
{
	my ($self) = @_;
	my $text = $self->_read_text('settings');
	@$self{qw(told_text told_last)} = ($text, $json->decode($text)) if $text ne ($self->{told_text} // '');
	return $self->{told_last};
}

# The head and the body of an answer, as bytes.
sub _http
{
	my ($answer) = @_;
	my $body = defined $answer->{json} ? $json->encode($answer->{json}) : $answer->{body} // '{}';
	$body x= $answer->{times} if $answer->{times};
	$body = _part($body, $answer->{short}) if defined $answer->{short};
	my $crc = $answer->{crc} // 'right';
	my %headers = ('Content-Type' => 'application/x-amz-json-1.0', 'x-amzn-RequestId' => 'TESTREQUESTID');

	if ($answer->{gzip})
	{
		$body = Compress::Zlib::memGzip($body);
		$body = _part($body, -10) if $answer->{gzip} eq 'short';
		$headers{'Content-Encoding'} = 'gzip';
	}
	$headers{'x-amz-crc32'} = Compress::Zlib::crc32($body) ^ ($crc eq 'wrong' ? 1 : 0) if $crc ne 'none';
	if ($answer->{chunked})
	{
		$headers{'Transfer-Encoding'} = 'chunked';
		$body = join '', (map { sprintf "%x\r\n%s\r\n", length $_, $_ } unpack '(a1024)*', $body), "0\r\n\r\n";
	}
	else
	{
		$headers{'Content-Length'} = length $body;
	}
	%headers = (%headers, %{ $answer->{headers} // {} });
	my $head = join '', "HTTP/1.1 @{[$answer->{status} // 200]} Test\r\n", (map { "$_: $headers{$_}\r\n" } sort keys %headers), "\r\n";
	return ($head, $body);
}

# Sends what is due; false when the connection is to be forgotten.
sub _write
{
	my ($connection) = @_;
	my $next = $connection->{out}[0];
	if (length $next->{data})
	{
		my $sent = syswrite $connection->{socket}, $next->{data};
		return ($! == EAGAIN || $! == EINTR) unless defined $sent;
		substr $next->{data}, 0, $sent, '';
		return 1 if length $next->{data};
	}
	shift @{ $connection->{out} };
	$connection->{busy} = 0 if $next->{last};
	return 1 unless $next->{end};
	if ($next->{end} eq 'reset')
	{
		_reset($connection->{socket});
	}
	else
	{
		close $connection->{socket};
	}
	return 0;
}

1;
