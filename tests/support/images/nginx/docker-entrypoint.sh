#!/bin/sh
# What the official image does before its server: it writes to its own folder, which a read-only one does not allow.
set -e
if [ "$1" = nginx ]; then echo "prepared" >/etc/nginx/prepared; fi
exec "$@"
