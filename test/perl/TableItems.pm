# Makes tables in DynamoDB, and sets and reads their items, through the API alone: what tests of writes begin with and
# compare with. Tables have one key attribute, id, a string; items are hashes of typed JSON by id.
#
#   create_table('t');
#   set_items('t', { a => { id => { S => 'a' }, n => { N => '1' } } });
#   is_deeply(get_items('t'), {...});

package TableItems;

use strict;
use warnings;

use DynamoDBTest;
use Exporter 'import';
use JSON::PP ();

our @EXPORT = qw(create_table set_items get_items same_item judge_commit transaction_limit);

my $json = JSON::PP->new->canonical;

sub create_table
{
	my ($name) = @_;
	dynamodb_error('DeleteTable', { TableName => $name });
	dynamodb_call('CreateTable',
		{
			TableName            => $name,
			BillingMode          => 'PAY_PER_REQUEST',
			AttributeDefinitions => [ { AttributeName => 'id', AttributeType => 'S' } ],
			KeySchema            => [ { AttributeName => 'id', KeyType => 'HASH' } ]
		});
	return;
}

sub get_items
{
	my ($name) = @_;
	my (%items, $next);
	do
	{
		my $page = dynamodb_call('Scan',
			{ TableName => $name, ConsistentRead => JSON::PP::true, ($next ? (ExclusiveStartKey => $next) : ()) });
		$items{ $_->{id}{S} } = $_ foreach @{ $page->{Items} };
		$next = $page->{LastEvaluatedKey};
	} while ($next);
	return \%items;
}

# How many items the endpoint takes in one TransactWriteItems: the service 100, old versions of DynamoDB Local 10.
sub transaction_limit
{
	my ($name) = @_;
	my @checks = map { { Delete => { TableName => $name, Key => { id => { S => "nothing $_" } } } } } 1 .. 100;
	return dynamodb_error('TransactWriteItems', { TransactItems => \@checks }) eq '' ? 100 : 10;
}

sub same_item
{
	my ($one, $other) = @_;
	return $json->encode([$one]) eq $json->encode([$other]);
}

# Makes the table have these items and no others; only what differs is written.
sub set_items
{
	my ($name, $wanted) = @_;
	my $there  = get_items($name);
	my @writes = map { { DeleteRequest => { Key => { id => { S => $_ } } } } } grep { !$wanted->{$_} } keys %$there;
	push @writes, map { { PutRequest => { Item => $wanted->{$_} } } } grep { !same_item($there->{$_}, $wanted->{$_}) } keys %$wanted;
	while (my @some = splice @writes, 0, 25)
	{
		my $answer = dynamodb_call('BatchWriteItem', { RequestItems => { $name => \@some } });
		push @writes, @{ $answer->{UnprocessedItems}{$name} // [] };
	}
	return;
}

# Compares what the table has after a COMMIT with what the commit said, given the items before it and those that it was
# to leave: what is wrong, '' if nothing is.
sub judge_commit
{
	my ($before, $after, $now, $messages) = @_;
	my %keys = (%$before, %$after, %$now);
	my @changed = grep { !same_item($before->{$_}, $after->{$_}) } keys %keys;
	my %written;
	foreach my $key (keys %keys)
	{
		my $done = same_item($now->{$key}, $after->{$key});
		return "item $key is " . $json->encode([$now->{$key}]) unless $done || same_item($now->{$key}, $before->{$key});
		$written{$key} = 1 if $done && grep { $_ eq $key } @changed;
	}
	my $written = keys %written;
	if ($messages !~ /ERROR/)
	{
		return "success with messages: $messages" if $messages;
		return $written == @changed ? '' : "success, but only $written items were written";
	}
	my ($said, $not, $unknown) = $messages =~ /(\d+) items were written and (\d+) were not(?:; of (\d+) it is not known)?\./
	  or return "no counts: $messages";
	$unknown //= 0;
	return "the counts do not add up: $messages" if $said + $not + $unknown != @changed;
	return "$written items were written: $messages" if $written < $said || $written > $said + $unknown;
	my ($list) = $messages =~ /Not written: ([^.]*)\./;
	return "no keys: $messages" if $not && !$list;
	my @named = ($list // '') =~ /\(id\)=\((\w+)\)/g;
	return "no keys found: $messages" if $not && !@named;
	my @wrong = grep { $written{$_} } @named;
	return @wrong ? "@wrong were written: $messages" : '';
}

1;
