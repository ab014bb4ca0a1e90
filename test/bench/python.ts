import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { publishPython } from '../support/real-published';
import { quickest } from './quickest';
import type { BenchRow } from './row';
import { openSite } from './site';
import { takeTurns } from './toolchains';
import { fetchUv, uvAt } from './uv';

const IMPORTS = 'import asyncio, json, email, http.client, ssl, unittest, sqlite3, logging';
const ROUNDS = 15;
const SHM = '/dev/shm';

/**
 * A Python with its environment against uv, both with pip in it and the standard library compiled; and the start of a program with common
 * imports through a shim, against the same Python in a folder that is written and compiled.
 */
export async function benchPython(): Promise<readonly BenchRow[]> {
  const folder = mkdtempSync(join(existsSync(SHM) ? SHM : tmpdir(), 'polyenv-bench-'));
  const found = publishPython(folder);
  if ('absent' in found) {
    console.log(`      python: not measured, ${found.absent}`);
    discard(folder);
    return [];
  }
  const site = await openSite(join(folder, 'site'), found.published.files);
  const machine = newMachine({
    POLYENV_MIRRORS: site.mirrors,
    POLYENV_VERIFY_SIGNATURES: 'off',
    NODE_EXTRA_CA_CERTS: '',
  });
  const use = (home: string, project: string): void => {
    const env = { ...machine.env, POLYENV_HOME: home };
    execFileSync(process.execPath, [machine.program, 'use', 'python@3'], { cwd: project, env, stdio: 'ignore' });
  };
  try {
    const rows: BenchRow[] = [];
    const uv = fetchUv(folder);
    if (uv === undefined) console.log('      uv: not measured, no package index has it here');
    else {
      const cache = join(folder, 'uv-cache');
      const times = takeTurns(join(folder, 'python'), {
        polyenv: (into) => {
          mkdirSync(join(into, 'project'));
          use(join(into, 'home'), join(into, 'project'));
        },
        uv: (into) => {
          const { env, request } = uvAt(into, { base: site.base, published: found.published });
          // What uv takes from the package index is in its cache after the first round.
          const certificates = process.env.PIP_CERT ?? process.env.SSL_CERT_FILE;
          const all = { ...env, UV_CACHE_DIR: cache, ...(certificates && { SSL_CERT_FILE: certificates }) };
          const options = { cwd: into, env: all, stdio: 'ignore' } as const;
          execFileSync(uv, ['python', 'install', '--compile-bytecode', request], options);
          execFileSync(uv, ['venv', '--seed', '--python', request, '.venv'], options);
        },
      });
      const [ours, theirs] = [times.get('polyenv') ?? Number.NaN, times.get('uv') ?? Number.NaN];
      rows.push({
        name: 'a Python with its environment, compiled, against uv',
        ratio: ours / theirs,
        limit: 0.8,
        detail: `${ours.toFixed(0)} ms against ${theirs.toFixed(0)} ms`,
      });
    }
    rows.push(startRow(machine, use));
    return rows;
  } finally {
    site.close();
    machine.remove();
    discard(folder);
  }
}

function startRow(machine: ReturnType<typeof newMachine>, use: (home: string, project: string) => void): BenchRow {
  const project = machine.folder('project');
  use(machine.polyenvHome, project);
  const store = join(machine.polyenvHome, 'store');
  const [key = ''] = readdirSync(store).filter((name) => !name.endsWith('.json'));
  const own = join(machine.base, 'compiled');
  cpSync(join(store, key), own, { recursive: true, verbatimSymlinks: true });
  execFileSync('chmod', ['-R', 'u+w', own]);
  const python = join(own, 'bin/python3');
  const program = join(project, 'program.py');
  writeFileSync(program, `${IMPORTS}\n`);
  discardBytecode(own);
  execFileSync(python, [program], { env: machine.env });
  const env = { ...machine.env, PATH: `${machine.shims}:${machine.env.PATH}`, PWD: project };
  const options = { cwd: project, env } as const;
  if (!existsSync(join(machine.shims, 'python'))) throw new Error('no shim');
  const [ours = Number.NaN, theirs = Number.NaN] = quickest(ROUNDS, [
    () => execFileSync('python', [program], options),
    () => execFileSync(python, [program], options),
  ]);
  return {
    name: 'start of Python with common imports through a shim',
    ratio: ours / theirs,
    limit: 1.25,
    detail: `${ours.toFixed(0)} ms against ${theirs.toFixed(0)} ms of a compiled tree`,
  };
}

/** So that the tree compiles for itself what the program imports, as Python does. */
function discardBytecode(tree: string): void {
  execFileSync('find', [tree, '-name', '__pycache__', '-prune', '-exec', 'rm', '-rf', '{}', '+']);
}
