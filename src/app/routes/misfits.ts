import type { RunsOn } from '../../domain/runtime/advice';
import { describeOrigin } from '../../domain/words/sourced';
import { type DecidedToolchain, versionOf } from '../toolchains/decided-toolchain';

/** Two toolchains of one project that cannot work together. */
export interface Misfit {
  readonly message: string;
  /** `FILE:LINE` of what decided the other runtime. */
  readonly where: string;
  readonly hint: string;
}

/** Which tools are decided beside a version of the runtime that they cannot run on, by their publishers' tables. */
export function misfitsOf(allDecided: readonly DecidedToolchain[]): readonly Misfit[] {
  return allDecided.flatMap((decided) => {
    const version = versionOf(decided);
    const base = version && decided.runtime.advice?.runsOn?.(version);
    const other = base && allDecided.find(({ runtime }) => runtime.id === base.tool);
    const found = other && versionOf(other);
    if (base === undefined || other === undefined || found === undefined) return [];
    const major = Number(/^\d+/.exec(found)?.[0]);
    const { least = 0, most = Number.POSITIVE_INFINITY } = base;
    if (major >= least && major <= most) return [];
    const where = describeOrigin(other.decision.from);
    return [
      {
        message: `${decided.runtime.title} ${version} runs on ${other.runtime.title} ${rangeText(base)}, and ${found} is decided here`,
        where,
        hint: `polyenv use ${base.tool}@${major < least ? least : most}`,
      },
    ];
  });
}

function rangeText({ least, most }: RunsOn): string {
  if (most === undefined) return `${least} or newer`;
  return least === undefined ? `up to ${most}` : `${least} to ${most}`;
}
