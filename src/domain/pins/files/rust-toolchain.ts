import type { Document, PinFile, PinReading } from '../../runtime/runtime';
import type { RequestOptions } from '../../versions/request';
import { rustScheme } from '../../versions/schemes/rust';
import { PolyenvError } from '../../words/errors';
import { present } from '../../words/present';
import { quoted } from '../../words/printable';
import { tableAt, textAt, wordsAt } from './fields';
import { invalidPin } from './pin-text';
import { type Sayable, valueWriter, wordWriter } from './pin-writer';

const RUSTUP: Sayable = { prefix: true, channel: (name) => name };

/**
 * `rust-toolchain`, the older name: one line with a channel, else the same TOML as the newer one. It wins where both
 * exist (https://rust-lang.github.io/rustup/overrides.html#the-toolchain-file).
 */
export const rustToolchain: PinFile = {
  file: 'rust-toolchain',
  // A checkout of the action of that name, as often as not.
  folder: 'ignored',
  write: (document, pin, wanted) => [
    ...wordWriter(RUSTUP)(document, pin, wanted),
    ...valueWriter(RUSTUP)(document, pin, wanted),
  ],
  read: (document) => {
    const reading = readEither(document);
    if (document.sibling('rust-toolchain.toml') === undefined) return reading;
    return {
      ...reading,
      warnings: [{ text: 'rust-toolchain wins over rust-toolchain.toml, which is not read: delete one' }],
    };
  },
};

export const rustToolchainToml: PinFile = {
  file: 'rust-toolchain.toml',
  read: readTable,
  write: valueWriter(RUSTUP),
};

function readEither(document: Document): PinReading {
  const lines = document.text.replace(/\r?\n$/, '').split('\n');
  if (lines.length > 1) return readTable(document);
  const channel = document.text.trim();
  if (channel === '') throw invalidPin(document, 1, 'rust-toolchain is empty');
  checkChannel(document, channel, 1);
  return { pins: [{ strength: 'pin', requests: [channel], line: 1 }] };
}

function readTable(document: Document): PinReading {
  const top = document.toml();
  const line = document.lineOf('toolchain');
  if (tableAt(document, top, ['toolchain']) === undefined) {
    throw invalidPin(document, 1, 'the table [toolchain] is missing', 'write [toolchain] and channel = "stable"');
  }
  const channel = textAt(document, top, ['toolchain', 'channel'])?.trim();
  const path = textAt(document, top, ['toolchain', 'path']);
  const options = readOptions(document, top);
  if (path !== undefined) throw refusePath(document, path, channel !== undefined || Object.keys(options).length > 0);
  if (channel === undefined) {
    if (Object.keys(options).length === 0) throw invalidPin(document, line, '[toolchain] says nothing');
    return { pins: [{ strength: 'pin', requests: [], line, options }] };
  }
  const channelLine = document.lineOf('toolchain', 'channel');
  checkChannel(document, channel, channelLine);
  return { pins: [{ strength: 'pin', requests: [channel], line: channelLine, options }] };
}

function readOptions(document: Document, top: unknown): RequestOptions {
  const components = wordsAt(document, top, ['toolchain', 'components']);
  const targets = wordsAt(document, top, ['toolchain', 'targets']);
  const profile = textAt(document, top, ['toolchain', 'profile'])?.trim();
  if (profile !== undefined && !['minimal', 'default', 'complete'].includes(profile)) {
    const line = document.lineOf('toolchain', 'profile');
    throw invalidPin(document, line, `there is no profile ${quoted(profile)}: write minimal, default or complete`);
  }
  return {
    ...present({ components, targets }),
    ...(profile !== undefined && { profile: [profile] }),
  };
}

/** A file that travels with the repository may name no machine: rustup accepts a host only for what is installed already. */
function checkChannel(document: Document, channel: string, line: number): void {
  try {
    const { variant } = rustScheme.request(channel);
    if (variant === undefined) return;
    throw invalidPin(document, line, `${quoted(channel)} names the host ${variant}: leave that out of a shared file`);
  } catch (error) {
    if (error instanceof PolyenvError && error.code !== 'pin-file-invalid') {
      throw invalidPin(document, line, error.message, error.hint);
    }
    throw error;
  }
}

function refusePath(document: Document, path: string, others: boolean): PolyenvError {
  const line = document.lineOf('toolchain', 'path');
  if (others)
    return invalidPin(document, line, 'path stands alone: channel, components, targets and profile exclude it');
  if (!path.startsWith('/')) {
    return invalidPin(document, line, 'path is relative: a toolchain out of the repository is not run');
  }
  return invalidPin(
    document,
    line,
    'a toolchain by its path is not taken from a file',
    `polyenv link rust@VERSION ${quoted(path)}`,
  );
}
