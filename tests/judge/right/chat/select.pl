# A chat in one loop: select() says who has something to say. Each line is sent
# with the name that its speaker gave first.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;

$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1',
    LocalPort => $ARGV[-1],
    Listen    => 16,
    ReuseAddr => 1,
) or die "cannot listen: $@\n";
my $all = IO::Select->new($listener);
my (%waiting, %name);

sub tell_others {
    my ($speaker, $words) = @_;
    for my $other ($all->handles) {
        $other->syswrite($words) if $other != $listener && $other != $speaker;
    }
}

sub hear {
    my $person = shift;
    my $bytes;
    if (!$person->sysread($bytes, 4096)) {
        $all->remove($person);
        delete $name{$person};
        delete $waiting{$person};
        return $person->close;
    }
    $waiting{$person} .= $bytes;
    while ($waiting{$person} =~ s/^(.*)\n//) {
        my $line = $1;
        my $said = exists $name{$person} ? "$name{$person}: $line" : "* $line is here";
        $name{$person} //= $line;
        tell_others($person, "$said\n");
    }
}

while (1) {
    for my $ready ($all->can_read) {
        if ($ready != $listener) { hear($ready); next }
        my $person = $listener->accept or next;
        $all->add($person);
        $person->syswrite("Welcome. Who are you?\n");
    }
}
