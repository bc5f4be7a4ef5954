#!/bin/bash
# In a network namespace the proc connector does not answer: the same service, by pidfds and /proc.
WITHOUT_CONNECTOR=1 exec unshare --net "$(dirname "$0")/a_death_is_told_with_its_cause.sh"
