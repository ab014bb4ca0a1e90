#!/bin/sh
# polyenv-shim 1 @TOOL@
# shellcheck disable=SC1090,SC1091,SC2015
# Routes one command to the runtime that the nearest project pins. Starts no program but the tool.
# A shell parses a compound command whole before it runs it: what is seldom needed stands in later commands.
__polyenv_h=@HOME@ __polyenv_t=@TOOL@ __polyenv_n=${0##*/} __polyenv_r= __polyenv_o= __polyenv_e= __polyenv_u= __polyenv_d=${PWD%/}
case ${POLYENV_BYPASS-}:@ASKED@:$__polyenv_n:${1-} in
1:*) __polyenv_r=bypass ;;
@PLUS@)
	# What it starts is to be of that version too.
	@VARIABLE@=${1#+} __polyenv_o=x
	export @VARIABLE@
	shift
	;;
:x* | [!1:]*:x*) __polyenv_o=x ;;
esac
if [ "$__polyenv_o" ]; then
	# For this once: routes of their own, by what was asked for.
	case ${@VARIABLE@-} in
	'') __polyenv_r=slow __polyenv_d= ;;
	system) __polyenv_r=bypass ;;
	*[!A-Za-z0-9._+-]*) __polyenv_r=slow __polyenv_d= ;;
	*) __polyenv_o=/once/@TOOL@@$@VARIABLE@ ;;
	esac
