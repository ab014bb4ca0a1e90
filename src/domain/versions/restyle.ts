import type { Release } from './release';
import type { ToolRequest, VersionRequest } from './request';
import { type Choosing, selectRelease } from './select';

/** The line that a fixed request is a stop on: of `nightly-2025-06-01` `nightly`, of `lts/iron` `lts`; else the newest release. */
export function lineBeyond({ scheme }: Pick<Choosing, 'scheme'>, request: ToolRequest): VersionRequest {
  const { version } = request;
  if (isCodename(version)) return { kind: 'channel', name: 'lts' };
  const channel = DATED.exec(request.text)?.[1];
  return channel === undefined ? { kind: 'latest' } : scheme.request(channel).version;
}

/** Whether the request moves on by itself: `lts`, `stable`, `latest`. */
export function isMoving({ text, version }: ToolRequest): boolean {
  return version.kind === 'latest' || (version.kind === 'channel' && !isCodename(version) && !DATED.test(text));
}

/**
 * The request's text for another release, in its own style: as many numbers (`20` -> `24`, `3.12` -> `3.14`), the same
 * operator (`^20.1` -> `^24.2`), the same prefix (`temurin-21`, `v20.x`). `undefined` where no such text means that release.
 */
export function restyle(runtime: Choosing, request: ToolRequest, release: Release): string | undefined {
  return candidates(request, release).find((text) => {
    try {
      const parsed = runtime.scheme.request(text);
      if (parsed.version.kind !== request.version.kind) return false;
      if (parsed.variant !== written(runtime, request).variant || parsed.vendor !== written(runtime, request).vendor)
        return false;
      return selectRelease(runtime, { ...request, text, version: parsed.version }, [release]) !== undefined;
    } catch {
      return false;
    }
  });
}

/** `YYYY-MM-DD` behind a channel. */
const DATED = /^([A-Za-z]+)-\d{4}-\d{2}-\d{2}(?![0-9A-Za-z])/;
const NUMBERS = /\d+(?:\.\d+)*/g;

function isCodename(version: VersionRequest): boolean {
  return version.kind === 'channel' && /^lts\/[a-z]+$/.test(version.name);
}

/** Vendor and variant as the text itself says them: a manifest's own key for the vendor stands apart. */
function written({ scheme }: Pick<Choosing, 'scheme'>, { text }: ToolRequest): ReturnType<typeof scheme.request> {
  return scheme.request(text);
}

function candidates({ text, version }: ToolRequest, release: Release): readonly string[] {
  const { date = '', lts = '' } = release;
  if (version.kind === 'channel' && isCodename(version)) {
    const old = version.name.slice('lts/'.length);
    const at = text.toLowerCase().lastIndexOf(old);
    return lts === '' || at === -1 ? [] : [text.slice(0, at) + lts + text.slice(at + old.length)];
  }
  if (DATED.test(text)) return [text.replace(/\d{4}-\d{2}-\d{2}/, date)];
  const runs = text.match(NUMBERS) ?? [];
  const [old] = runs;
  if (old === undefined) return [];
  const numbers = (/^\d+(?:\.\d+)*/.exec(release.version)?.[0] ?? '').split('.');
  const count = old.split('.').length;
  const shaped = [...numbers, ...Array<string>(count).fill('0')].slice(0, count).join('.');
  if (version.kind !== 'exact') return runs.length > 1 ? [] : [text.replace(old, shaped)];
  const whole = text.includes(version.version) ? [text.replace(version.version, release.version)] : [];
  return [...whole, text.replace(old, shaped), release.version];
}
