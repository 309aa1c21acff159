/**
 * The program that holds ports of the host: a process of its own, as any occupant is.
 *
 * Perl, because what must be shown cannot be shown from Node: libuv sets SO_REUSEADDR on every socket that it binds,
 * and RootlessKit's listener, which sets it too, then gets the port all the same [measured, kernel 6.18]. An
 * ordinary outbound connection has no such option, and neither has one of this program's. Debian has Perl always.
 *
 * It reads one line a command, `hold HOW PORT` or `release PORT`, and answers each with one: `held PORT DETAIL`,
 * `busy PORT`, `failed PORT WHY` or `released PORT`. When its input ends it lets go of everything and ends.
 */

/** Local ports of its own listeners: outside the default ranges of kernels, of managed engines and of probes. */
const FIRST_OWN_PORT = 29_696;
const LAST_OWN_PORT = 32_767;

export const OCCUPANT_PROGRAM = `
use strict; use warnings; use Socket; use Errno qw(EADDRINUSE); use Fcntl;
$0 = "stress-occupant"; $| = 1; $SIG{INT} = "IGNORE"; $SIG{PIPE} = "IGNORE";
my (%held, $server, $own);

sub bound { my ($port, $address) = @_;
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or return;
  bind($socket, sockaddr_in($port, $address)) or return;
  return $socket; }

sub serve { return if $server;
  for my $port (${String(FIRST_OWN_PORT)} .. ${String(LAST_OWN_PORT)}) {
    my $socket = bound($port, INADDR_LOOPBACK) or next;
    listen($socket, 128) or next;
    ($server, $own) = ($socket, $port); return; } }

# A connection whose local port is the one wanted, and the other end of it.
sub connected { my ($port) = @_; serve();
  my $near = bound($port, INADDR_LOOPBACK) or return;
  connect($near, sockaddr_in($own, INADDR_LOOPBACK)) or return;
  accept(my $far, $server) or return;
  return ($near, $far); }

sub hold { my ($how, $port) = @_;
  if ($how eq "listener") {
    my $socket = bound($port, INADDR_ANY) or return;
    listen($socket, 16) or return;
    $held{$port} = ["listener", $socket];
    return "listener 0.0.0.0:$port of pid $$"; }
  my ($near, $far) = connected($port) or return;
  return unless $near;
  my $line = "127.0.0.1:$port -> 127.0.0.1:$own";
  if ($how eq "outbound") {
    # Reset when it ends, however it ends: an orderly close would leave the port in TIME_WAIT.
    setsockopt($near, SOL_SOCKET, SO_LINGER, pack("ii", 1, 0));
    $held{$port} = ["outbound", $near, $far];
    return "connection $line of pid $$"; }
  # Whoever closes first is the one who waits.
  close $near; sysread($far, my $end, 1); close $far;
  $held{$port} = ["timewait"];
  return "closed connection $line in TIME_WAIT"; }

# A connection attempt from the other end is answered with what it did not ask for, and resets; that ends the wait.
sub assassinate { my ($port) = @_;
  socket(my $socket, PF_INET, SOCK_STREAM, 0) or return;
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1);
  bind($socket, sockaddr_in($own, INADDR_LOOPBACK)) or return;
  fcntl($socket, F_SETFL, O_NONBLOCK);
  connect($socket, sockaddr_in($port, INADDR_LOOPBACK));
  select(undef, undef, undef, 0.01);
  close $socket; }

sub release { my ($port) = @_;
  my ($how, $near, $far) = @{ delete($held{$port}) || [""] };
  close $near if $near; close $far if $far;
  return unless $how eq "timewait";
  # Its listener has the address that the attempt must come from.
  close $server if $server; undef $server;
  assassinate($port); }

while (my $line = <STDIN>) {
  my ($command, @words) = split " ", $line;
  if ($command eq "hold") {
    my ($how, $port) = @words;
    $! = 0; my $detail = hold($how, $port); my $error = $!;
    if (defined $detail) { print "held $port $detail\\n"; }
    elsif ($error == EADDRINUSE) { print "busy $port\\n"; }
    else { print "failed $port $error\\n"; } }
  elsif ($command eq "release") { release($words[0]); print "released $words[0]\\n"; } }
release($_) for keys %held;
`;
