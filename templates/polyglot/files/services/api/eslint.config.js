import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';

export default defineConfig(
  js.configs.recommended,
  ts.configs.recommendedTypeChecked,
  { languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.js'] } } } },
  // node:test runs what `test` returns.
  { files: ['test/**'], rules: { '@typescript-eslint/no-floating-promises': 'off' } },
);
