#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: test_front.sh CHAPPE GATEWAY
# The gateway's HTTP front, on an embedded broker.
set -u
chappe=$1 gateway=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/chappe-test-front-XXXXXX")
broker='' service=''
end() {
        kill -9 $broker $service 2>/dev/null
        wait 2>/dev/null
        rm -rf "$work"
}
trap end EXIT

await() {
        local tries=0
        until [ -s "$1" ]; do
                [ $((tries += 1)) -lt 750 ] || { echo "Bail out! no $1"; cat "$work/log" >&2; exit 1; }
                sleep 0.02
        done
}

"$chappe" dev >"$work/brokers" 2>"$work/log" &
broker=$!
await "$work/brokers"
"$gateway" --brokers="$(head -n 1 "$work/brokers")" --http_port=0 --http_port_file="$work/port" --database="$work/gateway.db" \
        >>"$work/log" 2>&1 &
service=$!
await "$work/port"
url=http://127.0.0.1:$(cat "$work/port")

count=0 failed=0
# what it is, the expected status and answer, then curl's arguments
check() {
        local name=$1 expected=$2 answer
        shift 2
        count=$((count + 1))
        answer=$(curl -s --noproxy '*' --max-time 20 -w ' %{http_code}' "$@")
        case $answer in
        $expected) echo "ok $count - $name" ;;
        *) echo "not ok $count - $name"; echo "# $answer"; failed=1 ;;
        esac
}

order='{"order_id":"o-1","country":"France","currency":"EUR","lines":[{"sku":"A","quantity":2,"unit_price":495}]}'
check "an order is taken" '*"placed"* 202' -d "$order" "$url/orders"
check "the same order again is taken again" '*"placed"* 202' -d "$order" "$url/orders"
check "another order under its id is refused" '*other content* 409' -d "${order/495/496}" "$url/orders"
check "its state is shown" '*"state":"placed"* 200' "$url/orders/o-1"
check "and whether it is there" '*200 OK*application/json* 200' -I "$url/orders/o-1"
check "an unknown order is not found" '*no such order* 404' "$url/orders/o-2"
check "broken JSON is refused by line" '*line 1* 400' -d '{' "$url/orders"
check "a missing member is named" '*country: missing* 400' -d '{"order_id":"o-3"}' "$url/orders"
check "other methods are refused" '* 405' -X DELETE "$url/orders/o-1"
check "other paths are not found" '* 404' "$url/"
head -c 300000 /dev/zero >"$work/large"
check "a body over the limit is refused" '* 413' --data-binary "@$work/large" "$url/orders"

kill -TERM "$service"
wait "$service"
status=$?
service=''
count=$((count + 1))
[ $status = 0 ] && echo "ok $count - it stops with nothing in flight" || { echo "not ok $count - exit code $status"; failed=1; }
# what it is, the expected exit code, a setting that stops the start
refuses() {
        count=$((count + 1))
        timeout 60 "$gateway" --brokers="$(head -n 1 "$work/brokers")" --http_port=0 --database="$work/gateway.db" "$3" 2>>"$work/log"
        status=$?
        [ $status = "$2" ] && echo "ok $count - $1" || { echo "not ok $count - $1: exit code $status"; failed=1; }
}
refuses "a wrong port is wrong usage" 2 --http_port=70000
refuses "a run file that cannot be written is told at once" 1 --run_file="$work/nowhere/run"
echo "1..$count"
exit $failed
