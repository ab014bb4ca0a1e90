import type { Input } from './command';
import { bytesText } from './output/columns';

/** Says on a terminal how many bytes went through, now and then; elsewhere nothing. */
export function reportBytes(
  { ctx: { host }, output }: Input,
  doing: string,
): { readonly bytes: (count: number) => void; readonly end: () => void } {
  const shows = host.stderr.isTTY === true && host.env.TERM !== 'dumb' && !output.modes.json && !output.modes.quiet;
  let last = 0;
  return {
    bytes: (count) => {
      const now = performance.now();
      if (!shows || now - last < 100) return;
      last = now;
      host.stderr.write(`\r${doing}: ${bytesText(count)}   `);
    },
    end: () => {
      if (shows && last > 0) host.stderr.write(`\r${' '.repeat(doing.length + 16)}\r`);
    },
  };
}
