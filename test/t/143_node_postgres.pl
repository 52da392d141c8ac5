# Foreign tables through node-postgres.
use strict;
use warnings;

use ClientProgram;
use File::Basename qw(dirname);
use Test::More;

# Where Debian's node-pg is; ./check says by NODE_PATH where it has it.
local $ENV{NODE_PATH} = join ':', grep { defined } $ENV{NODE_PATH}, '/usr/share/nodejs';
my $node = client_node('main', options => { scan_policy => 'allow' });
create_client_tables($node);
run_checks('node-postgres', $node, 'node', dirname(__FILE__) . '/../clients/node_client.js');
done_testing();
