# Completes polyenv's command line in fish. What polyenv answers is only ever text: fish quotes it.

function __polyenv_complete
    set -l before (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --cut-at-cursor --current-token)
    # Without quotes, and without what they would expand to.
    set current (string unescape -- $current; or printf %s $current)
    set -l answers (command polyenv complete fish -- $before[2..] "$current" 2>/dev/null </dev/null)
    set -q answers[2]; and printf '%s\n' $answers[2..]
    switch "$answers[1]"
        case folders
            __fish_complete_directories "$current" ''
        case files
            __fish_complete_path "$current"
        case commands
            complete --do-complete -- (string escape -- "$current")
    end
end

complete --command polyenv --no-files --keep-order --arguments '(__polyenv_complete)'
