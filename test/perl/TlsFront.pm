# TLS before a FaultServer, with certificates of an authority that only this test knows.
#
#   my $authority = TlsFront::authority('test');    # its certificate is in $authority->{certificate}
#   my $front = TlsFront->start(port => $server->port, authority => $authority);
#   ... use $front->endpoint as the endpoint of a foreign server ...
#
# start() takes also
#
#   names  what the certificate is for ('IP:127.0.0.1,DNS:localhost')
#   days   for how long it is good (2); negative: it expired that many days ago
#
# The front ends with the test. Needs openssl and node.

package TlsFront;

use strict;
use warnings;

use File::Basename qw(dirname);
use File::Spec;
use IPC::Open2 qw(open2);
use POSIX qw(strftime);
use PostgreSQL::Test::Utils ();

my $program = File::Spec->rel2abs(dirname(__FILE__) . '/../tools/tls-front');
my @new_key = qw(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes);
my @running;

sub _openssl
{
	my (@arguments) = @_;
	my $output = '';
	IPC::Run::run([ 'openssl', @arguments ], '<', \undef, '>&', \$output) or die "openssl @arguments: $output";
	return $output;
}

# For how long a certificate is good. Since OpenSSL 3.4 one that has expired needs its times said, which older ones cannot.
sub _period
{
	my ($days) = @_;
	return ('-days', $days) if $days >= 0 || _openssl('x509', '-help') !~ /-not_after/;
	my ($from, $until) = map { strftime('%Y%m%d%H%M%SZ', gmtime(time + $_ * 24 * 60 * 60)) } $days - 2, $days;
	return ('-not_before', $from, '-not_after', $until);
}

# A certificate authority: a folder, its key and certificate.
sub authority
{
	my ($name) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my $self = { key => "$folder/$name.key", certificate => "$folder/$name.crt" };
	_openssl('req', '-x509', @new_key, '-keyout', $self->{key}, '-out', $self->{certificate}, '-subj', "/CN=authority $name", '-days', 2);
	chmod 0644, $self->{certificate};
	return $self;
}

sub start
{
	my ($class, %options) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my ($key, $request, $certificate, $names) = map { "$folder/server.$_" } qw(key csr crt ext);
	PostgreSQL::Test::Utils::append_to_file($names, 'subjectAltName=' . ($options{names} // 'IP:127.0.0.1,DNS:localhost') . "\n");
	_openssl('req', '-new', @new_key, '-keyout', $key, '-out', $request, '-subj', '/CN=test');
	_openssl('x509', '-req', '-in', $request, '-CA', $options{authority}{certificate}, '-CAkey', $options{authority}{key},
		'-set_serial', 1 + @running, _period($options{days} // 2), '-extfile', $names, '-out', $certificate);
	my $pid = open2(my $out, my $in, $program, $key, $certificate, $options{port});
	my $port = <$out> // die "$program did not start";
	chomp $port;
	my $self = bless { pid => $pid, owner => $$, port => $port, out => $out, in => $in }, $class;
	push @running, $self;
	return $self;
}

# By address, or by another name of this machine.
sub endpoint
{
	my ($self, $host) = @_;
	return 'https://' . ($host // '127.0.0.1') . ":$self->{port}";
}

sub stop
{
	my ($self) = @_;
	return unless $self->{pid} && $self->{owner} == $$;
	kill 'TERM', $self->{pid};
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

1;
