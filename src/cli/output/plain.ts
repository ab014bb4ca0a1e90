import type { Event, Phase } from '../../domain/words/events';
import { printable } from '../../domain/words/printable';
import { bytesText, durationText } from './columns';
import type { Listener } from './listener';
import type { Style } from './style';

/** A line for each thing that happened; no progress, so that logs stay readable. */
export function plainListener(write: (text: string) => void, style: Style): Listener {
  return {
    hear: (event) => {
      const line = eventLine(event, style);
      if (line !== undefined) write(`${line}\n`);
    },
    settle: () => {},
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

/** The long ones. */
const PHASES: Readonly<Partial<Record<Phase, string>>> = { download: 'downloading', build: 'building' };
