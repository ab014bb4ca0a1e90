import fc from 'fast-check';

/** The same cases on every machine; `FC_SEED=N npx vitest run test/property` tries others. */
fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20_260_923) });

export { fc };
