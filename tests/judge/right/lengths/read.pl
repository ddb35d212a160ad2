# Answers each frame with a frame that has its bytes in reverse order.
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
    $conn->autoflush(1);
    # read() waits for all, unlike sysread().
    while (read($conn, my $head, 2) == 2) {
        my $length = unpack 'n', $head;
        last if read($conn, my $content, $length) != $length;
        print $conn $head . scalar reverse $content;
    }
    $conn->close;
}
