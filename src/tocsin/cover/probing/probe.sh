#!/bin/sh
# Coverage probes of plan @PLAN@, written by `tocsin probe plan`. Read it before you run it.
#
# For every access below whose time has come and that has no receipt yet it reads the canary once, and adds a line to
# the file of receipts. It changes nothing, and holds no password: it works with what whoever starts it may read.
# Start it from cron every few minutes, as the account that the plan names:  */5 * * * *  sh /path/to/probe.sh
# Then hand the receipts to Tocsin:  tocsin probe check @RECEIPTS@ --workspace CASE
set -u
receipts=${PROBE_RECEIPTS:-$(dirname -- "$0")/@RECEIPTS@}
now=$(date -u +%Y%m%d%H%M%S)

# The canaries: each command is one access.
@CANARIES@
# probe ID CANARY DUE END NONCE
probe() {
    [ "$now" -ge "$3" ] && [ "$now" -lt "$4" ] || return 0
    grep -q "\"id\":\"$1\",.*\"outcome\":\"made\"" "$receipts" 2>/dev/null && return 0
    nonce=$5
    time=$(date -u +%Y-%m-%dT%H:%M:%SZ)
    if "canary_$2" >/dev/null 2>&1; then outcome=made; else outcome=failed; fi
    printf '{"tocsin_probe":1,"id":"%s","nonce":"%s","time":"%s","outcome":"%s"}\n' \
        "$1" "$nonce" "$time" "$outcome" >>"$receipts"
}

@PROBES@
