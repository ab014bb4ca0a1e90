/** How a person is known to a registry. */
export type Login =
  | { readonly kind: 'password'; readonly user: string; readonly password: string }
  /** What a registry gave for a password, to be changed into tokens. */
  | { readonly kind: 'identity'; readonly token: string };
