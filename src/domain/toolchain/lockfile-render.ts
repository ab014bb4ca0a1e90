import type { Packing, Part, Proof } from '../runtime/artifact';
import { formatDigest } from '../runtime/digest';
import { PLATFORMS } from '../runtime/platform';
import { FORMAT, type LockEntry, type Lockfile, type LockRequest, sortEntries, usedOptions } from './lockfile';
import { formatProof } from './proof-kinds';

/** The text of a lock: the same for the same lock, one line a part, so that differences and merges can be read. */
export function renderLockfile(lock: Lockfile): string {
  return `${HEADER}version = ${FORMAT}\n${sortEntries(lock.entries).map(renderEntry).join('')}`;
}

const HEADER = `# What polyenv.toml was resolved to, for every platform. Written by polyenv: commit it, and change it with
# \`polyenv use\`, \`polyenv lock\` or \`polyenv upgrade\`. After a merge conflict take either side and run \`polyenv lock\`.
`;

function renderEntry(entry: LockEntry): string {
  const usual = entry.artifacts[0]?.parts[0].proof;
  const lines = [
    '',
    `[[runtimes.${entry.tool}]]`,
    `request = ${renderRequest(entry.request)}`,
    `version = ${renderText(entry.version)}`,
  ];
  if (entry.vendor !== undefined) lines.push(`vendor = ${renderText(entry.vendor)}`);
  if (entry.variant !== undefined) lines.push(`variant = ${renderText(entry.variant)}`);
  lines.push(`source = ${renderText(entry.source)}`);
  if (usual !== undefined) lines.push(`proof = ${renderText(formatProof(usual))}`);
  lines.push(`gaps = ${renderTexts(PLATFORMS.filter((key) => entry.gaps.includes(key)))}`);
  if (entry.artifacts.length > 0) lines.push('', `[runtimes.${entry.tool}.platforms]`);
  for (const key of PLATFORMS) {
    for (const artifact of entry.artifacts.filter(({ platform }) => platform === key)) {
      lines.push(`${key} = [`, ...artifact.parts.map((part) => `  ${renderPart(part, usual)},`), ']');
    }
  }
  return `${lines.join('\n')}\n`;
}

function renderRequest(request: LockRequest): string {
  const options = usedOptions(request.options);
  if (request.vendor === undefined && request.variant === undefined && options.length === 0)
    return renderText(request.text);
  const pairs = [`version = ${renderText(request.text)}`];
  if (request.vendor !== undefined) pairs.push(`vendor = ${renderText(request.vendor)}`);
  if (request.variant !== undefined) pairs.push(`variant = ${renderText(request.variant)}`);
  return `{ ${[...pairs, ...options.map(([name, words]) => `${name} = ${renderTexts(words)}`)].join(', ')} }`;
}

function renderPart(part: Part, usual: Proof | undefined): string {
  const pairs = packingPairs(part);
  const proof = formatProof(part.proof);
  if (usual === undefined || proof !== formatProof(usual)) pairs.push(`proof = ${renderText(proof)}`);
  if (part.smaller !== undefined) pairs.push(`smaller = { ${packingPairs(part.smaller).join(', ')} }`);
  return `{ ${pairs.join(', ')} }`;
}

function packingPairs({ at, digest, size }: Packing): string[] {
  const pairs = [`at = ${renderText(at)}`, `digest = ${renderText(formatDigest(digest))}`];
  return size === undefined ? pairs : [...pairs, `size = ${size}`];
}

function renderTexts(texts: readonly string[]): string {
  return `[${texts.map(renderText).join(', ')}]`;
}

/** A basic string: JSON's escapes are TOML's, but for DEL, which TOML wants escaped. */
function renderText(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
