# The examples of a document: the fenced blocks of a Markdown file, run with psql, what they print compared.
#
#   my $document = Documentation->read('docs/tutorial.md');
#   my @results = $document->run($psql_command);    # one for each example, and for each block that is none of its kind
#   write_file(..., $document->text);               # with the outputs that were seen, see `run`
#
# A ```sql block is an example. The block after it, if that is ```output, is what psql prints for it, messages
# included, in which … stands for any text within a line; without one the example must not fail. Command tags such as
# CREATE TABLE, which say nothing that the statement does not, may be left out of an output, all of them together. Spaces at the end
# of lines and empty lines at the end do not count. Where the document `shows_another_postgresql`, an example with a plan or
# with what ANALYZE VERBOSE says must only not fail. A block ```csv NAME becomes a file in the folder where psql runs.
# Every other block says what it is (```text, ```sh, ```json, ...), and is not looked at.
#
# All text is bytes of UTF-8.

package Documentation;

use strict;
use warnings;

use IPC::Run ();

my $silent_tag = qr/^(?:(?:CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT|SECURITY|IMPORT|PREPARE|DEALLOCATE|DECLARE|CLOSE|SET|RESET|BEGIN
	|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|ANALYZE|TRUNCATE|REFRESH|DISCARD|DO|CALL|LOAD)(?:\x20[A-Z]+)*)$/x;

sub read
{
	my ($class, $file) = @_;
	open my $in, '<', $file or die "$file: $!";
	local $/;
	return $class->parse($file, <$in>);
}

sub parse
{
	my ($class, $name, $text) = @_;
	my @lines = split /(?<=\n)/, $text;
	return bless { name => $name, lines => \@lines, blocks => [ _blocks(@lines) ] }, $class;
}

# Each fenced block: what it is, its text, and the numbers of its first and last line, fences not included.
sub _blocks
{
	my (@lines) = @_;
	my (@blocks, $fence);
	foreach my $number (1 .. @lines)
	{
		my $line = $lines[ $number - 1 ];
		if ($fence && $line =~ /^\s*$fence->{mark}\s*$/)
		{
			push @blocks, { %$fence, last => $number - 1 };
			undef $fence;
		}
		elsif ($fence) { $fence->{text} .= $line }
		elsif ($line =~ /^\s*(`{3,})\s*(.*?)\s*$/)
		{
			$fence = { mark => $1, info => $2, text => '', first => $number + 1 };
		}
	}
	push @blocks, { %$fence, info => '', last => scalar @lines } if $fence;
	return @blocks;
}

sub text
{
	my ($self) = @_;
	return join '', @{ $self->{lines} };
}

# The words of a comment <!-- NAME: words -->.
sub marked
{
	my ($self, $name) = @_;
	return map { split ' ' } $self->text =~ /^<!-- \Q$name\E: (.*?) -->$/mg;
}

# Runs all examples in one session, in the current folder. Each result has `name`, `expected` and `got`, which are the
# same if the example is right. The document then has the outputs as they are.
sub run
{
	my ($self, @psql) = @_;
	my $session = { in => '', out => '', timer => IPC::Run::timeout(120) };
	$session->{psql} = IPC::Run::start(\@psql, '<', \$session->{in}, '>', \$session->{out}, '2>&1', $session->{timer});
	my (@results, @changes);
	my @blocks = @{ $self->{blocks} };
	foreach my $i (0 .. $#blocks)
	{
		my ($block, $next) = @blocks[ $i, $i + 1 ];
		my $name = "$self->{name} line $block->{first}";
		if ($block->{info} eq 'sql')
		{
			my $output = ($next && $next->{info} eq 'output' && $self->_is_compared($next->{text})) ? $next : undef;
			my $got = _printed($session, $block->{text});
			my ($expected, $shown) = _compare($output && $output->{text}, $got);
			push @results, { name => $name, expected => $expected, got => $shown };
			push @changes, [ $output, $shown ] if $output && $expected ne $shown;
		}
		elsif ($block->{info} =~ /^csv (\S+)$/) { _write_file($1, $block->{text}) }
		elsif ($block->{info} eq '' || $block->{info} eq 'output' && !($i > 0 && $blocks[ $i - 1 ]{info} eq 'sql'))
		{
			push @results, { name => $name, expected => 'a block that says what it is', got => "```$block->{info}" };
		}
	}
	$session->{in} .= "\\q\n";
	eval { IPC::Run::finish($session->{psql}) };
	splice @{ $self->{lines} }, $_->[0]{first} - 1, $_->[0]{last} - $_->[0]{first} + 1, $_->[1] foreach reverse @changes;
	return @results;
}

# What psql prints for an example. The statement that says where its output ends is a statement, so that it does not
# come before the end of what was left open.
sub _printed
{
	my ($session, $sql) = @_;
	my $mark = 'end of example ' . ++$session->{number};
	my $psql = $session->{psql};
	return "The block does not end with a complete statement.\n" unless $sql =~ /(?:;|\\g\w*|^\\.*)[ ]*(?:--.*)?\n\z/m;
	$session->{timer}->reset;
	$session->{in} .= $sql . "\\echo $mark\n";
	until ($session->{out} =~ /^\Q$mark\E\n/m)
	{
		return "psql ended: $session->{out}" unless IPC::Run::pumpable($psql);
		IPC::Run::pump($psql);
	}
	my $printed = $session->{out} =~ s/^\Q$mark\E\n\z//mr;
	$session->{out} = '';
	return $printed;
}

sub _is_compared
{
	my ($self, $output) = @_;
	return !$self->{shows_another_postgresql} || $output !~ /QUERY PLAN|^INFO:  analyzing /m;
}

sub _write_file
{
	my ($name, $text) = @_;
	die "$name is not the name of a file" if $name =~ m{/};
	open my $out, '>', $name or die "$name: $!";
	print $out $text;
	close $out or die "$name: $!";
	return;
}

# What is expected, and what was got in the same manner, as two texts that are equal if one is as good as the other.
sub _compare
{
	my ($expected, $got) = @_;
	$got = _trimmed($got);
	if (!defined $expected)
	{
		return ('', $got =~ /^(?:(?:ERROR|FATAL|PANIC):|psql: error|invalid command|The block|psql ended)/m ? $got : '');
	}
	$expected = _trimmed($expected);
	my $brief = $expected =~ /$silent_tag/m ? $got : _without_tags($got);
	my $pattern = join '[^\n]*', map { quotemeta } split /…/, $expected, -1;
	return $brief =~ /\A$pattern\z/ ? ($brief, $brief) : ($expected, $brief);
}

sub _trimmed
{
	my ($text) = @_;
	return $text =~ s/[ \t]+$//mgr =~ s/\n*\z/\n/r;
}

sub _without_tags
{
	my ($text) = @_;
	return _trimmed(join '', grep { !/$silent_tag/ } split /(?<=\n)/, $text);
}

1;
