# As activate.sh, in the words of fish. One `test` of many conditions is what nothing changed costs.

set -g __polyenv_home @HOME@
set -g __polyenv_stamp @HOME@/state/shells/$fish_pid
set -g __polyenv_rs \x1e
set -g __polyenv_id ''
set -g __polyenv_seen ''
set -g __polyenv_told
set -g __polyenv_failed ''
set -g __polyenv_off @OFF@
set -g __polyenv_check -e /dev/null/never
set -g __polyenv_pairs

function __polyenv_pins --argument-names folder
    @TESTS@
end

function __polyenv_encode
    string replace --all -- % %p "$argv[1]" | string replace --all -- $__polyenv_rs %r | string join -- %n
end

# Without a line end, for `string collect --no-trim-newlines`.
function __polyenv_decode
    set -l lines (string replace --all -- %r $__polyenv_rs "$argv[1]" | string split -- %n | string replace --all -- %p %)
    set -l text "$lines[1]"
    set -e lines[1]
    for line in $lines
        set text $text\n$line
    end
    printf %s $text
end

function __polyenv_note
    set -l key "$__polyenv_id:$argv[1]"
    if not contains -- $key $__polyenv_told
        set -ga __polyenv_told $key
        printf 'polyenv: %s\n' $argv[1] >&2
    end
end

# Remembers how a variable stood, once: for this shell as the list that it is, for those that it starts as text.
function __polyenv_keep --argument-names name
    if not set -q POLYENV_UNDO; or not string match -q --regex -- "(?:^|$__polyenv_rs)[uvx]$name=" "$POLYENV_UNDO"
        set -l kind u
        if set -qgx $name
            set kind x
        else if set -qg $name
            set kind v
        end
        set -l text
        if test $kind != u
            set -g __polyenv_old_$name $$name
            set text (__polyenv_encode "$$name")
        else if set -qx $name
            # A universal one: seen again once ours is gone; those that are started meanwhile get it as text.
            set kind x
            set text (__polyenv_encode "$$name")
            set -g __polyenv_universal_$name 1
        end
        set -gx POLYENV_UNDO "$POLYENV_UNDO$__polyenv_rs$kind$name=$text"
    end
end

function __polyenv_begin --argument-names id folder
    __polyenv_leave
    set -g __polyenv_id $id
    set -gx POLYENV_UNDO "i$fish_pid"
    set -gx POLYENV_ENV $folder
end

function __polyenv_set --argument-names name value
    __polyenv_keep $name
    set -gx $name $value
end

# As __polyenv_set, unless the shell has a value of the person's own; what polyenv offered before is none.
function __polyenv_offer --argument-names name value
    if not set -q $name; or contains -- "$name=$$name" (string split -- '|' "$POLYENV_OFFERED")
        __polyenv_set $name $value
    end
end

function __polyenv_unset --argument-names name
    __polyenv_keep $name
    set -eg $name
end

function __polyenv_prepend --argument-names name value
    set -l old "$$name"
    if test -n "$old"
        __polyenv_set $name "$value:$old"
    else
        __polyenv_set $name $value
    end
end

function __polyenv_append --argument-names name value
    set -l old "$$name"
    if test -n "$old"
        __polyenv_set $name "$old:$value"
    else
        __polyenv_set $name $value
    end
end

function __polyenv_path_first --argument-names folder
    set -gx PATH $folder $PATH
    set -gx POLYENV_UNDO "$POLYENV_UNDO$__polyenv_rs"f(__polyenv_encode $folder)
end

function __polyenv_path_last --argument-names folder
    set -gx PATH $PATH $folder
    set -gx POLYENV_UNDO "$POLYENV_UNDO$__polyenv_rs"l(__polyenv_encode $folder)
end

