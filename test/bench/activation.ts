import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newMachine } from '../support/cli';
import { serveTinyNode } from '../support/tiny-node';
import { fetchMise, miseEnvironment } from './mise';
import { quickest } from './quickest';
import type { BenchRow } from './row';

const ROUNDS = 9;
const TICKS = 400;
/** What is measured for a person in a usual place: so many folders between the root and the working folder. */
const LEVELS = 8;

/** How many prompts a script shows: as a loop of each shell. */
const SHELLS = [
  {
    name: 'bash',
    start: ['bash', '--norc', '--noprofile'],
    activate: 'eval "$(polyenv activate bash)"',
    loop: (count: number, tick: string) => `i=0; while [ $i -lt ${count} ]; do ${tick}; i=$((i + 1)); done`,
  },
  {
    name: 'zsh',
    start: ['zsh', '-f'],
    activate: 'eval "$(polyenv activate zsh)"',
    loop: (count: number, tick: string) => `i=0; while [ $i -lt ${count} ]; do ${tick}; i=$((i + 1)); done`,
  },
  {
    name: 'fish',
    start: ['fish', '--no-config'],
    activate: 'polyenv activate fish | source',
    loop: (count: number, tick: string) => `for i in (seq ${count}); ${tick}; end`,
  },
] as const;

/** What a prompt costs while nothing changes: milliseconds and programs started, in each shell that is here. */
export async function benchActivation(): Promise<readonly BenchRow[]> {
  const server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  const machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  try {
    const project = machine.folder('project');
    await machine.polyenv(['use', 'node@20'], { cwd: project });
    const depth = LEVELS - project.split('/').length + 1;
    const cwd = join(project, ...Array.from({ length: Math.max(0, depth) }, (_, index) => `level${index}`));
    mkdirSync(cwd, { recursive: true });
    const env = { ...machine.env, PATH: `${join(machine.polyenvHome, 'bin')}:/usr/bin:/bin`, PWD: cwd };
    const rows: BenchRow[] = [];
    for (const shell of SHELLS.filter(({ start }) => existsSync(`/usr/bin/${start[0]}`))) {
      const [program, ...args] = shell.start;
      const script = (ticks: number, tick: string): string => {
        const file = join(machine.base, `${shell.name}-${ticks}-${tick.length}`);
        writeFileSync(
          file,
          `${shell.activate}\n__polyenv_prompt\nsleep 0.05\n__polyenv_prompt\n${shell.loop(ticks, tick)}\n`,
        );
        return file;
      };
      const run = (file: string) => (): void => {
        spawnSync(program, [...args, file], { cwd, env });
      };
      const [empty, full] = quickest(ROUNDS, [run(script(TICKS, 'true')), run(script(TICKS, '__polyenv_prompt'))]) as [
        number,
        number,
      ];
      const each = (full - empty) / TICKS;
      rows.push({
        name: `prompt with nothing changed, ${shell.name}, ms`,
        ratio: each,
        limit: 0.3,
        detail: `${TICKS} prompts ${LEVELS} folders deep: ${(full - empty).toFixed(1)} ms`,
      });
      const forks = forksOf([program, ...args, script(TICKS, '__polyenv_prompt')], {
        cwd,
        env,
        trace: join(machine.base, 'trace'),
      });
      const before = forksOf([program, ...args, script(TICKS, 'true')], {
        cwd,
        env,
        trace: join(machine.base, 'trace'),
      });
      if (forks === undefined || before === undefined) continue;
      rows.push({
        name: `programs started by ${TICKS} prompts, ${shell.name}`,
        ratio: forks - before,
        limit: 0,
        detail: 'counted by strace',
      });
    }
    return [...rows, ...rivals(machine.base, cwd)];
  } finally {
    machine.remove();
    await server.close();
  }
}

interface Where {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly trace: string;
}

function forksOf(command: readonly string[], { cwd, env, trace }: Where): number | undefined {
  if (!existsSync('/usr/bin/strace')) return undefined;
  spawnSync('strace', ['-f', '-qq', '-o', trace, '-e', 'trace=clone,clone3,fork,vfork', ...command], { cwd, env });
  return readFileSync(trace, 'utf8')
    .split('\n')
    .filter((line) => /(?:clone3?|v?fork)\(/.test(line) && !line.includes('CLONE_THREAD')).length;
}

/** mise's own hook in bash, from the registry where it can be had: for comparison, without a limit. */
function rivals(folder: string, cwd: string): readonly BenchRow[] {
  const mise = fetchMise(folder);
  if (mise === undefined) return [];
  const env = { ...miseEnvironment(join(folder, 'mise-home'), 'http://127.0.0.1:9'), PWD: cwd };
  mkdirSync(join(folder, 'mise-home'), { recursive: true });
  const script = (tick: string): string => {
    const file = join(folder, `mise-${tick.length}`);
    writeFileSync(file, `eval "$(${mise} activate bash)"\ni=0; while [ $i -lt 40 ]; do ${tick}; i=$((i + 1)); done\n`);
    return file;
  };
  const run = (file: string) => (): void => {
    spawnSync('bash', ['--norc', '--noprofile', file], { cwd, env });
  };
  const [empty, full] = quickest(5, [run(script('true')), run(script('_mise_hook'))]) as [number, number];
  return [
    {
      name: "mise's prompt hook, bash, ms (to compare)",
      ratio: (full - empty) / 40,
      limit: Number.POSITIVE_INFINITY,
      detail: '40 prompts',
    },
  ];
}
