import { readFileSync } from 'node:fs';

/**
 * Who holds the other end of a connection from this machine: the user's number, by proc(5). `undefined` where that cannot
 * be known. Takes milliseconds, so it is asked for a login and for what changes something, not for every request.
 */
export function peerUser(peer: { readonly address: string; readonly port: number }): number | undefined {
  const six = peer.address.includes(':');
  try {
    const port = peer.port.toString(16).toUpperCase().padStart(4, '0');
    for (const line of readFileSync(six ? '/proc/net/tcp6' : '/proc/net/tcp', 'latin1')
      .split('\n')
      .slice(1)) {
      const [, local = '', , state, , , , uid] = line.trim().split(/\s+/);
      // 01: established. The local end of that line is the other end of ours.
      if (state === '01' && local.endsWith(`:${port}`) && isLoopback(local)) return Number(uid);
    }
  } catch {
    // No such system.
  }
  return undefined;
}

/** 127.0.0.1 and ::1 as the kernel writes them, on machines of either order of bytes. */
function isLoopback(local: string): boolean {
  const [address = ''] = local.split(':');
  return /^(?:0100007F|7F000001|0{24}(?:01000000|00000001)|0{16}F{4}0{4}0100007F)$/.test(address);
}
