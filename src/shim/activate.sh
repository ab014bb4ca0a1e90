# What bash and zsh share: names of variables, conditions and undoing, in the words of both. Starts no program but polyenv,
# and that only where what was compiled for a folder no longer holds. Everything that is known of a folder comes from
# polyenv's home; nothing is read from a project but the times of its files.
# shellcheck shell=bash disable=SC1007,SC1090,SC2016,SC2034,SC2128,SC2154,SC2178

__polyenv_home=@HOME@
__polyenv_stamp=@HOME@/state/shells/$$
__polyenv_rs=$'\036'
__polyenv_id= __polyenv_seen= __polyenv_told= __polyenv_failed= __polyenv_off=@OFF@
__polyenv_watch=(/) __polyenv_pairs=(/) __polyenv_await=/

# Whether a folder pins something.
__polyenv_pins() {
	[[ @TESTS@ ]]
}

# $1 as one line that names no separator of the list of what is to be undone.
__polyenv_encode() {
	__polyenv_v=${1//[%]/%p}
	__polyenv_v=${__polyenv_v//"$__polyenv_rs"/%r}
	__polyenv_v=${__polyenv_v//$'\n'/%n}
}

__polyenv_decode() {
	__polyenv_v=${1//[%]n/$'\n'}
	__polyenv_v=${__polyenv_v//[%]r/$__polyenv_rs}
	__polyenv_v=${__polyenv_v//[%]p/%}
}

# Once for what is known of a folder; a subshell's word would be lost, and so come again.
__polyenv_note() {
	if __polyenv_nested; then return 0; fi
	local __polyenv_key="$__polyenv_id:$1"
	case $__polyenv_rs${__polyenv_told-}$__polyenv_rs in
	*"$__polyenv_rs$__polyenv_key$__polyenv_rs"*) ;;
	*)
		__polyenv_told="${__polyenv_told-}${__polyenv_told:+$__polyenv_rs}$__polyenv_key"
		printf 'polyenv: %s\n' "$1" >&2
		;;
	esac
}

# Remembers how $1 stood, once; fails where it cannot be changed.
__polyenv_keep() {
	__polyenv_kind "$1"
	if [[ $__polyenv_k == r ]]; then
		__polyenv_note "$1 is read-only in this shell, and stays as it is"
		return 1
	fi
	case $__polyenv_rs${POLYENV_UNDO-} in
	*"$__polyenv_rs"[uvx]"$1="*) return 0 ;;
	esac
	__polyenv_v=
	if [[ $__polyenv_k != u ]]; then __polyenv_value "$1"; __polyenv_encode "$__polyenv_v"; fi
	export POLYENV_UNDO="${POLYENV_UNDO-}${POLYENV_UNDO:+$__polyenv_rs}$__polyenv_k$1=$__polyenv_v"
}

# The words of a compiled environment.
__polyenv_begin() {
	__polyenv_leave
	__polyenv_id=$1
	export POLYENV_UNDO="i$$" POLYENV_ENV="$2"
	if [[ -z ${PATH+x} ]]; then POLYENV_UNDO="$POLYENV_UNDO${__polyenv_rs}n="; fi
}

__polyenv_set() {
	if __polyenv_keep "$1"; then export "$1=$2"; fi
}

# As __polyenv_set, unless the shell has a value of the person's own; what polyenv offered before is none.
__polyenv_offer() {
	__polyenv_kind "$1"
	if [[ $__polyenv_k != u ]]; then
		__polyenv_value "$1"
		case ${POLYENV_OFFERED-} in
		*"|$1=$__polyenv_v|"*) ;;
		*) return 0 ;;
		esac
	fi
	__polyenv_set "$1" "$2"
}

__polyenv_unset() {
	if __polyenv_keep "$1"; then unset -v "$1"; fi
}

__polyenv_prepend() {
	if __polyenv_keep "$1"; then
		__polyenv_value "$1"
		export "$1=$2${__polyenv_v:+:$__polyenv_v}"
	fi
}

__polyenv_append() {
	if __polyenv_keep "$1"; then
		__polyenv_value "$1"
		export "$1=${__polyenv_v:+$__polyenv_v:}$2"
	fi
}

__polyenv_path_first() {
	export PATH="$1${PATH:+:$PATH}"
	__polyenv_encode "$1"
	POLYENV_UNDO="$POLYENV_UNDO${__polyenv_rs}f$__polyenv_v"
}

__polyenv_path_last() {
	export PATH="${PATH:+$PATH:}$1"
	__polyenv_encode "$1"
	POLYENV_UNDO="$POLYENV_UNDO${__polyenv_rs}l$__polyenv_v"
}

# Takes back all that was set, here or in the shell that started this one. What others put on PATH meanwhile stays.
__polyenv_leave() {
	local __polyenv_rest=${POLYENV_UNDO-} __polyenv_item __polyenv_n __polyenv_own= __polyenv_p __polyenv_v __polyenv_none=
	while [[ -n $__polyenv_rest ]]; do
		__polyenv_item=${__polyenv_rest%%"$__polyenv_rs"*}
		case $__polyenv_rest in
		*"$__polyenv_rs"*) __polyenv_rest=${__polyenv_rest#*"$__polyenv_rs"} ;;
		*) __polyenv_rest= ;;
		esac
		case $__polyenv_item in
		"i$$") __polyenv_own=1 ;;
		n=) __polyenv_none=1 ;;
		[fl]*)
			__polyenv_decode "${__polyenv_item#?}"
			__polyenv_p=:${PATH-}:
			case $__polyenv_item:$__polyenv_p in
			f*":$__polyenv_v:"*) __polyenv_p=${__polyenv_p%%":$__polyenv_v:"*}:${__polyenv_p#*":$__polyenv_v:"} ;;
			l*":$__polyenv_v:"*) __polyenv_p=${__polyenv_p%":$__polyenv_v:"*}:${__polyenv_p##*":$__polyenv_v:"} ;;
			esac
			__polyenv_p=${__polyenv_p#:}
			export PATH="${__polyenv_p%:}"
			;;
		[uvx]*=*)
			__polyenv_n=${__polyenv_item%%=*}
			__polyenv_n=${__polyenv_n#?}
			case $__polyenv_n in
			'' | [0-9]* | *[!A-Za-z0-9_]*) continue ;;
			esac
			__polyenv_kind "$__polyenv_n"
			if [[ $__polyenv_k == r ]]; then continue; fi
			__polyenv_decode "${__polyenv_item#*=}"
			# A variable that was not exported is not known to a shell that was started meanwhile.
			case $__polyenv_own:$__polyenv_item in
			*:u*) unset -v "$__polyenv_n" ;;
			1:v*) __polyenv_plain "$__polyenv_n" "$__polyenv_v" ;;
			*:v*) unset -v "$__polyenv_n" ;;
			*) export "$__polyenv_n=$__polyenv_v" ;;
			esac
			;;
		esac
	done
	if [[ -n $__polyenv_none && -z $PATH ]]; then unset -v PATH; fi
	unset -v POLYENV_UNDO POLYENV_ENV
	__polyenv_id=
}

