import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pickCandidate } from '../../src/domain/candidates';
import { PolyenvError } from '../../src/domain/errors';
import { parseToolRequest, type ToolRequest } from '../../src/domain/request';
import type { Release } from '../../src/domain/runtime';
import type { VersionScheme } from '../../src/domain/scheme';
import { nearestReleases, selectRelease } from '../../src/domain/select';
import type { Version } from '../../src/domain/version';
import { goScheme, javaScheme, npmScheme, pep440Scheme, rustScheme } from '../../src/kit';

interface Tool {
  readonly id: string;
  readonly scheme: VersionScheme;
  readonly vendors?: readonly [string, ...string[]];
}

const TOOLS = {
  node: { id: 'node', scheme: npmScheme },
  python: { id: 'python', scheme: pep440Scheme },
  go: { id: 'go', scheme: goScheme },
  rust: { id: 'rust', scheme: rustScheme },
  java: { id: 'java', scheme: javaScheme, vendors: ['temurin'] },
} satisfies Record<string, Tool>;

type ToolName = keyof typeof TOOLS;

function toolOf(name: string): Tool {
  return TOOLS[(name === 'any' ? 'node' : name) as ToolName];
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    if (error instanceof PolyenvError) return error.code;
    throw error;
  }
}

/** The version chosen, or the code of the error. */
function pick(tool: string, request: string, versions: readonly string[], more: Record<string, unknown> = {}): string {
  let picked = '';
  const code = codeOf(() => {
    const content = JSON.stringify({ versions, ...more });
    picked = pickCandidate(toolOf(tool), `${tool}@${request}`, { content, file: 'versions.json' });
  });
  return code === 'none' ? picked : code;
}

function ask(tool: ToolName, text: string): ToolRequest {
  return parseToolRequest(`${tool}@${text}`, () => TOOLS[tool]);
}

const shared = fileURLToPath(new URL('../../../shared/conformance/version-requests.json', import.meta.url));

interface Expected {
  readonly pick?: string | null;
  readonly pick_in?: readonly string[];
  readonly error?: string;
  readonly parse?: Readonly<Record<string, unknown>>;
  readonly valid?: boolean;
}

interface Case {
  readonly id: string;
  readonly tool: string;
  readonly request: string;
  readonly available: readonly string[] | null;
  readonly expect: Expected;
  readonly tier: 'must' | 'owner' | 'choice';
  readonly lts?: Readonly<Record<string, string>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly alternatives?: readonly { readonly expect: Expected }[];
}

/** Whether the case holds, and what came out. */
function judge(one: Case): { readonly holds: boolean; readonly outcome: string } {
  const { lts, aliases } = one;
  const outcome = pick(one.tool, one.request, one.available ?? [], {
    ...(lts && { lts }),
    ...(aliases && { aliases }),
  });
  const refused = ['request-invalid', 'request-unsupported'].includes(outcome);
  const holds = [one.expect, ...(one.alternatives ?? []).map((alternative) => alternative.expect)].some((expected) => {
    if (expected.pick === null) return outcome === 'version-not-found';
    if (expected.pick !== undefined) return outcome === expected.pick;
    if (expected.pick_in !== undefined) return expected.pick_in.includes(outcome);
    if (expected.error !== undefined) return refused || outcome === 'version-not-found';
    if (expected.valid !== undefined) return expected.valid === !refused;
    return !refused && agrees(one, expected.parse ?? {});
  });
  return { holds, outcome };
}

/** The structural reading, for the keys that are modelled. */
function agrees({ tool, request }: Case, parse: Readonly<Record<string, unknown>>): boolean {
  const { version, variant, vendor } = toolOf(tool).scheme.request(request);
  if ('freethreaded' in parse && (variant === 'freethreaded') !== parse.freethreaded) return false;
  if ('vendor' in parse && (vendor ?? null) !== parse.vendor) return false;
  if ('stable' in parse && (version.kind === 'channel') === parse.stable) return false;
  if ('floating' in parse && (version.kind !== 'exact') !== parse.floating) return false;
  if ('target' in parse && (variant ?? null) !== parse.target) return false;
  if ('major' in parse && version.kind === 'prefix') {
    const { major, minor, patch } = parse;
    return version.numbers.join('.') === [major, minor, patch].filter((part) => part !== undefined).join('.');
  }
  return true;
}

describe.skipIf(!existsSync(shared))('the shared cases (skipped where ../shared is absent)', () => {
  const cases = existsSync(shared) ? (JSON.parse(readFileSync(shared, 'utf8')) as Case[]) : [];

  test.each(['must', 'choice'] as const)('every case of tier %s holds', (tier) => {
    const wrong = cases
      .filter((one) => one.tier === tier)
      .map((one) => ({ one, ...judge(one) }))
      .filter(({ holds }) => !holds)
      .map(({ one, outcome }) => `${one.id}: ${JSON.stringify(one.request)} gave ${outcome}`);
    expect(wrong).toEqual([]);
  });

  test('at least 95 of 100 cases of tier owner hold', () => {
    const owner = cases.filter((one) => one.tier === 'owner').map((one) => ({ one, ...judge(one) }));
    const wrong = owner.filter(({ holds }) => !holds).map(({ one, outcome }) => `${one.id} gave ${outcome}`);
    expect(wrong.length, wrong.join('; ')).toBeLessThanOrEqual(owner.length * 0.05);
  });
});
