import type { Event } from '../../domain/words/events';
import { printable } from '../../domain/words/printable';
import type { Host } from '../../host';
import { bytesText, durationText } from './columns';
import type { Listener } from './listener';
import { eventLine } from './plain';
import type { Style } from './style';

interface Track {
  readonly tool: string;
  version: string;
  phase: string;
  bytes: number;
  total: number | undefined;
  readonly since: number;
}

const REDRAW = 80;

/** One line of the moment for all toolchains together, redrawn in place; what happened stands above it. */
export function ttyListener(host: Host, style: Style): Listener {
  const tracks = new Map<string, Track>();
  let drawn = false;
  let last = 0;

  const erase = (): void => {
    if (drawn) host.stderr.write('\r\u001b[K');
    drawn = false;
  };
  const draw = (): void => {
    const now = host.now().getTime();
    if (tracks.size === 0 || (drawn && now - last < REDRAW)) return;
    last = now;
    const width = widthOf(host.stderr.columns) - 1;
    const line = [...tracks.values()].map((track) => describe(track, now)).join('   ');
    host.stderr.write(`\r\u001b[K${style.dim(line.slice(0, width))}`);
    drawn = true;
  };

  return {
    hear: (event) => {
      follow(tracks, event, host.now().getTime());
      const line = event.type === 'phase' ? undefined : eventLine(event, style);
      if (line !== undefined) {
        erase();
        host.stderr.write(`${line}\n`);
      }
      draw();
    },
    settle: () => {
      tracks.clear();
      erase();
    },
  };
}

/** A terminal that does not know its width says 0, or nothing. */
function widthOf(columns: number | undefined): number {
  return columns !== undefined && columns > 1 ? columns : 80;
}

function follow(tracks: Map<string, Track>, event: Event, now: number): void {
  if (event.type === 'installed') tracks.delete(event.tool);
  if (event.type !== 'phase' && event.type !== 'progress') return;
  const known = tracks.get(event.tool);
  const track: Track = known ?? { tool: event.tool, version: '', phase: '', bytes: 0, total: undefined, since: now };
  track.version = event.version ?? track.version;
  track.phase = event.phase;
  if (event.type === 'progress') {
    track.bytes = event.bytes;
    track.total = event.total;
  }
  tracks.set(event.tool, track);
}

function describe(track: Track, now: number): string {
  const words = printable(`${track.phase} ${track.tool} ${track.version}`.trimEnd());
  if (track.bytes === 0) return words;
  const rate = track.bytes / Math.max(1, now - track.since);
  const left = track.total === undefined ? undefined : Math.max(0, track.total - track.bytes) / rate;
  const amount =
    track.total === undefined ? bytesText(track.bytes) : `${bytesText(track.bytes)} of ${bytesText(track.total)}`;
  return `${words} ${amount} ${bytesText(Math.round(rate * 1000))}/s${left === undefined ? '' : ` ${durationText(left)} left`}`;
}
