import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode } from '../support/tiny-node';
import { quickest } from './quickest';
import type { BenchRow } from './row';

const PROJECTS = 1000;
const TOOLCHAINS = 100;
const PACKAGES = 500;
const ROUNDS = 9;
const CALLS = 60;

/** What many projects and toolchains change: nothing for shims and prompts, and no more than their number for `ls` and `prune`. */
export async function benchScale(): Promise<readonly BenchRow[]> {
  const server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  const env = { POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' };
  const machines = [newMachine(env), newMachine(env), newMachine(env)] as const;
  const [few, some, many] = machines;
  try {
    for (const machine of machines) {
      const cwd = machine.folder('project');
      await machine.polyenv(['use', 'node@20'], { cwd });
    }
    crowd(some, { projects: PROJECTS / 10, toolchains: TOOLCHAINS / 10 });
    crowd(many, { projects: PROJECTS, toolchains: TOOLCHAINS });
    const shims = quickest(ROUNDS, [shim(few), shim(many)]) as [number, number];
    const prompts = quickest(ROUNDS, [prompt(few), prompt(many)]) as [number, number];
    const rows: BenchRow[] = [
      against(`shim among ${PROJECTS} projects, ${TOOLCHAINS} toolchains, against 1`, shims),
      against(`prompt among them, bash, against 1`, prompts),
      await inWorkspace(few),
    ];
    for (const args of [['ls'], ['prune', '--dry-run'], ['current']]) {
      const [one, tenth, all] = quickest(5, [verb(few, args), verb(some, args), verb(many, args)]) as [
        number,
        number,
        number,
      ];
      rows.push({
        name: `${args.join(' ')}: ten times as much against the tenth`,
        ratio: (all - one) / Math.max(10, tenth - one),
        limit: args[0] === 'current' ? 1.5 : 12,
        detail: `1: ${one.toFixed(0)}, ${PROJECTS / 10}: ${tenth.toFixed(0)}, ${PROJECTS}: ${all.toFixed(0)} ms`,
      });
    }
    return rows;
  } finally {
    for (const machine of machines) machine.remove();
    await server.close();
  }
}

function against(name: string, [few, many]: readonly [number, number]): BenchRow {
  return {
    name,
    ratio: many / few,
    limit: 1.1,
    detail: `${(few / CALLS).toFixed(3)} and ${(many / CALLS).toFixed(3)} ms`,
  };
}

/** Copies of the one project and its toolchain, under other names. */
function crowd(
  machine: Machine,
  { projects, toolchains }: { readonly projects: number; readonly toolchains: number },
): void {
  const store = join(machine.polyenvHome, 'store');
  const [key = ''] = readdirSync(store).filter((name) => !name.endsWith('.json'));
  const receipt = readFileSync(join(store, `${key}.json`), 'utf8');
  for (let index = 1; index < toolchains; index += 1) {
    const version = `20.11.${index + 1}`;
    const copy = key.replace('20.11.1', version);
    cpSync(join(store, key), join(store, copy), { recursive: true });
    writeFileSync(join(store, `${copy}.json`), receipt.replaceAll('20.11.1', version));
  }
  const one = join(machine.base, 'project');
  const compiled = join(machine.polyenvHome, 'envs', one, '.polyenv');
  const texts = readdirSync(compiled).filter((name) => /\.(?:sh|fish|json)$/.test(name));
  for (let index = 1; index < projects; index += 1) {
    const other = join(machine.base, `other-${index}`);
    const folder = join(machine.polyenvHome, 'envs', other, '.polyenv');
    mkdirSync(other);
    mkdirSync(join(folder, 'bin'), { recursive: true });
    const version = `20.11.${(index % toolchains) + 1}`;
    for (const name of texts)
      writeFileSync(
        join(folder, name),
        readFileSync(join(compiled, name), 'utf8').replaceAll(one, other).replaceAll('node-20.11.1', `node-${version}`),
      );
    symlinkSync(join(store, key), join(folder, 'node'));
  }
}

function shim(machine: Machine, cwd = join(machine.base, 'project')) {
  return (): void => {
    const file = join(machine.shims, 'node');
    const loop = `i=0; while [ $i -lt ${CALLS} ]; do "$1" --version >/dev/null; i=$((i + 1)); done`;
    spawnSync('/bin/sh', ['-c', loop, 'loop', file], { cwd, env: { ...machine.env, PWD: cwd } });
  };
}

function prompt(machine: Machine) {
  const cwd = join(machine.base, 'project');
  const script = join(machine.base, 'prompts');
  const text = spawnSync(process.execPath, [machine.program, 'activate', 'bash'], {
    cwd,
    env: machine.env,
    encoding: 'utf8',
  });
  writeFileSync(
    script,
    `${text.stdout}\n__polyenv_prompt\nsleep 0.05\n__polyenv_prompt\ni=0; while [ $i -lt 1000 ]; do __polyenv_prompt; i=$((i + 1)); done\n`,
  );
  return (): void => {
    spawnSync('bash', ['--norc', '--noprofile', script], { cwd, env: { ...machine.env, PWD: cwd } });
  };
}

/** A package of many against the same package alone. */
async function inWorkspace(machine: Machine): Promise<BenchRow> {
  const make = async (name: string, packages: number): Promise<string> => {
    const root = machine.folder(name);
    await machine.polyenv(['use', 'node@20'], { cwd: root });
    for (let index = 0; index < packages; index += 1) {
      mkdirSync(join(root, 'packages', `p${index}`), { recursive: true });
      writeFileSync(join(root, 'packages', `p${index}`, 'package.json'), '{"name":"p"}\n');
    }
    const cwd = join(root, 'packages', 'p0');
    await machine.run(['node', '--version'], { cwd });
    return cwd;
  };
  const [alone, among] = [await make('alone', 1), await make('among', PACKAGES)];
  return against(
    `shim in a workspace of ${PACKAGES} packages, against 1`,
    quickest(ROUNDS, [shim(machine, alone), shim(machine, among)]) as [number, number],
  );
}

function verb(machine: Machine, args: readonly string[]) {
  const cwd = join(machine.base, 'project');
  return (): void => {
    spawnSync(process.execPath, [machine.program, ...args], {
      cwd,
      env: { ...machine.env, NODE_EXTRA_CA_CERTS: '' },
      stdio: 'ignore',
    });
  };
}

/** What `exec` adds on a Node that can become another program, and what other managers' shims add here. */
export async function benchRivals(): Promise<readonly BenchRow[]> {
  const rows: BenchRow[] = [];
  const machine = newMachine(registryEnvironment());
  try {
    const cwd = machine.folder('project');
    const used = await machine.polyenv(['use', 'node@24'], { cwd });
    if (used.exit === 0) {
      const node = (await machine.polyenv(['which', 'node'], { cwd })).stdout.trim();
      const run =
        (...args: readonly string[]) =>
        (): void => {
          spawnSync(node, args, { cwd, env: { ...machine.env, PWD: cwd, NODE_EXTRA_CA_CERTS: '' }, stdio: 'ignore' });
        };
      const [direct, through] = quickest(15, [
        run('-e', '0'),
        run(machine.program, 'exec', '--', 'node', '-e', '0'),
      ]) as [number, number];
      rows.push({
        name: 'exec on Node 24, ms above the command itself',
        ratio: through - direct,
        limit: 45,
        detail: `${through.toFixed(1)} ms - ${direct.toFixed(1)} ms`,
      });
    }
  } finally {
    machine.remove();
  }
  for (const { name, shim, direct } of rivalsHere()) {
    const run = (file: string) => (): void => {
      spawnSync('/bin/sh', [
        '-c',
        'i=0; while [ $i -lt 20 ]; do "$1" --version >/dev/null; i=$((i + 1)); done',
        'loop',
        file,
      ]);
    };
    const [own, routed] = quickest(7, [run(direct), run(shim)]) as [number, number];
    rows.push({
      name: `${name}, ms above the command (to compare)`,
      ratio: (routed - own) / 20,
      limit: Number.POSITIVE_INFINITY,
      detail: `${(routed / 20).toFixed(2)} ms - ${(own / 20).toFixed(2)} ms`,
    });
  }
  return rows;
}

/** Registries as npm and go are configured for who measures. */
export function registryEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        /^(?:npm_config_registry|NPM_CONFIG_|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT)/.test(
          entry[0],
        ),
    ),
  );
}

function rivalsHere(): readonly { readonly name: string; readonly shim: string; readonly direct: string }[] {
  const answer = (command: string, ...args: string[]): string | undefined => {
    const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', cwd: '/' });
    const text = stdout?.trim();
    return status === 0 && text !== '' && existsSync(text) ? text : undefined;
  };
  const rustc = answer('rustup', 'which', 'rustc');
  const proxy = answer('/bin/sh', '-c', 'command -v rustc');
  const python = answer('pyenv', 'which', 'python3');
  const root = answer('pyenv', 'root');
  return [
    ...(rustc !== undefined && proxy !== undefined && dirname(rustc) !== dirname(proxy)
      ? [{ name: "rustup's proxy", shim: proxy, direct: rustc }]
      : []),
    ...(python !== undefined && root !== undefined
      ? [{ name: "pyenv's shim", shim: join(root, 'shims', 'python3'), direct: python }]
      : []),
  ];
}
