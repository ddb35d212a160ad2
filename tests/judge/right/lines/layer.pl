# Answers each line with the number of its characters; a layer decodes UTF-8.
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
    binmode $conn, ':encoding(UTF-8)';
    $conn->autoflush(1);
    while (my $line = <$conn>) {
        $line =~ s/\r?\n\z//;
        print $conn length($line), "\n";
    }
    close $conn;
}
