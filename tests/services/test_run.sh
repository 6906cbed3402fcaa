#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: test_run.sh CHAPPE
# `chappe run` with services that are five lines of shell.
set -u
chappe=$(realpath "$1") # the working folder changes below
work=$(mktemp -d "${TMPDIR:-/tmp}/chappe-test-run-XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir programs

# What a service program does for its supervisor: says it is ready by its run file, drains on SIGTERM.
cat >programs/steady <<'END'
#!/usr/bin/env bash
for word in "$@"; do case $word in --run_file=*) file=${word#*=} ;; esac; done
echo "arguments $*"
trap 'echo drained; exit 0' TERM
echo "$$" >"$file"
while :; do sleep 0.02; done
END
printf '#!/usr/bin/env bash\necho "cannot start"\nexit 1\n' >programs/broken
printf '#!/usr/bin/env bash\nexit 2\n' >programs/misconfigured
chmod +x programs/*

fleet() { printf 'services = ( %s );\n' "$1" >fleet.cfg; }
service() { printf '{ name = "%s"; program = "%s"; instances = %s; settings = ( "place={run}/{instance}.{number}" ); }' "$@"; }

# Waits, at most ten seconds, until a command succeeds.
until_true() {
        local tries=0
        until "$@" >/dev/null 2>&1; do
                [ $((tries += 1)) -lt 500 ] || return 1
                sleep 0.02
        done
}

start() {
        "$chappe" run fleet.cfg --programs programs --run-folder "$work/run" --ready-file "$work/ready" "$@" >log 2>talk &
        pid=$!
}

count=0 failed=0
check() {
        count=$((count + 1))
        if "${@:2}"; then echo "ok $count - $1"; else echo "not ok $count - $1"; failed=1; sed 's/^/# /' log talk; fi
}
gone() { ! kill -0 "$1" 2>/dev/null; }

fleet "$(service alpha steady 2), $(service beta steady 1)"
start --brokers somewhere:1 --set beta:workers=3
check "all are started and said to be ready" until_true test -e ready
check "an instance has its name, database, brokers and settings" grep -q \
        "alpha-2 .*--instance=alpha-2 .*--database=$work/run/alpha.db .*--place=$work/run/alpha-2.2 .*--brokers=somewhere:1" log
check "a setting for one service reaches no other" test "$(grep -c -- --workers=3 log)" = 1
first=$(cat run/beta-1.run)
kill -9 "$first"
check "what was killed starts again" until_true grep -q "beta-1 is ready again" talk
check "under the same name, as another process" test "$(cat run/beta-1.run)" != "$first"
alpha=$(cat run/alpha-1.run)
kill -TERM "$pid"
wait "$pid"
check "a stop ends it with exit code 0" test $? = 0
check "every service drained" test "$(grep -c drained log)" = 3
check "and is gone" gone "$alpha"

rm -f ready
start
until_true test -e ready
alpha=$(cat run/alpha-1.run)
kill -9 "$pid"
wait "$pid" 2>/dev/null
check "when the supervisor is killed its services end too" until_true gone "$alpha"

fleet "$(service alpha steady 1), $(service gamma broken 1)"
start
wait "$pid"
check "a service that never starts ends the fleet with exit code 1" test $? = 1
check "and is named" grep -q "E8001 gamma-1 does not start" talk

fleet "$(service gamma misconfigured 1)"
start
wait "$pid"
check "a service that refuses its settings ends the fleet with exit code 2" test $? = 2

echo 'servces = ();' >fleet.cfg
start
wait "$pid"
check "a wrong fleet file is told with line and nearest name" grep -q "fleet.cfg:1: unknown 'servces': did you mean 'services'?" talk

echo "1..$count"
exit $failed
