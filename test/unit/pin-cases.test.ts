import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { detectIn } from '../../src/app/project/detect';
import { discard } from '../support/discard';
import { PIN_CASES, type PinCase } from '../support/pin-cases';
import { contextFor, RUNTIMES, write } from '../support/pin-project';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polyenv-cases-'));
});
afterEach(() => discard(root));

it.each(PIN_CASES.map((one): [string, PinCase] => [`${one.file}: ${one.content ?? JSON.stringify(one.beside)}`, one]))(
  '%s',
  (_, { tool, file, content, beside = {}, reads, says }) => {
    const [variable = '', value] = file.split('=');
    write(join(root, 'p'), { ...beside, ...(content !== undefined && { [file]: content }) });
    const env = value === undefined ? {} : { [variable]: value };
    const context = contextFor(root, { env });
    const host = { ...context.host, os: 'linux', arch: 'x64' } as const;
    const { decisions, errors, warnings } = detectIn(
      { ...context, host },
      {
        directory: join(root, 'p'),
        runtimes: RUNTIMES,
      },
    );
    expect(decisions.find((one) => one.tool === tool)?.request).toBe(reads);
    const said = [...errors.map(({ message }) => message), ...warnings].join('\n');
    if (says !== undefined) expect(said).toContain(says);
    // What is passed over is said, but for what asks for nothing by its owner's rules.
    if (reads !== undefined && says === undefined) expect(errors).toEqual([]);
  },
);
