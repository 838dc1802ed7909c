import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Addresses that are not of the public internet: this machine, private and link-local networks, multicast, and what
 * is reserved (RFC 6890). */
const inner = new BlockList();
for (const [net, bits] of [
  ...[
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['100.64.0.0', 10],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ],
  ...[
    ['172.16.0.0', 12],
    ['192.0.0.0', 24],
    ['192.168.0.0', 16],
    ['198.18.0.0', 15],
    ['224.0.0.0', 3],
  ],
] as const)
  inner.addSubnet(net as string, bits as number, 'ipv4');
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inner.addSubnet(net, bits, 'ipv6');

/** The host of a URL, without brackets. */
export const bareHost = (host: string): string => host.replace(/^\[|\]$/g, '');

export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || within(loopback, bareHost(host));
}

/** Whether an IP address (not a name) belongs to this machine or to a network that is not the public one. */
export const isInnerAddress = (address: string): boolean => within(inner, bareHost(address));

function within(list: BlockList, address: string): boolean {
  const version = isIP(address);
  if (version === 0) return false;
  // ::ffff:10.0.0.1 reaches 10.0.0.1.
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ? list.check(mapped, 'ipv4') : list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