# Nothing changed: the same folder, nothing in or above it newer than the last look, every file that was read as it was.
__polyenv_quiet() {
	[[ $PWD == "$__polyenv_seen" ]] || return 1
	[[ $__polyenv_await == / || ! -e $__polyenv_await ]] || return 1
	local __polyenv_f __polyenv_input=
	for __polyenv_f in "${__polyenv_watch[@]}"; do
		[[ $__polyenv_stamp -nt $__polyenv_f ]] || return 1
	done
	for __polyenv_f in "${__polyenv_pairs[@]}"; do
		if [[ -z $__polyenv_input ]]; then
			__polyenv_input=$__polyenv_f
		else
			[[ -e $__polyenv_input && -f $__polyenv_f && ! $__polyenv_input -nt $__polyenv_f && ! $__polyenv_input -ot $__polyenv_f ]] || return 1
			__polyenv_input=
		fi
	done
}

# Whether polyenv may do better than the last time for the folder $1: one of the files that it failed on is another.
__polyenv_promising() {
	local __polyenv_e
	[[ $__polyenv_failed == "$1/" ]] || return 0
	for __polyenv_e in @NAMES@; do
		if [[ -e $1/$__polyenv_e && -e $__polyenv_stamp-failed && ! $__polyenv_stamp-failed -nt $1/$__polyenv_e ]]; then return 0; fi
	done
	return 1
}

