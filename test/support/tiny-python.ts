import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './cli';

/**
 * A Python that knows as much as routing needs: its version, `-m venv DIR`, and a pip that keeps what it installs as
 * `.dist-info` folders. It finds its environment as the real one does: by the path under which it was started.
 */
const SCRIPT = `#!/bin/sh
self=$0; version=VERSION; line=LINE
env=\${self%/bin/*}
case $* in
*-m\\ venv*)
  for dir; do :; done
  mkdir -p "$dir/bin" "$dir/lib/python$line/site-packages"
  real=$(readlink -f "$self")
  printf 'home = %s\\nversion = %s\\n' "\${real%/*}" "$version" >"$dir/pyvenv.cfg"
  for name in python python3 "python$line"; do ln -sf "$real" "$dir/bin/$name"; done
  printf '#!%s\\n' "$dir/bin/python" >"$dir/bin/pip"
  printf '#!/bin/sh\\nexec "%s/bin/python" -m pip "$@"\\n' "$dir" >"$dir/bin/pip"
  printf '#!%s/bin/python\\n' "$dir" >"$dir/bin/tool"
  chmod +x "$dir/bin/pip" "$dir/bin/tool" ;;
*-m\\ pip\\ *install*)
  [ -f "$env/pyvenv.cfg" ] || { echo 'externally managed' >&2; exit 1; }
  [ ! -e "$env/../offline" ] || { echo 'no network' >&2; exit 1; }
  list=
  for word; do
    if [ "$last" = -r ]; then list=$(cat "$word"); fi
    case $word in [a-z]*==*) list=$word ;; esac
    last=$word
  done
  for one in $list; do
    info="$env/lib/python$line/site-packages/\${one%%==*}-\${one##*==}.dist-info"
    mkdir -p "$info"
    printf 'Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n' "\${one%%==*}" "\${one##*==}" >"$info/METADATA"
  done ;;
*prefix*) echo "$env" ;;
*) echo "Python $version" ;;
esac
`;

/** Writes it below the machine and links it, so that nothing is fetched. */
export async function linkTinyPython(machine: Machine, version: string): Promise<string> {
  const root = machine.folder(`pythons/${version}`);
  const line = version.split('.').slice(0, 2).join('.');
  mkdirSync(join(root, 'bin'), { recursive: true });
  for (const name of ['python3', 'python', `python${line}`, 'pip']) {
    const file = join(root, 'bin', name);
    writeFileSync(file, SCRIPT.replaceAll('VERSION', version).replaceAll('LINE', line));
    chmodSync(file, 0o755);
  }
  const linked = await machine.polyenv(['link', `python@${version}`, root]);
  if (linked.exit !== 0) throw new Error(linked.stderr);
  return root;
}
