import { faultsError } from './faults.js';
import type { Size } from './imageTensor.js';
import type { ModelManifest } from './manifest.js';
import type { Session } from './session.js';

/** Names and fixed sizes are known before the first image: a wrong manifest fails at start, not in the street.
 * @throws PosestreamError E_MODEL_CONTRACT with everything that does not fit */
export function checkPorts(session: Session, manifest: ModelManifest, path: string): void {
  const faults = portFaults(session, manifest);
  if (faults.length === 0) return;
  throw faultsError('E_MODEL_CONTRACT', path, faults, {
    hint: 'Mend the manifest (tensor names, channels) or export the network again.',
  });
}

function portFaults(session: Session, manifest: ModelManifest): string[] {
  return [
    ...absent('input', manifest.inputs, session.inputs),
    ...absent('output', manifest.outputs, session.outputs),
    ...unfed(session, manifest),
    ...imageFaults(session, manifest),
  ];
}

/** The one size a network takes, null where it takes any. */
export function fixedSize(session: Session, manifest: ModelManifest): Size | null {
  const [heightPx, widthPx] = portShape(session.inputs, manifest.inputs.image)?.slice(2) ?? [];
  return typeof widthPx === 'number' && typeof heightPx === 'number' ? [widthPx, heightPx] : null;
}

/** Exporters write the limit as a scalar or as a list of one. */
export const limitDims = (session: Session, name: string): number[] =>
  portShape(session.inputs, name)?.length === 0 ? [] : [1];

function portShape(ports: Session['inputs'], name: string): readonly (number | string)[] | undefined {
  const port = ports.find((p) => p.name === name);
  return port?.isTensor ? port.shape : undefined;
}

function absent(
  what: string,
  named: Readonly<Record<string, string | undefined>>,
  ports: Session['inputs'],
): string[] {
  const known = ports.map((p) => p.name);
  return Object.entries(named)
    .filter(([, name]) => name !== undefined && !known.includes(name))
    .map(([role, name]) => `there is no ${what} "${name}" for ${role}; there are ${known.join(', ')}`);
}

function unfed(session: Session, manifest: ModelManifest): string[] {
  const fed: string[] = Object.values(manifest.inputs);
  return session.inputs
    .filter(({ name }) => !fed.includes(name))
    .map(({ name }) => `it needs an input "${name}" that the manifest does not name`);
}

function imageFaults(session: Session, manifest: ModelManifest): string[] {
  const { input } = manifest;
  const image = manifest.inputs.image;
  const shape = portShape(session.inputs, image);
  if (shape === undefined) return [];
  if (shape.length !== 4) return [`"${image}" has ${shape.length} axes, not [1, C, H, W]`];
  const faults: string[] = [];
  const channels = shape[1];
  if (typeof channels === 'number' && channels !== input.channels)
    faults.push(`"${image}" takes ${channels} channels, the manifest says ${input.channels}`);
  const fixed = fixedSize(session, manifest)?.join(' x ') ?? 'any size';
  const stated = input.fixedSize ? `${input.fixedSize.width} x ${input.fixedSize.height}` : 'any size';
  if (fixed !== stated) faults.push(`"${image}" takes ${fixed}, the manifest's fixedSize says ${stated}`);
  return faults;
}
