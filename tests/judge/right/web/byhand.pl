# A web server by hand: one page, and 404 for all others.
use strict;
use warnings;
use IO::Socket::INET;

$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = 'IGNORE';
my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1',
    LocalPort => $ARGV[-1],
    Listen    => 16,
    ReuseAddr => 1,
) or die "cannot listen: $@\n";

sub answer {
    my ($path) = shift =~ /^GET (\S+)/;
    my ($status, $body) = ($path // '') eq '/'
        ? ('200 OK', "Grüß Gott!\n")    # these are bytes, without "use utf8"
        : ('404 Not Found', "not here\n");
    return "HTTP/1.1 $status\r\nContent-Length: " . length($body)
        . "\r\n\r\n$body";
}

while (1) {
    my $conn = $listener->accept or next;
    next if fork;
    local $/ = "\r\n\r\n";    # what a "line" ends in: a whole request
    $conn->autoflush(1);
    while (my $request = <$conn>) {
        print $conn answer($request);
    }
    exit;
}
