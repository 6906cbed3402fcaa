#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: test_shop.sh BUILD: the whole shop, built with ThreadSanitizer, on the embedded broker: books balance, nothing is reported.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
TSAN_OPTIONS="${TSAN_OPTIONS:-}:log_path=$reports/report" DEMO_BUILD=$1 "$root/tools/demo" --count 300 --seed 7
for report in "$reports"/*; do
        [ -e "$report" ] || exit 0
        cat "$report" >&2
done
exit 1
