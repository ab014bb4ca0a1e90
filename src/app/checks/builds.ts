import { join, relative } from 'node:path';
import { readDocumentText } from '../../adapters/documents/documents';
import { discoveredFiles } from '../../adapters/system/discover';
import { missingLibraries, missingPackages, systemPackageManager } from '../../adapters/system/shared-libraries';
import { installLibraries } from '../../domain/toolchain/system-packages';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import type { Context } from '../base/context';
import { commandsOf } from '../routes/compile';
import { type DecidedToolchain, versionOf } from '../toolchains/decided-toolchain';
import type { Finding } from './finding';

/** What stands in the project and was made by another line of a runtime than is chosen now. Reads only. */
export function buildFindings(allDecided: readonly DecidedToolchain[]): readonly Finding[] {
  return allDecided.flatMap((decided) => {
    const { runtime, decision } = decided;
    const version = versionOf(decided);
    if (version === undefined) return [];
    return (runtime.advice?.builds ?? []).flatMap((trace) =>
      discoveredFiles(decision.folder, trace.files).flatMap((file): readonly Finding[] => {
        const maker = trace.maker(textIfAny(file) ?? '');
        if (maker === undefined || maker === trace.line(version)) return [];
        const made = trace.made(relative(decision.folder, file));
        const message = `${printable(made)} was made by ${runtime.title} ${maker}, and ${version} is chosen`;
        return [{ kind: 'other-build', level: 'warning', message, where: file, hint: trace.fix(made) }];
      }),
    );
  });
}

/** System libraries that an installed toolchain, or what the project is built from, lacks. Runs nothing. */
export function libraryFindings(ctx: Context, allDecided: readonly DecidedToolchain[]): readonly Finding[] {
  return allDecided.flatMap((decided) => [...toolchainLibraries(ctx, decided), ...packageLibraries(ctx, decided)]);
}

function toolchainLibraries(ctx: Context, { runtime, toolchain }: DecidedToolchain): readonly Finding[] {
  if (toolchain === undefined) return [];
  const missing = new Map<string, string>();
  for (const program of Object.values(commandsOf(ctx, runtime, toolchain)))
    for (const name of missingLibraries(ctx.host, program, toolchain.root))
      if (!missing.has(name)) missing.set(name, program);
  const [where] = missing.values();
  if (where === undefined) return [];
  const names = [...missing.keys()];
  return [
    {
      kind: 'library-missing',
      level: 'error',
      message: `${runtime.id} ${toolchain.version} needs ${names.join(', ')}, which this system does not have`,
      where,
      hint: installLibraries(names, systemPackageManager()),
    },
  ];
}

function packageLibraries({ host }: Context, { runtime, decision }: DecidedToolchain): readonly Finding[] {
  const needs = runtime.advice?.needs;
  const path = join(decision.folder, needs?.file ?? '');
  const lines = needs === undefined ? undefined : textIfAny(path)?.split(/\r?\n/);
  if (needs === undefined || lines === undefined) return [];
  const packages = needs.packages(lines);
  const present = new Set(packages.map(({ name }) => name));
  return packages.flatMap(({ name, line }): readonly Finding[] => {
    if (needs.spared?.[name]?.some((other) => present.has(other))) return [];
    const wanted = Object.hasOwn(needs.libraries, name) ? (needs.libraries[name] ?? []) : [];
    const missing = missingPackages(host, wanted);
    if (missing.length === 0) return [];
    return [
      {
        kind: 'package-library-missing',
        level: 'warning',
        message: `${name} is built against ${missing.join(', ')}, which pkg-config does not find here`,
        where: `${path}:${line}`,
        hint: installLibraries(missing, systemPackageManager()),
      },
    ];
  });
}

function textIfAny(path: string): string | undefined {
  try {
    return readDocumentText(path);
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}
