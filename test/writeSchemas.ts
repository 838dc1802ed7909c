import { writeFileSync } from 'node:fs';
import { publishedSchemas } from '../src/server/schemas/published.js';

/** Writes the published schemas anew: `npm run schemas`. */
for (const [name, text] of Object.entries(publishedSchemas()))
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), text);
