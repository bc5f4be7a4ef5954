#!/bin/sh
# What the plugin told of each unit, between the marks of scenario.sh.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

# Lines between a mark and the next one.
part() { awk -v mark="$1" '$2 == "mark" { on = $3 == mark } on' told; }
# All that was told of a unit there, as bits, on one line; the last of it.
bits() { part "$1" | awk -v unit="$2.service" '$2 == "told" && $3 == unit { print $5 == "|" ? "none" : $5 }' | tr '\n' ' '; }
last_is() { case "$(bits "$1" "$2")" in *" $3 " | "$3 ") ;; *) return 1 ;; esac; }
never() { case "$(bits "$1" "$2")" in *"$3"*) return 1 ;; esac; }
ever() { ! never "$@"; }
none_told() { [ -z "$(bits "$1" "$2")" ] && part "$1" | grep -q mark; }

holds "a unit is told when it starts" last_is begin steady +active
holds "one that does not exist is told" grep -q 'told nowhere.service pid=0 +none-such' told
holds "a stop by a person is a stop job" last_is stopped steady +stop-job
holds "it is never said to have ended by itself" never stopped steady none
holds "so is that of a bot which then exits 0" last_is stopped-zero polite +stop-job
holds "nor is that one" never stopped-zero polite none
holds "a bot that exits 0 by itself was not stopped" last_is left leaver none
holds "the next start ends a stop" last_is started steady +active
holds "a unit of 10 ms was not stopped" never quick quick stop-job
holds "a stop of what is down is a stop job" last_is quick-stopped quick +stop-job
holds "and for a second one of what is down" ever quick-stopped quick +stop-job+stop-down
holds "which that of what is up is not" never stopped steady stop-down
holds "nor a try-restart of what is down" never late-try quick stop-down
holds "nor a start whose condition does not hold" never late-condition conditional stop-down
holds "a oneshot was not stopped" last_is once once none
holds "a restart is told as one" ever restarted steady +restart-job
holds "a restart is no stop" never restarted steady stop-job
holds "a second after it that is over" last_is restarted steady +active
holds "a death that systemd mends is never told as failed" never killed onfail failed
holds "but as under way" ever killed onfail +at-it
holds "and as no restart of a living process" never killed onfail restart-job
holds "systemd's own restart after it is told" last_is killed onfail +active
holds "OOMPolicy=stop is no stop job" never oomed oomed stop-job
holds "and ends as failed" last_is oomed oomed +failed
holds "the start limit is told" last_is limit limited-start +failed+start-limit
holds "a restart while nothing was heard is one" ever late-restart steady +restart-job
holds "a stop while nothing was heard is one" last_is late-stop steady +stop-job
holds "a unit of 10 ms, unheard, was not stopped" never late-quick quick '+stop-job '
holds "a start whose condition does not hold, unheard, is no stop" never late-condition conditional stop-job
holds "a try-restart of what is down, unheard, is no stop" never late-try quick stop-job
holds "a oneshot, unheard, was not stopped" never late-once once stop-job
holds "a stop by Conflicts= is a stop job" last_is conflict steady +stop-job
holds "a start whose condition does not hold is no stop" last_is condition conditional none
holds "a try-restart of what is down is nothing" none_told try-restart quick
holds "a stop that takes another watched unit along is refused" sh -c \
	"grep -q 'answer -16 would stop dependent.service too (it requires it)' told"
holds "and it was said before" grep -q 'a stop of forker.service would stop dependent.service too' told
holds "a forking unit is no other" last_is forked forker +stop-job
holds "what is stopped with it is told too" last_is forked dependent +stop-job
holds "a daemon-reload changes nothing" none_told reloaded steady
holds "after a daemon-reexec it is still known as stopped" grep -q 'looked steady.service.*+stop-job+looked' told
holds "which is not told as no answer" never reexeced steady no-answer
holds "a stop before our start is known by its times" grep -q 'told polite.service pid=0 +stop-job' later
holds "and an end by itself too" grep -q 'told leaver.service pid=0  |' later
holds "a user's systemd that is not there is said" grep -q 'looked private.service.*+no-answer+looked' told
holds "its unit's stop is a stop job" sh -c "grep 'told private.service' told | grep -q '+stop-job |'"
holds "its unit's start is done there" sh -c "grep -q 'answer 0 active (running), result success' told"

# From the first that PID 1 signals of a job to what is told, both as heard in one process.
late=$(awk '$2 == "JobNew" { new[$3] = $1 }
	$2 == "told" && ($3 in new) && $5 ~ /(stop|restart)-job/ { print int(($1 - new[$3]) / 1000); delete new[$3] }
	$2 == "mark" { delete new }' told | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] " of " v[NR] }')
note "from JobNew to the type told: median ${late% of *} ms, at most ${late#* of } ms (under TCG)"
note "a look: $(sed -n 's/.*looked steady.service \(median.*\): .*/\1/p' told | tail -n 1) us (under TCG)"
tap_end
