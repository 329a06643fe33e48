#!/bin/sh
# What the official image does before its server.
set -e
if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- valkey-server "$@"; fi
if [ "$1" = valkey-server ] && [ "$(id -u)" = 0 ]; then
    find . ! -user valkey -exec chown valkey {} +
    exec setpriv --reuid=valkey --regid=valkey --clear-groups -- "$0" "$@"
fi
if [ "$(umask)" = 0022 ]; then umask 0077; fi
# The official binary is built without the protected mode, which refuses everybody but the container itself.
if [ "$1" = valkey-server ]; then
    shift
    case ${1:--} in
        -*) set -- valkey-server --protected-mode no "$@" ;;
        *) set -- valkey-server "$@" ;;
    esac
fi
exec "$@"
