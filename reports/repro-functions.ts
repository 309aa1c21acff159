/**
 * The bash functions of a reproduction script, each with what it needs of the others. They use what a plain
 * Debian has: bash, coreutils, sed, grep; docker or curl; perl or python3 to hold a port.
 */

/** `ask` and `ask_api` set ANSWER to ok, refused, none (no answer in time) or lost, and SAID to the words. */
export const ASKING = `\
cannot() { printf 'cannot be tried: %s\\n' "$1" >&2; exit 3; }

# One line without control characters, its escapes undone: SAID is compared word by word.
plain() {
  local undo='s/\\\\n/ /g; s/\\\\u003c/</g; s/\\\\u003e/>/g; s/\\\\u0026/\\&/g; s/\\\\"/"/g; s/\\\\\\\\/\\\\/g'
  printf '%s' "$1" | tr -s '[:space:]' ' ' | tr -d '[:cntrl:]' |
    sed -e 's/^{"message":"//; s/"} *$//' -e "$undo" -e "$undo" -e "$undo"
}

# A command line of docker.
ask() {
  BODY=$(timeout --foreground "$CALL_SECONDS" "$@" 2>&1 </dev/null)
  case $? in
    0) ANSWER=ok ;;
    124) ANSWER=none BODY="no answer within $CALL_SECONDS s" ;;
    *) ANSWER=refused ;;
  esac
  SAID=$(plain "$BODY")
  case $ANSWER$SAID in
    refused*'Cannot connect to the Docker daemon'* | refused*'error during connect'*) ANSWER=lost ;;
  esac
}

# METHOD PATH [JSON]: a call of the Engine API.
ask_api() {
  local body=()
  [ $# -lt 3 ] || body=(--header 'Content-Type: application/json' --data-binary "$3")
  BODY=$(curl --silent --show-error --globoff --max-time "$CALL_SECONDS" "\${AT[@]}" \\
    --request "$1" \${body[@]+"\${body[@]}"} --write-out '\\n%{http_code}' "$BASE$2" 2>&1 |
    tr -d '\\000'; exit "\${PIPESTATUS[0]}")
  case $? in
    0) ANSWER=refused STATUS=\${BODY##*$'\\n'} ;;
    28) ANSWER=none STATUS='' ;;
    *) ANSWER=lost STATUS='' ;;
  esac
  BODY=\${BODY%$'\\n'*}
  case $STATUS in 2?? | 304) ANSWER=ok ;; esac
  SAID=$(plain "$BODY")
}

# Ends the script by what the last call answered.
verdict() {
  printf '\\nexpected  %s\\nsaid      %s\\n' "$EXPECTED" "$(plain "$SAID")"
  if [ "$ANSWER" = ok ]; then
    printf 'DID NOT FAIL\\n'
    exit 1
  elif failed_the_same_way; then
    printf 'FAILED THE SAME WAY at %s\\n' "$1"
    exit 0
  fi
  printf 'FAILED OTHERWISE at %s\\n' "$1"
  exit 2
}

# A call that was answered in the run.
must() {
  printf '%-9s %s\\n' "$ANSWER" "$1"
  [ "$ANSWER" = ok ] || verdict "$1"
}

# The call that failed in the run.
failing() {
  printf '%-9s %s\\n' "$ANSWER" "$1"
  verdict "$1"
}
`;

