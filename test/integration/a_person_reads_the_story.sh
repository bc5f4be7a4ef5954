#!/bin/bash
# What a person reads of an incident, in a real mailbox and at a webhook: the alert at once, with the numbers, what is
# done and what to do; the result and the all-clear as replies to it; of a death one alert and one reply; nothing twice.
# shellcheck source=test/integration/lib.sh disable=SC2317
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/smtp/server.sh
. "$top/test/smtp/server.sh"
# shellcheck source=test/arrive/lib.sh
. "$top/test/arrive/lib.sh"
[ "$(id -u)" -eq 0 ] || { skip "a person reads the story" "the mail server is started by root"; plan_end; }
for program in exim4 openssl python3; do
	command -v "$program" >/dev/null || { skip "a person reads the story" "$program is not here"; plan_end; }
done
make_hog
chmod 755 "$dir"
start_smtp || { ok 1 "the mail server starts"; plan_end; }
start_receiver || { ok 1 "the receiver starts"; plan_end; }
tree=/wdt-story.$$
make_cgroup "$tree"
in_cgroup "$tree" "$hog" 1 &

write_conf <<CONF
[unit xtts]
cgroup = $tree
stop-timeout = 4s

[unit nodira]
match   = $(name_of nodira)
process = $(name_of nodira)
grace   = 10m

[rule big]
when   = xtts.anon > 40M
clear  = xtts.anon < 30M for 1s
settle = 1s
then   = alert critical
         stop xtts

[rule died]
on   = death nodira
then = alert critical

[channel owner]
plugin = email
url    = smtp://127.0.0.1:$plain
from   = watchdogd@localhost
to     = owner@example.org
         second@example.org

[channel hook]
plugin = webhook
format = json
url    = http://127.0.0.1:$hook/alerts
CONF
mailed() { arrived "$smtp/mail" "(lambda a: $1)([m for m in a if m.reader == 'owner@example.org'])"; }
start_daemon
ok $? "the daemon starts"
live nodira 1
ok $? "what must be alive is watched"

# --- an incident: a unit grows, is stopped, and it is over ---

