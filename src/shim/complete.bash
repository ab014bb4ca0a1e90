# Completes polyenv's command line in bash 3.2 and later. What polyenv answers is quoted already, and only ever read as text.

_polyenv_complete() {
    local IFS=$' \t\n' line=${COMP_LINE-} native='' answer
    if [[ -n $line ]]; then
        line=${line:0:${COMP_POINT:-${#line}}}
    else
        line="${COMP_WORDS[*]:0:COMP_CWORD+1}"
    fi
    COMPREPLY=()
    while IFS= read -r answer; do
        if [[ -z $native ]]; then
            native=$answer
        else
            COMPREPLY+=("${answer%%$'\t'*}")
        fi
    done < <(command polyenv complete bash -- "$line" "${2-${COMP_WORDS[COMP_CWORD]}}" 2>/dev/null </dev/null)
    # Files are bash's own to complete where nothing else is offered.
    case $native in
    folders) compopt -o dirnames +o default +o bashdefault 2>/dev/null ;;
    files) ;;
    commands)
        while IFS= read -r answer; do
            printf -v answer %q "$answer"
            COMPREPLY+=("$answer")
        done < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
        ;;
    *) compopt +o default +o bashdefault 2>/dev/null ;;
    esac
    return 0
}

# bash before 4.4 (macOS has 3.2) knows no order but the alphabet's.
complete -o nosort -o bashdefault -o default -F _polyenv_complete polyenv 2>/dev/null ||
    complete -o bashdefault -o default -F _polyenv_complete polyenv
