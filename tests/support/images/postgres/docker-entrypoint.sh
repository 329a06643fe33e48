#!/bin/bash
# What the official image's documentation promises of its start.
set -euo pipefail

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

secret() { # secret NAME [DEFAULT]: $NAME is itself, or what the file named by NAME_FILE holds, or the default
    local file=$1_FILE
    if [ -n "${!1:-}" ] && [ -n "${!file:-}" ]; then fail "error: both $1 and $file are set (but are exclusive)"; fi
    local value=${!1:-${2:-}}
    if [ -n "${!file:-}" ]; then value=$(<"${!file}"); fi
    export "$1=$value"
    unset "$file"
}

sql() { # sql DATABASE [ARGUMENTS...]
    local database=$1
    shift
    PGHOST='' psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" --dbname "$database" "$@"
}

initialise() { # initialise postgres [OPTIONS...]
    local method=${POSTGRES_HOST_AUTH_METHOD:-}
    if [ -z "$POSTGRES_PASSWORD" ] && [ "$method" != trust ]; then
        fail "Error: Database is uninitialized and superuser password is not specified." \
            '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.'
    fi
    # shellcheck disable=SC2086 # several arguments
    initdb --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") ${POSTGRES_INITDB_ARGS:-}
    # The server itself is asked, as it would start.
    if [ -z "$method" ]; then method=$(postgres -C password_encryption "${@:2}"); fi
    printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

fill() { # Through a server that only this container can reach
    pg_ctl -D "$PGDATA" -w start -o "$(printf '%q ' "${@:2}" -c "listen_addresses=")"
    if [ "$POSTGRES_DB" != postgres ]; then sql postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'; fi
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
            *.sql) sql "$POSTGRES_DB" -f "$file" ;;
            *.sql.gz) gunzip -c "$file" | sql "$POSTGRES_DB" ;;
        esac
    done
    pg_ctl -D "$PGDATA" -m fast -w stop
    echo 'PostgreSQL init process complete; ready for start up.'
}

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

mkdir -p "$PGDATA" /var/run/postgresql || :
chmod 0700 "$PGDATA" || :
chmod 3775 /var/run/postgresql || :
if [ "$(id -u)" = 0 ]; then
    find "$PGDATA" /var/run/postgresql ! -user postgres -exec chown postgres {} +
    HOME=/var/lib/postgresql exec setpriv --reuid=postgres --regid=postgres --clear-groups -- "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    secret POSTGRES_PASSWORD
    secret POSTGRES_USER postgres
    secret POSTGRES_DB "$POSTGRES_USER"
    secret POSTGRES_INITDB_ARGS
    initialise "$@"
    fill "$@"
    unset POSTGRES_PASSWORD
fi
exec "$@"
