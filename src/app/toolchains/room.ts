import { PolyenvError } from '../../domain/words/errors';

/** How much larger than its archives a toolchain is, with them beside it: 2.7 (Java) to 6.7 (Node.js in xz). */
const GROWTH = 5;

/**
 * The error of a full disk, with the room that the toolchain needs by the size of its archives; any other error as it
 * is.
 */
export function withNeed(error: unknown, name: string, archives: number | undefined): unknown {
  if (!(error instanceof PolyenvError) || error.code !== 'disk-full' || archives === undefined) return error;
  const megabytes = Math.ceil((archives * GROWTH) / 1e6);
  const { message, details } = error;
  const text = message.includes(' needs about ') ? message : `${message}; ${name} needs about ${megabytes} MB`;
  return new PolyenvError('disk-full', text, details);
}
