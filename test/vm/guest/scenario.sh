# The incident. A scenario that needs another course brings its own scenario.sh.
# shellcheck shell=sh

let_mirzo_climb
