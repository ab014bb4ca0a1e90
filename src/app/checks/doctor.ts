import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLauncher } from '../../adapters/home/launcher';
import { isOurShim } from '../../adapters/routes/shims';
import { damagedKeys, isExecutableFile } from '../../adapters/store/store';
import { isNoexec } from '../../adapters/system/noexec';
import { endOfLine } from '../../domain/runtime/lifecycle';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { describeOrigin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { OTHER_HOME_HINT, unwritableHome } from '../base/foreign-home';
import { loadRuntimes } from '../base/registry';
import { findProject, type Project } from '../project/project';
import { trustedEffects } from '../project/trusted';
import { decidedToolchainsOf, describeEnvironment, refreshShims } from '../routes/compile';
import { misfitsOf } from '../routes/misfits';
import { pathEntries } from '../routes/tool-environment';
import { type DecidedToolchain, versionOf } from '../toolchains/decided-toolchain';
import { lineBy, notUsual } from '../toolchains/ended';
import { keptLifecycle } from '../toolchains/lifecycles';
import { installOwnNode } from '../toolchains/own-node';
import { buildFindings, libraryFindings } from './builds';
import { homeDrift, lockDrift } from './drift';
import { type Finding, unreadable } from './finding';
import { floorProblems, isContradiction } from './floors';
import { contradictionsOf } from './mentions';
import { currentVendor } from './outdated';
import { publishedFileFindings } from './published-files';
import { serviceFindings } from './services';
import { variableFindings } from './variables';

/** Changes that a finding may ask for. They are made elsewhere: looking changes nothing. */
export interface Repairs {
  /** Locks a folder's project again, keeping what its lock has. */
  relock(folder: string): Promise<void>;
}

/** Looks at the machine, then at the project of this folder. Reads only. */
export async function diagnose(ctx: Context, repairs: Repairs): Promise<readonly Finding[]> {
  const project = await findProject(ctx, ctx.directory);
  const allDecided: DecidedToolchain[] = [];
  const first = await told(async () => {
    allDecided.push(...(await decidedToolchainsOf(ctx, project)));
    return [];
  });
  const home = await homeFindings(ctx);
  // A person who may not write the home cannot fix what is wrong in it: one finding says that instead.
  const own = !home.some(({ kind }) => kind === 'home-unwritable');
  const parts = await Promise.all([
    home,
    own ? launcherFindings(ctx) : [],
    own ? storeFindings(ctx) : [],
    own ? told(() => homeDrift(ctx)) : [],
    told(() => lockDrift(ctx, allDecided, repairs.relock)),
    told(() => mentionFindings(ctx, project.directory)),
    told(() => serviceFindings(ctx)),
    told(async () => publishedFileFindings(ctx, project.directory, await loadRuntimes())),
  ]);
  const found = [
    ...first,
    ...parts.flat(),
    ...pathFindings(ctx, allDecided),
    ...projectFindings(project, allDecided),
    ...(await trustFindings(ctx, project)),
    ...(await lifecycleFindings(ctx, allDecided)),
    ...(await environmentFindings(ctx, project, allDecided)),
    ...buildFindings(allDecided),
    ...misfitsOf(allDecided).map((misfit): Finding => ({ kind: 'tool-misfit', level: 'error', ...misfit })),
    ...libraryFindings(ctx, allDecided),
  ];
  // Several checks may find the same broken file.
  return [...new Map(found.map((one) => [`${one.kind} ${one.where} ${one.message}`, one])).values()];
}

/** A file that cannot be read is a finding like others, and keeps nothing else from being looked at. */
async function told(look: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    return [unreadable(error)];
  }
}

async function homeFindings(ctx: Context): Promise<readonly Finding[]> {
  if (!existsSync(ctx.home.root))
    return [
      {
        kind: 'no-home',
        level: 'note',
        message: `polyenv has no home yet (${ctx.home.root})`,
        hint: 'polyenv use node@lts',
      },
    ];
  const unwritable = await unwritableHome(ctx);
  if (unwritable !== undefined)
    return [
      {
        kind: 'home-unwritable',
        level: 'error',
        message: `${unwritable}: polyenv can prepare no project there, and nothing in it is checked`,
        hint: OTHER_HOME_HINT,
      },
    ];
  if (!isNoexec(join(ctx.home.bin, 'polyenv'))) return [];
  return [
    {
      kind: 'home-noexec',
      level: 'error',
      message: `nothing can be started from ${ctx.home.root}: its file system is mounted noexec, so shells take other copies`,
      hint: 'set POLYENV_HOME to a folder on another file system',
    },
  ];
}

/** What the shims leave out here until the person agrees. */
async function trustFindings(ctx: Context, { manifests }: Project): Promise<readonly Finding[]> {
  const { untrusted } = await trustedEffects(ctx, manifests);
  return untrusted.map(({ path }) => ({
    kind: 'untrusted',
    level: 'note',
    message: `${path} also wants to set variables, paths, tasks or sources, and is not trusted: none of that applies`,
    where: path,
    hint: 'polyenv trust',
  }));
}

