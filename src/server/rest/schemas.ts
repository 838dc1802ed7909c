import { z } from 'zod';
import { helloMessage } from '../wire.js';

/** A stream as `hello` lists it. */
export const streamAnswer = helloMessage.shape.streams.element;
export const streamsAnswer = z.object({ streams: z.array(streamAnswer) });
export const mapAnswer = helloMessage.shape.map;

export const swapMapRequest = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(4096)
    .refine((text) => !text.includes('***') && !text.includes('\0'), 'it is not a path')
    .describe('A map file, meant from the folder of the configuration, below one of its mapRoots.'),
});

export const readinessAnswer = z.object({
  ready: z.boolean(),
  missing: z.array(z.string()).describe('Why not, for a person.'),
});

export const healthAnswer = z.object({
  status: z.enum(['ok', 'degraded']).describe('degraded: clients wait, the event loop is too busy.'),
  streams: z.int().nonnegative(),
  clients: z.int().nonnegative(),
});

export const ticketAnswer = z.object({
  ticket: z
    .string()
    .describe('Good for one connection within 30 s, as ?ticket=…; may do what its token may.'),
});

export const errorAnswer = z.object({
  error: z.object({
    code: z.string().describe('An E_… code; a code never changes its meaning.'),
    message: z.string(),
    hint: z.string().optional().describe('How to mend it.'),
  }),
});
