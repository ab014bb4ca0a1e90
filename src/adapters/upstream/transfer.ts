import { ftruncateSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, constants as zlib } from 'node:zlib';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { translateFsError } from '../files/fs-errors';
import { decodeBody } from '../net/body';
import type { HttpAnswer } from '../net/http';
import { maskUrl } from '../net/url';
import { type PartDownload, SlowLine } from './part-download';
import { CHUNK, type Partial, readFrom } from './partial-file';
import { Restart } from './restart';

export interface Transfer {
  /** The archive's bytes from its start, each also in the partial file. Throws `Restart` where it cannot go on. */
  bytes(): AsyncGenerator<Uint8Array, void>;
  /** Whether they came from more than one answer, or from one whose end nobody promised. */
  mixed(): boolean;
}

export function openTransfer(options: PartDownload, partial: Partial): Transfer {
  const { http, url, part, signal, onBytes } = options;
  const most = part.size ?? options.limit ?? MOST_BYTES;
  let answers = 0;
  let openEnded = false;
  return { bytes, mixed: () => answers > 1 || openEnded };

  async function* bytes(): AsyncGenerator<Uint8Array, void> {
    let { validator, kept } = partial;
    let offset = 0;
    let breaks = 0;
    let fruitless = 0;
    if (kept > 0) answers += 1;
    for (;;) {
      const complete = part.size !== undefined && kept >= part.size;
      const answer = complete ? undefined : await ask(kept, validator);
      if (answer === undefined || answer.status === 206) {
        if (offset === 0 && kept > 0) options.onResume?.(kept);
        while (offset < kept) {
          const [piece] = readFrom(partial.descriptor, offset, Math.min(kept, offset + CHUNK));
          if (piece === undefined) throw restart('the partial file was changed by another process');
          offset += piece.length;
          onBytes(piece.length);
          yield piece;
        }
      }
      if (answer === undefined) return;
      let skip = 0;
      if (answer.status !== 206) {
        const next = validatorOf(answer);
        // guard: resume-proved
        if (offset > 0 && (next === undefined || next !== validator)) throw restart('the server sent another file');
        skip = offset;
        if (offset === 0) ftruncateSync(partial.descriptor, 0);
        validator = next;
        await partial.note(validator);
      }
      if (Number(answer.headers['content-length'] ?? 0) > most) {
        for await (const _ of answer.body) break;
        throw tooLong();
      }
      tellSize(answer, kept);
      answers += 1;
      openEnded = answer.headers['content-length'] === undefined;
      const before = offset;
      try {
        for await (const raw of measured(answer)) {
          const chunk = raw.subarray(Math.min(skip, raw.length));
          skip -= raw.length - chunk.length;
          if (chunk.length === 0) continue;
          signal?.throwIfAborted();
          save(chunk, offset);
          offset += chunk.length;
          if (offset > most) throw tooLong();
          onBytes(chunk.length);
          yield chunk;
        }
        if (part.size === undefined || offset >= part.size || !openEnded) return;
        throw cutShort();
      } catch (error) {
        if (!(error instanceof PolyenvError) || error.code !== 'network') throw error;
        breaks += 1;
        fruitless = offset - before >= 2 ** 16 ? 1 : fruitless + 1;
        if (fruitless > MOST_FRUITLESS || breaks > MOST_BREAKS) throw error;
        await sleep(Math.min(4000, 200 * 2 ** fruitless), undefined, signal === undefined ? {} : { signal });
      }
      kept = offset;
    }
  }

  async function ask(from: number, validator: string | undefined): Promise<HttpAnswer> {
    const resume = from > 0 && validator !== undefined;
    const headers = {
      ...options.headers,
      'accept-encoding': 'identity',
      ...(resume && { range: `bytes=${from}-`, 'if-range': validator }),
    };
    try {
      const answer = await http.get(url, { headers, encoding: 'raw', ...present({ signal }) });
      if (answer.status === 206 && (!resume || !startsAt(answer, from))) throw restart('the server sent another range');
      if (answer.status !== 200 && answer.status !== 206) throw missing(answer);
      return answer;
    } catch (error) {
      if (resume && error instanceof PolyenvError && error.status === 416)
        throw restart('the server has no more of it');
      throw error;
    }
  }

  function tellSize({ status, headers }: HttpAnswer, from: number): void {
    const length = Number(headers['content-length'] ?? Number.NaN);
    const isPacked = (headers['content-encoding'] ?? 'identity') !== 'identity';
    if (part.size === undefined && !isPacked && length > 0) options.onSize?.(length + (status === 206 ? from : 0));
  }

  function save(chunk: Uint8Array, position: number): void {
    try {
      for (let done = 0; done < chunk.length; ) {
        done += writeSync(partial.descriptor, chunk, done, chunk.length - done, position + done);
      }
    } catch (error) {
      throw translateFsError(error, partial.path) ?? error;
    }
  }

  function restart(why: string): Restart {
    return new Restart(
      new PolyenvError('network', `${maskUrl(url)} could not be received in one piece: ${why}`, {
        hint: 'try again',
        elsewhere: true,
      }),
    );
  }

  function missing(answer: HttpAnswer): PolyenvError {
    return new PolyenvError('http-status', `there is no ${maskUrl(url)} (status ${answer.status})`, {
      status: answer.status,
      hint: 'check the mirror, if one is set: polyenv settings get mirrors',
    });
  }

  function cutShort(): PolyenvError {
    return new PolyenvError('network', `${maskUrl(url)} ended before its ${part.size} bytes`, {
      hint: 'try again',
      elsewhere: true,
    });
  }

  function tooLong(): PolyenvError {
    return new PolyenvError(
      'digest-mismatch',
      part.size === undefined
        ? `${maskUrl(url)} is larger than the ${most} bytes that are allowed where nobody says its size`
        : `${maskUrl(url)} is larger than the ${most} bytes that were promised`,
      {
        hint: 'nothing was installed; find out why, and if the upstream replaced the file: polyenv lock --renew',
      },
    );
  }

  /** The body, with what the line gives: most of an archive is still to come when it is known to be slow. */
  async function* measured(answer: HttpAnswer): AsyncGenerator<Uint8Array, void> {
    const { lines, leastRate } = options;
    const body = archiveBody(answer);
    if (lines === undefined) return yield* body;
    const length = Number(answer.headers['content-length'] ?? part.size ?? Number.NaN);
    const meter = lines.open(new URL(url).host);
    const since = performance.now();
    let received = 0;
    let judged = leastRate === undefined || answer.status === 206;
    try {
      for (;;) {
        const asked = performance.now();
        const step = await body.next();
        if (step.done === true) return;
        const now = performance.now();
        received += step.value.length;
        meter.add(step.value.length, now - asked);
        if (!judged && now - since >= JUDGED_AFTER) {
          judged = true;
          const isEarly = received < length * WORTH_LEAVING;
          if (isEarly && leastRate !== undefined && meter.rate() < leastRate) throw new SlowLine();
        }
        yield step.value;
      }
    } finally {
      meter.close();
      await body.return?.();
    }
  }

  /**
   * A Content-Encoding on an archive means either that the server packed it once more, or that it took the archive's own
   * packing for one. The bytes tell which.
   */
  async function* archiveBody(answer: HttpAnswer): AsyncGenerator<Uint8Array, void> {
    const encoding = answer.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
    if (encoding === 'identity' || encoding === '') {
      yield* answer.body;
      return;
    }
    const body = answer.body[Symbol.asyncIterator]();
    const first = await body.next();
    if (first.done === true) return;
    const whole = prepend(first.value, body);
    if (/^(?:x-)?gzip$/.test(encoding) && !isPackedTwice(first.value)) yield* whole;
    else yield* decodeBody(whole, encoding, new URL(answer.url));
  }
}

