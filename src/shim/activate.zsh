# shellcheck shell=bash disable=all

__polyenv_kind() {
	case ${(Pt)1-} in
	*readonly*) __polyenv_k=r ;;
	'') __polyenv_k=u ;;
	*export*) __polyenv_k=x ;;
	*) __polyenv_k=v ;;
	esac
}

__polyenv_value() {
	__polyenv_v=${(P)1-}
}

__polyenv_plain() {
	typeset -g +x "$1=$2"
}

__polyenv_nested() {
	[[ $ZSH_SUBSHELL -gt 0 ]]
}

__polyenv_prompt() {
	local __polyenv_status=$?
	__polyenv_hook
	return $__polyenv_status
}

__polyenv_deactivate() {
	__polyenv_leave
	precmd_functions=(${precmd_functions:#__polyenv_prompt})
	chpwd_functions=(${chpwd_functions:#__polyenv_prompt})
	unset -f -m '__polyenv_*'
	unset -f polyenv
	unset -m '__polyenv_*'
}

typeset -ga precmd_functions chpwd_functions
if (( ! ${precmd_functions[(I)__polyenv_prompt]} )); then precmd_functions=(__polyenv_prompt $precmd_functions); fi
if (( ! ${chpwd_functions[(I)__polyenv_prompt]} )); then chpwd_functions=(__polyenv_prompt $chpwd_functions); fi
__polyenv_hook
