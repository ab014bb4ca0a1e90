import type { Document, PinFile } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { at, textAt } from './fields';
import { invalidPin } from './pin-text';

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
  const named = textAt(document, top, ['package', 'workspace']);
  const places = named === undefined ? ABOVE : [`${named.replace(/\/+$/, '')}/Cargo.toml`];
  const here = textOf(document, WORKSPACE);
  if (here !== undefined) return here;
  for (const place of places) {
    const root = document.sibling(place);
    const text = root === undefined ? undefined : textOf(root, WORKSPACE);
    if (text !== undefined) return text;
  }
  const line = document.lineOf('package', 'rust-version');
  throw invalidPin(document, line, 'rust-version comes from the workspace, and no workspace above says one');
}

const ABOVE = Array.from({ length: 16 }, (_, depth) => `${'../'.repeat(depth + 1)}Cargo.toml`);
