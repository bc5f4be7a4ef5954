#!/bin/sh
# What the plugin told of each unit, between the marks of scenario.sh.
# shellcheck source=test/vm/tap.sh
. "$VM_DIR/tap.sh"
tap_end