# Takes back all that was set, here or in the shell that started this one. What others put on PATH meanwhile stays.
function __polyenv_leave
    set -l own
    if set -q POLYENV_UNDO
        for item in (string split -- $__polyenv_rs $POLYENV_UNDO)
            set -l kind (string sub --length 1 -- $item)
            set -l rest (string sub --start 2 -- $item)
            switch $kind
                case i
                    test "$rest" = "$fish_pid"; and set own 1
                case f
                    set -l folder (__polyenv_decode $rest | string collect --no-trim-newlines)
                    set -l index (contains --index -- "$folder" $PATH)
                    and set -e PATH[$index]
                case l
                    set -l folder (__polyenv_decode $rest | string collect --no-trim-newlines)
                    for index in (seq (count $PATH) -1 1)
                        if test "$PATH[$index]" = "$folder"
                            set -e PATH[$index]
                            break
                        end
                    end
                case u v x
                    set -l name (string replace --regex -- '=[\s\S]*$' '' $rest)
                    string match -q --regex -- '^[A-Za-z_][A-Za-z0-9_]*$' $name
                    or continue
                    set -l kept __polyenv_old_$name
                    set -l universal __polyenv_universal_$name
                    if test -n "$own"; and set -q $universal
                        set -eg $name
                        set -e $universal
                    else if test -n "$own"; and set -q $kept
                        if test $kind = x
                            set -gx $name $$kept
                        else
                            set -eg $name
                            set -gu $name $$kept
                        end
                        set -e $kept
                    else if test $kind = x
                        set -gx $name (__polyenv_decode (string replace --regex -- '^[^=]*=' '' $rest) | string collect --no-trim-newlines --allow-empty)
                    else
                        set -eg $name
                    end
            end
        end
    end
    set -eg POLYENV_UNDO
    set -eg POLYENV_ENV
    set -g __polyenv_id ''
    return 0
end

# Whether polyenv may do better than the last time for the folder: one of the files that it failed on is another.
function __polyenv_promising --argument-names project
    test "$__polyenv_failed" = "$project/"
    or return 0
    for name in @NAMES@
        if test -e "$project/$name" -a -e $__polyenv_stamp-failed -a ! $__polyenv_stamp-failed -nt "$project/$name"
            return 0
        end
    end
    return 1
end

