#compdef polyenv
# Completes polyenv's command line in zsh. What polyenv answers is only ever text: compadd quotes it.

_polyenv() {
    local -a answers words_found shown
    local answer native
    answers=("${(@f)$(command polyenv complete zsh -- "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null </dev/null)}")
    native=$answers[1]
    for answer in "${(@)answers[2,-1]}"; do
        words_found+=("${answer%%$'\t'*}")
        shown+=("${answer/$'\t'/  -- }")
    done
    (( $#words_found )) && compadd -l -V polyenv -d shown -- "${(@)words_found}"
    case $native in
    (folders) _files -/ ;;
    (files) _files ;;
    (commands) _command_names -e ;;
    esac
    (( compstate[nmatches] ))
}

# A file of fpath is the function itself; evaluated at the start of a shell, it has to say whose it is.
if [[ $funcstack[1] == _polyenv ]]; then
    _polyenv "$@"
elif (( $+functions[compdef] )); then
    compdef _polyenv polyenv
fi
