# Shared by the scripts on the host: where things lie, and how we speak. Sourced, never run.
# shellcheck shell=sh disable=SC2034

vm_dir=$(cd "$(dirname "$0")" && pwd)
top_dir=$(cd "$vm_dir/../.." && pwd)
build_dir=${BUILD:-$top_dir/build}
case $build_dir in /*) ;; *) build_dir=$top_dir/$build_dir ;; esac
cache_dir=${VM_CACHE:-$build_dir/vm}
log_root=${VM_LOG:-$build_dir/vm/log}

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }

# The words of a list file, without its comments.
list_of() { sed 's/#.*//' "$1" | tr -s ' \n' '\n' | sed '/^$/d'; }

# The packages of packages.txt that are not installed here, on one line.
missing_packages() {
	for package in $(list_of "$vm_dir/packages.txt"); do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			printf '%s ' "$package"
	done
}
