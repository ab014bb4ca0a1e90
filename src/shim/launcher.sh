#!/bin/sh
# polyenv: starts polyenv by a Node of its own, never by one that a project decides
# node: @NODE@
# program: @PROGRAM@
__polyenv_start() {
@SAVE@
	# Who was started by another home's name means that one; shims are this home's.
	[ "$__polyenv_v" != shim ] || unset POLYENV_HOME
	[ ! -d @HOME@/shims ] || export POLYENV_SAVED_HOME=@HOME@
	if [ ! -x @QUOTEDNODE@ ]; then
		echo "error[cannot-start] the Node that polyenv runs on is gone:" @QUOTEDNODE@ >&2
		echo "  try  start it by another one: /path/to/node" @QUOTEDPROGRAM@ "setup" >&2
		exit 1
	fi
	exec @QUOTEDNODE@ @QUOTEDPROGRAM@ "$@"
}
__polyenv_v='' __polyenv_c=''
for __polyenv_a in "$@"; do
	case $__polyenv_c$__polyenv_a in
	-C) __polyenv_c=- ;;
	-*) __polyenv_c= ;;
	*)
		__polyenv_v=$__polyenv_a
		break
		;;
	esac
done
case $__polyenv_v in
exec | x | shell | shim)
	# polyenv decides, and this script becomes the program: its own words go on as they are, and no Node stays in between.
	if [ -e /dev/fd/1 ]; then
		{
			__polyenv_a=$(
				POLYENV_ANSWER=3
				export POLYENV_ANSWER
				__polyenv_start "$@" 3>&1 >&4 4>&-
			)
		} 4>&1
		__polyenv_c=$?
		case $__polyenv_c$__polyenv_a in
		"0@HANDOVER@"*) eval "$__polyenv_a" ;;
		esac
		exit "$__polyenv_c"
	fi
	;;
esac
__polyenv_start "$@"
