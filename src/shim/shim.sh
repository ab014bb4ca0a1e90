#!/bin/sh
# polyenv-shim 1 @TOOL@
# Routes one command to the runtime that the nearest project pins. Starts no program but the tool.
__polyenv_h=@HOME@
__polyenv_t=@TOOL@
__polyenv_n=${0##*/}
__polyenv_o=$__polyenv_n
__polyenv_r=
__polyenv_d=
if [ "${POLYENV_BYPASS-}" = 1 ]; then
	__polyenv_r=pass
else
	case ${@VARIABLE@:+x} in
	x) __polyenv_r=slow ;;
	esac
	case $__polyenv_n:${1-} in
	@PLUS@) __polyenv_r=slow ;;
	esac
fi
if [ -z "$__polyenv_r" ]; then
	__polyenv_d=${PWD%/}
	case $PWD/ in
	*/node_modules/* | */site-packages/* | */.venv/* | "${CARGO_HOME:-${HOME-}/.cargo}"/* | "${GOMODCACHE:-${GOPATH:-${HOME-}/go}/pkg/mod}"/* | "$__polyenv_h"/*)
		# A dependency never decides: who started us does, else the nearest project above it.
		if [ "${POLYENV_ENV-}" ] && [ -f "$__polyenv_h/envs$POLYENV_ENV/.polyenv/route.sh" ]; then
			__polyenv_d=
		else
			case $PWD/ in
			*/node_modules/*) __polyenv_d=${PWD%%/node_modules*} ;;
			*/.venv/*) __polyenv_d=${PWD%%/.venv*} ;;
			*/site-packages/*) __polyenv_d=${PWD%%/site-packages*} ;;
			"$__polyenv_h"/*) __polyenv_d=${__polyenv_h%/*} ;;
			*/pkg/mod/*) __polyenv_d=${PWD%%/pkg/mod*} ;;
			*) __polyenv_d=${CARGO_HOME:-${HOME-}/.cargo} __polyenv_d=${__polyenv_d%/*} ;;
			esac
		fi
		;;
	esac
	while :; do
		if @TESTS@; then
			if [ -f "$__polyenv_h/envs$__polyenv_d/.polyenv/route.sh" ]; then
				. "$__polyenv_h/envs$__polyenv_d/.polyenv/route.sh"
				[ "$__polyenv_r" = pass ] || __polyenv_r=slow
			else
				__polyenv_r=slow
			fi
			break
		fi
		case $__polyenv_d in
		'' | @PERSON@) break ;;
		esac
		__polyenv_d=${__polyenv_d%/*}
	done
	__polyenv_n=$__polyenv_o
	if [ "$__polyenv_r" != slow ]; then
		__polyenv_r=pass
		if [ "${POLYENV_ENV-}" ]; then
			case $POLYENV_ENV/ in
			*/../* | [!/]*) ;;
			*)
				if [ -f "$__polyenv_h/envs$POLYENV_ENV/.polyenv/route.sh" ]; then
					__polyenv_d=$POLYENV_ENV
					. "$__polyenv_h/envs$POLYENV_ENV/.polyenv/route.sh"
					[ "$__polyenv_r" = pass ] || __polyenv_r=slow
					__polyenv_n=$__polyenv_o
				fi
				;;
			esac
		fi
	fi
	if [ "$__polyenv_r" = pass ] && [ -f "$__polyenv_h/state/default/route.sh" ]; then
		. "$__polyenv_h/state/default/route.sh"
		[ "$__polyenv_r" = pass ] || __polyenv_r=slow
		__polyenv_n=$__polyenv_o
	fi
fi
case ${POLYENV_DEPTH:-0} in
[0-9] | 1[0-9]) POLYENV_DEPTH=$((${POLYENV_DEPTH:-0} + 1)) ;;
*)
	echo "error[loop] $__polyenv_n calls itself: ${POLYENV_DEPTH} times through $0" >&2
	echo "  try  look for another program called $__polyenv_n on PATH that starts this one: type -a $__polyenv_n" >&2
	exit 126
	;;
esac
export POLYENV_DEPTH
if [ "$__polyenv_r" = slow ]; then
	if [ -x "$__polyenv_h/bin/polyenv" ]; then
		exec "$__polyenv_h/bin/polyenv" shim "$__polyenv_t" "$__polyenv_n" "$__polyenv_d" "$@"
	fi
	echo "error[command-not-found] polyenv itself is gone from $__polyenv_h/bin" >&2
	echo "  try  install polyenv again, or take $__polyenv_h/shims out of PATH" >&2
	exit 127
fi
__polyenv_i=${IFS-x} __polyenv_s=${IFS+x}
set -f
IFS=:
for __polyenv_e in ${PATH-}; do
	case $__polyenv_e in
	/*) ;;
	*) continue ;;
	esac
	[ -x "$__polyenv_e/$__polyenv_n" ] && [ -f "$__polyenv_e/$__polyenv_n" ] || continue
	[ "$__polyenv_e/$__polyenv_n" -ef "$__polyenv_h/shims/$__polyenv_n" ] && continue
	case $__polyenv_e in
	*/shims)
		# Another manager's folder of shims may be ours under another home: our shims say so in their second line.
		__polyenv_l=
		{ IFS= read -r __polyenv_l && IFS= read -r __polyenv_l; } <"$__polyenv_e/$__polyenv_n" || :
		case $__polyenv_l in
		'# polyenv-shim'*) continue ;;
		esac
		;;
	esac
	if [ "$__polyenv_s" ]; then IFS=$__polyenv_i; else unset IFS; fi
	set +f
	exec "$__polyenv_e/$__polyenv_n" "$@"
done
echo "error[command-not-found] $__polyenv_n: nothing pins @TOOL@ here, and PATH has no other $__polyenv_n" >&2
echo "  try  polyenv use @TOOL@" >&2
exit 127
