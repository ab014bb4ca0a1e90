import type { Proof } from '../runtime/artifact';

/** Below zero if `a` proves less than `b`. Who proved it does not count. */
export function compareProof(a: Proof['kind'], b: Proof['kind']): number {
  return PROOFS.indexOf(a) - PROOFS.indexOf(b);
}

/** `signature:C0D6248439F1D5604AAFFB4021D900FFDB233756`: the form of the lock and of receipts. */
export function formatProof(proof: Proof): string {
  return `${proof.kind}:${proof.by}`;
}

/** The inverse of `formatProof`; `undefined` for anything else. */
export function parseProof(text: string): Proof | undefined {
  const colon = text.indexOf(':');
  const kind = proofKind(text.slice(0, colon));
  const by = text.slice(colon + 1);
  return kind !== undefined && BY.test(by) ? { kind, by } : undefined;
}

/** A kind of proof by its word; locks and receipts of polyenv 0.1 say `index` for `digest`. */
export function proofKind(word: string): Proof['kind'] | undefined {
  return word === 'index' ? 'digest' : PROOFS.find((known) => known === word);
}

/** Weakest first. */
export const PROOFS = [
  'digest',
  'registry-signature',
  'transparency',
  'signature',
] as const satisfies readonly Proof['kind'][];

const BY = /^[A-Za-z0-9@][A-Za-z0-9@._+:=/ -]{0,199}$/;