/** Which engine, by which of the two ways; and the end of everything that the script makes. */
export const ENGINE = `\
case $RUN in *[!A-Za-z0-9_.-]*) cannot "SUFFIX may hold letters, digits, _, . and - only" ;; esac
[ -n "$VIA" ] || if command -v docker >/dev/null; then VIA=cli; else VIA=curl; fi
case $VIA in cli | curl) ;; *) cannot "VIA=$VIA is neither cli nor curl" ;; esac
command -v docker >/dev/null || [ "$VIA" != cli ] || cannot 'there is no docker on PATH; try VIA=curl'
command -v curl >/dev/null || [ "$VIA" != curl ] || cannot 'there is no curl on PATH; try VIA=cli'

# The engine's address: the docker CLI's, or what it would be.
ADDRESS=\${DOCKER_HOST:-}
[ -n "$ADDRESS" ] ||
  ADDRESS=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null | head -n 1)
[ -n "$ADDRESS" ] || if [ -S "\${XDG_RUNTIME_DIR:-/nowhere}/docker.sock" ]; then
  ADDRESS=unix://$XDG_RUNTIME_DIR/docker.sock
else
  ADDRESS=unix:///var/run/docker.sock
fi
AT=() BASE=http://localhost
case $ADDRESS in
  unix://*) AT=(--unix-socket "\${ADDRESS#unix://}") ;;
  tcp://*) BASE=http://\${ADDRESS#tcp://} ;;
  *) [ "$VIA" = cli ] || cannot "curl cannot use $ADDRESS; try VIA=cli" ;;
esac

HOLDER='' FORWARDS='' PAUSED=''

# Everything that this script makes has one label, and is found by it.
clean_up() {
  trap '' INT TERM HUP
  [ -z "$PAUSED" ] || kill -CONT "$PAUSED"
  [ -z "$HOLDER" ] || let_go
  local id
  for id in $FORWARDS; do rootlesskit DELETE "/v1/ports/$id"; done
  local label="$RUN_LABEL=$RUN"
  if [ "$VIA" = cli ]; then
    for id in $(docker ps --all --quiet --filter "label=$label"); do
      ask docker rm --force --volumes "$id"
      [ "$ANSWER" = ok ] || printf 'left behind: %s\\n' "$SAID" >&2
    done
    for id in $(docker network ls --quiet --filter "label=$label"); do
      ask docker network rm "$id"
      [ "$ANSWER" = ok ] || printf 'left behind: %s\\n' "$SAID" >&2
    done
  else
    local filters="filters=%7B%22label%22:%5B%22$label%22%5D%7D"
    ask_api GET "/containers/json?all=true&$filters"
    for id in $(ids); do
      ask_api DELETE "/containers/$id?force=true&v=true"
      [ "$ANSWER" = ok ] || printf 'left behind: %s\\n' "$SAID" >&2
    done
    ask_api GET "/networks?$filters"
    for id in $(ids); do
      ask_api DELETE "/networks/$id"
      [ "$ANSWER" = ok ] || printf 'left behind: %s\\n' "$SAID" >&2
    done
  fi
}
# Waits until the ports are free: a process keeps them until it is gone, or a zombie.
let_go() {
  kill "$HOLDER" 2>/dev/null
  local try
  for try in 01 02 05 1 2 5 5 5 5; do
    case $(sed 's/.*) //' "/proc/$HOLDER/stat" 2>/dev/null) in '' | Z* | X*) return ;; esac
    sleep "0.$try"
  done
}
ids() { printf '%s' "$BODY" | grep -o '"Id":"[0-9a-f]*"' | cut -d'"' -f4; }
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
`;

/** Images are named as in the run and never pulled here. */
export const IMAGES = `\
# IMAGE COMMAND: the command brings the image to the engine.
need_image() {
  case $VIA in
    cli) ask docker image inspect "$1" ;;
    curl) ask_api GET "/images/$1/json" ;;
  esac
  case $ANSWER in
    ok) ;;
    refused) cannot "image $1 is not on the engine ($SAID): $2" ;;
    *) cannot "the engine at $ADDRESS does not answer: $SAID" ;;
  esac
}
`;

