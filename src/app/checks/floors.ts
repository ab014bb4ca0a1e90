import { answersFloor } from '../../domain/pins/precedence';
import { describeOrigin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import type { Project } from '../project/project';
import { decidedToolchainsOf } from '../routes/compile';
import { type DecidedToolchain, versionOf } from '../toolchains/decided-toolchain';

/** Floors and ranges that the chosen versions do not answer, with both places. */
export function floorProblems(project: Project, allDecided: readonly DecidedToolchain[]): readonly string[] {
  return project.floors.flatMap((floor) => {
    const decided = allDecided.find((one) => one.runtime.id === floor.tool);
    const version = decided === undefined ? undefined : versionOf(decided);
    if (decided === undefined || version === undefined || floor.request === undefined || floor.contradicted) return [];
    if (answersFloor(decided.runtime.scheme, floor, version)) return [];
    return [
      `${floor.file}:${floor.line ?? 1} wants ${floor.tool} ${floor.atLeast ? 'at least ' : ''}${floor.request.text}, and ${describeOrigin(decided.decision.from)} chose ${version}`,
    ];
  });
}

/** Whether the warning is of a floor that no version can answer together with the pin. */
export function isContradiction({ floors }: Project, text: string): boolean {
  return floors.some(({ contradicted, file, line }) => contradicted && text.includes(`${file}:${line ?? 1} wants `));
}

/** What a person should know of the project's versions after an install, each line once. */
export async function versionNotes(ctx: Context, project: Project): Promise<readonly string[]> {
  const problems = floorProblems(project, await decidedToolchainsOf(ctx, project));
  return [...new Set([...project.warnings, ...project.disagreements, ...problems])];
}
