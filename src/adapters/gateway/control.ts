import { createConnection } from 'node:net';
import { asCount, asObject, asString, type Decoder } from '../../domain/formats/decoders';
import type { Hello } from '../../domain/gateway/handover';

/** One word to the gateway: a line of JSON each way. */
export type ControlRequest =
  | { readonly op: 'hello' | 'stop' | 'reload' | 'status' | 'revoke' }
  /** A link to the dashboard. */
  | { readonly op: 'key' };

/** Milliseconds. A gateway that is suspended answers nothing. */
const PATIENCE = 5000;
const LONGEST_ANSWER = 4 * 1024 * 1024;

/** `undefined`: nobody is there. Throws what a broken answer throws. */
export function askGateway(socketPath: string, request: ControlRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(socketPath);
    let text = '';
    const timer = setTimeout(() => socket.destroy(new Error('the gateway does not answer')), PATIENCE);
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.on('data', (part: string) => {
      text += part;
      if (text.length > LONGEST_ANSWER) socket.destroy(new Error('the gateway answers too much'));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      if (['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'].includes(error.code ?? '')) resolve(undefined);
      else reject(error);
    });
    socket.on('close', () => {
      clearTimeout(timer);
      try {
        resolve(text === '' ? undefined : JSON.parse(text));
      } catch (error) {
        reject(error);
      }
    });
  });
}

export const decodeHello: Decoder<Hello> = asObject({
  format: asCount,
  version: asString,
  pid: asCount,
  port: asCount,
  since: asString,
});