/** Milliseconds of a transfer after which its line is known well enough. */
const JUDGED_AFTER = 500;

/** Share of an archive. When more of it is here, starting the other packing gains nothing. */
const WORTH_LEAVING = 0.3;

const MOST_BYTES = 2 ** 31;

/** Breaks in a row after which next to nothing was received, and breaks in all. */
const MOST_FRUITLESS = 3;

const MOST_BREAKS = 12;

async function* prepend(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  yield first;
  for (let step = await rest.next(); step.done !== true; step = await rest.next()) yield step.value;
}

function isPackedTwice(start: Uint8Array): boolean {
  if (start[0] !== 0x1f || start[1] !== 0x8b) return false;
  try {
    const head = gunzipSync(start.subarray(0, 4096), { finishFlush: zlib.Z_SYNC_FLUSH });
    return (head[0] === 0x1f && head[1] === 0x8b) || head.subarray(0, 2).toString('latin1') === 'PK';
  } catch {
    return false;
  }
}

/** A strong validator for If-Range (https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5), or `undefined`. */
function validatorOf({ headers }: HttpAnswer): string | undefined {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') return undefined;
  const { etag, date } = headers;
  if (etag !== undefined && /^"[\x21\x23-\x7e]{0,400}"$/.test(etag)) return etag;
  const modified = headers['last-modified'];
  if (modified === undefined || date === undefined) return undefined;
  // A file changed within the last minute may change again under the same date.
  return Date.parse(date) - Date.parse(modified) >= 60_000 ? modified : undefined;
}

function startsAt({ headers }: HttpAnswer, from: number): boolean {
  return new RegExp(`^bytes ${from}-\\d+/(?:\\d+|\\*)$`).test(headers['content-range'] ?? '');
}