/** Perl and Python say the same: hold the ports, tell the pid that does, end with the script. */
export const HOLDING = `\
# Nothing of it stays but a TIME_WAIT, for a minute. Arguments: pid of this script, how, ports.
HOLD_PERL='
use strict; use Socket; use Errno qw(EADDRINUSE); use POSIX ();
my ($script, $how, @ports) = @ARGV;
my (@kept, @taken);
sub made { socket(my $socket, PF_INET, SOCK_STREAM, 0) or die "socket: $!\\n"; $socket }
my $reset = pack("ii", 1, 0);
my $server = made();
bind($server, sockaddr_in(0, INADDR_LOOPBACK)) && listen($server, 64) or die "listen: $!\\n";
for my $port (@ports) {
  my $socket = made();
  my $listens = $how eq "listener";
  setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, 1) if $listens;
  if (!bind($socket, sockaddr_in($port, $listens ? INADDR_ANY : INADDR_LOOPBACK))) {
    die "port $port: $!\\n" if $! != EADDRINUSE;
    push @taken, $port;
    next;
  }
  push @kept, $socket;
  if ($listens) { listen($socket, 16) or die "port $port: $!\\n"; next }
  connect($socket, getsockname($server)) or die "port $port: $!\\n";
  accept(my $peer, $server) or die "port $port: $!\\n";
  if ($how eq "timewait") { pop @kept; close $socket; close $peer; next }
  push @kept, $peer;
  setsockopt($_, SOL_SOCKET, SO_LINGER, $reset) for $socket, $peer;
}
defined(my $pid = fork) or die "fork: $!\\n";
if ($pid) { print join(" ", "held", $pid, @taken), "\\n"; exit }
POSIX::setsid();
open STDIN, "<", "/dev/null"; open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null";
sleep 1 while kill 0, $script;
'
HOLD_PYTHON='
import errno, os, socket, struct, sys, time
script, how, ports = int(sys.argv[1]), sys.argv[2], [int(port) for port in sys.argv[3:]]
kept, taken = [], []
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(64)
for port in ports:
    made = socket.socket()
    listens = how == "listener"
    if listens:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("0.0.0.0" if listens else "127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            sys.exit("port %d: %s" % (port, error))
        taken.append(str(port))
        continue
    if listens:
        made.listen(16)
        kept.append(made)
        continue
    made.connect(server.getsockname())
    peer, _ = server.accept()
    if how == "timewait":
        made.close()
        peer.close()
        continue
    for end in (made, peer):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        kept.append(end)
pid = os.fork()
if pid:
    print(" ".join(["held", str(pid)] + taken), flush=True)
    os._exit(0)
os.setsid()
null = os.open("/dev/null", os.O_RDWR)
for stream in (0, 1, 2):
    os.dup2(null, stream)
while True:
    try:
        os.kill(script, 0)
    except OSError:
        break
    time.sleep(1)
'

# outbound|listener|timewait PORT...: on this machine, which must be the engine's.
hold() {
  local told
  if command -v perl >/dev/null; then
    told=$(perl -e "$HOLD_PERL" $$ "$@" 2>&1)
  elif command -v python3 >/dev/null; then
    told=$(python3 -c "$HOLD_PYTHON" $$ "$@" 2>&1)
  else
    cannot 'it takes perl or python3 to hold a port; OCCUPY=0 goes without'
  fi
  case $told in
    'held '*) ;;
    *) cannot "no port could be held: $told" ;;
  esac
  HOLDER=\${told#held }
  HOLDER=\${HOLDER%% *}
  printf '%-9s port %s, by pid %s\\n' occupied "$(shift; echo "$*" | tr -s ' ' ',')" "$HOLDER"
  case $told in
    'held '*' '*) printf '%-9s port %s: somebody else had it already\\n' '' "\${told#held * }" ;;
  esac
}
`;

export const FORWARDING = `\
# PROTOCOL ADDRESS PORT...: forwards of RootlessKit without a container behind them.
ROOTLESSKIT=\${ROOTLESSKIT:-$(dirname "\${ADDRESS#unix://}")/dockerd-rootless/api.sock}
rootlesskit() {
  curl --silent --show-error --max-time 10 --unix-socket "$ROOTLESSKIT" --request "$1" \\
    \${3+--header 'Content-Type: application/json' --data-binary "$3"} "http://rootlesskit$2" 2>&1
}
forward() {
  command -v curl >/dev/null || cannot 'it takes curl to ask RootlessKit; OCCUPY=0 goes without'
  local protocol=$1 address=$2 port said id
  shift 2
  for port in "$@"; do
    said=$(rootlesskit POST /v1/ports '{"proto":"'"$protocol"'","parentIP":"'"$address"'",
      "parentPort":'"$port"',"childPort":'"$port"'}')
    id=$(printf '%s' "$said" | sed -n 's/^{"id":\\([0-9]*\\).*/\\1/p')
    [ -n "$id" ] || cannot "RootlessKit at $ROOTLESSKIT gave no forward of port $port: $said"
    FORWARDS="$FORWARDS $id"
    printf '%-9s port %s by forward %s of RootlessKit\\n' occupied "$port" "$id"
  done
}
`;

