import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { asObject, asOneOf } from '../domain/formats/decoders';
import type { Hello } from '../domain/gateway/handover';

export interface ControlActions {
  readonly hello: Hello;
  status(): Promise<unknown>;
  reload(): Promise<void>;
  /** A link that is good once. */
  key(): unknown;
  revoke(): unknown;
  /** Answers once the port is free. */
  stop(): Promise<void>;
}

const asRequest = asObject({ op: asOneOf('hello', 'stop', 'reload', 'status', 'key', 'revoke') });
const LONGEST_REQUEST = 4096;

/** Who can open the socket is the person: its folder lets nobody else in. */
export async function listenForControl(path: string, actions: ControlActions): Promise<{ close(): Promise<void> }> {
  const server = createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (part: string) => {
      text += part;
      if (text.length > LONGEST_REQUEST) socket.destroy();
      else if (text.includes('\n')) answer(socket, text, actions).catch(() => socket.destroy());
    });
  });
  // Nobody answers there: that was asked under the lock.
  rmSync(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
  chmodSync(path, 0o600);
  // Node takes the socket away with the server: by its name, so only while it is ours.
  return { close: () => new Promise((resolve) => void server.close(() => resolve())) };
}

async function answer(socket: Socket, text: string, actions: ControlActions): Promise<void> {
  const { op } = asRequest(JSON.parse(text.slice(0, text.indexOf('\n'))));
  socket.end(`${JSON.stringify(await carryOut(op, actions))}\n`);
}

async function carryOut(op: ReturnType<typeof asRequest>['op'], actions: ControlActions): Promise<unknown> {
  switch (op) {
    case 'hello':
      return actions.hello;
    case 'status':
      return actions.status();
    case 'key':
      return actions.key();
    case 'revoke':
      return actions.revoke();
    case 'reload':
      await actions.reload();
      return {};
    case 'stop':
      await actions.stop();
      return {};
  }
}