function __polyenv_look
    set -l folder (string trim --right --chars / -- "$PWD" | string collect)
    set -g __polyenv_r absent
    # Before anything is read: what changes from now on is newer.
    if test -w $__polyenv_home/state/shells
        printf x >$__polyenv_stamp
    end
    set -g __polyenv_seen $PWD
    set -g __polyenv_pairs
    set -g __polyenv_check
    set -l cargo $HOME/.cargo
    set -q CARGO_HOME; and set cargo $CARGO_HOME
    set -l modules $HOME/go/pkg/mod
    set -q GOPATH; and set modules $GOPATH/pkg/mod
    set -q GOMODCACHE; and set modules $GOMODCACHE
    if string match -q --regex -- '/(?:node_modules|site-packages|\.venv)(?:/|$)' "$PWD"
        set folder (string replace --regex -- '/(?:node_modules|site-packages|\.venv)(?:/[\s\S]*)?$' '' (string replace --regex -- '(/(?:node_modules|site-packages|\.venv))(?:/[\s\S]*)?$' '$1' "$PWD" | string collect) | string collect)
    else
        for outside in $__polyenv_home $cargo $modules
            if string match -q --regex -- '^'(string escape --style=regex -- $outside)/ "$PWD/"
                set folder (string replace --regex -- '/[^/]*$' '' $outside)
                break
            end
        end
    end
    # Trust that is given or ended is another environment.
    if test -e $__polyenv_home/state/trust
        set -a __polyenv_check -a $__polyenv_stamp -nt $__polyenv_home/state/trust
    else
        set -a __polyenv_check -a $__polyenv_stamp -nt $__polyenv_home/state
    end
    set -l found
    set -l project
    while true
        set -a __polyenv_check -a $__polyenv_stamp -nt "$folder/"
        if test -z "$found"; and __polyenv_pins "$folder"
            set found 1
            set project "$folder"
        end
        if test -z "$folder" -o "$folder" = @PERSON@
            break
        end
        set folder (string replace --regex -- '/[^/]*$' '' "$folder" | string collect)
    end
    set -e __polyenv_check[1]
    if test -z "$found"
        if set -q POLYENV_UNDO; or set -q POLYENV_ENV
            __polyenv_leave
        end
        return 0
    end
    set -l file "$__polyenv_home/envs$project/.polyenv/hook.fish"
    test -f $file; and source $file
    if test $__polyenv_r != ready -a -x $__polyenv_home/bin/polyenv; and __polyenv_promising "$project"
        # In /, for the working folder may be gone; without input, for a prompt never waits for an answer.
        set -l place "$project"
        test -n "$place"; or set place /
        /bin/sh -c 'cd / && exec "$@"' sh $__polyenv_home/bin/polyenv -C "$place" hook </dev/null >/dev/null
        set -g __polyenv_r absent
        test -f $file; and source $file
    end
    if test $__polyenv_r = ready
        set -a __polyenv_check -a $__polyenv_stamp -nt $file
        set -l input
        for pair in $__polyenv_pairs
            if test -z "$input"
                set input $pair
            else
                set -a __polyenv_check -a -e $input -a -f $pair -a ! $input -nt $pair -a ! $input -ot $pair
                set input
            end
        end
    else
        __polyenv_leave
        set -g __polyenv_failed "$project/"
        if test -w $__polyenv_home/state/shells
            printf x >$__polyenv_stamp-failed
        end
        for name in @NAMES@
            if test -e "$project/$name"
                set -a __polyenv_check -a $__polyenv_stamp -nt "$project/$name"
            end
        end
        if test -f $file
            set -a __polyenv_check -a $__polyenv_stamp -nt $file
        else
            set -a __polyenv_check -a ! -e $file
        end
    end
end

# In a shell of `polyenv shell`: what a trusted manifest set goes when one of the records of its trust has gone.
function __polyenv_granted
    set -l env "$POLYENV_ENV"
    for item in (string split -- $__polyenv_rs $POLYENV_GRANTED)
        string match -q -- 't*' $item
        or return 0
        set -l record (__polyenv_decode (string sub --start 2 -- $item) | string collect --no-trim-newlines)
        if not test -e "$record"
            set -gx POLYENV_UNDO $POLYENV_GRANTED
            __polyenv_leave
            test -n "$env"; and set -gx POLYENV_ENV $env
            set -eg POLYENV_GRANTED
            return 0
        end
    end
end

function __polyenv_prompt --on-event fish_prompt --on-variable PWD
    set -l last $status
    if test -n "$POLYENV_SHELL" -a -n "$POLYENV_GRANTED"
        __polyenv_granted
    end
    if test -z "$__polyenv_off" -a -z "$POLYENV_SHELL"; and not status is-command-substitution
        test "$PWD" = "$__polyenv_seen"; and test $__polyenv_check
        or __polyenv_look
    end
    return $last
end

# `off`, `on` and `deactivate` concern this shell, which no program can change.
function polyenv
    switch "$argv[1]"
        case off
            __polyenv_leave
            set -g __polyenv_off 1
            set -g __polyenv_seen ''
            set -gx POLYENV_BYPASS 1
        case on
            set -g __polyenv_off
            set -g __polyenv_seen ''
            set -eg POLYENV_BYPASS
            __polyenv_prompt
        case deactivate
            __polyenv_leave
            for name in (functions --all --names | string match -- '__polyenv_*') polyenv
                functions --erase $name
            end
            for name in (set --global --names | string match -- '__polyenv_*')
                set -eg $name
            end
        case '*'
            command polyenv $argv
    end
end

__polyenv_prompt
