import type { Event, Phase } from '../../domain/words/events';
import { printable } from '../../domain/words/printable';
import { bytesText, durationText } from './columns';
import type { Listener } from './listener';
import { describeTrack, follow, type Track } from './progress';
import type { Style } from './style';

/** Milliseconds between two lines about one download; what is done sooner is not told while it is under way. */
const EVERY = 3000;

/** A line for each thing that happened, and one every few seconds for what takes long: a log stays readable. */
export function plainListener(
  write: (text: string) => void,
  { style, now }: { readonly style: Style; now(): Date },
): Listener {
  const tracks = new Map<string, Track>();
  return {
    hear: (event) => {
      const time = now().getTime();
      const track = follow(tracks, event, time);
      if (track !== undefined && event.type === 'progress' && time - track.told >= EVERY) {
        tracks.set(track.tool, { ...track, told: time });
        write(`${describeTrack(track, time)}\n`);
      }
      const line = eventLine(event, style);
      if (line !== undefined) write(`${line}\n`);
    },
    settle: () => tracks.clear(),
  };
}

/** What an event leaves behind on a terminal or in a log; `undefined` for what is only of the moment. */
export function eventLine(event: Event, style: Style): string | undefined {
  switch (event.type) {
    case 'note':
      return printable(event.text);
    case 'warning':
      return `${style.yellow('warning')} ${printable(event.text)}${event.hint === undefined ? '' : `\n  try  ${printable(event.hint)}`}`;
    case 'installed':
      return `${style.green('installed')} ${printable(`${event.tool} ${event.version} from ${event.source} (${event.proof}) in ${durationText(event.milliseconds)}`)}`;
    case 'resumed':
      return printable(`resuming ${event.tool} ${event.version}: ${bytesText(event.bytes)} are here already`);
    case 'wrote':
      return `wrote ${printable(event.file)}`;
    case 'phase':
      return PHASES[event.phase] === undefined
        ? undefined
        : printable(`${PHASES[event.phase]} ${event.tool} ${event.version ?? ''}`.trimEnd());
    case 'progress':
      return undefined;
  }
}

/** Of which no progress is heard. */
const PHASES: Readonly<Partial<Record<Phase, string>>> = { build: 'building' };
