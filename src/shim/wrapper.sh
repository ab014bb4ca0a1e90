#!/bin/sh
# The polyenv of this project: fetched once, verified before anything of it is run, kept below POLYENV_HOME.
# Needs sh, Node.js 20.19 or later, and curl or wget, or else Node fetches it. Made by `polyenv generate wrapper`.
# POLYENV_WRAPPER_URL may name another place of the same bytes.
set -eu
url=${POLYENV_WRAPPER_URL:-@URL@}
digest=@DIGEST@

fail() {
    printf 'polyenvw: %s\n' "$1" >&2
    exit "${2:-1}"
}

# These act on the tools of the project, not on polyenv.
if [ "${NODE_OPTIONS+x}" ]; then POLYENV_SAVED_NODE_OPTIONS=$NODE_OPTIONS; export POLYENV_SAVED_NODE_OPTIONS; unset NODE_OPTIONS; fi
if [ "${NODE_PATH+x}" ]; then POLYENV_SAVED_NODE_PATH=$NODE_PATH; export POLYENV_SAVED_NODE_PATH; unset NODE_PATH; fi

home=${POLYENV_HOME-}
if [ -z "$home" ]; then
    case ${XDG_DATA_HOME-} in
    /*) home=$XDG_DATA_HOME/polyenv ;;
    *) home=${HOME:?}/.local/share/polyenv ;;
    esac
fi
case $home in
/*) ;;
*) fail "POLYENV_HOME is not an absolute path: $home" 3 ;;
esac

# Never a Node that a project decides: it may be older than polyenv needs.
node=
set -f
IFS=:
for folder in $PATH; do
    case $folder in
    "$home"/*) ;;
    /*) if [ -f "$folder/node" ] && [ -x "$folder/node" ]; then
        node=$folder/node
        break
    fi ;;
    esac
done
unset IFS
set +f
if [ -z "$node" ] && [ -f "$home/bin/polyenv" ]; then node=$(sed -n 's/^# node: //p' "$home/bin/polyenv"); fi
[ -n "$node" ] || fail 'there is no Node.js on PATH, and polyenv runs on it (20.19 or later)' 127

kept=$home/wrapper/@KEY@
program=$kept/dist/polyenv.cjs
if [ ! -f "$program" ]; then
    mkdir -p "$home/wrapper"
    temporary=$(mktemp -d "$home/wrapper/new.XXXXXX") || fail "$home cannot be written"
    trap 'rm -rf "$temporary"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    printf 'polyenvw: fetching polyenv: %s\n' "$url" >&2
    fetched=0
    if command -v curl >/dev/null 2>&1; then
        curl --fail --silent --show-error --location --netrc-optional --output "$temporary/archive" -- "$url" || fetched=$?
    elif command -v wget >/dev/null 2>&1; then
        wget -q -O "$temporary/archive" "$url" || fetched=$?
    else
        "$node" -e '
const [url, file] = process.argv.slice(1);
fetch(url)
  .then(async (answer) => {
    if (!answer.ok) throw new Error("status " + answer.status);
    require("fs").writeFileSync(file, Buffer.from(await answer.arrayBuffer()));
  })
  .catch((error) => {
    console.error("polyenvw: " + (error.cause?.message ?? error.message));
    process.exitCode = 1;
  });
' "$url" "$temporary/archive" || fetched=$?
    fi
    [ "$fetched" = 0 ] || fail "$url cannot be fetched" 5
    "$node" -e '
const { createHash } = require("crypto");
const fs = require("fs");
const path = require("path");
const [folder, digest, kept] = process.argv.slice(1);
const fail = (text, exit) => {
  console.error("polyenvw: " + text);
  process.exit(exit);
};
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail("polyenv needs Node.js 20.19 or later; " + process.execPath + " is " + process.versions.node, 1);
}
const archive = fs.readFileSync(path.join(folder, "archive"));
const kind = digest.split(":")[0];
const found = kind + ":" + createHash(kind).update(archive).digest("hex");
if (found !== digest) {
  fail("what was fetched is not what was promised; nothing of it was run\n  promised " + digest + "\n  fetched  " + found, 6);
}
const tar = require("zlib").gunzipSync(archive, { maxOutputLength: 256 * 1024 * 1024 });
const tree = path.join(folder, "tree");
for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
  const text = (from, length) => tar.toString("utf8", at + from, at + from + length).replace(/\0[^]*$/, "");
  const size = Number.parseInt(text(124, 12), 8);
  const parts = [text(345, 155), text(0, 100)].filter((part) => part !== "").join("/").split("/").slice(1);
  const type = text(156, 1);
  if (type === "x" && /^\d+ path=/m.test(tar.toString("utf8", at + 512, at + 512 + size))) fail("a name in the package is too long", 6);
  if ((type === "0" || type === "") && parts.length > 0) {
    if (parts.some((part) => part === "" || part === "." || part === "..")) fail("a name in the package leads out of it", 6);
    const file = path.join(tree, ...parts);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, tar.subarray(at + 512, at + 512 + size));
  }
  at += 512 + Math.ceil(size / 512) * 512;
}
if (!fs.existsSync(path.join(tree, "dist", "polyenv.cjs"))) fail("what was fetched is no package of polyenv", 6);
try {
  fs.renameSync(tree, kept);
} catch (error) {
  // Another call was quicker.
  if (!fs.existsSync(kept)) throw error;
}
' "$temporary" "$digest" "$kept" || exit
    rm -rf "$temporary"
    trap - EXIT INT TERM HUP
fi
exec "$node" "$program" "$@"
