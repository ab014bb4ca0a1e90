import { type EnvOp, isVariableName, offerVariables } from '../words/env-op';
import { PolyenvError } from '../words/errors';
import { quoted } from '../words/printable';
import type { Environment } from './environment';
import { overlayOps } from './routed-overlay';

/** Every change of variables in the order in which they are applied; PATH apart. */
export function environmentOps(environment: Environment): readonly EnvOp[] {
  const overlays = environment.runtimes.flatMap(({ overlay, beside }): readonly EnvOp[] =>
    overlay?.ready && beside === undefined ? overlayOps(overlay) : [],
  );
  const services = offerVariables(environment.services ?? {});
  const runtimes = environment.runtimes.flatMap((runtime) => runtime.variables);
  const ops = [...runtimes, ...overlays, ...services, ...environment.variables];
  for (const { name } of ops) {
    // guard: variable-name
    if (!isVariableName(name)) throw new PolyenvError('path-refused', `${quoted(name)} is no name of a variable`);
  }
  return ops;
}
