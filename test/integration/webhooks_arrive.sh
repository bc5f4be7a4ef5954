#!/bin/bash
# Each format of conf/formats against a server that enforces its vendor's limits: what is sent arrives, hostile values
# stay values, and whatever the server does, it is taken once, tried again, or given up with a reason.
# shellcheck source=test/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=test/vendors/server.sh
. "$(dirname "$0")/../vendors/server.sh"

make_webhook_send || exit 1
make_certificate good localhost "DNS:localhost" || exit 1
make_certificate other other.example "DNS:other.example" || exit 1
start_vendors plain || exit 1
start_vendors tls --tls "$dir/good.crt" "$dir/good.key" || exit 1
start_vendors wrong --tls "$dir/other.crt" "$dir/other.key" || exit 1
start_vendors elsewhere || exit 1
python3 "$top/test/vendors/arrive.py" "$dir" "$top" "$send" "$bin"
failures=$?
exit "$failures"
