# shellcheck shell=bash disable=SC2016,SC2034,SC2154

# How variable $1 stands: unset, of this shell only, exported, or read-only. Bash 3.2 tells only by `declare -p`.
__polyenv_kind() {
	local IFS=' ' __polyenv_a __polyenv_b
	__polyenv_k=x __polyenv_b=
	if { declare -p "$1" >|"$__polyenv_stamp-kind"; } 2>/dev/null; then
		read -r __polyenv_a __polyenv_b __polyenv_a <"$__polyenv_stamp-kind" || :
	fi
	case $__polyenv_b in
	*r*) __polyenv_k=r ;;
	*) if [[ -z ${!1+x} ]]; then __polyenv_k=u; else
		case $__polyenv_b in
		*x* | '') ;;
		*) __polyenv_k=v ;;
		esac
	fi ;;
	esac
}

__polyenv_value() {
	__polyenv_v=${!1-}
}

__polyenv_plain() {
	export -n "$1=$2"
}

# A command substitution or a subshell: not the place for starting polyenv.
__polyenv_nested() {
	[[ $BASH_SUBSHELL -gt 0 ]]
}

__polyenv_prompt() {
	local __polyenv_status=$?
	__polyenv_hook
	# `set -e` would end the shell at a function that only passes on how the last command ended.
	case $- in *e*) return 0 ;; esac
	return "$__polyenv_status"
}

__polyenv_deactivate() {
	__polyenv_leave
	local __polyenv_i __polyenv_own='${__polyenv_home:+__polyenv_prompt}'
	local __polyenv_all=("${PROMPT_COMMAND[@]-}")
	if [[ ${#__polyenv_all[@]} -gt 1 ]]; then
		for __polyenv_i in "${!PROMPT_COMMAND[@]}"; do
			if [[ ${PROMPT_COMMAND[__polyenv_i]} == "$__polyenv_own" ]]; then
				unset -v "PROMPT_COMMAND[$__polyenv_i]"
			else
				PROMPT_COMMAND[__polyenv_i]=${PROMPT_COMMAND[__polyenv_i]/"$__polyenv_own;"/}
			fi
		done
	elif [[ ${PROMPT_COMMAND-} == "$__polyenv_own" ]]; then
		unset -v PROMPT_COMMAND
	else
		PROMPT_COMMAND=${PROMPT_COMMAND/"$__polyenv_own;"/}
	fi
	unset -f __polyenv_pins __polyenv_encode __polyenv_decode __polyenv_note __polyenv_keep __polyenv_begin __polyenv_set __polyenv_offer \
		__polyenv_unset __polyenv_prepend __polyenv_append __polyenv_path_first __polyenv_path_last __polyenv_leave \
		__polyenv_quiet __polyenv_promising __polyenv_granted __polyenv_look __polyenv_hook __polyenv_kind __polyenv_value __polyenv_plain __polyenv_nested \
		__polyenv_prompt __polyenv_deactivate polyenv
	unset -v __polyenv_home __polyenv_stamp __polyenv_rs __polyenv_id __polyenv_seen __polyenv_told __polyenv_off \
		__polyenv_watch __polyenv_pairs __polyenv_await __polyenv_failed __polyenv_k __polyenv_v
}

# Expands to nothing in a shell that inherited the variable without the function.
case ${PROMPT_COMMAND[*]-} in
*__polyenv_prompt*) ;;
*) PROMPT_COMMAND='${__polyenv_home:+__polyenv_prompt}'${PROMPT_COMMAND:+;$PROMPT_COMMAND} ;;
esac
__polyenv_hook
