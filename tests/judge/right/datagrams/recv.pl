# Sends each datagram back to where it came from.
use strict;
use warnings;
use IO::Socket::INET;

my $socket = IO::Socket::INET->new(
    Proto     => 'udp',
    LocalAddr => '127.0.0.1',
    LocalPort => $ARGV[-1],
) or die "cannot bind: $@\n";
while (1) {
    my $from = recv $socket, my $datagram, 65535, 0;
    send $socket, $datagram, 0, $from if defined $from;
}
