#!/bin/bash
# What people read is good: the pages pass their lint, the configs and the examples of the page are
# accepted, and watchdogctl says what is wrong the way the page promises.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
touch "$log"
cd "$top" || exit 1
ctl=$bin/watchdogctl

if command -v mandoc >/dev/null; then
	check "the pages pass mandoc's lint" test -z "$(mandoc -Tlint -W warning man/*.[1-8] 2>&1)"
else
	skip "the pages pass mandoc's lint" "no mandoc"
fi
for file in conf/*.conf; do
	check "$file is accepted" "$ctl" check "$file"
done
check "the default config has nothing that is not active yet" \
	sh -c "'$ctl' check conf/watchdogd.conf 2>&1 | grep -q 'good' && ! '$ctl' check conf/watchdogd.conf 2>&1 | grep -q 'not active'"

# Each literal block of the page's EXAMPLES is a whole config.
awk -v dir="$dir" -v n=1 '/^\.Sh EXAMPLES/ {on = 1} /^\.Sh SEE/ {on = 0}
	on && /^\.Ed/ {n++; block = 0} block {print > (dir "/example" n ".conf")} on && /^\.Bd -literal/ {block = 1}' \
	man/watchdogd.conf.5
for file in "$dir"/example*.conf; do
	check "the page's $(basename "$file" .conf) is accepted" "$ctl" check "$file"
done
# The page has what is in the files that are installed as examples.
sed "s/\\\\(aq/'/g" man/watchdogd.conf.5 >"$dir/page"
for file in conf/examples/xtts_*; do
	check "the page has all of $file" test -z "$(grep '^[A-Z].*=' "$file" | grep -v '^Description=' | grep -vxFf "$dir/page")"
done
awk '/^```ini/ {block = 1; next} /^```/ {block = 0} block' README.md >"$dir/readme.conf"
check "the config of the README is accepted" "$ctl" check "$dir/readme.conf"

printf '[rule tight]\nwhen = host.availble < 12%%\nthen = alert warnign\n' >"$dir/bad.conf"
"$ctl" check "$dir/bad.conf" >"$dir/out" 2>"$dir/err"
ok $(($? != 2)) "a bad config is refused with status 2"
check "every error is told, with its line and what would be right" sh -c \
	"grep -q 'bad.conf:2: .*host.availble.*host.available' '$dir/err' && grep -q 'bad.conf:3: .*warnign.*warning' '$dir/err'"
check "and nothing on standard output" test ! -s "$dir/out"

# Two programs of one name, as a copy of sleep whose own name nothing else bears; the second one calls itself otherwise.
cp "$(command -v sleep)" "$dir/wd-find-me"
"$dir/wd-find-me" 301 &
first=$!
(exec -a 2.1.231 "$dir/wd-find-me" 302) &
second=$!
wait_for 5 sh -c "readlink /proc/$first/exe /proc/$second/exe | grep -c wd-find-me | grep -qx 2"
printf '[unit one]\nmatch = wd-find-me 301\n[unit two]\nmatch = wd-find-me 302\nprocess = wd-find-me\n[unit none]\nmatch = wd-find-nobody\n' >"$dir/find.conf"
"$ctl" check "$dir/find.conf" >"$dir/out" 2>"$dir/err"
check "check finds a process by its name" grep -qE "^\[unit one\] match = wd-find-me 301: pid $first \(wd-find-me\), .* old, $dir/wd-find-me\$" "$dir/out"
check "and one that calls itself otherwise by its executable" grep -qE "^\[unit two\] process = wd-find-me: pid $second " "$dir/out"
check "and only that" test "$(grep -c "pid" "$dir/out")" -eq 3
check "and says where there is none" grep -qx '\[unit none\] match = wd-find-nobody: nothing now' "$dir/out"
kill "$first" "$second"

printf '[unit a]\nmatch = a\nlog = /a\nlog-match = x(\n  /x(/\n' >"$dir/pattern.conf"
if [ -e "$bin/plugins/pattern.so" ]; then
	"$ctl" check "$dir/pattern.conf" >"$dir/out" 2>"$dir/err"
	ok $(($? != 2)) "a pattern that is none is refused"
	check "with its line and why" grep -q 'pattern.conf:5: \[unit a\] log-match: "/x(/" is no pattern: .' "$dir/err"
else
	skip "a pattern that is none is refused" "no plugin pattern"
fi

"$ctl" frobnicate 2>"$dir/err"
ok $(($? != 2)) "an unknown verb is refused with status 2"
"$ctl" relaod 2>"$dir/err"
check "and the nearest one is named" grep -q 'did you mean "reload"' "$dir/err"
"$ctl" check --json 2>/dev/null
ok $(($? != 2)) "an option of another verb is refused"
"$ctl" -s "$dir/none/control" status 2>"$dir/err"
ok $(($? != 3)) "status without a daemon has status 3"
"$ctl" -s "$dir/none/control" reload 2>"$dir/err"
ok $(($? != 3)) "reload without a daemon has status 3"
"$ctl" --help >/dev/full 2>"$dir/err"
ok $(($? != 1)) "a full disk is no success"
plan_end
