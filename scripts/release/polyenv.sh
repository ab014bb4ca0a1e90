#!/bin/sh
# Starts this polyenv by the Node that came with it.
self=$0
while [ -h "$self" ]; do
    target=$(readlink "$self")
    case $target in
    /*) self=$target ;;
    *) self=$(dirname -- "$self")/$target ;;
    esac
done
# The dot keeps a line break at the end of the name.
here=$(CDPATH='' cd -- "$(dirname -- "$self")/.." && pwd -P && printf .) || exit 126
here=${here%?.}
# These act on the tools of a project, not on polyenv.
if [ "${NODE_OPTIONS+x}" ]; then POLYENV_SAVED_NODE_OPTIONS=$NODE_OPTIONS; export POLYENV_SAVED_NODE_OPTIONS; unset NODE_OPTIONS; fi
if [ "${NODE_PATH+x}" ]; then POLYENV_SAVED_NODE_PATH=$NODE_PATH; export POLYENV_SAVED_NODE_PATH; unset NODE_PATH; fi
exec "$here/node/bin/node" "$here/dist/polyenv.cjs" "$@"
