import type { Emit } from '../../domain/words/events';
import { printable, printableLines } from '../../domain/words/printable';
import type { Host } from '../../host';
import { errorData, errorText } from './error';
import { jsonListener } from './json';
import type { Listener } from './listener';
import type { Outcome } from './outcome';
import { plainListener } from './plain';
import { PAINTED, type Style, styleFor } from './style';
import { ttyListener } from './tty';

export interface Modes {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Data goes to stdout, everything else to stderr; which form it takes is decided here once. */
export interface Output {
  readonly out: Style;
  readonly err: Style;
  readonly modes: Modes;
  readonly emit: Emit;
  print(outcome: Outcome): void;
  fail(error: unknown): void;
  settle(): void;
}

export function openOutput(host: Host, modes: Modes): Output {
  // Opening a stream takes a millisecond: each is opened by what is written to it.
  const late: { out?: Style; err?: Style; listener?: Listener } = {};
  const outStyle = (): Style => (late.out ??= styleFor(host, host.stdout));
  const errStyle = (): Style => (late.err ??= styleFor(host, host.stderr));
  const settle = (): void => late.listener?.settle();
  host.beforeProgram.push(settle);
  return {
    get out() {
      return outStyle();
    },
    get err() {
      return errStyle();
    },
    modes,
    emit: (event) => {
      late.listener ??= choose(host, modes, errStyle());
      late.listener.hear(event);
    },
    settle,
    print: (outcome) => {
      settle();
      if (modes.json) host.stdout.write(`${JSON.stringify({ schema: 1, ...outcome.data })}\n`);
      else if (outcome.text !== undefined && outcome.text !== '') {
        const verbatim = outcome.verbatim === true && host.stdout.isTTY !== true;
        const text = verbatim ? outcome.text : harmless(outcome.text, outStyle());
        host.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
      }
    },
    fail: (error) => {
      settle();
      if (modes.json) host.stdout.write(`${JSON.stringify({ schema: 1, error: errorData(error) })}\n`);
      else host.stderr.write(errorText(error, errStyle(), modes.verbose ? 'verbose' : undefined));
    },
  };
}

/** What names and versions of others brought along cannot act on a terminal; our own colours stay. */
function harmless(text: string, style: Style): string {
  if (style.bold('') === '') return printableLines(text);
  return text
    .split(PAINTED)
    .map((piece, index) => (index % 2 === 1 ? piece : printableLines(piece)))
    .join('');
}

function choose(host: Host, modes: Modes, style: Style): Listener {
  const write = (text: string): void => void host.stderr.write(text);
  if (modes.json) return jsonListener(write);
  if (modes.quiet)
    return { hear: (event) => event.type === 'warning' && write(`${printable(event.text)}\n`), settle: () => {} };
  return host.stderr.isTTY === true && host.env.TERM !== 'dumb'
    ? ttyListener(host, style)
    : plainListener(write, { style, now: () => host.now() });
}
