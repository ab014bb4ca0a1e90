/** A key that signs releases of polyenv: its primary fingerprint, and its public part. */
export interface ReleaseKey {
  readonly fingerprint: string;
  readonly material: string;
}

/** Made by the ceremony in `docs/internals/releasing.md`. There has been none yet, so no release from a network is believed. */
export const RELEASE_KEYS: readonly ReleaseKey[] = [];

/** Its private part is in the source, so that tests and trials can sign. It proves nothing of what comes from a network. */
export const TEST_KEY: ReleaseKey = {
  fingerprint: 'A8B602B8987BC7DB1B827AB86E9A3629DBDF3A9E',
  material: `-----BEGIN PGP PUBLIC KEY BLOCK-----

xjMEauaBABYJKwYBBAHaRw8BAQdAq4+PLZpABknwfAroml5Hn3UiH79YDU+Z
iNyBGUOPFbLNJ3BvbHllbnYgdGVzdCBrZXksIHRydXN0ZWQgYnkgbm8gcmVs
ZWFzZcLAEwQTFgoAhQWCauaBAAMLCQcJEG6aNinb3zqeRRQAAAAAABwAIHNh
bHRAbm90YXRpb25zLm9wZW5wZ3Bqcy5vcmedRTbrWlh5OV5OoYYEK/0daqx3
YLYBdgDcUyQ5QeIWagUVCggODAQWAAIBAhkBApsDAh4BFiEEqLYCuJh7x9sb
gnq4bpo2KdvfOp4AAMmDAQD0cDIjCXHbyqjGVVBxPsLyEfALuvd85Giol8lj
pnYM5gD8DKzra6/RKfLH0uZo4WkebJADes1Ag3/wmXkTynAwFw7OOARq5oEA
EgorBgEEAZdVAQUBAQdApM/jiMPdEMaEwnZJoeWVEVpxd2Lj1QcfV5T40pzN
1nQDAQgHwr4EGBYKAHAFgmrmgQAJEG6aNinb3zqeRRQAAAAAABwAIHNhbHRA
bm90YXRpb25zLm9wZW5wZ3Bqcy5vcmdadym1MfShLLws7tod3k41eN/tZyIX
Of18GkYWXURJcwKbDBYhBKi2AriYe8fbG4J6uG6aNinb3zqeAAAawgEA+HRb
fiR+tHKgwPWIeqGEIYQ/ctA/FcAQRI/l4Obs7pAA/A6j33dS7INE4haJJwl5
EkS+x1WbI8OR5RWHu2Hj3VMP
=Lgmx
-----END PGP PUBLIC KEY BLOCK-----
`,
};

/** The keys that may sign what is at `base`: the test key only for a folder or a server of this machine. */
export function keysFor(base: string): readonly ReleaseKey[] {
  // guard: test-key-here-only
  if (!isHere(base)) return RELEASE_KEYS;
  return [...RELEASE_KEYS, TEST_KEY];
}

function isHere(base: string): boolean {
  if (base.startsWith('/')) return true;
  return URL.canParse(base) && ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(base).hostname);
}
