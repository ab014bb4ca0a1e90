import type { Document } from '../../runtime/runtime';
import { invalidPin } from './pin-text';
import { filesAbove } from './workspace';

/** The variable by which the go command finds its workspace: https://go.dev/ref/mod#go-work-file */
export const GO_WORKSPACE = 'GOWORK';

/**
 * The `go.work` by which the go command chooses its toolchain where the document lies: what GOWORK names, none where that
 * says `off`, else the nearest one from the document's own folder up. It is the same whether or not a module is listed there.
 */
export function workspaceOf(document: Document): Document | undefined {
  const named = document.variable(GO_WORKSPACE);
  if (named === 'off') return undefined;
  if (named !== undefined && named !== 'auto') {
    if (!named.startsWith('/')) throw invalidPin(document, 1, 'GOWORK is no absolute path', 'unset GOWORK');
    if (named === document.path) return document;
    return document.sibling(relativeTo(document.path, named));
  }
  const name = 'go.work';
  if (document.path.endsWith(`/${name}`)) return document;
  const own = document.sibling(name);
  if (own !== undefined) return own;
  for (const { document: above } of filesAbove(document, name)) return above;
  return undefined;
}

function relativeTo(from: string, path: string): string {
  return `${'../'.repeat(from.split('/').length - 2)}${path.slice(1)}`;
}
