import type { Document, PinFile, PinReading } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { GO_WORKSPACE, workspaceOf } from './go-workspace';
import { invalidPin } from './pin-text';
import { wordWriter } from './pin-writer';

/**
 * `go.mod`: the `toolchain` line pins, the `go` line is a floor, and where that is newer it decides, as in the go command
 * (https://go.dev/doc/toolchain#config). In a workspace its `go.work` speaks for it.
 */
export const goMod: PinFile = {
  file: 'go.mod',
  variables: [GO_WORKSPACE],
  write: wordWriter({}),
  read: (document) => {
    const workspace = workspaceOf(document);
    if (workspace === undefined) return readDirectives(document);
    const pins = readDirectives(workspace).pins.map((pin) => ({ ...pin, file: workspace.path }));
    // The folder of a workspace above has its own say, manifests included, when the walk comes there: here it is what must be met.
    const above = document.variable(GO_WORKSPACE) === undefined;
    return { pins: above ? pins.filter(({ strength }) => strength === 'floor') : pins };
  },
};

/** `go.work`, by the same rules. */
export const goWork: PinFile = {
  file: 'go.work',
  variables: [GO_WORKSPACE],
  write: wordWriter({}),
  read: (document) => {
    const workspace = workspaceOf(document);
    if (workspace === undefined) return { pins: [] };
    if (workspace === document) return readDirectives(document);
    return { pins: readDirectives(workspace).pins.map((pin) => ({ ...pin, file: workspace.path })) };
  },
};

interface Directive {
  readonly value: string;
  readonly line: number;
}

function readDirectives(document: Document): PinReading {
  const { go, toolchain } = directivesOf(document);
  const floor = go === undefined ? undefined : checkGo(document, go);
  const pin = toolchain === undefined ? undefined : checkToolchain(document, toolchain);
  const warnings =
    go !== undefined && floor === undefined
      ? [{ line: go.line, text: `"go ${go.value}" has no minor version and asks for nothing` }]
      : [];
  const floors =
    floor === undefined
      ? []
      : [
          {
            strength: 'floor' as const,
            requests: [floor.value],
            line: floor.line,
            atLeast: true as const,
            // A whole version names a release, which the go command itself would fetch.
            ...(/^\d+\.\d+\.\d+$/.test(floor.value) && { nearest: true as const }),
          },
        ];
  if (pin === undefined) return { pins: floors, warnings };
  if (floor !== undefined && compareGo(pin.value, floor.value) < 0) {
    const text = `toolchain go${pin.value} is older than go ${floor.value}, which decides, as in the go command`;
    return { pins: floors, warnings: [...warnings, { line: pin.line, text }] };
  }
  return { pins: [{ strength: 'pin', requests: [pin.value], line: pin.line }, ...floors], warnings };
}

const VERBS = ['go', 'toolchain'] as const;

function directivesOf(document: Document): { readonly go?: Directive; readonly toolchain?: Directive } {
  const found: { go?: Directive; toolchain?: Directive } = {};
  let block = false;
  for (const [index, whole] of document.lines.entries()) {
    const line = index + 1;
    const text = withoutComment(whole);
    if (block) {
      block = text !== ')';
      continue;
    }
    if (/^\w+\s*\($/.test(text)) {
      block = true;
      continue;
    }
    const [first, ...words] = text.split(/\s+/);
    const verb = VERBS.find((one) => one === first);
    if (verb === undefined) continue;
    if (found[verb] !== undefined)
      throw invalidPin(document, line, `${verb} stands twice, first on line ${found[verb].line}`);
    const [word = ''] = words;
    if (words.length !== 1) throw invalidPin(document, line, `behind ${verb} stands one version`);
    found[verb] = { value: word.replace(/^(["`])(.*)\1$/, '$2'), line };
  }
  return found;
}

function withoutComment(line: string): string {
  const at = line.indexOf('//');
  return (at === -1 ? line : line.slice(0, at)).trim();
}

const LANGUAGE = /^[1-9]\d{0,8}\.(?:0|[1-9]\d{0,8})(?:\.(?:0|[1-9]\d{0,8}))?(?:[a-z]+\d{1,9})?$/;

function checkGo(document: Document, { value, line }: Directive): Directive | undefined {
  if (/^[1-9]\d{0,8}$/.test(value)) return undefined;
  if (!LANGUAGE.test(value)) throw invalidPin(document, line, `${quoted(value)} is no version of Go: write go 1.24`);
  return { value, line };
}

/** `default` and `local` leave the choice to whoever runs it. */
function checkToolchain(document: Document, { value, line }: Directive): Directive | undefined {
  if (value === 'default' || value === 'local') return undefined;
  const version = /^go(.*)$/.exec(value)?.[1] ?? '';
  if (LANGUAGE.test(version)) return { value: version, line };
  const custom = /^go\d[\w.]*-[\w.-]+$/.test(value);
  throw invalidPin(
    document,
    line,
    custom
      ? `${quoted(value)} is a toolchain of somebody's own, which nobody offers`
      : `${quoted(value)} is no toolchain of Go: write toolchain go1.24.3`,
  );
}

/** Go's own order, in which `1.21` comes before `1.21rc1` and that before `1.21.0`; up to 1.20, `1.20` was the release. */
function compareGo(a: string, b: string): number {
  const left = rank(a);
  const right = rank(b);
  for (const [index, value] of left.entries()) {
    const other = right[index] ?? 0;
    if (value !== other) return value < other ? -1 : 1;
  }
  return 0;
}

const STAGES = ['alpha', 'beta', 'rc'];

function rank(text: string): readonly number[] {
  const [, major, minor, patch, stage, number] = /^(\d+)\.(\d+)(?:\.(\d+))?(?:([a-z]+)(\d+))?$/.exec(text) ?? [];
  const language = stage === undefined && patch === undefined && Number(minor) >= 21;
  const maturity = language ? -1 : stage === undefined ? STAGES.length : STAGES.indexOf(stage);
  return [Number(major), Number(minor), Number(patch ?? 0), maturity, Number(number ?? 0)];
}
