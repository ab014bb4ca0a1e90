/** Text of others for a person: without what must not be shown. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.filter(Boolean).reduce((result, secret) => result.replaceAll(secret, '***'), text);
}