/** A `.venv` that does not belong to the decided version, whose commands fail; variables of this shell that lead elsewhere. */
async function environmentFindings(
  ctx: Context,
  project: Project,
  allDecided: readonly DecidedToolchain[],
): Promise<readonly Finding[]> {
  const environment = await describeEnvironment(ctx, { project, allDecided, directory: project.directory });
  const overlays = environment.runtimes.flatMap(({ overlay }): readonly Finding[] => {
    if (overlay?.refused === undefined) return [];
    const { message, hint } = overlay.refused;
    return [{ kind: 'overlay-refused', level: 'error', message, where: overlay.path, hint }];
  });
  return [...overlays, ...variableFindings(ctx, environment, allDecided)];
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
            hint: 'polyenv reshim',
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
        hint: 'polyenv setup',
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
        hint: 'polyenv reshim',
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
    hint: 'polyenv install, or polyenv verify --repair',
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

function pathFindings(ctx: Context, allDecided: readonly DecidedToolchain[]): readonly Finding[] {
  const path = pathEntries(ctx.host.env.PATH);
  const shims = path.indexOf(ctx.home.shims);
  if (shims === -1)
    return [
      {
        kind: 'no-shims-on-path',
        level: 'warning',
        message: `${ctx.home.shims} is not on PATH`,
        hint: 'polyenv setup',
      },
    ];
  return allDecided.flatMap(({ runtime }): readonly Finding[] => {
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
        hint: "put polyenv's lines at the end of the start-up file: polyenv setup --undo && polyenv setup",
      },
    ];
  });
}

function projectFindings(project: Project, allDecided: readonly DecidedToolchain[]): readonly Finding[] {
  return [
    ...project.errors.map(unreadable),
    ...project.disagreements.map(
      (text): Finding => ({
        kind: 'disagreement',
        level: 'warning',
        message: text,
        // sync writes what polyenv.toml says into the other files.
        hint: project.manifests.length === 0 ? 'polyenv init --yes && polyenv sync --yes' : 'polyenv sync',
      }),
    ),
    ...project.warnings.map(
      (text): Finding =>
        isContradiction(project, text)
          ? floorFinding(text)
          : { kind: 'version-file', level: 'warning', message: text, hint: 'polyenv detect' },
    ),
    ...allDecided.flatMap((decided): readonly Finding[] =>
      decided.toolchain === undefined && decided.decision.request.version.kind !== 'system'
        ? [
            {
              kind: 'not-installed',
              level: 'warning',
              message: `${decided.runtime.id}@${decided.decision.request.text} is pinned and not installed`,
              where: describeOrigin(decided.decision.from),
              hint: 'polyenv install',
            },
          ]
        : [],
    ),
    ...floorProblems(project, allDecided).map(floorFinding),
  ];
}

function floorFinding(message: string): Finding {
  return {
    kind: 'floor',
    level: 'warning',
    message,
    hint: 'polyenv use a version that answers it, or change what the file wants',
  };
}

async function mentionFindings(ctx: Context, directory: string): Promise<readonly Finding[]> {
  return (await contradictionsOf(ctx, directory)).map(({ file, line, says, requests, chosen, decided }) => ({
    kind: 'mention',
    level: 'warning',
    message: `it says ${printable(says)}, and ${describeOrigin(decided.decision.from)} chose ${decided.runtime.id} ${chosen}`,
    where: `${file}:${line}`,
    hint: `write ${chosen} there, or: polyenv use ${decided.runtime.id}@${printable(requests.at(-1) ?? '')}`,
  }));
}

export async function lifecycleFindings(
  ctx: Context,
  allDecided: readonly DecidedToolchain[],
): Promise<readonly Finding[]> {
  if (ctx.settings.endOfLife === 'ignore') return [];
  const today = ctx.host.now().toISOString().slice(0, 10);
  const ends = await Promise.all(
    allDecided.map(async (decided) => {
      const version = versionOf(decided);
      const vendor = currentVendor(decided);
      const lifecycle = await keptLifecycle(ctx, decided.runtime, vendor);
      const end = version === undefined || lifecycle === undefined ? undefined : endOfLine(lifecycle, version, today);
      return { decided, end, by: notUsual(decided.runtime, vendor) };
    }),
  );
  return ends.flatMap(({ decided: { runtime, decision }, end: found, by }): readonly Finding[] => {
    if (found === undefined) return [];
    const { line, end, state, next } = found;
    const words = state === 'ended' ? `has had no support since ${end}` : `has support until ${end} only`;
    return [
      {
        kind: state === 'ended' ? 'end-of-life' : 'end-of-life-soon',
        level: 'warning',
        message: `${runtime.title} ${line}${by === undefined ? '' : ` by ${by}`} ${words}${next === undefined ? '' : `; the next line to go to is ${next}`}`,
        where: describeOrigin(decision.from),
        hint: next === undefined ? `polyenv ls-remote ${runtime.id}` : `polyenv use ${runtime.id}@${lineBy(by, next)}`,
      },
    ];
  });
}
