# Print what this host is, as JSON on one line. POSIX sh; it changes nothing, and needs no Python on the host.
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

text() { # text VALUE: a JSON string
    printf '"%s"' "$(printf '%s' "$1" | tr '\001-\037\177' ' ' | sed 's/["\\]/\\&/g')"
}
number() { # number VALUE [OTHERWISE]: a JSON number
    case $1 in '' | *[!0-9]*) printf '%s' "${2:-0}" ;; *) printf '%d' "$1" ;; esac
}
holds() { # holds COMMAND...: whether it succeeds, as a JSON boolean
    if "$@" >/dev/null 2>&1; then printf true; else printf false; fi
}
memory() { # memory NAME: KiB that /proc/meminfo says
    while read -r name value _; do [ "$name" = "$1:" ] && printf '%s' "$value"; done </proc/meminfo
}
release() { # release NAME: a value of os-release
    [ ! -r /etc/os-release ] || (. /etc/os-release && eval "printf '%s' \"\${$1:-}\"")
}
disk() { # disk COLUMN: KiB of the file system that images and volumes are on
    folder=/var/lib/docker
    [ -d "$folder" ] || folder=/var/lib
    df -Pk "$folder" 2>/dev/null | { read -r _; read -r _ total _ free _; eval "printf '%s' \"\${$1:-}\""; }
}
mtu() { # of the interface with the default route
    while read -r interface destination _; do
        if [ "$destination" = 00000000 ]; then cat "/sys/class/net/$interface/mtu"; break; fi
    done </proc/net/route 2>/dev/null
}
own_sockets() { # of the engine, which listens for a Swarm's gossip on after it has left one
    pid=$(cat /run/docker.pid 2>/dev/null) && $root ls -l "/proc/$pid/fd" 2>/dev/null \
        | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p' | tr '\n' ' '
}
ports() { # TCP ports that something else than the engine listens on, but for those on loopback alone
    comma= own=" $(own_sockets) "
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null \
        | sed -n 's/^ *[0-9]*: \([0-9A-F]*\):\([0-9A-F]*\) [0-9A-F:]* 0A [^ ]* [^ ]* *[^ ]* *[0-9]* *[0-9]* \([0-9]*\) .*/\1 \2 \3/p' \
        | sort -u -k2,2 -k1,1 | while read -r address port socket; do
            case $own in *" $socket "*) continue ;; esac
            case $address in ??????7F | 00000000000000000000000001000000 | 0000000000000000FFFF0000??????7F) continue ;; esac
            printf '%s%d' "$comma" "$((0x$port))"
            comma=,
        done
}
firewall() { # one that is active already
    if $root ufw status 2>/dev/null | grep -q '^Status: active'; then
        printf ufw
    elif $root firewall-cmd --state 2>/dev/null | grep -q '^running'; then
        printf firewalld
    fi
}
mark() { # mark NAME: what a run of ours wrote down of this host
    [ ! -r "/etc/tenfold/$1.json" ] || text "$(head -c 10000 "/etc/tenfold/$1.json")"
}
rules() { # the sum of our rules that are in force
    [ ! -r /etc/tenfold/firewall-sum ] || $root sh /etc/tenfold/firewall-sum 2>/dev/null
}
has_upgrades() { # security updates are installed by themselves
    command -v unattended-upgrade >/dev/null 2>&1 || return
    apt-config dump APT::Periodic::Unattended-Upgrade 2>/dev/null | grep -q '"[1-9a-z]'
}
has_time() { # the clock is kept right; that of a container is its machine's
    systemd-detect-virt --container --quiet && return
    for unit in systemd-timesyncd chrony chronyd ntp ntpd ntpsec openntpd; do
        systemctl is-active --quiet $unit.service && return
    done
    return 1
}
info() { # what the engine says of itself; a manager without a leader asks the others for 20 s first
    said=$(timeout 25 $root docker info --format '{{json .}}' 2>/dev/null | head -n 1)
    case $said in '{'*) printf '%s' "$said" ;; *) printf null ;; esac
}

clock=$(date +%s)
root=
if [ "$(id -u)" = 0 ]; then
    sudo=root
elif ! command -v sudo >/dev/null 2>&1; then
    sudo=missing
elif sudo -n true >/dev/null 2>&1; then
    sudo=free root='sudo -n'
else
    sudo=password
fi
# shellcheck disable=SC2086 # client address, client port, our address, our port
set -- $SSH_CONNECTION

printf 'tenfold-facts {'
printf '"name": %s, ' "$(text "$(uname -n)")"
printf '"user": %s, "sudo": "%s", ' "$(text "$(id -un)")" "$sudo"
printf '"distribution": %s, ' "$(text "$(release ID)")"
printf '"release": %s, "title": %s, ' "$(text "$(release VERSION_ID)")" "$(text "$(release PRETTY_NAME)")"
printf '"processor": %s, "cpus": %s, ' "$(text "$(uname -m)")" "$(number "$(getconf _NPROCESSORS_ONLN)" 1)"
printf '"memory": %s, "memory_free": %s, ' "$(number "$(memory MemTotal)")" "$(number "$(memory MemAvailable)")"
printf '"swap": %s, ' "$(number "$(memory SwapTotal)")"
printf '"disk": %s, "disk_free": %s, ' "$(number "$(disk total)")" "$(number "$(disk free)")"
printf '"clock": %s, "mtu": %s, ' "$(number "$clock")" "$(number "$(mtu)" null)"
printf '"address": %s, "port": %s, ' "$(text "${3:-}")" "$(number "${4:-}" null)"
printf '"systemd": %s, "ports": [%s], ' "$(holds test -d /run/systemd/system)" "$(ports)"
printf '"firewall": "%s", ' "$(firewall)"
host_mark=$(mark host) firewall_mark=$(mark firewall)
printf '"host_mark": %s, "firewall_mark": %s, ' "${host_mark:-null}" "${firewall_mark:-null}"
printf '"rules": %s, "upgrades": %s, "time": %s, ' "$(text "$(rules)")" "$(holds has_upgrades)" "$(holds has_time)"
printf '"socket": %s, ' "$(holds test -w /var/run/docker.sock)"
printf '"engine": %s, "info": %s}\n' "$(holds command -v dockerd)" "$(info)"
