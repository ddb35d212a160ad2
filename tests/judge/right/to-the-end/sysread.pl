# Prints all that the server says.
use strict;
use warnings;
use IO::Socket::INET;

my $conn = IO::Socket::INET->new("127.0.0.1:$ARGV[-1]") or die "$@\n";
while ($conn->sysread(my $bytes, 1024)) {
    print $bytes;
}
