import { answersFloor } from '../../domain/pins/precedence';
import { describeOrigin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import type { Project } from '../project/project';
import { standingsOf } from '../routes/compile';
import { type Standing, versionOf } from '../toolchains/standing';

/** Floors and ranges that the chosen versions do not answer, with both places. */
export function floorProblems(project: Project, standings: readonly Standing[]): readonly string[] {
  return project.floors.flatMap((floor) => {
    const standing = standings.find((one) => one.runtime.id === floor.tool);
    const version = standing === undefined ? undefined : versionOf(standing);
    if (standing === undefined || version === undefined || floor.request === undefined || floor.contradicted) return [];
    if (answersFloor(standing.runtime.scheme, floor, version)) return [];
    return [
      `${floor.file}:${floor.line ?? 1} wants ${floor.tool} ${floor.atLeast ? 'at least ' : ''}${floor.request.text}, and ${describeOrigin(standing.decision.from)} chose ${version}`,
    ];
  });
}

/** Whether the warning is of a floor that no version can answer together with the pin. */
export function isContradiction({ floors }: Project, text: string): boolean {
  return floors.some(({ contradicted, file, line }) => contradicted && text.includes(`${file}:${line ?? 1} wants `));
}

/** What a person should know of the project's versions after an install, each line once. */
export async function versionNotes(ctx: Context, project: Project): Promise<readonly string[]> {
  const problems = floorProblems(project, await standingsOf(ctx, project));
  return [...new Set([...project.warnings, ...project.disagreements, ...problems])];
}
