import type { Event } from '../../domain/words/events';
import type { Host } from '../../host';
import type { Listener } from './listener';
import { eventLine } from './plain';
import { describeAll, describeTrack, follow, type Track } from './progress';
import type { Style } from './style';

const REDRAW = 80;
/** Milliseconds: what is done sooner is never shown. */
const QUICK = 300;

/** One line of the moment for each toolchain, redrawn in place; what happened stands above them. */
export function ttyListener(host: Host, style: Style): Listener {
  const tracks = new Map<string, Track>();
  let drawn = 0;
  let last = 0;
  let waiting: NodeJS.Timeout | undefined;

  const erase = (): void => {
    if (drawn > 0) host.stderr.write(`\r\u001b[K${'\u001b[1A\u001b[K'.repeat(drawn - 1)}`);
    drawn = 0;
  };
  const draw = (): void => {
    const now = host.now().getTime();
    if (drawn > 0 && now - last < REDRAW) return;
    const shown = [...tracks.values()].filter(({ since }) => now - since >= QUICK);
    if (shown.length === 0) return;
    last = now;
    const width = widthOf(host.stderr.columns) - 1;
    erase();
    const all = describeAll(shown, now);
    const lines = [...shown.map((track) => describeTrack(track, now)), ...(all === undefined ? [] : [all])];
    host.stderr.write(lines.map((line) => style.dim(line.slice(0, width))).join('\n'));
    drawn = lines.length;
  };
  /** What hears of nothing more for a while is shown too: the first answer of a site may take long. */
  const drawLater = (): void => {
    if (waiting !== undefined || tracks.size === 0) return;
    waiting = setTimeout(() => {
      waiting = undefined;
      draw();
    }, QUICK);
    waiting.unref();
  };

  return {
    hear: (event: Event) => {
      follow(tracks, event, host.now().getTime());
      const line = event.type === 'phase' ? undefined : eventLine(event, style);
      if (line !== undefined) {
        erase();
        host.stderr.write(`${line}\n`);
      }
      draw();
      drawLater();
    },
    settle: () => {
      tracks.clear();
      clearTimeout(waiting);
      waiting = undefined;
      erase();
    },
  };
}

/** A terminal that does not know its width says 0, or nothing. */
function widthOf(columns: number | undefined): number {
  return columns !== undefined && columns > 1 ? columns : 80;
}
