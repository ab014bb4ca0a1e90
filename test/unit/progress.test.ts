import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { plainListener } from '../../src/cli/output/plain';
import { describeAll, describeTrack, follow, type Track } from '../../src/cli/output/progress';
import { styleFor } from '../../src/cli/output/style';
import { ttyListener } from '../../src/cli/output/tty';
import type { Event } from '../../src/domain/words/events';
import type { Host } from '../../src/host';

const progress = (tool: string, bytes: number, total?: number): Event => ({
  type: 'progress',
  tool,
  version: '20.1.0',
  phase: 'download',
  bytes,
  ...(total !== undefined && { total }),
});
const host = { env: {} } as unknown as Host;
const style = styleFor(host, {});

describe('what is under way', () => {
  it('says how much of how much, per cent, rate and time left', () => {
    const track = { tool: 'node', version: '20.1.0', phase: 'download', bytes: 45e6, total: 90e6, since: 0, told: 0 };
    expect(describeTrack(track, 5000)).toBe('download node 20.1.0  45 MB of 90 MB, 50 %, 9.0 MB/s, 5.0 s left');
    expect(describeTrack({ ...track, total: undefined }, 5000)).toBe('download node 20.1.0  45 MB, 9.0 MB/s');
  });

  it('says it for all downloads together where there are several', () => {
    const track = {
      tool: 'node',
      version: '20.1.0',
      phase: 'download',
      bytes: 45e6,
      total: 90e6,
      since: 1000,
      told: 0,
    };
    const other = { ...track, tool: 'go', bytes: 5e6, total: 10e6, since: 0 };
    expect(describeAll([track, other], 5000)).toBe('in all  50 MB of 100 MB, 50 %, 10 MB/s, 5.0 s left');
    expect(describeAll([track, { ...other, total: undefined }], 5000)).toBe('in all  50 MB, 10 MB/s');
    expect(describeAll([track, { ...other, phase: 'publish' }], 5000)).toBeUndefined();
  });

  it('counts no bytes that were here before for the line', () => {
    const tracks = new Map();
    follow(tracks, progress('node', 0, 90e6), 0);
    follow(tracks, { type: 'resumed', tool: 'node', version: '20.1.0', bytes: 40e6 }, 10);
    const at = (bytes: number, now: number) =>
      describeTrack(follow(tracks, progress('node', bytes, 90e6), now) as Track, now);
    expect(at(40e6, 20)).toBe('download node 20.1.0  40 MB of 90 MB, 44 %');
    expect(at(50e6, 5000)).toBe('download node 20.1.0  50 MB of 90 MB, 55 %, 2.0 MB/s, 20 s left');
  });

  it('without a terminal is a line every few seconds, and none for what is quick', () => {
    const lines: string[] = [];
    let time = 0;
    const listener = plainListener((text) => lines.push(text), { style, now: () => new Date(time) });
    for (const [now, bytes] of [
      [0, 1e6],
      [1000, 10e6],
      [2900, 29e6],
    ] as const) {
      time = now;
      listener.hear(progress('node', bytes, 90e6));
    }
    expect(lines).toEqual([]);
    for (const [now, bytes] of [
      [3100, 31e6],
      [4000, 40e6],
      [6200, 62e6],
    ] as const) {
      time = now;
      listener.hear(progress('node', bytes, 90e6));
    }
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^download node 20\.1\.0 {2}31 MB of 90 MB, 34 %, 10 MB\/s, 5\.9 s left\n$/);
  });
});

describe('on a terminal', () => {
  function terminal(columns: number) {
    let time = 0;
    const stderr = Object.assign(new PassThrough(), { isTTY: true, columns });
    const listener = ttyListener({ env: {}, stderr, now: () => new Date(time) } as unknown as Host, style);
    return {
      listener,
      at: (now: number) => {
        time = now;
      },
      written: () => (stderr.read() as Buffer | undefined)?.toString() ?? '',
    };
  }

  it('each toolchain has a line of its own, cut to the width, and all are taken back', () => {
    const { listener, at, written } = terminal(30);
    listener.hear(progress('node', 1e6, 90e6));
    listener.hear(progress('go', 1e6, 70e6));
    expect(written()).toBe('');
    at(1000);
    listener.hear(progress('node', 9e6, 90e6));
    const lines = written().split('\n');
    expect(lines.map((line) => line.slice(0, 12))).toEqual(['download nod', 'download go ', 'in all  10 M']);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(30);
    listener.settle();
    expect(written()).toBe('\r\u001b[K\u001b[1A\u001b[K\u001b[1A\u001b[K');
  });

  it('a quiet wait is shown after a moment', async () => {
    const { listener, at, written } = terminal(80);
    listener.hear({ type: 'phase', tool: 'node', phase: 'resolve' });
    at(1000);
    await sleep(400);
    expect(written()).toContain('resolve node');
    listener.settle();
  });
});