__polyenv_look() {
	local __polyenv_d=${PWD%/} __polyenv_e __polyenv_found= __polyenv_project= __polyenv_r=absent __polyenv_file
	# Before anything is read: what changes from now on is newer.
	{ printf 'x' >|"$__polyenv_stamp"; } 2>/dev/null || :
	__polyenv_seen=$PWD
	# Trust that is given or ended is another environment.
	__polyenv_watch=("$__polyenv_home/state") __polyenv_pairs=(/) __polyenv_await=/
	if [[ -e $__polyenv_home/state/trust ]]; then __polyenv_watch=("$__polyenv_home/state/trust"); fi
	case $PWD/ in
	*/node_modules/* | */site-packages/* | */.venv/*)
		__polyenv_d=$PWD/
		for __polyenv_e in node_modules site-packages .venv; do
			case $__polyenv_d in */"$__polyenv_e"/*) __polyenv_d=${__polyenv_d%%/"$__polyenv_e"/*}/ ;; esac
		done
		__polyenv_d=${__polyenv_d%/}
		;;
	"$__polyenv_home"/*) __polyenv_d=${__polyenv_home%/*} ;;
	"${CARGO_HOME:-${HOME-}/.cargo}"/*) __polyenv_d=${CARGO_HOME:-${HOME-}/.cargo} __polyenv_d=${__polyenv_d%/*} ;;
	"${GOMODCACHE:-${GOPATH:-${HOME-}/go}/pkg/mod}"/*) __polyenv_d=${GOMODCACHE:-${GOPATH:-${HOME-}/go}/pkg/mod} __polyenv_d=${__polyenv_d%/*} ;;
	esac
	while :; do
		__polyenv_watch+=("${__polyenv_d:-/}")
		if [[ -z $__polyenv_found ]] && __polyenv_pins; then __polyenv_found=1 __polyenv_project=$__polyenv_d; fi
		case $__polyenv_d in
		'' | @PERSON@) break ;;
		esac
		__polyenv_d=${__polyenv_d%/*}
	done
	if [[ -z $__polyenv_found ]]; then
		if [[ -n ${POLYENV_UNDO-}${POLYENV_ENV-} ]]; then __polyenv_leave; fi
		return 0
	fi
	__polyenv_file=$__polyenv_home/envs$__polyenv_project/.polyenv/hook.sh
	if [[ -f $__polyenv_file ]]; then . "$__polyenv_file"; fi
	if [[ $__polyenv_r != ready ]]; then
		if [[ -x $__polyenv_home/bin/polyenv ]] && ! __polyenv_nested && __polyenv_promising "$__polyenv_project"; then
			# In /, for the working folder may be gone; without input, for a prompt never waits for an answer.
			/bin/sh -c 'cd / && exec "$@"' sh "$__polyenv_home/bin/polyenv" -C "${__polyenv_project:-/}" hook </dev/null >/dev/null || :
			__polyenv_r=absent
			if [[ -f $__polyenv_file ]]; then . "$__polyenv_file"; fi
		fi
	fi
	if [[ $__polyenv_r == ready ]]; then
		__polyenv_watch+=("$__polyenv_file")
	else
		__polyenv_leave
		__polyenv_pairs=(/) __polyenv_failed=$__polyenv_project/
		{ printf 'x' >|"$__polyenv_stamp-failed"; } 2>/dev/null || :
		if [[ -f $__polyenv_file ]]; then __polyenv_watch+=("$__polyenv_file"); else __polyenv_await=$__polyenv_file; fi
		for __polyenv_e in @NAMES@; do
			if [[ -e $__polyenv_project/$__polyenv_e ]]; then __polyenv_watch+=("$__polyenv_project/$__polyenv_e"); fi
		done
	fi
}

# In a shell of `polyenv shell`: what a trusted manifest set goes when one of the records of its trust has gone.
__polyenv_granted() {
	local __polyenv_rest=$POLYENV_GRANTED __polyenv_item __polyenv_env=${POLYENV_ENV-}
	while [[ $__polyenv_rest == t* ]]; do
		__polyenv_item=${__polyenv_rest%%"$__polyenv_rs"*}
		# A list that somebody cut short may end with its records.
		case $__polyenv_rest in
		*"$__polyenv_rs"*) __polyenv_rest=${__polyenv_rest#*"$__polyenv_rs"} ;;
		*) __polyenv_rest= ;;
		esac
		__polyenv_decode "${__polyenv_item#t}"
		if [[ ! -e $__polyenv_v ]]; then
			POLYENV_UNDO=$POLYENV_GRANTED
			__polyenv_leave
			if [[ -n $__polyenv_env ]]; then export POLYENV_ENV="$__polyenv_env"; fi
			unset -v POLYENV_GRANTED
			return 0
		fi
	done
}

__polyenv_hook() {
	if [[ -n ${POLYENV_SHELL-} && -n ${POLYENV_GRANTED-} ]]; then __polyenv_granted; fi
	if [[ -n $__polyenv_off || -n ${POLYENV_SHELL-} ]]; then return 0; fi
	__polyenv_quiet || __polyenv_look
}

# `off`, `on` and `deactivate` concern this shell, which no program can change.
polyenv() {
	case ${1-} in
	off)
		__polyenv_leave
		__polyenv_off=1 __polyenv_seen=
		export POLYENV_BYPASS=1
		;;
	on)
		__polyenv_off= __polyenv_seen=
		unset -v POLYENV_BYPASS
		__polyenv_hook
		;;
	deactivate) __polyenv_deactivate ;;
	*) command polyenv "$@" ;;
	esac
}