/** The host port that a running container has. */
export const PUBLISHED = `\
# CONTAINER PORT: where it is published; nothing where it is not.
published() {
  case $VIA in
    cli)
      ask docker port "$1" "$2/tcp"
      [ "$ANSWER" != ok ] || printf '%s\\n' "$BODY" | sed -n '1s/.*://p'
      ;;
    curl)
      ask_api GET "/containers/$1/json"
      printf '%s' "$BODY" |
        sed -n 's|.*"'"$2"'/tcp":\\[{"HostIp":"[^"]*","HostPort":"\\([0-9][0-9]*\\)".*|\\1|p'
      ;;
  esac
}
`;

/** Waiting for a service, as far as that takes to see that it is not ready. */
export const READINESS = `\
# CONTAINER
is_running() {
  case $VIA in
    cli) ask docker inspect --format '{{.State.Running}}' "$1" ;;
    curl) ask_api GET "/containers/$1/json" ;;
  esac
  case $BODY in true* | *'"Running":true'*) true ;; *) false ;; esac
}

# PROTOCOL PORT: one try. 0 it answers, 1 nobody listens, 2 it closes or says nothing.
try_service() {
  timeout 2 bash -c '
    exec 3<>"/dev/tcp/127.0.0.1/$2" || exit 1
    case $1 in
      mysql) [ "$(head -c 5 <&3 | wc -c)" -eq 5 ] ;;
      redis) printf "PING\\r\\n" >&3; read -r line <&3; case $line in +PONG*) ;; *) false ;; esac ;;
      clickhouse)
        printf "GET /ping HTTP/1.0\\r\\n\\r\\n" >&3
        read -r line <&3
        case $line in HTTP/1.?\\ 200*) ;; *) false ;; esac
        ;;
    esac || exit 2
  ' bash "$1" "$2" 2>/dev/null
}

# PROTOCOL CONTAINER PORT: waits; ANSWER is ok or not-ready, and then HOW is refused, closed or exited.
ready_on_host() {
  local port end=$((SECONDS + READY_SECONDS))
  HOW=exited
  port=$(published "$2" "$3")
  while [ -n "$port" ]; do
    try_service "$1" "$port"
    case $? in
      0) ANSWER=ok SAID=; return ;;
      1) HOW=refused ;;
      *) HOW=closed ;;
    esac
    [ "$SECONDS" -lt "$end" ] || break
    is_running "$2" || { HOW=exited; break; }
    sleep 0.2
  done
  ANSWER=not-ready SAID="not ready after $READY_SECONDS s at most: $HOW"
}

# CONTAINER LINE: waits until the job container says how it went with a service.
ready_in_job() {
  local line end=$((SECONDS + READY_SECONDS + 5)) runs=true
  while :; do
    case $VIA in
      cli) ask docker logs "$1" ;;
      curl) ask_api GET "/containers/$1/logs?stdout=true&stderr=true" ;;
    esac
    [ "$ANSWER" = ok ] || return
    line=$(printf '%s\\n' "$BODY" | grep -a -F -- "$2" | head -n 1)
    case $line in
      '') ;;
      *'"error":'*) ANSWER=refused SAID=$(plain "\${line#*'"error":"'}"); return ;;
      *) ANSWER=ok SAID=; return ;;
    esac
    [ "$runs" = true ] || { ANSWER=refused SAID="the job container ended: $(plain "$BODY")"; return; }
    [ "$SECONDS" -lt "$end" ] || { ANSWER=not-ready HOW=closed SAID='the job container says nothing'; return; }
    is_running "$1" || runs=false
    sleep 0.2
  done
}
`;
