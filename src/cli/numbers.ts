import { InvalidArgumentError } from 'commander';

/** A flag that takes a whole number of at least 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('a whole number belongs here.');
  return value;
}

/** A flag that takes a TCP port; 0 means any free one. */
export function portNumber(text: string): number {
  const value = wholeNumber(text);
  if (value > 65535) throw new InvalidArgumentError('a port from 0 to 65535 belongs here.');
  return value;
}
