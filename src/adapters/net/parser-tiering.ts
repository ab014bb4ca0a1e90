/**
 * undici parses answers in WebAssembly. In the middle of every larger download V8 would spend 110 ms of a processor on optimizing that
 * parser, whose plain code is quick enough: a body passes through it in pieces of 64 KB. To be called before undici is loaded. A V8
 * that may not know the flag is left alone, because it would print a complaint. (The decoder of xz is as quick either way.)
 */
export async function leaveParserPlain(nodeVersion: string | undefined): Promise<void> {
  const line = Number.parseInt(nodeVersion ?? '', 10);
  if (!(line >= OLDEST && line <= NEWEST)) return;
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString(`--wasm-tiering-budget=${NEVER}`);
}

/** Lines of Node whose V8 was seen to have the flag. */
const OLDEST = 20;
const NEWEST = 24;
/** About the bytes of code that a function runs before it is optimized. No transfer comes near. */
const NEVER = 1_000_000_000;
