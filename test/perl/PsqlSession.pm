# A psql that stays open, so that a test can run statements one after the other in one backend, and do something
# else while one of them runs.
#
#   my $session = PsqlSession->start($node);
#   my ($rows, $messages) = $session->run('SELECT ...');
#   $session->send('SELECT ...'); ... ($rows, $messages) = $session->receive;
#
# Rows come unaligned and without titles, messages with their SQLSTATEs (VERBOSITY verbose).

package PsqlSession;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Utils;

our @EXPORT = qw(sqlstate);

# Options: user, dbname, timeout (seconds for one statement, 120).
sub start
{
	my ($class, $node, %options) = @_;
	my $self = bless { in => '', out => '', err => '', number => 0 }, $class;
	my @user = $options{user} ? ('-U', $options{user}) : ();
	local $ENV{PGOPTIONS} = '-c client_min_messages=warning';
	$self->{timer} = IPC::Run::timeout($options{timeout} // 120);
	$self->{psql} = IPC::Run::start(
		[$node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr($options{dbname} // 'postgres'), @user],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	($self->{pid}) = $self->run('SELECT pg_backend_pid()');
	return $self;
}

# The process id of the backend.
sub pid
{
	my ($self) = @_;
	return $self->{pid};
}

sub send
{
	my ($self, $sql) = @_;
	my $mark = 'end of statement ' . ++$self->{number};
	$self->{timer}->reset;
	$self->{in} .= "$sql\n;\n\\echo $mark\n\\warn $mark\n";
	IPC::Run::pump_nb($self->{psql});
	return;
}

# The rows and the messages of what was sent. A session that was terminated ends here.
sub receive
{
	my ($self) = @_;
	my $mark = "end of statement $self->{number}\n";
	my $psql = $self->{psql};
	until (index($self->{out}, $mark) >= 0 && index($self->{err}, $mark) >= 0)
	{
		last unless IPC::Run::pumpable($psql);
		eval { IPC::Run::pump($psql); 1 } or do { last if $@ =~ /process ended prematurely/; die $@; };
	}
	my @result = map { s/\Q$mark\E\z//r =~ s/\n\z//r } @$self{qw(out err)};
	@$self{qw(out err)} = ('', '');
	return @result;
}

sub run
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->receive;
}

# Whether the session still has the backend that it had at first.
sub is_alive
{
	my ($self) = @_;
	my ($pid) = $self->run('SELECT pg_backend_pid()');
	return $pid eq $self->{pid};
}

sub quit
{
	my ($self) = @_;
	my $psql = $self->{psql};
	$self->{in} .= "\\q\n";
	eval { IPC::Run::finish($psql); };
	return;
}

# The SQLSTATE of the first error among messages, '' if there is none.
sub sqlstate
{
	my ($messages) = @_;
	return $messages =~ /^(?:ERROR|FATAL):  (\w{5}): /m ? $1 : '';
}

1;
