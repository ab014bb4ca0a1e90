import type { ReadyToolchain } from '../app/toolchains/provide';
import { describeProof } from '../domain/toolchain/toolchain';
import type { Style } from './output/style';

/** A row for each toolchain that a verb has provided: what, how it came, from where, how it was proved. */
export function providedRows(provided: readonly ReadyToolchain[], style: Style): readonly (readonly string[])[] {
  return provided.map(({ request, toolchain, action }) => [
    style.bold(`${request.tool} ${toolchain.version}`),
    action,
    toolchain.source,
    describeProof(toolchain),
  ]);
}

/** The same for `--json`. */
export function providedData(provided: readonly ReadyToolchain[]) {
  return provided.map(({ request, toolchain, action }) => ({
    tool: request.tool,
    request: request.text,
    version: toolchain.version,
    source: toolchain.source,
    linked: toolchain.linked !== undefined,
    proof: describeProof(toolchain),
    root: toolchain.root,
    action,
  }));
}