fi
case $PWD/ in
*/node_modules/* | */site-packages/* | */.venv/* | "${CARGO_HOME:-${HOME-}/.cargo}"/* | "${GOMODCACHE:-${GOPATH:-${HOME-}/go}/pkg/mod}"/* | "$__polyenv_h"/*) [ "$__polyenv_r" ] || __polyenv_r=dependency ;;
esac
while [ -z "$__polyenv_r" ]; do
	if @TESTS@; then
		__polyenv_r=slow
		[ ! -f "$__polyenv_h${__polyenv_o:-/envs}$__polyenv_d/.polyenv/route.sh" ] || . "$__polyenv_h${__polyenv_o:-/envs}$__polyenv_d/.polyenv/route.sh"
		break
	fi
	case $__polyenv_d in
	'' | @PERSON@) break ;;
	esac
	__polyenv_d=${__polyenv_d%/*} __polyenv_e=x$__polyenv_e
	case $__polyenv_e$__polyenv_d in
	xx/*/*/*/*/*/*/*/*/*/*/*/*) __polyenv_r=deep ;;
	esac
done
if [ "$__polyenv_r" = deep ]; then
	# Many levels more: the kernel finds a name soonest from within its folder. So we go up, if we can come back.
	__polyenv_r= __polyenv_p=$PWD __polyenv_e=${OLDPWD+x}${OLDPWD-}
	unset -f cd
	# `cd` takes `LINK/..` for the folder that holds the link, and the kernel does not.
	if case $PWD/ in */../*) false ;; esac && [ . -ef "$PWD/" ]; then
		while cd "$__polyenv_d/"; do
			if @HERE@; then
				__polyenv_r=slow
				break
			fi
			case $__polyenv_d in
			'' | @PERSON@) __polyenv_r=none && break ;;
			esac
			__polyenv_d=${__polyenv_d%/*}
		done 2>/dev/null
		if ! cd "$__polyenv_p"; then
			echo "error[failed] this folder went away while $__polyenv_n was looked for: $__polyenv_p" >&2
			echo "  try  the same again in a folder that is there" >&2
			exit 126
		fi
	fi
	PWD=$__polyenv_p
	case $__polyenv_e in
	x*) OLDPWD=${__polyenv_e#x} ;;
	*) unset OLDPWD ;;
	esac
	# A folder that cannot be entered may still be looked into from here.
	while [ -z "$__polyenv_r" ]; do
		if @TESTS@; then __polyenv_r=slow; fi
		case $__polyenv_r$__polyenv_d in
		'' | slow* | @PERSON@) break ;;
		esac
		__polyenv_d=${__polyenv_d%/*}
	done
	case $__polyenv_r in
	none) __polyenv_r= ;;
	slow) [ ! -f "$__polyenv_h${__polyenv_o:-/envs}$__polyenv_d/.polyenv/route.sh" ] || . "$__polyenv_h${__polyenv_o:-/envs}$__polyenv_d/.polyenv/route.sh" ;;
	esac
fi
if [ "$__polyenv_r" = dependency ]; then
	# A dependency never decides: who started us does, else the nearest project above it.
	__polyenv_r=
	case $PWD/ in
	"$__polyenv_h"/*) __polyenv_d=${__polyenv_h%/*} ;;
	*/node_modules/* | */site-packages/* | */.venv/*)
		__polyenv_d=$PWD/
		for __polyenv_e in node_modules site-packages .venv; do
			case $__polyenv_d in */"$__polyenv_e"/*) __polyenv_d=${__polyenv_d%%/"$__polyenv_e"/*}/ ;; esac
		done
		__polyenv_d=${__polyenv_d%/}
		;;
	"${CARGO_HOME:-${HOME-}/.cargo}"/*) __polyenv_d=${CARGO_HOME:-${HOME-}/.cargo} __polyenv_d=${__polyenv_d%/*} ;;
	*) __polyenv_d=${GOMODCACHE:-${GOPATH:-${HOME-}/go}/pkg/mod} __polyenv_d=${__polyenv_d%/*} ;;
	esac
	[ -z "${POLYENV_ENV-}" ] || [ ! -f "$__polyenv_h/envs$POLYENV_ENV/.polyenv/route.sh" ] || __polyenv_d=
	while [ "$__polyenv_d" ]; do
		if @TESTS@; then
			__polyenv_r=slow
			[ ! -f "$__polyenv_h${__polyenv_o:-/envs}$__polyenv_d/.polyenv/route.sh" ] || . "$__polyenv_h${__polyenv_o:-/envs}$__polyenv_d/.polyenv/route.sh"
			break
		fi
		case $__polyenv_d in @PERSON@) break ;; esac
		__polyenv_d=${__polyenv_d%/*}
	done
fi
case $__polyenv_r$__polyenv_o in
'' | pass | /*)
	__polyenv_r=pass
	case ${POLYENV_ENV-}/ in
	*/../* | [!/]* | /) ;;
	*)
		if [ -f "$__polyenv_h/envs$POLYENV_ENV/.polyenv/route.sh" ]; then
			__polyenv_d=$POLYENV_ENV
			if [ -z "$__polyenv_o" ]; then
				. "$__polyenv_h/envs$POLYENV_ENV/.polyenv/route.sh"
			else
				__polyenv_r=slow
				[ ! -f "$__polyenv_h$__polyenv_o$POLYENV_ENV/.polyenv/route.sh" ] || . "$__polyenv_h$__polyenv_o$POLYENV_ENV/.polyenv/route.sh"
			fi
		fi
		;;
	esac
	if [ "$__polyenv_r" = pass ]; then
		__polyenv_d=
		if [ -f "$__polyenv_h${__polyenv_o:-/state/default}/route.sh" ]; then
			. "$__polyenv_h${__polyenv_o:-/state/default}/route.sh"
		elif [ "$__polyenv_o" ]; then
			__polyenv_r=slow
		fi
	fi
	;;
esac
# Calls that came through here on the way to one that ended: in this folder for this runtime, and all of them.
__polyenv_c=${POLYENV_DEPTH:-0 0} __polyenv_a=0
case $__polyenv_c in
*" $__polyenv_t $PWD") __polyenv_a=${__polyenv_c%% *} ;;
esac
__polyenv_c=${__polyenv_c#* } __polyenv_c=${__polyenv_c%% *}
case $__polyenv_a:$__polyenv_c in
[0-9]:[0-9] | [0-9]:[1-9][0-9] | 1[0-9]:[0-9] | 1[0-9]:[1-9][0-9]) ;;
20:* | *:100)
	echo "error[loop] $__polyenv_n calls itself: $__polyenv_c times through $0" >&2
	echo "  try  look for another program called $__polyenv_n on PATH that starts this one: type -a $__polyenv_n" >&2
	exit 126
	;;
*) __polyenv_a=0 __polyenv_c=0 ;;
esac
export POLYENV_DEPTH="$((__polyenv_a + 1)) $((__polyenv_c + 1)) $__polyenv_t $PWD"
case $__polyenv_r in
pass | bypass) ;;
*)
	if [ -x "$__polyenv_h/bin/polyenv" ]; then
		exec "$__polyenv_h/bin/polyenv" shim "$__polyenv_t" "$__polyenv_n" "$__polyenv_d" "$@"
	fi
	echo "error[command-not-found] polyenv itself is gone from $__polyenv_h/bin" >&2
	echo "  try  install polyenv again; where the home was moved: polyenv reshim; or take $__polyenv_h/shims out of PATH" >&2
	exit 127
	;;
esac
__polyenv_i=${IFS-x} __polyenv_s=${IFS+x}
set -f
IFS=:
for __polyenv_e in ${PATH-}; do
	case $__polyenv_e in
	/*) ;;
	*) continue ;;
	esac
	[ -x "$__polyenv_e/$__polyenv_n" ] && [ -f "$__polyenv_e/$__polyenv_n" ] || continue
	case $__polyenv_a$__polyenv_e in
	0*) ;;
	# Another manager's stand-in has sent the call back here: it means the system's.
	*/shims | */.volta/bin | */.cargo/bin | *"${VOLTA_HOME:-/.volta}/bin" | *"${CARGO_HOME:-/.cargo}/bin") continue ;;
	esac
	# guard: own-shim
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
__polyenv_e="nothing pins @TOOL@ here" __polyenv_l="polyenv use @TOOL@"
case $__polyenv_r$__polyenv_u in
bypass*) __polyenv_e="the system is to answer" __polyenv_l="polyenv current" ;;
*x) __polyenv_e="the @TOOL@ that is decided here does not bring it" __polyenv_l="polyenv current, or polyenv use @TOOL@@latest" ;;
esac
echo "error[command-not-found] $__polyenv_n: $__polyenv_e, and PATH has no other $__polyenv_n" >&2
echo "  try  $__polyenv_l" >&2
exit 127
