#!/bin/sh
# A server that nobody uses is stopped by us and started by systemd for its next client, and nobody is alarmed.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"

holds "systemd has booted" fact_is booted 1
daemon_held
holds "the kernel's sock_diag is there" fact_is sock_diag 1
holds "the first client starts the server and is answered" fact_is first_answer "spoken: hello"
holds "used no more, it is stopped" fact_is stopped 1
holds "the proxy ends with it" fact_is proxy_stopped 1
holds "its end is a clean one" fact_is result success
holds "the log says why" logged rule=stop-when-idle unit=xtts "stop xtts: not used for" "no TCP connection"
holds "and what it held" grep -qE 'rule=stop-when-idle unit=xtts stopped xtts in .*it held [0-9]{2,3} MiB' watchdogd.log
holds "status says that we stopped it" grep -qE '^xtts +inactive .*stopped' status-stopped
holds "the next client starts it again and is answered" fact_is second_answer "spoken: again"
holds "a new one" fact_is started_anew 1
holds "which ends our mark" logged unit=xtts "it runs again, and not by our doing"
holds "a connection that is held keeps it" fact_is held_state active
holds "a server on a socket of systemd's is answered" fact_is direct_answer "spoken: there"
holds "and kept by its connection" fact_is direct_state active
holds "once closed, it is stopped again" fact_is stopped_again 1
holds "the other too" fact_is direct_stopped 1
holds "one in a network namespace of its own that nobody uses is stopped too" fact_is jailed_stopped 1
holds "(the disk is read-only)" fact_is read_only 1
holds "where the disk is read-only systemd starts us all the same" fact_is read_only_state active
holds "and what we stopped is known from it" fact_is ours_still 1
holds "none of it is a death" not_logged rule=died
holds "nobody is dead" not_logged rule=dead
tap_end
