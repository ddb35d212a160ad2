# Asks a server for the time, five times at most.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

my $socket = IO::Socket::INET->new(Proto => 'udp', PeerAddr => "127.0.0.1:$ARGV[-1]")
    or die "$@\n";
my $select = IO::Select->new($socket);
for (1 .. 5) {
    $socket->send('What time is it?');
    next if !$select->can_read(0.1);
    next if !defined $socket->recv(my $answer, 65535);
    print $answer;
    exit 0;
}
die "no answer\n";
