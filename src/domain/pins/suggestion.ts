import type { Lifecycle } from '../runtime/advice';
import type { Runtime } from '../runtime/runtime';
import { answersFloor, type Saying } from './precedence';

/**
 * The line of releases for a project that names none: one that today has support and answers the floors, a long-term one
 * where there are such, the newest of them. A floor that names a supported line itself decides. `undefined` where the
 * runtime's dates say nothing that fits.
 */
export function suggestLine(
  { scheme, lifecycle }: { readonly scheme: Runtime['scheme']; readonly lifecycle: Lifecycle | undefined },
  floors: readonly Saying[],
  today: string,
): string | undefined {
  const alive = (lifecycle?.lines ?? []).filter(({ end }) => end === undefined || end > today);
  const fitting = alive.filter(({ line }) => floors.every((floor) => answers(scheme, floor, line)));
  const named = fitting.find(({ line }) => floors.some((floor) => floor.atLeast && startsLine(floor, line)));
  return (named ?? fitting.find(({ lts }) => lts === true) ?? fitting[0])?.line;
}

function answers(scheme: Runtime['scheme'], floor: Saying, line: string): boolean {
  const late = ['', '.0', '.0.0', '.999', '.999.0', '.999.999'].flatMap((rest) => scheme.version(line + rest) ?? []);
  return late.some((version) => answersFloor(scheme, floor, version));
}

function startsLine({ request }: Saying, line: string): boolean {
  const wanted = request?.version;
  const text = wanted?.kind === 'prefix' ? wanted.numbers.join('.') : wanted?.kind === 'exact' ? wanted.version : '';
  return text === line || text.startsWith(`${line}.`);
}
