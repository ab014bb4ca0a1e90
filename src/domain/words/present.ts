/**
 * The values that are there: for members that are left out where nothing is known, as types with `?` want them.
 * `{ ...present({ vendor }) }` has no `vendor` where that is `undefined`.
 */
export function present<T extends object>(members: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { readonly [K in keyof T]?: Exclude<T[K], undefined> };
}
