import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLauncher } from '../adapters/launcher';
import { isOurShim } from '../adapters/shims';
import { damagedKeys, isExecutableFile } from '../adapters/store';
import { answersFloor } from '../domain/precedence';
import { printable } from '../domain/printable';
import { describeOrigin } from '../domain/sourced';
import { compileFolder, refreshShims, type Standing, standingsOf } from './compile';
import type { Context } from './context';
import { readLock } from './locks';
import { contradictionsOf } from './mentions';
import { installOwnNode } from './own-node';
import { findProject, type Project } from './project';
import { pathEntries } from './tool-environment';

/** One thing that is not as it should be, and the command that mends it. */
export interface Finding {
  readonly kind: string;
  readonly level: 'error' | 'warning' | 'note';
  readonly message: string;
  readonly where?: string;
  readonly mend: string;
  /** Safe: loses nothing that cannot be had again. */
  readonly fix?: () => Promise<void>;
}

/** Looks at the machine, then at the project of this folder. Reads only. */
export async function diagnose(ctx: Context): Promise<readonly Finding[]> {
  const project = await findProject(ctx, ctx.directory);
  const standings = await standingsOf(ctx, project);
  const parts = await Promise.all([
    homeFindings(ctx),
    launcherFindings(ctx),
    storeFindings(ctx),
    lockFindings(ctx, standings),
    mentionFindings(ctx, project.directory),
  ]);
  return [
    ...parts.flat(),
    ...pathFindings(ctx, standings),
    ...projectFindings(project, standings),
    ...lifecycleFindings(ctx, standings),
  ];
}

async function homeFindings(ctx: Context): Promise<readonly Finding[]> {
  if (!existsSync(ctx.home.root))
    return [
      {
        kind: 'no-home',
        level: 'note',
        message: `polyenv has no home yet (${ctx.home.root})`,
        mend: 'polyenv use node@lts',
      },
    ];
  try {
    accessSync(ctx.home.root, constants.W_OK);
    return [];
  } catch {
    return [
      {
        kind: 'home-unwritable',
        level: 'error',
        message: `${ctx.home.root} cannot be written by you`,
        mend: `sudo chown -R "$(id -un)" ${ctx.home.root}`,
      },
    ];
  }
}

async function launcherFindings(ctx: Context): Promise<readonly Finding[]> {
  const launcher = await readLauncher(ctx.home);
  if (launcher === undefined)
    return existsSync(ctx.home.shims)
      ? [
          {
            kind: 'no-launcher',
            level: 'error',
            message: "the launcher is missing or not polyenv's",
            where: join(ctx.home.bin, 'polyenv'),
            mend: 'polyenv reshim',
            fix: () => refreshShims(ctx),
          },
        ]
      : [];
  if (!existsSync(launcher.node)) {
    return [
      {
        kind: 'launcher-node',
        level: 'error',
        message: `the launcher's Node is gone: ${launcher.node}`,
        mend: 'polyenv setup',
        fix: async () => void (await installOwnNode(ctx)),
      },
    ];
  }
  if (!existsSync(launcher.program))
    return [
      {
        kind: 'launcher-program',
        level: 'error',
        message: `the launcher's polyenv is gone: ${launcher.program}`,
        mend: 'polyenv reshim',
      },
    ];
  return [];
}

async function storeFindings(ctx: Context): Promise<readonly Finding[]> {
  return (await damagedKeys(ctx.home)).map((key) => ({
    kind: 'damaged',
    level: 'error',
    message: `${key} is not whole`,
    where: join(ctx.home.store, key),
    mend: 'polyenv install, or polyenv verify --repair',
  }));
}

/** Folders of other managers that put their own commands in front. */
const MANAGERS = [
  '.pyenv',
  '.rbenv',
  '.nodenv',
  '.goenv',
  '.jenv',
  '.nvm',
  '.fnm',
  'fnm_multishells',
  '.volta',
  '.asdf',
  'mise',
  '.cargo/bin',
  '.sdkman',
  '.proto',
];

function pathFindings(ctx: Context, standings: readonly Standing[]): readonly Finding[] {
  const path = pathEntries(ctx.host.env.PATH);
  const shims = path.indexOf(ctx.home.shims);
  if (shims === -1)
    return [
      {
        kind: 'no-shims-on-path',
        level: 'warning',
        message: `${ctx.home.shims} is not on PATH`,
        mend: 'polyenv setup',
      },
    ];
  return standings.flatMap(({ runtime }): readonly Finding[] => {
    const name = runtime.probe.command;
    const front = path
      .slice(0, shims)
      .map((folder) => join(folder, name))
      .find((file) => isExecutableFile(file) && !isOurShim(ctx.home, file));
    if (front === undefined || front.startsWith(ctx.home.root)) return [];
    const manager = MANAGERS.find((one) => front.includes(`/${one}/`) || front.includes(`/${one}`));
    return [
      {
        kind: 'in-front',
        level: 'warning',
        message: `${front}${manager === undefined ? '' : ` (of ${manager.replace(/^\./, '')})`} comes before polyenv's ${name} on PATH`,
        mend: "put polyenv's lines at the end of the start-up file: polyenv setup --undo && polyenv setup",
      },
    ];
  });
}

