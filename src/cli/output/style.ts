import type { Host } from '../../host';

/** Six colours and nothing else, each a function that is the identity where colour is not wanted. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
}

export type Paint = (text: string) => string;

/** https://no-color.org and https://force-color.org; `TERM=dumb` has none. */
export function styleFor(host: Host, stream: { readonly isTTY?: boolean }): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = host.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const wanted = forced || (stream.isTTY === true && TERM !== 'dumb');
  return wanted && (NO_COLOR === undefined || NO_COLOR === '') ? coloured : plain;
}

/** The codes of these colours and no others: a text split by it has them at its odd places. */
export const PAINTED = /(\u001b\[(?:1|2|22|3[1-4]|39)m)/;

const paint =
  (open: number, close: number): Paint =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`;

const coloured: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  blue: paint(34, 39),
};

const identity: Paint = (text) => text;

const plain: Style = {
  bold: identity,
  dim: identity,
  red: identity,
  green: identity,
  yellow: identity,
  blue: identity,
};
