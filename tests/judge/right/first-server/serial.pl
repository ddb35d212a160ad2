# Greets one client after the other, and reads each to its end.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1',
    LocalPort => $ARGV[-1],
    Listen    => 16,
    ReuseAddr => 1,
) or die "cannot listen: $@\n";
while (1) {
    my $conn = $listener->accept or next;
    $conn->syswrite('Message from the server.');
    1 while $conn->sysread(my $buffer, 1024);
    $conn->close;
}
