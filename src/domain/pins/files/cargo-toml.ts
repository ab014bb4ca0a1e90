import type { Document, PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { at, textAt } from './fields';
import { invalidPin } from './pin-text';
import { filesAbove, holds, names } from './workspace';

/**
 * `rust-version` of `Cargo.toml`: the oldest Rust that builds it, also where the workspace says it
 * (https://doc.rust-lang.org/cargo/reference/rust-version.html).
 */
export const cargoRustVersion: PinFile = {
  file: 'Cargo.toml',
  strength: 'floor',
  read: (document) => {
    const top = document.toml();
    const own = at(top, ['package', 'rust-version']);
    const found =
      own === undefined && at(top, ['package']) === undefined
        ? textOf(document, WORKSPACE)
        : at(own, ['workspace']) === true
          ? inherited(document, top)
          : textOf(document, ['package', 'rust-version']);
    if (found === undefined) return { pins: [] };
    const line = own === undefined ? document.lineOf(...WORKSPACE) : document.lineOf('package', 'rust-version');
    // Cargo allows neither operators nor pre-releases here.
    if (!/^\d+(?:\.\d+){0,2}$/.test(found)) {
      throw invalidPin(document, line, `rust-version cannot be ${quoted(found)}: it is a bare version such as 1.85`);
    }
    return { pins: [{ strength: 'floor', requests: [found], line, atLeast: true }] };
  },
};

const WORKSPACE = ['workspace', 'package', 'rust-version'];

function textOf(document: Document, keys: readonly string[]): string | undefined {
  return textAt(document, document.toml(), keys)?.trim();
}

function inherited(document: Document, top: unknown): string {
  const here = textOf(document, WORKSPACE);
  if (here !== undefined) return here;
  const line = document.lineOf('package', 'rust-version');
  const root = rootOf(document, top);
  if (root === undefined) {
    throw invalidPin(document, line, 'rust-version comes from the workspace, and no workspace above has this package');
  }
  const text = textOf(root, WORKSPACE);
  if (text !== undefined) return text;
  throw invalidPin(document, line, `rust-version comes from the workspace, and ${root.path} says none`);
}

/**
 * The workspace of a package, as cargo finds it: what `package.workspace` names, else the nearest one above that lists
 * the package and does not exclude it. One that it is a dependency of, by path, need not list it.
 * https://doc.rust-lang.org/cargo/reference/workspaces.html
 */
function rootOf(document: Document, top: unknown): Document | undefined {
  const named = textAt(document, top, ['package', 'workspace']);
  if (named !== undefined) return document.sibling(`${named.replace(/\/+$/, '')}/Cargo.toml`);
  const roots = [...filesAbove(document, 'Cargo.toml')].filter(({ document: one, way }) => {
    const workspace = at(one.toml(), ['workspace']);
    if (workspace === undefined) return false;
    return names(at(workspace, ['members']), way) || !holds(at(workspace, ['exclude']), way);
  });
  const listing = roots.find(({ document: one, way }) => names(at(one.toml(), ['workspace', 'members']), way));
  return (listing ?? roots[0])?.document;
}