function projectFindings(project: Project, standings: readonly Standing[]): readonly Finding[] {
  return [
    ...project.errors.map(
      (error): Finding => ({
        kind: 'unreadable',
        level: 'error',
        message: error.message,
        ...(error.where !== undefined && { where: `${error.where.file}:${error.where.line ?? 1}` }),
        mend: error.hint ?? 'mend the file',
      }),
    ),
    ...project.disagreements.map(
      (text): Finding => ({ kind: 'disagreement', level: 'warning', message: text, mend: 'polyenv sync' }),
    ),
    ...project.warnings.map(
      (text): Finding => ({ kind: 'warning', level: 'warning', message: text, mend: 'polyenv detect' }),
    ),
    ...standings.flatMap((standing): readonly Finding[] =>
      standing.toolchain === undefined && standing.decision.request.version.kind !== 'system'
        ? [
            {
              kind: 'not-installed',
              level: 'warning',
              message: `${standing.runtime.id}@${standing.decision.request.text} is pinned and not installed`,
              where: describeOrigin(standing.decision.from),
              mend: 'polyenv install',
            },
          ]
        : [],
    ),
    ...floorProblems(project, standings).map(
      (text): Finding => ({ kind: 'floor', level: 'warning', message: text, mend: 'change one of the two' }),
    ),
  ];
}

/** Floors and ranges that the chosen versions do not answer, with both places. */
export function floorProblems(project: Project, standings: readonly Standing[]): readonly string[] {
  return project.floors.flatMap((floor) => {
    const standing = standings.find((one) => one.runtime.id === floor.tool);
    const version =
      standing?.toolchain?.version ??
      (standing?.resolution?.kind === 'entry' ? standing.resolution.entry.version : undefined);
    if (standing === undefined || version === undefined || floor.request === undefined || floor.contradicted) return [];
    if (answersFloor(standing.runtime.scheme, floor, version)) return [];
    return [
      `${floor.file}:${floor.line ?? 1} wants ${floor.tool} ${floor.atLeast ? 'at least ' : ''}${floor.request.text}, and ${describeOrigin(standing.decision.from)} chose ${version}`,
    ];
  });
}

async function mentionFindings(ctx: Context, directory: string): Promise<readonly Finding[]> {
  return (await contradictionsOf(ctx, directory)).map(({ file, line, says, requests, chosen, standing }) => ({
    kind: 'mention',
    level: 'warning',
    message: `it says ${printable(says)}, and ${describeOrigin(standing.decision.from)} chose ${standing.runtime.id} ${chosen}`,
    where: `${file}:${line}`,
    mend: `write ${chosen} there, or: polyenv use ${standing.runtime.id}@${printable(requests.at(-1) ?? '')}`,
  }));
}

async function lockFindings(ctx: Context, standings: readonly Standing[]): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const standing of standings) {
    const at = await readLock(ctx, standing.decision.folder);
    if (at.place !== 'project' || standing.decision.from.kind !== 'file' || standing.toolchain?.linked !== undefined)
      continue;
    if (
      at.lock.entries.some(
        (entry) => entry.tool === standing.runtime.id && entry.request.text === standing.decision.request.text,
      )
    )
      continue;
    found.push({
      kind: 'not-locked',
      level: 'warning',
      message: `polyenv.lock has nothing for ${standing.runtime.id}@${standing.decision.request.text}`,
      where: at.path,
      mend: 'polyenv lock',
      fix: async () => void (await compileFolder(ctx, ctx.directory)),
    });
  }
  return found;
}

function lifecycleFindings(ctx: Context, standings: readonly Standing[]): readonly Finding[] {
  const today = ctx.host.now().toISOString().slice(0, 10);
  return standings.flatMap(({ runtime, toolchain }): readonly Finding[] => {
    const { lifecycle } = runtime;
    if (toolchain === undefined || lifecycle === undefined || ctx.settings.endOfLife === 'ignore') return [];
    const name = lifecycle.line(toolchain.version);
    const line = lifecycle.lines.find((one) => one.line === name);
    if (line?.end === undefined || line.end > today) return [];
    const next = lifecycle.lines.filter((one) => one.end === undefined || one.end > today);
    const best = next.find((one) => one.lts === true) ?? next[0];
    return [
      {
        kind: 'end-of-life',
        level: 'warning',
        message: `${runtime.title} ${name} has had no support since ${line.end}`,
        mend: best === undefined ? `polyenv ls-remote ${runtime.id}` : `polyenv use ${runtime.id}@${best.line}`,
      },
    ];
  });
}