in_cgroup "$tree" "$hog" 60 deaf & # its stop takes so long that the alert can tell of it
check "the first mail comes" wait_for 30 mailed "any(m.rule == 'big' for m in a)"
check "and the all-clear" wait_for 40 mailed "any('resolved' in m.subject for m in a)"
check "the webhook has three of it" wait_for 20 posted "len(a) == 3"
check "the second reader has as much as the first" wait_for 20 arrived "$smtp/mail" "len(a) == 6"
mailed "'\n'.join('# mail: ' + m.subject for m in a)"
cat >"$dir/numbers" <<'END'
size := lambda n, u: float(n) * {'KiB': 1, 'MiB': 1024, 'GiB': 1048576}[u]
numbers := lambda m: words(m.text.split('Numbers now')[1].split('The last hour')[0])
largest := lambda m: [size(n, u) for n, u in re.findall(r'\(pid \d+\) +([\d.]+) ([KMG]iB)', numbers(m))[-5:]]
END
claims "$smtp/mail" <<'END'
of := lambda who: [m.id for m in a if m.reader == who + '@example.org']
both readers are named ?= all('owner@example.org' in m.to and 'second@example.org' in m.to for m in a)
each has the same ?= of('owner') == of('second')
END
claims "$smtp/mail" <<END
$(cat "$dir/numbers")
a := [m for m in a if m.reader == 'owner@example.org']
three mails tell it ?= len(a) == 3
the first begins a thread ?= a[0].headers['In-Reply-To'] is None and a[0].headers['References'] is None
the others are replies to it ?= all(m.headers['In-Reply-To'] == m.headers['References'] == a[0].headers['Message-ID'] for m in a[1:])
and mails of their own ?= len({m.headers['Message-ID'] for m in a}) == 3
the subject says how bad, whose, and what ?= re.fullmatch(r'\[critical\] [\w.-]+: xtts\.anon \d+ MiB > 40 MiB', a[0].subject)
the result what was done, and in which time ?= re.fullmatch(r'\[critical\] xtts: stopped xtts in [\d.]+ s', a[1].subject)
the all-clear of what it is, how long it was, and what is still stopped ?= re.search(r': resolved, after [\d.]+ s \(big\); xtts is still stopped$', a[2].subject)
and its text too, with what the stop has done ?= re.search(r'resolved, after [\d.]+ s; [\d.]+ s after stop xtts: host\.available \d+ MiB -> \d+ MiB(, [^;]*)?; xtts is still stopped\.', words(a[2].text))
the result has the cause ?= 'killed: not ended within its stop-timeout of 4 s' in words(a[1].text)
the alert says what is done about it ?= 'What watchdogd is doing\nwatchdogd will stop xtts.' in a[0].text.replace('\r', '')
and what a person can do ?= 'What you can do' in a[0].text and 'watchdogctl status' in a[0].text
and how it is acknowledged ?= 'watchdogctl ack ' + a[0].id in words(a[0].text)
the all-clear promises nothing ?= 'What watchdogd is doing' not in a[2].text and 'What you can do' not in a[2].text
each has the numbers of the host ?= all(re.search(r'^host +.*(GiB|MiB).* available', m.text, re.M) for m in a)
of each unit ?= all(re.search('^xtts +', m.text, re.M) and re.search('^nodira +', m.text, re.M) for m in a)
as it is by then ?= all(re.search('^nodira +running, .*$(name_of nodira)', m.text, re.M) for m in a[1:])
xtts is seen to be stopped at the end ?= re.search('^xtts +stopped by watchdogd', a[2].text, re.M)
of the five largest processes, the largest first ?= all(len(largest(m)) == 5 and largest(m) == sorted(largest(m), reverse=True) for m in a)
and the last hour ?= all(re.search(r'The last hour\s+[▁▂▃▄▅▆▇█·]{30}\s', m.text) for m in a)
the HTML part tells the same ?= all(s in words(a[0].parts['text/html']) for s in ('xtts.anon', 'watchdogctl ack ' + a[0].id, '(pid ', 'will stop xtts'))
and has the hour ?= re.search('[▁▂▃▄▅▆▇█·]{30}', a[0].parts['text/html'])
END
mailed "'\n'.join(m.id + ' ' + m.thread for m in a)" >"$dir/mails"
posted "'\n'.join(m.id + ' ' + m.thread for m in a)" >"$dir/posts"
check "the webhook has the same, by the same ids" cmp "$dir/mails" "$dir/posts"
claims "$taken" <<'END'
in order, and each once ?= [m.told for m in a] == ['alert', 'result', 'resolved'] and len({m.key for m in a}) == 3
END

# --- a death, and what became of it ---

die nodira 1
ok $? "the death is in the log"
check "it is mailed" wait_for 20 mailed "any(m.rule == 'died' for m in a)"
live nodira 1
again=${living[nodira]# }
check "and what became of it" wait_for 40 mailed "len(a) == 5"
mailed "'\n'.join('# mail: ' + m.subject for m in a[3:])"
check "the webhook has these two" wait_for 20 posted "len(a) == 5"
claims "$smtp/mail" <<END
died := [m for m in a if m.reader == 'owner@example.org'][3]
reply := [m for m in a if m.reader == 'owner@example.org'][4]
the death has its cause ?= '(pid $dead) was killed by SIGKILL' in words(died.text)
its subject too ?= died.subject == '[critical] nodira: $(name_of nodira) killed by SIGKILL'
it begins a thread of its own ?= died.headers['In-Reply-To'] is None
the reply says that it is back ?= reply.thread == died.id and '$(name_of nodira) is back (pid $again) after' in words(reply.text)
END
pause 3
check "no more comes: five mails" mailed "len(a) == 5"
check "and five requests" posted "[m.told for m in a[3:]] == ['alert', 'reply'] and len({m.key for m in a}) == len(a) == 5"
check "nothing waits" wait_for 20 of_spool "s['alerts'] == [] and s['dead'] == []"
stop_daemon
ok $? "it ends with status 0"
check "and sends nothing at its end" mailed "len(a) == 5"
stop_smtp
[ "$failures" -eq 0 ] || cat "$dir/arrived.err" >&2
plan_end
