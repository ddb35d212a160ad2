# An echo server with a process for each client.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{CHLD} = 'IGNORE';    # the system forgets children that have ended
$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1',
    LocalPort => $ARGV[-1],
    Listen    => 16,
    ReuseAddr => 1,
) or die "cannot listen: $@\n";

sub echo {
    my $conn = shift;
    while ($conn->sysread(my $bytes, 4096)) {
        while (length $bytes) {
            my $sent = $conn->syswrite($bytes) or return;
            substr($bytes, 0, $sent) = '';
        }
    }
}

while (1) {
    my $conn = $listener->accept or next;
    if (!fork) {
        $listener->close;
        echo($conn);
        exit;
    }
    $conn->close;
}
